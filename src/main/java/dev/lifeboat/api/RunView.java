package dev.lifeboat.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.json.Json;
import dev.lifeboat.run.Cancellation;
import dev.lifeboat.run.Operation;
import dev.lifeboat.run.RunSnapshot;
import dev.lifeboat.run.RunStatus;
import dev.lifeboat.run.StepRecord;
import dev.lifeboat.run.StepStatus;
import dev.lifeboat.sidecar.ProgressSnapshot;
import dev.lifeboat.sidecar.TaskRunner;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** A run as the API shows it. Times are UTC, durations seconds. */
public record RunView(
        String runId,
        Operation operation,
        RunStatus status,
        String environment,
        String mode,
        String restoredBy,
        String artifactId,
        String preRestoreBackupId,
        String evidenceDir,
        String label,
        List<String> degraded,
        Instant createdAt,
        Instant startedAt,
        Instant completedAt,
        String parentRunId,
        boolean parked,
        Cancellation cancellation,
        Fault fault,
        List<StepView> steps,
        ObjectNode outputs) {
    /** One step: its newest attempt. */
    public record StepView(
            String name,
            StepStatus status,
            int attempt,
            Instant startedAt,
            Instant finishedAt,
            Double seconds,
            ProgressSnapshot progress,
            Fault fault,
            ObjectNode outputs) {}

    static RunView of(RunSnapshot run, TaskRunner tasks) {
        var steps = new ArrayList<StepView>();
        run.steps().stream().map(StepRecord::step).distinct().forEach(name -> run.latest(name)
                .or(() -> run.steps().stream()
                        .filter(record -> record.step().equals(name))
                        .max(Comparator.comparingInt(StepRecord::attempt)))
                .ifPresent(record -> steps.add(view(record, tasks))));
        ObjectNode metadata = run.metadata();
        var degraded = new ArrayList<String>();
        metadata.path("degraded").forEach(reason -> degraded.add(reason.asText()));
        return new RunView(
                run.runId(),
                run.operation(),
                run.status(),
                run.environment().toString(),
                text(metadata, "mode"),
                text(metadata, "restored_by"),
                text(metadata, metadata.hasNonNull("artifact_id") ? "artifact_id" : "validated_artifact_id"),
                text(metadata, "pre_restore_backup_id"),
                run.evidenceDir().orElse(null),
                text(metadata, "label"),
                degraded,
                run.createdAt(),
                run.startedAt().orElse(null),
                run.completedAt().orElse(null),
                run.parentRunId().orElse(null),
                run.parked(),
                run.cancellation().orElse(null),
                run.fault().orElse(null),
                steps,
                run.latest("finalize").map(StepRecord::outputs).orElse(Json.object()));
    }

    private static StepView view(StepRecord record, TaskRunner tasks) {
        ProgressSnapshot progress = record.taskId()
                .filter(id -> record.status() == StepStatus.WAITING)
                .flatMap(tasks::progress)
                .orElse(null);
        return new StepView(
                record.step(),
                record.status(),
                record.attempt(),
                record.startedAt(),
                record.finishedAt().orElse(null),
                record.finishedAt()
                        .map(end -> Duration.between(record.startedAt(), end).toMillis() / 1000.0)
                        .orElse(null),
                progress,
                record.fault().orElse(null),
                record.outputs());
    }

    private static String text(ObjectNode node, String field) {
        return node.hasNonNull(field) ? node.get(field).asText() : null;
    }
}
