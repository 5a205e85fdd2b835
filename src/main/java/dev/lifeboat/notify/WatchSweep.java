package dev.lifeboat.notify;

import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.evidence.Redactors;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.run.Duty;
import dev.lifeboat.run.Sweeps;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jboss.logging.Logger;

/** Watches the environments that want it, and tells when something is in trouble and when it is well again, each once. */
@ApplicationScoped
class WatchSweep implements Sweeps {
    private static final Logger LOG = Logger.getLogger(WatchSweep.class);

    private static final String EVERY = "15s";

    private final Watching watching;
    private final WatchBook book;
    private final NoticeBook notices;
    private final NoticeTargets targets;
    private final EnvironmentCatalogue environments;
    private final Redactors redactors;
    private final Duty duty;

    WatchSweep(
            Watching watching,
            WatchBook book,
            NoticeBook notices,
            NoticeTargets targets,
            EnvironmentCatalogue environments,
            Redactors redactors,
            Duty duty) {
        this.watching = watching;
        this.book = book;
        this.notices = notices;
        this.targets = targets;
        this.environments = environments;
        this.redactors = redactors;
        this.duty = duty;
    }

    @Scheduled(every = EVERY, delayed = "5s", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void sweep() {
        duty.byTheClock(this::lookAround);
    }

    @Override
    public List<Sweep> sweeps() {
        return List.of(new Sweep("watches", EVERY, this::lookAround));
    }

    private void lookAround() {
        environments.all().stream()
                .filter(id -> environments.configOf(id).watch().enabled())
                .forEach(id -> duty.whileUp(() -> look(id)));
    }

    private void look(EnvironmentId id) {
        try {
            watching.look(id).forEach(watch -> tell(id, watch));
        } catch (FaultException e) {
            LOG.warnf("%s is not watched: %s", id, e.getMessage());
        }
    }

    private void tell(EnvironmentId id, Watch watch) {
        String environment = id.toString();
        (watch.trouble().isPresent()
                        ? Optional.of(book.trouble(environment, watch.name()))
                        : book.well(environment, watch.name()))
                .flatMap(since -> watch.notice(environment, since, Instant.now()))
                .ifPresent(notice -> {
                    List<String> wanted = targets.of(notice.event());
                    notices.enter(notice.redacted(redactors.of(id)), wanted);
                });
    }
}
