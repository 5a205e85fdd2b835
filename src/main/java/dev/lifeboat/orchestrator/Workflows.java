package dev.lifeboat.orchestrator;

import static dev.lifeboat.orchestrator.Step.step;
import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.run.Operation;
import java.util.List;
import java.util.Optional;

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
                    step("register-artifact", ofHours(1)).attempts(3).evidence("artifact_registration.json"),
                    step("prune", ofHours(1)).attempts(3).evidence("retention_prune.json")),
            Optional.empty(),
            step("finalize", ofMinutes(5)).attempts(3).evidence("final_status.json"));

    private static final Workflow RESTORE = new Workflow(
            Operation.RESTORE,
            List.of("inputs.json", "run_id.txt"),
            List.of(
                    step("verify-artifact", ofHours(6)).attempts(2).evidence("artifact_verification.json"),
                    step("pre-restore-backup", ofHours(24)).evidence("pre_restore_backup.json"),
                    step("quiesce", ofMinutes(5)).evidence("quiesce_status.json"),
                    step("restore-db", ofHours(12))
                            .unless(Workflows::withoutDatabase)
                            .evidence(
                                    "db_restore.log",
                                    "db_restore_duration.json",
                                    "db_restore_checksum_verification.json")
                            .orRollBack(),
                    step("restore-filestore", ofHours(12))
                            .unless(Workflows::withoutFilestore)
                            .evidence(
                                    "filestore_restore.log",
                                    "filestore_restore_duration.json",
                                    "filestore_restore_checksum_verification.json")
                            .orRollBack(),
                    step("compare-config", ofMinutes(15))
                            .evidence("config_snapshot.json", "config_comparison.json")
                            .orRollBack(),
                    step("restart", ofMinutes(10))
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
            List.of(step("validate", ofHours(2)).evidence("validation_report.json")),
            Optional.empty(),
            step("finalize", ofMinutes(5)).attempts(3).evidence("final_status.json"));

    private static final Workflow PRUNE = new Workflow(
            Operation.PRUNE,
            List.of("inputs.json"),
            List.of(step("prune", ofHours(1)).attempts(3).evidence("retention_prune.json")),
            Optional.empty(),
            step("finalize", ofMinutes(5)).attempts(3).evidence("final_status.json"));

    private Workflows() {}

    /** The workflow of an operation. */
    public static Workflow of(Operation operation) {
        return switch (operation) {
            case BACKUP -> BACKUP;
            case RESTORE -> RESTORE;
            case VERIFY -> VERIFY;
            case VALIDATE -> VALIDATE;
            case PRUNE -> PRUNE;
        };
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
