package dev.lifeboat.orchestrator;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.artifact.BackupType;
import dev.lifeboat.deployment.Judgement;
import dev.lifeboat.environment.Bindings;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.environment.VersionControl;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import dev.lifeboat.preflight.RestorePreconditions;
import dev.lifeboat.run.Artifact;
import dev.lifeboat.run.ArtifactCatalogue;
import dev.lifeboat.run.Deployment;
import dev.lifeboat.run.DeploymentStore;
import dev.lifeboat.run.Operation;
import dev.lifeboat.run.RunStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Rollbacks behind a deployment (operations specification, "Rollback Procedures"). Level 1 sets the version back; level 2 first
 * restores the backup of before the deployment. Each call looks at every precondition before it begins anything.
 */
@ApplicationScoped
public class Rollbacks {
    private final EnvironmentCatalogue environments;
    private final DeploymentStore deployments;
    private final RunStore runs;
    private final ArtifactCatalogue artifacts;
    private final RestorePreconditions preconditions;
    private final Operations operations;

    Rollbacks(
            EnvironmentCatalogue environments,
            DeploymentStore deployments,
            RunStore runs,
            ArtifactCatalogue artifacts,
            RestorePreconditions preconditions,
            Operations operations) {
        this.environments = environments;
        this.deployments = deployments;
        this.runs = runs;
        this.artifacts = artifacts;
        this.preconditions = preconditions;
        this.operations = operations;
    }

    /**
     * Begins a rollback that a person asks for; gives the run's id.
     *
     * @throws FaultException PERMISSION_DENIED, CONFIRMATION_MISSING, BAD_INPUT, RUN_ACTIVE; nothing was begun
     * @throws dev.lifeboat.fault.RefusedException where a precondition of the restore does not hold
     */
    public String begin(EnvironmentId environment, RollbackOrder order, String user) {
        Bindings bindings = environments.bindings(environment);
        operations.permitted(environment, Operation.RESTORE, user);
        RollbackPlan plan = plan(environment, order);
        operations.confirmed(
                bindings,
                order.confirm(),
                false,
                plan.level() == Judgement.DATA
                        ? "a rollback of level 2 replaces its version, database and filestore"
                        : "a rollback replaces its version");
        return begin(bindings, plan, order.reason().orElse("asked for by " + user), user, Optional.empty());
    }

    /**
     * Begins the rollback that a deployment's trouble asks for, once; the policy in the configuration is its confirmation.
     * Gives the run's id.
     *
     * @throws FaultException as {@link #begin(EnvironmentId, RollbackOrder, String)}
     */
    String automatic(Deployment deployment, int level, String reason) {
        RollbackPlan plan = plan(
                deployment.environment(),
                new RollbackOrder(Optional.of(level), Optional.empty(), Optional.empty(), Optional.empty()));
        return begin(
                environments.bindings(deployment.environment()),
                plan,
                reason,
                Operations.SYSTEM,
                Optional.of("deployment/" + deployment.id));
    }

    private String begin(Bindings bindings, RollbackPlan plan, String reason, String user, Optional<String> trigger) {
        if (plan.level() == Judgement.DATA) {
            preconditions
                    .evaluate(bindings, bindings.environment(), plan.artifactId(), BackupType.FULL, user)
                    .orRefuse();
        }
        ObjectNode inputs = Json.object()
                .put("level", plan.level())
                .put(
                        "deployment_id",
                        plan.deploymentId() == null ? null : plan.deploymentId().toString())
                .put("version_from", plan.versionFrom())
                .put("version_to", plan.versionTo())
                .put("reason", reason)
                .put("label", "back to " + plan.versionTo())
                .put("target_seconds", plan.targetSeconds())
                .put("maximum_seconds", plan.maximumSeconds())
                .put("neutralize", false)
                // Without data that was moved aside there is nothing to put back: a version that fails stays for people
                // to see.
                .put("rollback_on_failure", plan.level() == Judgement.DATA);
        if (plan.level() == Judgement.DATA) {
            inputs.put("artifact_id", plan.artifactId())
                    .put("artifact_before", plan.artifactId())
                    .put("restore_type", BackupType.FULL.wireName())
                    .put("in_place", false)
                    .put("verify_post_restore", true);
        }
        return operations.rollback(bindings.environment(), inputs, user, trigger);
    }

    /**
     * Why a deployment's version is not to be gone back to although its checks passed: another one runs, so that they say nothing of
     * it. Empty: it is what runs, or nobody can tell what does.
     */
    Optional<String> notWhatRuns(Deployment deployment) {
        try {
            VersionControl control = VersionControl.of(environments.version(deployment.environment()));
            return control.isSet(deployment.version)
                    .filter(set -> !set)
                    .map(other -> "every check passed, of version "
                            + control.current().orElse("unknown") + ": " + deployment.version
                            + " does not run, and is not kept as a good one");
        } catch (FaultException e) {
            return Optional.of(
                    "every check passed; which version runs could not be told, so that none is kept as a good one: "
                            + e.getMessage());
        }
    }

    /** Whether Lifeboat sets the version of a deployment's environment, and knows one to go back to. */
    boolean canSetVersion(Deployment deployment) {
        return VersionControl.of(environments.version(deployment.environment())).isControlled()
                && candidates(deployment, Judgement.VERSION).findFirst().isPresent();
    }

    /** The backup of right before a deployment, where it was made and is there. */
    Optional<Artifact> backupBefore(Deployment deployment) {
        return Optional.ofNullable(deployment.backupRunId)
                .map(run -> runs.load(run).metadata().path("artifact_id").asText(""))
                .flatMap(artifacts::find)
                .filter(Artifact::isAvailable);
    }

    /**
     * What a rollback would do; nothing is begun.
     *
     * @throws FaultException BAD_INPUT, UNKNOWN_ARTIFACT where it could not be begun
     */
    public RollbackPlan plan(EnvironmentId environment, RollbackOrder order) {
        Optional<Deployment> newest = deployments.newest(environment);
        int level = level(order, newest);
        LifeboatConfig.Deployment settings = environments.configOf(environment).deployment();
        VersionControl control = VersionControl.of(environments.version(environment));
        Optional<String> present = control.current().or(() -> newest.map(deployment -> deployment.version));
        Optional<String> to = order.to()
                .or(() -> newest.filter(deployment -> !"rolled_back".equals(deployment.outcome))
                        .flatMap(deployment -> candidates(deployment, level).findFirst()))
                .map(control::permitted);
        if (to.isEmpty() && level == Judgement.VERSION) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            newest.isEmpty()
                                    ? "no deployment of " + environment + " is known, and so no version before"
                                    : "no version of " + environment + " before the present one is known",
                            "Name it: --to VERSION (HTTP: \"to\"). Deployments are known by their events (POST /events).")
                    .toException();
        }
        if (level == Judgement.VERSION && !control.isControlled()) {
            throw Fault.of(
                            FaultCode.BAD_CONFIGURATION,
                            "Lifeboat does not set the version of " + environment + "; nothing was touched",
                            "Set 'version' of the environment (env-file, container or command), or deploy "
                                    + to.orElse("the version before") + " as you always do.")
                    .toException();
        }
        Optional<Artifact> backup = Optional.empty();
        if (level == Judgement.DATA) {
            backup = Optional.of(newest.flatMap(this::backupBefore).orElseThrow(() -> Fault.of(
                            FaultCode.UNKNOWN_ARTIFACT,
                            "there is no backup of " + environment + " from right before its newest deployment",
                            "Restore another one: `lifeboat artifacts " + environment.name() + "`, `lifeboat restore "
                                    + environment.name() + " ARTIFACT`.")
                    .toException()));
        }
        return new RollbackPlan(
                environment.toString(),
                level,
                newest.map(deployment -> deployment.id).orElse(null),
                present.orElse(null),
                to.orElse(null),
                control.isControlled(),
                backup.map(artifact -> artifact.artifactId).orElse(null),
                backup.map(artifact -> artifact.createdAt).orElse(null),
                steps(level, to, control.isControlled(), backup),
                settings.target().toSeconds(),
                settings.maximum().toSeconds());
    }

    private static int level(RollbackOrder order, Optional<Deployment> newest) {
        int level = order.level()
                .or(() -> newest.flatMap(deployment -> Optional.ofNullable(deployment.level)))
                .orElse(Judgement.VERSION);
        if (level != Judgement.VERSION && level != Judgement.DATA) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "there is no rollback of level " + level,
                            "Use 1 (the version) or 2 (the data of before the deployment too).")
                    .toException();
        }
        return level;
    }

    /** Data of before a deployment belongs to the version that ran with it; code alone goes back to what was good last. */
    private Stream<String> candidates(Deployment deployment, int level) {
        Optional<String> before = Optional.ofNullable(deployment.versionBefore);
        Optional<String> good = deployments.lastGood(deployment.environment());
        return (level == Judgement.DATA ? Stream.of(before, good) : Stream.of(good, before))
                .flatMap(Optional::stream)
                .filter(version -> !version.equals(deployment.version));
    }

    private static List<String> steps(int level, Optional<String> to, boolean controlled, Optional<Artifact> backup) {
        var steps = new ArrayList<String>();
        backup.ifPresent(artifact -> {
            steps.add("verify " + artifact.artifactId + ", of " + artifact.createdAt);
            steps.add("load its database and build its filestore beside the present ones, and prove both");
            steps.add(
                    "back up the present state: what was entered since " + artifact.createdAt + " is then only there");
            steps.add("stop Odoo");
            steps.add("swap database and filestore");
        });
        steps.add(
                controlled && to.isPresent()
                        ? "set version " + to.get()
                        : "the version is NOT set: deploy " + to.orElse("the version before") + " as you always do");
        steps.add("start Odoo and wait until it is healthy");
        steps.add("check pages, validation, record counts and the site's own checks");
        if (level == Judgement.DATA) {
            steps.add("where any of it fails after the swap: everything is put back as it is now");
        }
        return steps;
    }
}
