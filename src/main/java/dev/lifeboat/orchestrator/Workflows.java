package dev.lifeboat.orchestrator;

import static dev.lifeboat.orchestrator.Step.step;
import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.deployment.Judgement;
import dev.lifeboat.guardrail.Guardrail;
import dev.lifeboat.run.Operation;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * The workflows. Their order is that of the backup specification (steps 1–9) and of the restore specification (steps 1–10)
 * and is mandatory; step 1, "create ops run", is the start of the run itself.
 */
public final class Workflows {
    private static final Workflow BACKUP = new Workflow(
            Operation.BACKUP,
            List.of("inputs.json"),
            List.of(
                    step("discover-bindings", ofMinutes(2)).attempts(3).evidence("runtime_bindings_redacted.json"),
                    step("quiesce", ofMinutes(5)).evidence("quiesce_status.json"),
                    step("dump-db", ofHours(12))
                            .attempts(3)
                            .sharing("capture")
                            .unless(Workflows::withoutDatabase)
                            .evidence("db.dump.meta.json", "db.dump.sha256"),
                    step("archive-filestore", ofHours(12))
                            .attempts(3)
                            .sharing("capture")
                            .overlapping()
                            .unless(Workflows::withoutFilestore)
                            .evidence("filestore.meta.json", "filestore.tar.zst.sha256"),
                    step("snapshot-config", ofMinutes(15))
                            .attempts(3)
                            .sharing("capture")
                            .evidence("config_snapshot.json"),
                    step("register-artifact", ofHours(1))
                            .attempts(3)
                            .evidence("artifact_registration.json")
                            .notStopped(),
                    step("prune", ofHours(1)).attempts(3).evidence("retention_prune.json")),
            Optional.empty(),
            step("finalize", ofMinutes(5)).attempts(3).evidence("final_status.json"));

    private static final Workflow RESTORE = new Workflow(
            Operation.RESTORE,
            List.of("inputs.json", "run_id.txt"),
            List.of(
                    step("verify-artifact", ofHours(6))
                            .attempts(2)
                            .unless(either(Workflows::validationOnly, without(Guardrail.INTEGRITY_CHECKS_REQUIRED)))
                            .evidence("artifact_verification.json"),
                    step("prepare-restore", ofHours(12))
                            .attempts(2)
                            .unless(either(Workflows::validationOnly, Workflows::inPlace))
                            .evidence("preparation.json"),
                    step("pre-restore-backup", ofHours(24))
                            .unless(either(
                                    either(Workflows::validationOnly, Workflows::putsBack),
                                    without(Guardrail.PRE_RESTORE_BACKUP_MANDATORY)))
                            .evidence("pre_restore_backup.json"),
                    step("quiesce", ofMinutes(5))
                            .unless(Workflows::validationOnly)
                            .evidence("quiesce_status.json")
                            .orRollBack(),
                    restoreDatabase(either(Workflows::validationOnly, Workflows::withoutDatabase)),
                    restoreFilestore(either(Workflows::validationOnly, Workflows::withoutFilestore)),
                    step("compare-config", ofMinutes(15))
                            .unless(Workflows::validationOnly)
                            .evidence("config_snapshot.json", "config_comparison.json")
                            .orRollBack(),
                    step("restart", ofMinutes(10))
                            .unless(Workflows::validationOnly)
                            .evidence("odoo_restart.log", "restart_duration.json")
                            .orRollBack(),
                    step("validate", ofHours(2))
                            .unless(Workflows::withoutValidation)
                            .evidence("validation_report.json")
                            .orRollBack()),
            Optional.of(step("roll-back", ofHours(2)).attempts(5)),
            step("finalize", ofHours(1)).attempts(3).evidence("final_status.json"));

    private static final Workflow VERIFY = new Workflow(
            Operation.VERIFY,
            List.of("inputs.json"),
            List.of(step("verify-artifact", ofHours(6)).attempts(2).evidence("artifact_verification.json")),
            Optional.empty(),
            step("finalize", ofMinutes(5)).attempts(3).evidence("final_status.json"));

    private static final Workflow VALIDATE = new Workflow(
            Operation.VALIDATE,
            List.of("inputs.json"),
            List.of(
                    step("check-corruption", ofHours(12))
                            .unless(Workflows::notDeep)
                            .evidence("corruption_check.json"),
                    step("validate", ofHours(2)).evidence("validation_report.json")),
            Optional.empty(),
            step("finalize", ofMinutes(5)).attempts(3).evidence("final_status.json"));

    private static final Workflow PRUNE = new Workflow(
            Operation.PRUNE,
            List.of("inputs.json"),
            List.of(step("prune", ofHours(1))
                    .attempts(3)
                    .evidence("retention_prune.json")
                    .notStopped()),
            Optional.empty(),
            step("finalize", ofMinutes(5)).attempts(3).evidence("final_status.json"));

    private static final Workflow DISCARD = new Workflow(
            Operation.DISCARD,
            List.of("inputs.json"),
            List.of(step("drop-displaced", ofHours(1)).attempts(3).notStopped()),
            Optional.empty(),
            step("finalize", ofMinutes(5)).attempts(3).evidence("final_status.json"));

    private static final Workflow REPLICATE = new Workflow(
            Operation.REPLICATE,
            List.of("inputs.json"),
            List.of(step("replicate-artifact", ofHours(24)).evidence("replication.json")),
            Optional.empty(),
            step("finalize", ofMinutes(5)).attempts(3).evidence("final_status.json"));

    private static final Workflow IMPORT = new Workflow(
            Operation.IMPORT,
            List.of("inputs.json"),
            List.of(
                    step("unpack-import", ofHours(12)).attempts(2).evidence("import.json"),
                    step("dump-db", ofHours(12))
                            .attempts(3)
                            .sharing("capture")
                            .evidence("db.dump.meta.json", "db.dump.sha256"),
                    step("archive-filestore", ofHours(12))
                            .attempts(3)
                            .sharing("capture")
                            .overlapping()
                            .evidence("filestore.meta.json", "filestore.tar.zst.sha256"),
                    step("snapshot-config", ofMinutes(15))
                            .attempts(3)
                            .sharing("capture")
                            .evidence("config_snapshot.json"),
                    step("register-artifact", ofHours(1))
                            .attempts(3)
                            .evidence("artifact_registration.json")
                            .notStopped()),
            Optional.empty(),
            step("finalize", ofHours(1)).attempts(3).evidence("final_status.json"));

    private static final Workflow DRILL = new Workflow(
            Operation.DRILL,
            List.of("inputs.json"),
            List.of(
                    step("verify-artifact", ofHours(6)).attempts(2).evidence("artifact_verification.json"),
                    step("prepare-restore", ofHours(12)).attempts(2).evidence("preparation.json"),
                    step("validate", ofHours(2)).evidence("validation_report.json")),
            Optional.empty(),
            step("finalize", ofHours(1)).attempts(3).evidence("final_status.json", "drill_result.json"));

    private static final Workflow DEPLOYMENT = new Workflow(
            Operation.DEPLOYMENT,
            List.of("inputs.json"),
            List.of(
                    step("check-deployment", ofHours(2)).evidence("deployment_checks.json", "validation_report.json"),
                    step("judge-deployment", ofMinutes(2)).evidence("deployment_verdict.json")),
            Optional.empty(),
            step("finalize", ofHours(1)).attempts(3).evidence("final_status.json"));

    private static final Workflow ROLLBACK = new Workflow(
            Operation.ROLLBACK,
            List.of("inputs.json"),
            List.of(
                    step("verify-artifact", ofHours(6))
                            .attempts(2)
                            .unless(either(Workflows::versionOnly, without(Guardrail.INTEGRITY_CHECKS_REQUIRED)))
                            .evidence("artifact_verification.json"),
                    step("prepare-restore", ofHours(12))
                            .attempts(2)
                            .unless(Workflows::versionOnly)
                            .evidence("preparation.json"),
                    step("pre-restore-backup", ofHours(24))
                            .unless(either(Workflows::versionOnly, without(Guardrail.PRE_RESTORE_BACKUP_MANDATORY)))
                            .evidence("pre_restore_backup.json"),
                    step("quiesce", ofMinutes(5))
                            .unless(Workflows::versionOnly)
                            .evidence("quiesce_status.json")
                            .orRollBack(),
                    restoreDatabase(Workflows::versionOnly),
                    restoreFilestore(Workflows::versionOnly),
                    step("switch-version", ofMinutes(30))
                            .evidence("version_switch.json", "version_switch.log")
                            .orRollBack()
                            .notStopped(),
                    step("restart", ofMinutes(10))
                            .evidence("odoo_restart.log", "restart_duration.json")
                            .orRollBack()
                            .notStopped(),
                    step("check-deployment", ofHours(2))
                            .evidence("deployment_checks.json", "validation_report.json")
                            .orRollBack()
                            .notStopped(),
                    step("judge-deployment", ofMinutes(2))
                            .evidence("deployment_verdict.json")
                            .orRollBack()
                            .notStopped()),
            Optional.of(step("roll-back", ofHours(2)).attempts(5)),
            step("finalize", ofHours(1)).attempts(3).evidence("final_status.json", "rollback_result.json"));

    private static final Workflow RESTORE_TABLES = new Workflow(
            Operation.RESTORE_TABLES,
            List.of("inputs.json"),
            List.of(
                    step("verify-artifact", ofHours(6)).attempts(2).evidence("artifact_verification.json"),
                    step("extract-tables", ofHours(12)).attempts(2).evidence("tables_extraction.json"),
                    step("plan-tables", ofHours(12)).attempts(2).evidence("table_plan.json"),
                    step("pre-restore-backup", ofHours(24))
                            .unless(either(Workflows::dryRun, Workflows::withoutSafetyBackup))
                            .evidence("pre_restore_backup.json"),
                    step("merge-tables", ofHours(12))
                            .unless(Workflows::dryRun)
                            .evidence("table_restore.json")
                            .notStopped()),
            Optional.empty(),
            step("finalize", ofHours(1)).attempts(3).evidence("final_status.json"));

    private Workflows() {}

    private static Step restoreDatabase(Function<ObjectNode, Optional<String>> unless) {
        return step("restore-db", ofHours(12))
                .unless(unless)
                .evidence("db_restore.log", "db_restore_duration.json", "db_restore_checksum_verification.json")
                .orRollBack();
    }

    private static Step restoreFilestore(Function<ObjectNode, Optional<String>> unless) {
        return step("restore-filestore", ofHours(12))
                .unless(unless)
                .evidence(
                        "filestore_restore.log",
                        "filestore_restore_duration.json",
                        "filestore_restore_checksum_verification.json")
                .orRollBack();
    }

    /** The workflow of an operation. */
    public static Workflow of(Operation operation) {
        return switch (operation) {
            case BACKUP -> BACKUP;
            case RESTORE -> RESTORE;
            case VERIFY -> VERIFY;
            case VALIDATE -> VALIDATE;
            case PRUNE -> PRUNE;
            case DISCARD -> DISCARD;
            case REPLICATE -> REPLICATE;
            case IMPORT -> IMPORT;
            case DRILL -> DRILL;
            case DEPLOYMENT -> DEPLOYMENT;
            case ROLLBACK -> ROLLBACK;
            case RESTORE_TABLES -> RESTORE_TABLES;
        };
    }

    /** Steps 2 to 8 are left out where the restore marker is there (restore specification, "Idempotency Rules"). */
    private static Optional<String> validationOnly(ObjectNode inputs) {
        return reason(
                inputs.path("mode").asText().equals(RestoreMode.VALIDATION_ONLY.wireName()),
                "validation only: run " + inputs.path("restored_by").asText() + " has restored artifact "
                        + inputs.path("validated_artifact_id").asText() + " already");
    }

    /** A rollback of level 1 touches no data. */
    private static Optional<String> versionOnly(ObjectNode inputs) {
        return reason(inputs.path("level").asInt() == Judgement.VERSION, "level 1: only the version is set back");
    }

    /** A guardrail that the functions' files do not declare any more takes its step with it. */
    private static Function<ObjectNode, Optional<String>> without(Guardrail guardrail) {
        return inputs -> reason(
                inputs.path("guardrails_off").valueStream().anyMatch(off -> off.asText()
                        .equals(guardrail.wireName())),
                "the guardrail " + guardrail.wireName() + " is switched off");
    }

    private static Optional<String> inPlace(ObjectNode inputs) {
        return reason(
                inputs.path("in_place").asBoolean(), "in_place is set: everything is done after the service's stop");
    }

    private static Optional<String> notDeep(ObjectNode inputs) {
        return reason(!inputs.path("deep").asBoolean(), "it was not asked for (--deep)");
    }

    private static Optional<String> dryRun(ObjectNode inputs) {
        return reason(inputs.path("dry_run").asBoolean(), "a dry run writes nothing");
    }

    private static Optional<String> withoutSafetyBackup(ObjectNode inputs) {
        return reason(!inputs.path("safety_backup").asBoolean(true), "safety_backup is false");
    }

    private static Optional<String> putsBack(ObjectNode inputs) {
        return reason(
                inputs.path("mode").asText().equals(RestoreMode.PUTTING_BACK.wireName()),
                "this restore puts back what a failed one left: its artifact is that run's safety backup");
    }

    private static Function<ObjectNode, Optional<String>> either(
            Function<ObjectNode, Optional<String>> one, Function<ObjectNode, Optional<String>> other) {
        return inputs -> one.apply(inputs).or(() -> other.apply(inputs));
    }

    private static Optional<String> withoutDatabase(ObjectNode inputs) {
        return reason("filestore_only".equals(type(inputs)), "the type is filestore_only");
    }

    private static Optional<String> withoutFilestore(ObjectNode inputs) {
        return reason("db_only".equals(type(inputs)), "the type is db_only");
    }

    private static Optional<String> withoutValidation(ObjectNode inputs) {
        return reason(!inputs.path("verify_post_restore").asBoolean(true), "verify_post_restore is false");
    }

    private static String type(ObjectNode inputs) {
        return inputs.path("backup_type").asText(inputs.path("restore_type").asText("full"));
    }

    private static Optional<String> reason(boolean holds, String why) {
        return holds ? Optional.of(why) : Optional.empty();
    }
}
