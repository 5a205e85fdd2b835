package dev.lifeboat.sidecar;

import dev.lifeboat.environment.DatabaseBinding;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.postgres.Capture;
import dev.lifeboat.postgres.DatabaseServer;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/**
 * The captures that are open, one for each attempt of a backup run. A capture lives in this process only; one that is lost
 * is never opened a second time under its name by a later step, because what the steps before read would not fit it.
 */
@ApplicationScoped
public class Captures {
    private static final Logger LOG = Logger.getLogger(Captures.class);
    /** A run's next step asks for its capture within seconds; after so long nobody will. */
    private static final Duration IDLE = Duration.ofMinutes(10);

    private final Map<String, Capture> open = new ConcurrentHashMap<>();
    private final Map<String, Use> uses = new ConcurrentHashMap<>();
    private final InstantSource clock = InstantSource.system();

    /** How many tasks read in a capture, and since when that has been so. */
    private record Use(int tasks, Instant since) {}

    /** Does something that reads in a capture, which is not ended meanwhile for want of use. */
    <T> T during(String name, Supplier<T> work) {
        use(name, 1);
        try {
            return work.get();
        } finally {
            use(name, -1);
        }
    }

    private void use(String name, int change) {
        uses.compute(name, (n, use) -> new Use((use == null ? 0 : use.tasks()) + change, clock.instant()));
    }

    /** The capture of that name, which is opened when it is first asked for. */
    Capture obtain(String name, DatabaseBinding database) {
        return open.computeIfAbsent(name, n -> Capture.open(new DatabaseServer(database)));
    }

    /**
     * The capture of that name, proved to have held until now.
     *
     * @throws FaultException CAPTURE_LOST
     */
    Capture proven(String name) {
        Capture capture = open.get(name);
        if (capture == null || !capture.isIntact()) {
            end(name);
            throw lost("its session ended before the backup was complete");
        }
        return capture;
    }

    /** Ends a capture; one that is not there is no error. */
    void end(String name) {
        Capture capture = open.remove(name);
        if (capture != null) {
            capture.close();
        }
    }

    /** Ends all captures of a run. */
    void endAll(String runId) {
        open.keySet().stream().filter(name -> name.startsWith(runId + "/")).forEach(this::end);
    }

    /** A capture whose run went on elsewhere, or not at all, would hold back the server's vacuum for ever. */
    @Scheduled(every = "30s", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void endIdle() {
        Instant old = clock.instant().minus(IDLE);
        uses.forEach((name, use) -> {
            if (use.tasks() == 0 && use.since().isBefore(old) && uses.remove(name, use)) {
                end(name);
            }
        });
    }

    /**
     * Whoever waits for ir_attachment in a strong mode (an upgrade of Odoo) would stop pg_dump, and PostgreSQL sees no
     * deadlock in it: the capture gives way and is taken again later.
     */
    @Scheduled(every = "2s", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void giveWay() {
        open.forEach((name, capture) -> {
            if (isLostOrInTheWay(name, capture)) {
                end(name);
            }
        });
    }

    /** What its loss means is told by the step that asks for it next. */
    private static boolean isLostOrInTheWay(String name, Capture capture) {
        try {
            return capture.conflictingWaiter().isPresent();
        } catch (FaultException e) {
            LOG.infof("capture %s is lost: %s", name, e.getMessage());
            return true;
        }
    }

    void onStop(@Observes ShutdownEvent stop) {
        open.keySet().forEach(this::end);
    }

    static FaultException lost(String why) {
        return Fault.of(
                        FaultCode.CAPTURE_LOST,
                        "the snapshot that the backup is read from was lost: " + why,
                        "Nothing to do: the backup begins again at the dump. Where it happens again and again, look at the"
                                + " server's log and at upgrades of Odoo that run at the same time.")
                .toException();
    }
}
