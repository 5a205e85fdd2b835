package dev.lifeboat.notify;

import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.evidence.Redactor;
import dev.lifeboat.fault.FaultException;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jboss.logging.Logger;

/** Watches the environments that want it, and tells when something is in trouble and when it is well again, each once. */
@ApplicationScoped
class WatchSweep {
    private static final Logger LOG = Logger.getLogger(WatchSweep.class);

    private final Watching watching;
    private final WatchBook book;
    private final NoticeBook notices;
    private final NoticeTargets targets;
    private final EnvironmentCatalogue environments;
    private final LifeboatConfig config;
    private volatile boolean ending;

    WatchSweep(
            Watching watching,
            WatchBook book,
            NoticeBook notices,
            NoticeTargets targets,
            EnvironmentCatalogue environments,
            LifeboatConfig config) {
        this.watching = watching;
        this.book = book;
        this.notices = notices;
        this.targets = targets;
        this.environments = environments;
        this.config = config;
    }

    void onStop(@Observes ShutdownEvent stop) {
        ending = true;
    }

    @Scheduled(every = "15s", delayed = "5s", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void sweep() {
        if (config.role() != LifeboatConfig.Role.ENGINE) {
            return;
        }
        for (EnvironmentId id : environments.all()) {
            if (environments.configOf(id).watch().enabled() && !ending) {
                try {
                    watching.look(id).forEach(watch -> tell(id, watch));
                } catch (FaultException e) {
                    LOG.warnf("%s is not watched: %s", id, e.getMessage());
                } catch (RuntimeException e) {
                    if (!ending) {
                        throw e;
                    }
                }
            }
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
                    notices.enter(notice.redacted(new Redactor(environments.secrets(id))), wanted);
                });
    }
}
