package dev.lifeboat.functions;

import dev.lifeboat.artifact.ArtifactId;
import dev.lifeboat.artifact.BackupType;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.step.StepRequest;
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
        String environment = request.inputs().path("artifact_environment").asText(request.environment());
        return Optional.of(new ArtifactId(
                EnvironmentId.parse(environment),
                request.inputs().get("artifact_id").asText()));
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
