package dev.lifeboat.notify;

import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.evidence.Redactors;
import dev.lifeboat.run.Artifact;
import dev.lifeboat.run.ArtifactCatalogue;
import dev.lifeboat.run.Duty;
import dev.lifeboat.run.RunSnapshot;
import dev.lifeboat.run.RunStore;
import dev.lifeboat.run.Sweeps;
import dev.lifeboat.run.TriggerStore;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/**
 * Looks at runs that have ended, enters what is to be told, and tells it; beside the runs, which never wait for it. A command
 * that runs the engine in itself gives it a few seconds at its end, so that a failure is told by the process that failed.
 */
@ApplicationScoped
class NoticeSweep implements Sweeps {
    private static final Logger LOG = Logger.getLogger(NoticeSweep.class);
    private static final String NEWS_EVERY = "10s";
    private static final String MISSING_EVERY = "15m";
    private static final Duration AT_THE_END = Duration.ofSeconds(10);
    /** What was missed longer ago is in the record, and is news to nobody. */
    private static final Duration MISSED_TOLD = Duration.ofDays(7);

    private static final int MOST_FIRES = 200;

    private final NoticeBook book;
    private final Messenger messenger;
    private final RunStore runs;
    private final ArtifactCatalogue artifacts;
    private final EnvironmentCatalogue environments;
    private final Redactors redactors;
    private final TriggerStore triggers;
    private final LifeboatConfig config;
    private final NoticeTargets targets;
    private final Duty duty;
    private final ReentrantLock telling = new ReentrantLock();

    NoticeSweep(
            NoticeBook book,
            Messenger messenger,
            RunStore runs,
            ArtifactCatalogue artifacts,
            EnvironmentCatalogue environments,
            Redactors redactors,
            TriggerStore triggers,
            LifeboatConfig config,
            NoticeTargets targets,
            Duty duty) {
        this.book = book;
        this.messenger = messenger;
        this.runs = runs;
        this.artifacts = artifacts;
        this.environments = environments;
        this.redactors = redactors;
        this.triggers = triggers;
        this.config = config;
        this.targets = targets;
        this.duty = duty;
    }

    @Scheduled(every = NEWS_EVERY, delayed = "3s", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void sweep() {
        if (isWanted()) {
            duty.byTheClock(this::tellNews);
        }
    }

    @Scheduled(every = MISSING_EVERY, delayed = "1m", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void lookForMissing() {
        if (isWanted()) {
            duty.byTheClock(this::lookAtEnvironments);
        }
    }

    @Override
    public List<Sweep> sweeps() {
        return isWanted()
                ? List.of(
                        new Sweep("notices", NEWS_EVERY, this::tellNews),
                        new Sweep("missing", MISSING_EVERY, this::lookAtEnvironments))
                : List.of();
    }

    private void tellNews() {
        telling.lock();
        try {
            tellNews(Instant.MAX);
        } finally {
            telling.unlock();
        }
    }

    private void tellNews(Instant end) {
        lookAtRuns();
        lookAtParked();
        deliver(end);
    }

    private void lookAtEnvironments() {
        for (EnvironmentId id : environments.all()) {
            Optional<Instant> newest = artifacts.latest(id, type -> true).map((Artifact made) -> made.createdAt);
            Notices.overdue(id.toString(), newest, environments.configOf(id).recoveryPoint(), Instant.now())
                    .ifPresent(notice -> book.enter(notice, targets.of(notice.event())));
            lookForMissed(id);
        }
    }

    private void lookForMissed(EnvironmentId id) {
        Instant since = Instant.now().minus(MISSED_TOLD);
        triggers.fires(id, MOST_FIRES).stream()
                .filter(fire -> fire.status().equals("missed") && fire.dueAt().isAfter(since))
                .collect(Collectors.groupingBy(TriggerStore.Fire::name))
                .values()
                .forEach(missed -> {
                    Notice notice = Notices.missed(missed);
                    book.enter(notice, targets.of(notice.event()));
                });
    }

    void atTheEnd(@Observes ShutdownEvent stop) {
        if (!duty.stays() || !isWanted()) {
            return;
        }
        Instant end = Instant.now().plus(AT_THE_END);
        try {
            // What the clock's sweep has taken nobody else tells; it needs the state until it is done.
            if (!telling.tryLock(AT_THE_END.toSeconds(), TimeUnit.SECONDS)) {
                LOG.warn("a notice is still being sent; the next engine goes on");
                return;
            }
            try {
                tellNews(end);
            } finally {
                telling.unlock();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.warnf("notices were not all sent; the next engine goes on: %s", e.getMessage());
        }
    }

    private boolean isWanted() {
        return !config.notices().isEmpty();
    }

    private void lookAtRuns() {
        for (String runId : book.unnoticed()) {
            RunSnapshot run = runs.load(runId);
            Optional<Notice> notice =
                    Notices.of(run, book.before(runId)).map(told -> told.redacted(redactors.of(run.environment())));
            book.noticed(
                    runId, notice, notice.map(told -> targets.of(told.event())).orElse(List.of()));
        }
    }

    private void lookAtParked() {
        for (String runId : book.parked()) {
            Notice notice = Notices.parked(runs.load(runId));
            book.enter(notice, targets.of(notice.event()));
        }
    }

    private void deliver(Instant end) {
        for (NoticeRow row : book.take()) {
            LifeboatConfig.Notices target = config.notices().get(row.target);
            if (target == null) {
                book.failed(row.id, "the target is not configured any more");
                continue;
            }
            if (Instant.now().isAfter(end)) {
                return;
            }
            try {
                messenger.send(row, target);
                book.delivered(row.id);
            } catch (IOException e) {
                LOG.warnf("%s was not told to %s yet: %s", row.title, row.target, e.getMessage());
                book.failed(row.id, String.valueOf(e.getMessage()));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }
}
