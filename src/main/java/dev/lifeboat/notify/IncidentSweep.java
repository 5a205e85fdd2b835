package dev.lifeboat.notify;

import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.evidence.Redactors;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.run.BreakGlass;
import dev.lifeboat.run.BreakGlassStore;
import dev.lifeboat.run.Deployment;
import dev.lifeboat.run.DeploymentStore;
import dev.lifeboat.run.Duty;
import dev.lifeboat.run.Escalation;
import dev.lifeboat.run.EscalationStore;
import dev.lifeboat.run.Operation;
import dev.lifeboat.run.RunSnapshot;
import dev.lifeboat.run.RunStatus;
import dev.lifeboat.run.RunStore;
import dev.lifeboat.run.Sweeps;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Tells of what goes on: rollbacks under way, proposals, break-glass windows; and escalates what nobody takes care of. Each
 * message is entered under a key of its own, so that looking again tells nothing twice.
 */
@ApplicationScoped
class IncidentSweep implements Sweeps {
    private static final String EVERY = "5s";

    /** Who takes care where no person did. */
    private static final String ITSELF = "system";

    private static final Duration LATELY = Duration.ofDays(1);

    private final NoticeBook book;
    private final NoticeTargets targets;
    private final RunStore runs;
    private final DeploymentStore deployments;
    private final BreakGlassStore breakGlass;
    private final EscalationStore escalations;
    private final Redactors redactors;
    private final LifeboatConfig config;
    private final Duty duty;

    IncidentSweep(
            NoticeBook book,
            NoticeTargets targets,
            RunStore runs,
            DeploymentStore deployments,
            BreakGlassStore breakGlass,
            EscalationStore escalations,
            Redactors redactors,
            LifeboatConfig config,
            Duty duty) {
        this.book = book;
        this.targets = targets;
        this.runs = runs;
        this.deployments = deployments;
        this.breakGlass = breakGlass;
        this.escalations = escalations;
        this.redactors = redactors;
        this.config = config;
        this.duty = duty;
    }

    @Scheduled(every = EVERY, delayed = "2s", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void sweep() {
        duty.byTheClock(this::look);
    }

    @Override
    public List<Sweep> sweeps() {
        return List.of(new Sweep("incidents", EVERY, this::look));
    }

    private void look() {
        rollbacks();
        failedRollbacks();
        proposals();
        windows();
        escalate();
    }

    private void rollbacks() {
        for (String runId : runs.active(Operation.ROLLBACK)) {
            RunSnapshot run = runs.load(runId);
            tell(run, RollbackMessages.started(run));
            RollbackMessages.progress(run).ifPresent(notice -> tell(run, notice));
            Instant latest = run.createdAt()
                    .plusSeconds(run.metadata().path("maximum_seconds").asLong());
            if (!run.now().isBefore(latest)) {
                escalations.raise(
                        runId,
                        run.environment(),
                        "the rollback of " + run.environment() + " takes longer than its maximum of "
                                + run.metadata().path("maximum_seconds").asLong() / 60 + " minutes");
            }
        }
    }

    /** A rollback that did not succeed leaves a deployment that went wrong where it is. */
    private void failedRollbacks() {
        for (String runId : runs.endedBadly(Operation.ROLLBACK, LATELY)) {
            RunSnapshot run = runs.load(runId);
            escalations.raise(
                    runId,
                    run.environment(),
                    "the rollback of " + run.environment() + " "
                            + (run.status() == RunStatus.ROLLED_BACK ? "was undone" : "failed") + ": "
                            + run.fault().map(Fault::message).orElse("see the run"));
        }
    }

    private void proposals() {
        for (Deployment deployment : deployments.proposed()) {
            enter(deployment.environment(), IncidentNotices.proposed(deployment, config.publicUrl()));
            escalations.raise(
                    deployment.checkRunId,
                    deployment.environment(),
                    "deployment of " + deployment.version + " went wrong, a rollback of level " + deployment.level
                            + " is proposed: " + deployment.reason);
        }
    }

    private void windows() {
        Instant now = Instant.now();
        for (BreakGlass window : breakGlass.open()) {
            IncidentNotices.open(window, now).forEach(notice -> enter(window.environment(), notice));
        }
        breakGlass.endedLately().forEach(window -> enter(window.environment(), IncidentNotices.ended(window)));
    }

    private void escalate() {
        for (Escalation escalation : escalations.open()) {
            if (isSettled(escalation)) {
                escalations.acknowledge(escalation.runId, ITSELF, Optional.of("settled"));
                continue;
            }
            for (IncidentNotices.Due due :
                    IncidentNotices.due(escalation, config.escalation(), config.publicUrl(), Instant.now())) {
                book.enter(redacted(escalation.environment(), due.notice()), due.targets());
            }
        }
    }

    /** A rollback that has succeeded, or a proposal that is none any more, needs nobody. */
    private boolean isSettled(Escalation escalation) {
        RunSnapshot run = runs.load(escalation.runId);
        return switch (run.operation()) {
            case ROLLBACK -> run.status() == RunStatus.SUCCESS;
            case DEPLOYMENT ->
                deployments.proposed().stream().noneMatch(deployment -> deployment.checkRunId.equals(escalation.runId));
            case BACKUP, RESTORE, RESTORE_TABLES, VERIFY, VALIDATE, PRUNE, DISCARD, REPLICATE, IMPORT, DRILL -> false;
        };
    }

    private void tell(RunSnapshot run, Notice notice) {
        enter(run.environment(), notice);
    }

    private void enter(EnvironmentId environment, Notice notice) {
        List<String> wanted = targets.of(notice.event());
        if (!wanted.isEmpty()) {
            book.enter(redacted(environment, notice), wanted);
        }
    }

    private Notice redacted(EnvironmentId environment, Notice notice) {
        return notice.redacted(redactors.of(environment));
    }
}
