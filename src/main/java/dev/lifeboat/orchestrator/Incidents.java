package dev.lifeboat.orchestrator;

import dev.lifeboat.deployment.IncidentReport;
import dev.lifeboat.evidence.Redactors;
import dev.lifeboat.run.BreakGlassStore;
import dev.lifeboat.run.Deployment;
import dev.lifeboat.run.DeploymentStore;
import dev.lifeboat.run.EscalationStore;
import dev.lifeboat.run.Operation;
import dev.lifeboat.run.RunSnapshot;
import dev.lifeboat.run.RunStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;

/** Puts together what is recorded of an incident. */
@ApplicationScoped
public class Incidents {
    private final RunStore runs;
    private final DeploymentStore deployments;
    private final EscalationStore escalations;
    private final BreakGlassStore breakGlass;
    private final Redactors redactors;

    Incidents(
            RunStore runs,
            DeploymentStore deployments,
            EscalationStore escalations,
            BreakGlassStore breakGlass,
            Redactors redactors) {
        this.runs = runs;
        this.deployments = deployments;
        this.escalations = escalations;
        this.breakGlass = breakGlass;
        this.redactors = redactors;
    }

    /**
     * The report of the incident that a run belongs to, in Markdown, without the environment's secrets.
     *
     * @throws dev.lifeboat.fault.FaultException UNKNOWN_RUN
     */
    public String report(String runId) {
        RunSnapshot run = runs.load(runId);
        Optional<Deployment> deployment = deployments.of(runId);
        Optional<RunSnapshot> checks = deployment
                .flatMap(known -> Optional.ofNullable(known.checkRunId))
                .map(runs::load);
        Optional<RunSnapshot> recovery = deployment
                .flatMap(known -> Optional.ofNullable(known.rollbackRunId))
                .map(runs::load)
                .or(() -> Optional.of(run).filter(known -> recovers(known.operation())));
        Instant from = deployment
                .flatMap(known -> Optional.ofNullable(known.startingAt))
                .orElse(run.createdAt());
        Instant to = recovery.flatMap(RunSnapshot::completedAt).orElse(run.now());
        String report = IncidentReport.of(new IncidentReport.Facts(
                run,
                deployment,
                checks,
                recovery,
                Stream.of(Optional.of(run), checks, recovery)
                        .flatMap(Optional::stream)
                        .map(RunSnapshot::runId)
                        .distinct()
                        .flatMap(id -> escalations.find(id).stream())
                        .toList(),
                breakGlass.during(run.environment(), from, to),
                run.now()));
        return redactors.of(run.environment()).text(report);
    }

    private static boolean recovers(Operation operation) {
        return switch (operation) {
            case RESTORE, RESTORE_TABLES, ROLLBACK -> true;
            case BACKUP, VERIFY, VALIDATE, PRUNE, DISCARD, REPLICATE, IMPORT, DRILL, DEPLOYMENT -> false;
        };
    }
}
