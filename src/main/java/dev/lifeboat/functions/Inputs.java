package dev.lifeboat.functions;

import dev.lifeboat.artifact.ArtifactId;
import dev.lifeboat.artifact.BackupType;
import dev.lifeboat.deployment.Judgement;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.json.Json;
import dev.lifeboat.orchestrator.RestoreMode;
import dev.lifeboat.postgres.TableOrder;
import dev.lifeboat.run.Operation;
import dev.lifeboat.step.StepRequest;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/** Reads the typed inputs of a run. */
final class Inputs {
    private Inputs() {}

    static BackupType backupType(StepRequest request) {
        return type(request, "backup_type");
    }

    static BackupType restoreType(StepRequest request) {
        return type(request, "restore_type");
    }

    static ArtifactId artifact(StepRequest request) {
        return optionalArtifact(request).orElseThrow(() -> Fault.of(
                        FaultCode.BAD_INPUT,
                        "the input 'artifact_id' is missing",
                        "Name the artifact; `lifeboat artifacts` lists those that there are.")
                .toException());
    }

    static Optional<ArtifactId> optionalArtifact(StepRequest request) {
        if (!request.inputs().hasNonNull("artifact_id")) {
            return Optional.empty();
        }
        return Optional.of(
                artifactNamed(request, request.inputs().get("artifact_id").asText()));
    }

    private static ArtifactId artifactNamed(StepRequest request, String id) {
        String environment = request.inputs().path("artifact_environment").asText(request.environment());
        return new ArtifactId(EnvironmentId.parse(environment), id);
    }

    /** The artifact that a validation compares with: the one that was restored, now or earlier. */
    static Optional<ArtifactId> validatedArtifact(StepRequest request) {
        return isValidationOnly(request)
                ? Optional.of(artifactNamed(
                        request, request.inputs().path("validated_artifact_id").asText()))
                : optionalArtifact(request);
    }

    static boolean isDrill(StepRequest request) {
        return Operation.of(request.operation()) == Operation.DRILL;
    }

    static boolean isRollback(StepRequest request) {
        return Operation.of(request.operation()) == Operation.ROLLBACK;
    }

    /** Whether a rollback brings the data of before the deployment back, too. */
    static boolean restoresData(StepRequest request) {
        return request.inputs().path("level").asInt() == Judgement.DATA;
    }

    static boolean isValidationOnly(StepRequest request) {
        return mode(request, RestoreMode.VALIDATION_ONLY);
    }

    static boolean putsBack(StepRequest request) {
        return mode(request, RestoreMode.PUTTING_BACK);
    }

    private static boolean mode(StepRequest request, RestoreMode mode) {
        return request.inputs().path("mode").asText().equals(mode.wireName());
    }

    /** Which tables and rows a restore of tables brings back. */
    static TableOrder tables(StepRequest request) {
        try {
            return Json.convert(request.inputs().path("order"), TableOrder.class);
        } catch (IllegalArgumentException e) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "the input 'order' is not right: " + e.getMessage(),
                            "See functions/merge-tables/request.example.json for the form.")
                    .toException(e);
        }
    }

    /** Whether nothing is to be written. */
    static boolean isDryRun(StepRequest request) {
        return request.inputs().path("dry_run").asBoolean();
    }

    static boolean neutralize(StepRequest request) {
        return request.inputs().path("neutralize").asBoolean();
    }

    /** Whether Odoo itself has to load a copy of what is restored: its program is of the version that a rollback leaves. */
    static boolean isChecked(StepRequest request) {
        return isValidated(request) && !isRollback(request);
    }

    /** Whether what is restored is validated. */
    static boolean isValidated(StepRequest request) {
        return request.inputs().path("verify_post_restore").asBoolean(true);
    }

    /** From when on log lines count: the restart, else the run's creation. */
    static Instant restarted(StepRequest request) {
        String started = request.output(Restart.NAME).path(Restart.STARTED_AT).asText("");
        return started.isEmpty() ? request.createdAt() : Instant.parse(started);
    }

    /** The store whose copy an earlier step has verified. */
    static Optional<String> verifiedStore(StepRequest request) {
        return Optional.ofNullable(
                request.output(VerifyArtifact.NAME).path("store").textValue());
    }

    /** A number that an earlier step gave. */
    static Optional<Long> given(StepRequest request, String step, String field) {
        return request.output(step).hasNonNull(field)
                ? Optional.of(request.output(step).get(field).asLong())
                : Optional.empty();
    }

    private static BackupType type(StepRequest request, String field) {
        String text = request.inputs().path(field).asText("full");
        try {
            return BackupType.valueOf(text.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw Fault.of(FaultCode.BAD_INPUT, "'" + text + "' is no " + field, "Use full, db_only or filestore_only.")
                    .toException(e);
        }
    }
}
