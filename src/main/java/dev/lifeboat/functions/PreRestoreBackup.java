package dev.lifeboat.functions;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.artifact.BackupType;
import dev.lifeboat.environment.Bindings;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.json.Json;
import dev.lifeboat.orchestrator.BackupOrder;
import dev.lifeboat.orchestrator.InProcessInvoker;
import dev.lifeboat.orchestrator.Operations;
import dev.lifeboat.postgres.DatabaseServer;
import dev.lifeboat.run.ArtifactCatalogue;
import dev.lifeboat.run.Operation;
import dev.lifeboat.run.RunSnapshot;
import dev.lifeboat.run.RunStore;
import dev.lifeboat.step.EvidenceFile;
import dev.lifeboat.step.StepFunction;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import io.quarkus.funqy.Funq;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Has the present state of the environment backed up before a restore touches it, by a run of its own. */
@ApplicationScoped
public class PreRestoreBackup implements StepFunction {
    static final String NAME = "pre-restore-backup";
    /** Output: whether what is moved aside is all that there is of it, and has to be kept. */
    static final String KEEP = "keep_displaced";

    private final Operations operations;
    private final RunStore runs;
    private final EnvironmentCatalogue environments;
    private final ArtifactCatalogue artifacts;

    PreRestoreBackup(
            Operations operations, RunStore runs, EnvironmentCatalogue environments, ArtifactCatalogue artifacts) {
        this.operations = operations;
        this.runs = runs;
        this.environments = environments;
        this.artifacts = artifacts;
    }

    /** The function. */
    @Funq(NAME)
    public StepResponse call(StepRequest request) {
        return StepResponse.of(InProcessInvoker.call(this, request));
    }

    @Override
    public String name() {
        return NAME;
    }

    private static final Duration CHECK_AFTER = Duration.ofSeconds(5);

    @Override
    public StepResult apply(StepRequest request) {
        Optional<String> child = runs.child(request.runId(), Operation.BACKUP);
        if (child.isPresent()) {
            return stateOf(runs.load(child.get()));
        }
        Bindings bindings = environments.bindings(request.environmentId());
        Optional<BackupType> type = Operation.of(request.operation()) == Operation.RESTORE_TABLES
                ? Optional.of(BackupType.DB_ONLY)
                : whatIsThere(bindings);
        if (type.isEmpty()) {
            return notPossible(Files.isDirectory(bindings.filestore()));
        }
        String run = operations.safetyBackup(
                bindings.environment(),
                new BackupOrder(
                        type.get(), Optional.of("before " + request.operation() + " " + request.runId()), false),
                request.runId(),
                request.createdBy());
        return new StepResult.Pending(run, CHECK_AFTER);
    }

    /**
     * What of the environment exists; a part that does not can't be saved, and need not be. A filestore without the database
     * that refers to its files is no backup: it is moved aside as it is, and kept.
     */
    private static Optional<BackupType> whatIsThere(Bindings bindings) {
        boolean database = new DatabaseServer(bindings.database())
                .exists(bindings.database().name());
        if (!database) {
            return Optional.empty();
        }
        return Optional.of(Files.isDirectory(bindings.filestore()) ? BackupType.FULL : BackupType.DB_ONLY);
    }

    private static StepResult notPossible(boolean filestore) {
        String reason = filestore
                ? "the database is not there; the filestore is moved aside as it is, and kept for a day or longer"
                : "neither the database nor the filestore is there: nothing can be lost";
        return new StepResult.Done(
                Json.object()
                        .put(KEEP, filestore)
                        .put(
                                "summary",
                                filestore
                                        ? "no database is there; the filestore is moved aside and kept"
                                        : "nothing is there to be saved"),
                evidence(Json.object()
                        .putNull("artifact_id")
                        .put("status", "not_possible")
                        .put("reason", reason)));
    }

    private StepResult stateOf(RunSnapshot backup) {
        return switch (backup.status()) {
            case QUEUED, RUNNING -> new StepResult.Pending(backup.runId(), CHECK_AFTER);
            case SUCCESS -> {
                String artifact = backup.metadata().path("artifact_id").asText();
                ObjectNode outputs = Json.object()
                        .put("summary", artifact)
                        .put(
                                "snapshot_at",
                                backup.latest("snapshot-config")
                                        .map(step -> step.outputs()
                                                .path("odoo")
                                                .path("snapshot_at")
                                                .textValue())
                                        .orElse(null));
                outputs.putObject("run").put("pre_restore_backup_id", artifact);
                yield new StepResult.Done(
                        outputs,
                        evidence(Json.object()
                                .put("artifact_id", artifact)
                                .put("run_id", backup.runId())
                                .put("status", "created")
                                .put("backup_type", artifacts.get(artifact).backupType)
                                .put(
                                        "verification",
                                        "the dump was decoded whole and every file was hashed against its name"
                                                + " while they were written; sizes and checksums are in the artifact's manifest")
                                .put("evidence_dir", backup.evidenceDir().orElse(""))));
            }
            case FAILED, ROLLED_BACK, CANCELLED -> {
                Fault why = backup.fault()
                        .orElse(Fault.of(
                                FaultCode.INTERNAL, "the safety backup failed", "Look at run " + backup.runId() + "."));
                yield new StepResult.Failed(
                        why.with("run", backup.runId()),
                        "nothing was touched",
                        evidence(Json.object().put("run_id", backup.runId()).put("status", "failed")));
            }
        };
    }

    private static List<EvidenceFile> evidence(ObjectNode content) {
        return List.of(new EvidenceFile("pre_restore_backup.json", Json.pretty(content)));
    }
}
