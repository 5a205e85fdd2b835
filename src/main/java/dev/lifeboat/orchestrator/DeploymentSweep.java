package dev.lifeboat.orchestrator;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.deployment.Finding;
import dev.lifeboat.deployment.Judgement;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.fault.RefusedException;
import dev.lifeboat.json.Json;
import dev.lifeboat.run.BreakGlassStore;
import dev.lifeboat.run.Deployment;
import dev.lifeboat.run.DeploymentStore;
import dev.lifeboat.run.Duty;
import dev.lifeboat.run.RunSnapshot;
import dev.lifeboat.run.RunStatus;
import dev.lifeboat.run.RunStore;
import dev.lifeboat.run.StepRecord;
import dev.lifeboat.run.Sweeps;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * Judges deployments whose checks have ended, begins the rollbacks that the policies want, each once, and enters how rollbacks
 * ended. Whatever it was killed in, the next round goes on: what it decides stands in the state.
 */
@ApplicationScoped
public class DeploymentSweep implements Sweeps {
    private static final Logger LOG = Logger.getLogger(DeploymentSweep.class);

    private static final String EVERY = "2s";

    private final DeploymentStore deployments;
    private final RunStore runs;
    private final BreakGlassStore breakGlass;
    private final EnvironmentCatalogue environments;
    private final Rollbacks rollbacks;
    private final DeploymentHistory history;
    private final Duty duty;

    DeploymentSweep(
            DeploymentStore deployments,
            RunStore runs,
            BreakGlassStore breakGlass,
            EnvironmentCatalogue environments,
            Rollbacks rollbacks,
            DeploymentHistory history,
            Duty duty) {
        this.deployments = deployments;
        this.runs = runs;
        this.breakGlass = breakGlass;
        this.environments = environments;
        this.rollbacks = rollbacks;
        this.history = history;
        this.duty = duty;
    }

    @Scheduled(every = EVERY, concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void sweep() {
        duty.byTheClock(this::follow);
    }

    @Override
    public List<Sweep> sweeps() {
        return List.of(new Sweep("deployments", EVERY, this::follow));
    }

    private void follow() {
        deployments.unjudged().forEach(this::judge);
        deployments.followRollbacks();
        history.write();
    }

    private void judge(Deployment deployment) {
        try {
            LifeboatConfig.RollbackPolicy policy =
                    environments.configOf(deployment.environment()).deployment().rollback();
            var means = new Judgement.Means(
                    rollbacks.canSetVersion(deployment),
                    rollbacks.backupBefore(deployment).isPresent(),
                    breakGlass.current(deployment.environment()).isPresent());
            List<Finding> findings = findings(runs.load(deployment.checkRunId));
            switch (Judgement.of(findings, policy, means)) {
                case Judgement.Good good -> deployments.good(deployment, rollbacks.notWhatRuns(deployment));
                case Judgement.Told(String reason) -> deployments.wrong(deployment, Optional.empty(), reason);
                case Judgement.Proposed(int level, String reason) ->
                    deployments.wrong(deployment, Optional.of(level), reason);
                case Judgement.RolledBack(int level, String reason) -> rollBack(deployment, level, reason);
            }
        } catch (FaultException e) {
            LOG.warnf(
                    "deployment %d of %s is judged later: %s", deployment.id, deployment.environmentId, e.getMessage());
        }
    }

    private void rollBack(Deployment deployment, int level, String reason) {
        try {
            String run = rollbacks.automatic(deployment, level, reason);
            LOG.warnf(
                    "deployment %d of %s is rolled back by %s: %s",
                    deployment.id, deployment.environmentId, run, reason);
            deployments.rollingBack(deployment, level, reason, run);
        } catch (FaultException e) {
            if (e.fault().code() == FaultCode.RUN_ACTIVE) {
                // It is in the way only for a while; the next round tries again.
                LOG.debugf("the rollback of %s waits: %s", deployment.environmentId, e.getMessage());
                return;
            }
            deployments.wrong(
                    deployment, Optional.of(level), reason + " (not begun by itself: " + e.getMessage() + ")");
        } catch (RefusedException e) {
            boolean busy = e.findings().stream().anyMatch(finding -> finding.code() == FaultCode.RUN_ACTIVE);
            if (!busy) {
                deployments.wrong(
                        deployment, Optional.of(level), reason + " (not begun by itself: " + e.getMessage() + ")");
            }
        }
    }

    /** Checks that could not be made to their end say nothing of the data; people look. */
    private static List<Finding> findings(RunSnapshot run) {
        var findings = new ArrayList<Finding>();
        Optional<StepRecord> checks = run.latest("check-deployment");
        for (JsonNode finding :
                checks.map(StepRecord::outputs).orElseGet(Json::object).path("findings")) {
            findings.add(Json.convert(finding, Finding.class));
        }
        if (findings.isEmpty() && run.status() != RunStatus.SUCCESS) {
            findings.add(new Finding(
                    "checks",
                    Finding.Weight.WEIGH,
                    false,
                    "the checks are made to their end",
                    run.fault().map(Fault::message).orElse("run " + run.runId() + " failed")));
        }
        return findings;
    }
}
