package dev.lifeboat.orchestrator;

import dev.lifeboat.run.Duty;
import dev.lifeboat.run.SweepStore;
import dev.lifeboat.run.Sweeps;
import io.quarkus.arc.All;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jboss.logging.Logger;

/**
 * What an engine does all the time, done for a caller: what is due by the clock, and every run that wants to be advanced. Of many callers at
 * the same time each sweep is one's, and each run is one's. Who is killed in the middle is followed by the next.
 */
@ApplicationScoped
public class Rounds {
    private static final Logger LOG = Logger.getLogger(Rounds.class);
    private static final Duration HOLD = Duration.ofMinutes(1);

    private final List<Sweeps> all;
    private final SweepStore due;
    private final Orchestrator orchestrator;
    private final Duty duty;

    Rounds(@All List<Sweeps> all, SweepStore due, Orchestrator orchestrator, Duty duty) {
        this.all = all;
        this.due = due;
        this.orchestrator = orchestrator;
        this.duty = duty;
    }

    /**
     * What was done.
     *
     * @param runs the runs that were advanced
     * @param sweeps the sweeps that were due, and were done
     */
    public record Done(Set<String> runs, List<String> sweeps) {}

    /** Does the sweeps that are due, and advances every run that is; answers within about {@code within}. */
    public Done sweep(Duration within) {
        return duty.called(() -> {
            long end = System.nanoTime() + within.toNanos();
            var done = new ConcurrentLinkedQueue<String>();
            await(Thread.ofVirtual().name("sweeps").start(() -> doWhatIsDue(done, end)), within);
            Duration left = Duration.ofNanos(Math.max(0, end - System.nanoTime()));
            return new Done(orchestrator.drive(Optional.empty(), left), List.copyOf(done));
        });
    }

    /**
     * Advances a run that has news, with those that it started and the one that started it; answers within about {@code within}.
     *
     * @throws dev.lifeboat.fault.FaultException UNKNOWN_RUN
     */
    public Done advance(String runId, Duration within) {
        return duty.called(() -> new Done(orchestrator.drive(Optional.of(runId), within), List.of()));
    }

    private void doWhatIsDue(Collection<String> done, long end) {
        for (Sweeps.Sweep sweep :
                all.stream().flatMap(sweeps -> sweeps.sweeps().stream()).toList()) {
            if (System.nanoTime() < end && duty.isOn()) {
                doOne(sweep, done);
            }
        }
    }

    /** One that fails holds up no other; it is tried again when nobody holds it any more. */
    private void doOne(Sweeps.Sweep sweep, Collection<String> done) {
        try {
            if (due.take(sweep.name(), HOLD)) {
                sweep.work().run();
                due.done(sweep.name(), sweep.every());
                done.add(sweep.name());
            }
        } catch (RuntimeException e) {
            LOG.errorf(e, "sweep %s was not done to its end; the next one tries again", sweep.name());
        }
    }

    private static void await(Thread thread, Duration within) {
        try {
            thread.join(within);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
