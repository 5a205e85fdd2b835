package dev.lifeboat.orchestrator;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.artifact.BackupType;
import dev.lifeboat.artifact.Retention;
import dev.lifeboat.environment.Bindings;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.EnvironmentType;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.evidence.Redactors;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.fault.OneLine;
import dev.lifeboat.fault.RefusedException;
import dev.lifeboat.guardrail.Guardrail;
import dev.lifeboat.guardrail.Guardrails;
import dev.lifeboat.json.Json;
import dev.lifeboat.postgres.TableName;
import dev.lifeboat.postgres.TableOrder;
import dev.lifeboat.preflight.BackupPreconditions;
import dev.lifeboat.preflight.PreflightReport;
import dev.lifeboat.preflight.RestorePreconditions;
import dev.lifeboat.run.Artifact;
import dev.lifeboat.run.ArtifactCatalogue;
import dev.lifeboat.run.NewRun;
import dev.lifeboat.run.Operation;
import dev.lifeboat.run.RunSnapshot;
import dev.lifeboat.run.RunStore;
import dev.lifeboat.sidecar.ImportFolder;
import dev.lifeboat.sidecar.OdooZip;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What can be asked for. Each call checks the input and every precondition, and only then creates a run; where something
 * does not hold it throws {@link dev.lifeboat.fault.RefusedException} or {@link dev.lifeboat.fault.FaultException} and
 * nothing was begun.
 */
@ApplicationScoped
public class Operations {
    /** Who asks for what nobody asks for: schedules and sweeps. */
    public static final String SYSTEM = "system";

    private static final String TRIGGER = "trigger";

    private final EnvironmentCatalogue environments;
    private final ArtifactCatalogue artifacts;
    private final RunStore runs;
    private final Orchestrator orchestrator;
    private final BackupPreconditions backupPreconditions;
    private final RestorePreconditions restorePreconditions;
    private final LifeboatConfig config;
    private final Redactors redactors;
    private final Guardrails guardrails;

    Operations(
            EnvironmentCatalogue environments,
            ArtifactCatalogue artifacts,
            RunStore runs,
            Orchestrator orchestrator,
            BackupPreconditions backupPreconditions,
            RestorePreconditions restorePreconditions,
            LifeboatConfig config,
            Redactors redactors,
            Guardrails guardrails) {
        this.redactors = redactors;
        this.environments = environments;
        this.artifacts = artifacts;
        this.runs = runs;
        this.orchestrator = orchestrator;
        this.backupPreconditions = backupPreconditions;
        this.restorePreconditions = restorePreconditions;
        this.config = config;
        this.guardrails = guardrails;
    }

    /** Starts a backup; gives the run's id. */
    public String backup(EnvironmentId environment, BackupOrder order, String user) {
        return backup(environment, order, user, Optional.empty());
    }

    /**
     * Starts a backup, once for each trigger; gives the run's id.
     *
     * @param trigger what asks for it where no person does: a time of a schedule, an event
     */
    public String backup(EnvironmentId environment, BackupOrder order, String user, Optional<String> trigger) {
        return once(() -> trigger.flatMap(key -> runs.triggered(environment, key)), () -> {
            Bindings bindings = environments.bindings(environment);
            backupPreconditions.evaluate(bindings, order.type(), user).orRefuse();
            ObjectNode inputs = backupInputs(environment, order, "backup");
            trigger.ifPresent(key -> inputs.put(TRIGGER, key));
            return start(Operation.BACKUP, bindings, inputs, user, Optional.empty());
        });
    }

    /** What may be asked for twice at the same time is started once. */
    private static String once(Supplier<Optional<String>> before, Supplier<String> start) {
        return before.get().orElseGet(() -> {
            try {
                return start.get();
            } catch (FaultException | RefusedException e) {
                return before.get().orElseThrow(() -> e);
            }
        });
    }

    /** Starts the safety backup of a restore, under that restore's exclusivity; gives the run's id. */
    public String safetyBackup(EnvironmentId environment, BackupOrder order, String restoreRun, String user) {
        return once(
                () -> runs.child(restoreRun, Operation.BACKUP),
                () -> start(
                        Operation.BACKUP,
                        environments.bindings(environment),
                        backupInputs(environment, order, "pre_restore"),
                        user,
                        Optional.of(restoreRun)));
    }

    /**
     * Starts a restore; where the artifact was restored already and it is not asked for again, the run only validates and
     * compares (restore specification, "Idempotency Rules"). Gives the run's id.
     */
    public String restore(EnvironmentId environment, RestoreOrder order, String user) {
        Bindings bindings = environments.bindings(environment);
        confirmed(bindings, order.confirm(), order.skipConfirmation(), "a restore replaces its database and filestore");
        Bindings source = source(bindings, order, user);
        String artifactId = artifactId(source.environment(), order);
        boolean neutralize = neutralize(bindings, source, order);
        restorePreconditions
                .evaluate(bindings, source.environment(), artifactId, order.type(), user)
                .orRefuse();
        Optional<String> marker = order.again()
                ? Optional.empty()
                : runs.restoreMarker(environment, artifactId, order.type().wireName());
        ObjectNode inputs = marker.map(earlier -> validationInputs(order, artifactId, earlier))
                .orElseGet(() -> restoreInputs(environment, order, artifactId, neutralize));
        if (!source.environment().equals(environment)) {
            inputs.put("artifact_environment", source.environment().toString());
        }
        return start(Operation.RESTORE, bindings, inputs, user, Optional.empty());
    }

    /** The inputs of a restore. */
    ObjectNode restoreInputs(EnvironmentId environment, RestoreOrder order, String artifactId, boolean neutralize) {
        ObjectNode inputs = Json.object()
                .put("restore_type", order.type().wireName())
                .put("skip_confirmation", order.skipConfirmation())
                .put("mode", RestoreMode.RESTORE.wireName())
                .put("artifact_id", artifactId)
                .put("verify_post_restore", order.verify())
                .put(
                        "rollback_on_failure",
                        order.rollback().orElse(guardrails.holds(Guardrail.ROLLBACK_ON_FAILURE_DEFAULT)))
                .put("in_place", order.inPlace())
                .put("neutralize", neutralize)
                .put(
                        "target_recovery_seconds",
                        environments.configOf(environment).recoveryTime().toSeconds());
        guardrails.missing().forEach(inputs.withArray("guardrails_off")::add);
        return inputs;
    }

    /** The inputs of a restore of what was restored already; it writes no marker: the artifact stands under another name. */
    private static ObjectNode validationInputs(RestoreOrder order, String artifactId, String earlier) {
        return Json.object()
                .put("restore_type", order.type().wireName())
                .put("skip_confirmation", order.skipConfirmation())
                .put("mode", RestoreMode.VALIDATION_ONLY.wireName())
                .put("validated_artifact_id", artifactId)
                .put("restored_by", earlier)
                .put("verify_post_restore", true)
                .put("rollback_on_failure", false);
    }

    /**
     * Starts the restore of a failed restore's safety backup, under that one's exclusivity (restore specification, "Rollback
     * Workflow"); it is neither validated nor rolled back. Gives the run's id.
     */
    public String putBack(EnvironmentId environment, Artifact backup, String failedRun, String user) {
        ObjectNode inputs = Json.object()
                .put("mode", RestoreMode.PUTTING_BACK.wireName())
                .put("artifact_id", backup.artifactId)
                .put("restore_type", backup.backupType)
                .put("verify_post_restore", false)
                .put("rollback_on_failure", false)
                .put("in_place", true)
                .put("skip_confirmation", true)
                .put("puts_back", failedRun);
        return once(
                () -> runs.child(failedRun, Operation.RESTORE),
                () -> start(
                        Operation.RESTORE, environments.bindings(environment), inputs, user, Optional.of(failedRun)));
    }

    /** Starts a restore of tables into the live database; gives the run's id. */
    public String restoreTables(EnvironmentId environment, TablesRestoreOrder order, String user) {
        Bindings bindings = environments.bindings(environment);
        if (!order.dryRun()) {
            confirmed(bindings, order.confirm(), false, "rows of its database are written over");
            safetyBackupWhereItMatters(bindings, order);
        }
        String artifactId = artifactId(environment, order.artifact(), BackupType.DB_ONLY);
        TableOrder tables = restorePreconditions.ofTables(bindings, artifactId, known -> tables(order, known), user);
        ObjectNode inputs = Json.object()
                .put("artifact_id", artifactId)
                .put("dry_run", order.dryRun())
                .put("safety_backup", order.safetyBackup());
        inputs.set("order", Json.tree(tables));
        return start(Operation.RESTORE_TABLES, bindings, inputs, user, Optional.empty());
    }

    private static TableOrder tables(TablesRestoreOrder order, List<TableName> known) {
        if (order.mode() == null) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "it is not said what becomes of rows that are there",
                            "Say --mode insert-missing, upsert or replace (HTTP: \"mode\").")
                    .toException();
        }
        return new TableOrder(
                order.tables().stream()
                        .map(text -> TableName.meant(text, known))
                        .distinct()
                        .toList(),
                order.where().stream().map(TableOrder.Condition::parse).toList(),
                order.ids(),
                order.mode(),
                order.withDependants());
    }

    private static void safetyBackupWhereItMatters(Bindings bindings, TablesRestoreOrder order) {
        if (bindings.type() == EnvironmentType.PRODUCTION && !order.safetyBackup()) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            bindings.environment()
                                    + " is production: its database is backed up before rows are written",
                            "Leave --no-safety-backup out.")
                    .toException();
        }
    }

    /** Starts the removal of what a successful restore displaced and kept; gives the run's id. */
    public String discard(String restoreRun, String user) {
        RunSnapshot restore = runs.load(restoreRun);
        permitted(restore.environment(), Operation.RESTORE, user);
        if (!runs.keepingDisplaced().contains(restoreRun)) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "run " + restoreRun + " keeps nothing that was displaced",
                            "`lifeboat artifact displaced` lists what is kept.")
                    .toException();
        }
        return start(
                Operation.DISCARD,
                environments.bindings(restore.environment()),
                Json.object().put("of_run", restoreRun),
                user,
                Optional.empty());
    }

    /** Starts the verification of an artifact; gives the run's id. */
    public String verify(String artifactId, String user) {
        Artifact artifact = artifacts.get(artifactId);
        Bindings bindings = environments.bindings(EnvironmentId.parse(artifact.environmentId));
        permitted(bindings.environment(), Operation.VERIFY, user);
        return start(Operation.VERIFY, bindings, Json.object().put("artifact_id", artifactId), user, Optional.empty());
    }

    /** Starts reading the own files of one copy of an artifact again; gives the run's id. */
    public String verifyCopy(String artifactId, String store, String user) {
        Artifact artifact = artifacts.get(artifactId);
        Bindings bindings = environments.bindings(EnvironmentId.parse(artifact.environmentId));
        permitted(bindings.environment(), Operation.VERIFY, user);
        return start(
                Operation.VERIFY,
                bindings,
                Json.object().put("artifact_id", artifactId).put("store", store),
                user,
                Optional.empty());
    }

    /** Starts copying an artifact into a store; gives the run's id. */
    public String replicate(String artifactId, String store, String user) {
        Artifact artifact = artifacts.get(artifactId);
        Bindings bindings = environments.bindings(EnvironmentId.parse(artifact.environmentId));
        permitted(bindings.environment(), Operation.REPLICATE, user);
        artifacts.want(artifactId, store);
        return start(
                Operation.REPLICATE,
                bindings,
                Json.object().put("artifact_id", artifactId).put("store", store),
                user,
                Optional.empty());
    }

    /**
     * Starts making an artifact of an environment from a zip of Odoo's that lies in the folder of imports; gives the run's id.
     */
    public String importZip(EnvironmentId environment, String file, Optional<String> label, String user) {
        Bindings bindings = environments.bindings(environment);
        // its SQL is run on the environment's server, as that role: no less is entrusted than with a restore
        permitted(environment, Operation.RESTORE, user);
        label.ifPresent(text -> OneLine.checked("label", text));
        OdooZip.check(ImportFolder.file(config.dataDir(), file));
        return start(
                Operation.IMPORT,
                bindings,
                Json.object()
                        .put("file", file)
                        .put("backup_type", BackupType.FULL.wireName())
                        .put("label", label.orElse(null))
                        .put("purpose", "import"),
                user,
                Optional.empty());
    }

    /**
     * Starts the rehearsal of a restore beside the environment; gives the run's id.
     *
     * @param artifact empty: the newest backup
     * @param store whose copy is rehearsed; empty: the nearest whole one
     */
    public String drill(EnvironmentId environment, Optional<String> artifact, Optional<String> store, String user) {
        return drill(environment, artifact, store, user, Optional.empty());
    }

    /** The same, once for each trigger. */
    public String drill(
            EnvironmentId environment,
            Optional<String> artifact,
            Optional<String> store,
            String user,
            Optional<String> trigger) {
        Bindings bindings = environments.bindings(environment);
        permitted(environment, Operation.VERIFY, user);
        String artifactId = artifact.orElseGet(() -> artifactId(environment, RestoreOrder.of("latest")));
        restorePreconditions.ofDrill(bindings, artifactId, user).orRefuse();
        Artifact rehearsed = artifacts.get(artifactId);
        Duration recoveryTime = environments.configOf(environment).recoveryTime();
        Duration recoveryPoint = environments.configOf(environment).recoveryPoint();
        return start(
                Operation.DRILL,
                environment,
                Json.object()
                        .put("artifact_id", artifactId)
                        .put("restore_type", rehearsed.backupType)
                        .put("snapshot_at", rehearsed.createdAt.toString())
                        .put("store", store.orElse(null))
                        .put("neutralize", rehearsed.type().coversDatabase())
                        .put("verify_post_restore", true)
                        .put("target_recovery_seconds", recoveryTime.toSeconds())
                        .put("target_recovery_point_seconds", recoveryPoint.toSeconds()),
                user,
                trigger);
    }

    /** Starts the seven checks alone; gives the run's id. */
    public String validate(EnvironmentId environment, String user) {
        return validate(environment, user, Optional.empty());
    }

    /** Starts the seven checks, and before them a search for corruption in every page of the database; gives the run's id. */
    public String validateDeeply(EnvironmentId environment, String user) {
        permitted(environment, Operation.VALIDATE, user);
        return start(Operation.VALIDATE, environment, Json.object().put("deep", true), user, Optional.empty());
    }

    /** Starts the seven checks alone, once for each trigger; gives the run's id. */
    public String validate(EnvironmentId environment, String user, Optional<String> trigger) {
        permitted(environment, Operation.VALIDATE, user);
        return start(Operation.VALIDATE, environment, Json.object(), user, trigger);
    }

    /**
     * Starts the checks after a deployment, once for each trigger; gives the run's id.
     *
     * @param before the backup that was made before it; empty: nothing is compared
     * @param normalSeconds how long the login page took before it
     * @param deployedFrom when it began (UTC): what was logged from then on counts; empty: from the checks on
     */
    public String checkDeployment(
            EnvironmentId environment,
            String version,
            Optional<String> before,
            Optional<Double> normalSeconds,
            Optional<Instant> deployedFrom,
            String user,
            Optional<String> trigger) {
        permitted(environment, Operation.VALIDATE, user);
        return start(
                Operation.DEPLOYMENT,
                environment,
                Json.object()
                        .put("version", version)
                        .put("label", "deployment of " + version)
                        .put("artifact_before", before.orElse(null))
                        .put("normal_seconds", normalSeconds.orElse(null))
                        .put(
                                "deployed_from",
                                deployedFrom.map(Instant::toString).orElse(null)),
                user,
                trigger);
    }

    /** Starts the retention policy's application, or, for a dry run, its explanation; gives the run's id. */
    public String prune(EnvironmentId environment, boolean dryRun, String user) {
        return prune(environment, dryRun, user, Optional.empty());
    }

    /** As {@link #prune(EnvironmentId, boolean, String)}, once for each trigger. */
    public String prune(EnvironmentId environment, boolean dryRun, String user, Optional<String> trigger) {
        permitted(environment, Operation.PRUNE, user);
        return start(Operation.PRUNE, environment, Json.object().put("dry_run", dryRun), user, trigger);
    }

    /** Starts a rollback whose preconditions {@link Rollbacks} has looked at, once for each trigger; gives the run's id. */
    String rollback(EnvironmentId environment, ObjectNode inputs, String user, Optional<String> trigger) {
        return start(Operation.ROLLBACK, environment, inputs, user, trigger);
    }

    private String start(
            Operation operation, EnvironmentId environment, ObjectNode inputs, String user, Optional<String> trigger) {
        trigger.ifPresent(key -> inputs.put(TRIGGER, key));
        return once(
                () -> trigger.flatMap(key -> runs.triggered(environment, key)),
                () -> start(operation, environments.bindings(environment), inputs, user, Optional.empty()));
    }

    /** Evaluates all preconditions of {@code backup} or {@code restore}; starts nothing. */
    public PreflightReport preflight(
            EnvironmentId environment, String operation, Optional<String> artifact, String user) {
        Bindings bindings = environments.bindings(environment);
        PreflightReport report =
                switch (operation) {
                    case "backup" -> backupPreconditions.evaluate(bindings, BackupType.FULL, user);
                    case "restore" ->
                        restorePreconditions.evaluate(
                                bindings,
                                environment,
                                artifactId(environment, RestoreOrder.of(artifact.orElse("latest"))),
                                BackupType.FULL,
                                user);
                    case null, default ->
                        throw Fault.of(
                                        FaultCode.BAD_INPUT,
                                        "preflight knows the operations backup and restore, not '" + operation + "'",
                                        "Send {\"operation\": \"backup\"} or {\"operation\": \"restore\"}.")
                                .toException();
                };
        return shown(report, environment);
    }

    /** Evaluates all preconditions of a restore of an environment's own artifact, or of a part of it; starts nothing. */
    public PreflightReport preflight(EnvironmentId environment, BackupType type, String artifactId, String user) {
        return shown(
                restorePreconditions.evaluate(environments.bindings(environment), environment, artifactId, type, user),
                environment);
    }

    private PreflightReport shown(PreflightReport report, EnvironmentId environment) {
        return report.redacted(redactors.of(environment));
    }

    /** Whether a restore of that artifact would only validate, because it was restored before. */
    public boolean wasRestored(EnvironmentId environment, String artifactId, BackupType type) {
        return runs.restoreMarker(environment, artifactId, type.wireName()).isPresent();
    }

    private String start(
            Operation operation, Bindings bindings, ObjectNode inputs, String user, Optional<String> parent) {
        return orchestrator.start(new NewRun(operation, bindings.environment(), bindings.type(), inputs, user, parent));
    }

    private ObjectNode backupInputs(EnvironmentId environment, BackupOrder order, String purpose) {
        ObjectNode inputs = Json.object()
                .put("backup_type", order.type().wireName())
                .put("label", order.label().orElse(null))
                .put("full_filestore", order.fullFilestore())
                .put("purpose", purpose);
        Retention.Policy retention =
                Retention.Policy.of(environments.configOf(environment).retention());
        inputs.putObject("retention_policy")
                .put("daily", retention.daily())
                .put("weekly", retention.weekly())
                .put("monthly", retention.monthly());
        return inputs;
    }

    void permitted(EnvironmentId environment, Operation operation, String user) {
        if (!runs.hasPermission(user, environment.project(), operation.wireName())) {
            throw Fault.of(
                            FaultCode.PERMISSION_DENIED,
                            "'" + user + "' may not " + operation.wireName() + " in project " + environment.project(),
                            "Ask an admin of the project for a role that may.")
                    .toException();
        }
    }

    /** What a person does to production is confirmed by its name. */
    void confirmed(Bindings bindings, Optional<String> confirm, boolean skipped, String what) {
        if (bindings.type() != EnvironmentType.PRODUCTION
                || !guardrails.holds(Guardrail.PROD_REQUIRES_HUMAN_CONFIRMATION)) {
            return;
        }
        String name = bindings.environment().name();
        boolean typed = confirm.filter(text ->
                        text.equals(name) || text.equals(bindings.environment().toString()))
                .isPresent();
        if (skipped || !typed) {
            throw Fault.of(
                            FaultCode.CONFIRMATION_MISSING,
                            bindings.environment() + " is production: " + what
                                    + (skipped ? "; skip_confirmation is refused there" : ""),
                            "Confirm by its name: --confirm " + name + " (HTTP: \"confirm\": \"" + name + "\").")
                    .toException();
        }
    }

    /** Whose artifact it is. Another environment's data comes in only where it is asked for, by who may restore there too. */
    private Bindings source(Bindings target, RestoreOrder order, String user) {
        if (order.fromEnvironment().isEmpty()) {
            return target;
        }
        EnvironmentId source = environments.find(order.fromEnvironment().get());
        permitted(source, Operation.RESTORE, user);
        return environments.bindings(source);
    }

    private static boolean neutralize(Bindings target, Bindings source, RestoreOrder order) {
        boolean production = target.type() == EnvironmentType.PRODUCTION;
        if (production && order.neutralize().orElse(false)) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            target.environment() + " is production: neutralised, it would send no mail and run no jobs",
                            "Leave --neutralize out, or restore into a staging environment.")
                    .toException();
        }
        return order.neutralize().orElse(!production && source.type() == EnvironmentType.PRODUCTION)
                && order.type().coversDatabase();
    }

    private String artifactId(EnvironmentId environment, RestoreOrder order) {
        return artifactId(environment, order.artifact(), order.type());
    }

    private String artifactId(EnvironmentId environment, String artifact, BackupType wanted) {
        if (artifact == null || artifact.isBlank()) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "no artifact is named",
                            "Name an artifact, or 'latest'; `lifeboat artifacts` lists them.")
                    .toException();
        }
        if (!artifact.equals("latest")) {
            return artifact;
        }
        return artifacts
                .latest(
                        environment,
                        type -> (type.coversDatabase() || !wanted.coversDatabase())
                                && (type.coversFilestore() || !wanted.coversFilestore()))
                .map(newest -> newest.artifactId)
                .orElseThrow(() -> Fault.of(
                                FaultCode.UNKNOWN_ARTIFACT,
                                "there is no artifact of " + environment + " that covers a " + wanted.wireName()
                                        + " restore in the catalogue of " + environments.lookedAt(),
                                "`lifeboat artifacts " + environment.name()
                                        + "` lists what there is; --type restores a part. Where the backups are another"
                                        + " installation's, or Lifeboat's own state was lost: `lifeboat catalog rebuild --from"
                                        + " STORE` learns them from a store.")
                        .toException());
    }
}
