package dev.lifeboat.console;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.json.Json;
import dev.lifeboat.preflight.PreflightReport;
import dev.lifeboat.run.Artifact;
import dev.lifeboat.run.ArtifactCatalogue;
import dev.lifeboat.run.ArtifactCopy;
import dev.lifeboat.run.Run;
import dev.lifeboat.run.RunEvent;
import dev.lifeboat.run.RunSnapshot;
import dev.lifeboat.run.StepRecord;
import dev.lifeboat.run.StepStatus;
import dev.lifeboat.sidecar.ProgressSnapshot;
import dev.lifeboat.sidecar.TaskRunner;
import io.quarkus.qute.RawString;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Turns what is recorded into what pages show. */
@ApplicationScoped
class Lines {
    private static final String PARKED =
            "It is parked: it was interrupted too often, and keeps other runs of the environment waiting.";

    private final ArtifactCatalogue artifacts;
    private final TaskRunner tasks;
    private final History history;

    Lines(ArtifactCatalogue artifacts, TaskRunner tasks, History history) {
        this.artifacts = artifacts;
        this.tasks = tasks;
        this.history = history;
    }

    /** An environment's name as one segment of a path. */
    static String path(String environment) {
        return environment.replace('/', '.');
    }

    Views.RunLine run(Run run) {
        Instant end = run.completedAt == null ? Instant.now() : run.completedAt;
        return new Views.RunLine(
                run.runId,
                run.environmentId,
                Format.words(run.operationType),
                badge(run.status, run.parkedAt != null),
                Format.at(run.createdAt),
                Format.ago(run.createdAt, Instant.now()),
                Format.seconds(Duration.between(run.createdAt, end).toMillis() / 1000.0),
                run.createdBy,
                run.fault == null
                        ? run.metadata.path("label").asText("")
                        : run.fault.path("message").asText());
    }

    static Views.Badge badge(String status, boolean parked) {
        if (parked) {
            return new Views.Badge("bad", "parked");
        }
        return switch (status) {
            case "success" -> new Views.Badge("good", "success");
            case "failed" -> new Views.Badge("bad", "failed");
            case "rolled_back" -> new Views.Badge("warn", "rolled back");
            case "cancelled" -> new Views.Badge("idle", "cancelled");
            default -> new Views.Badge("live", status);
        };
    }

    Views.ArtifactLine artifact(Artifact artifact) {
        return new Views.ArtifactLine(
                artifact.artifactId,
                artifact.environmentId,
                Format.at(artifact.createdAt),
                Format.ago(artifact.createdAt, Instant.now()),
                Format.words(artifact.backupType),
                Format.bytes(artifact.sizeBytes),
                artifact.label == null ? "" : artifact.label,
                artifact.purpose.equals("backup") ? "" : "safety backup",
                !artifact.degraded.isEmpty(),
                copies(artifact.artifactId));
    }

    List<Views.Copy> copies(String artifact) {
        return artifacts.copies(artifact).stream()
                .filter(copy -> !copy.status.equals("deleted"))
                .map(Lines::copy)
                .toList();
    }

    private static Views.Copy copy(ArtifactCopy copy) {
        String state =
                switch (copy.status) {
                    case "good" -> "good";
                    case "pending" -> "warn";
                    default -> "bad";
                };
        return new Views.Copy(
                copy.store,
                state,
                copy.status,
                copy.uri,
                copy.verifiedAt == null ? "never read again" : "read " + Format.ago(copy.verifiedAt, Instant.now()),
                copy.problem == null ? "" : copy.problem);
    }

    List<Views.CheckLine> checks(PreflightReport report) {
        return report.checks().stream()
                .map(check -> new Views.CheckLine(
                        check.name(),
                        switch (check.status()) {
                            case PASSED -> new Views.Badge("good", "passed");
                            case FAILED -> new Views.Badge("bad", "failed");
                            case SKIPPED -> new Views.Badge("idle", "skipped");
                        },
                        check.found(),
                        check.remedy()))
                .toList();
    }

    private static String toUnpark(RunSnapshot run) {
        return "lifeboat run cancel " + run.parentRunId().orElse(run.runId())
                + " takes it up again and ends it: as cancelled, or rolled back where it has touched the environment.";
    }

    Views.RunDetails details(RunSnapshot run) {
        ObjectNode metadata = run.metadata();
        boolean active = run.completedAt().isEmpty() && !run.parked();
        var facts = new ArrayList<Views.Fact>();
        facts.add(new Views.Fact("Asked by", run.createdBy()));
        facts.add(new Views.Fact("Begun", Format.at(run.createdAt())));
        facts.add(new Views.Fact(
                active ? "Goes on for" : "Took",
                Format.seconds(
                        Duration.between(run.createdAt(), run.completedAt().orElse(run.now()))
                                        .toMillis()
                                / 1000.0)));
        fact(facts, "Label", metadata, "label");
        fact(facts, "Type", metadata, "backup_type");
        fact(facts, "Type", metadata, "restore_type");
        fact(facts, "Backup", metadata, "artifact_id");
        fact(facts, "Validated against", metadata, "validated_artifact_id");
        fact(facts, "Safety backup", metadata, "pre_restore_backup_id");
        fact(facts, "Level", metadata, "level");
        fact(facts, "Version before", metadata, "version_from");
        fact(facts, "Back to version", metadata, "version_to");
        fact(facts, "Reason", metadata, "reason");
        fact(facts, "Displaced database", metadata, "displaced_database");
        fact(facts, "Displaced is kept until", metadata, "displaced_until");
        run.evidenceDir().ifPresent(folder -> facts.add(new Views.Fact("Evidence", folder)));
        var degraded = new ArrayList<String>();
        metadata.path("degraded").forEach(reason -> degraded.add(reason.asText()));
        List<StepRecord> steps = steps(run);
        long ended =
                steps.stream().filter(step -> step.finishedAt().isPresent()).count();
        return new Views.RunDetails(
                run.runId(),
                run.environment().toString(),
                path(run.environment().toString()),
                Format.sentence(run.operation().wireName()),
                badge(run.status().wireName(), run.parked()),
                active,
                run.cancellation()
                        .filter(asked -> active)
                        .map(asked -> asked.by() + " asked it to stop " + Format.ago(asked.at(), run.now())
                                + "; it ends what it has under way")
                        .orElse(""),
                ended + " done",
                facts,
                run.fault().map(Fault::message).orElse(run.parked() ? PARKED : ""),
                run.fault().map(Fault::remedy).orElse(run.parked() ? toUnpark(run) : ""),
                degraded,
                steps.stream().map(step -> step(step, run)).toList(),
                history.events(run.runId(), 200).stream().map(Lines::event).toList());
    }

    private static void fact(List<Views.Fact> facts, String name, ObjectNode metadata, String field) {
        if (metadata.hasNonNull(field)) {
            facts.add(new Views.Fact(name, metadata.get(field).asText()));
        }
    }

    /** The newest attempt at each step, in the order in which they began. */
    private static List<StepRecord> steps(RunSnapshot run) {
        return run.steps().stream()
                .map(StepRecord::step)
                .distinct()
                .flatMap(name -> run
                        .latest(name)
                        .or(() -> run.steps().stream()
                                .filter(record -> record.step().equals(name))
                                .max(Comparator.comparingInt(StepRecord::attempt)))
                        .stream())
                .toList();
    }

    private Views.StepLine step(StepRecord step, RunSnapshot run) {
        Instant end = step.finishedAt().orElse(run.now());
        Optional<ProgressSnapshot> progress = step.taskId()
                .filter(id -> step.status() == StepStatus.WAITING)
                .flatMap(tasks::state)
                .flatMap(state -> switch (state) {
                    case TaskRunner.State.Running(ProgressSnapshot now) -> Optional.of(now);
                    case TaskRunner.State.Finished finished -> Optional.empty();
                });
        return new Views.StepLine(
                step.step(),
                badge(step.status()),
                Format.seconds(Duration.between(step.startedAt(), end).toMillis() / 1000.0),
                step.fault().map(Fault::message).orElseGet(() -> note(step)),
                step.fault().map(Fault::remedy).orElse(""),
                progress.map(Lines::told).orElse(""),
                progress.filter(now -> now.bytesTotal() > 0)
                        .map(now -> Long.toString(Math.min(100, 100 * now.bytesDone() / now.bytesTotal())))
                        .orElse(""),
                span(step.startedAt(), end, run));
    }

    private static Views.Badge badge(StepStatus status) {
        return switch (status) {
            case RUNNING, WAITING -> new Views.Badge("live", "running");
            case DONE -> new Views.Badge("good", "done");
            case SKIPPED -> new Views.Badge("idle", "skipped");
            case FAILED, REFUSED, UNKNOWN -> new Views.Badge("bad", status.wireName());
            case VOID -> new Views.Badge("warn", "done again");
        };
    }

    private static String note(StepRecord step) {
        return step.outputs().hasNonNull("summary")
                ? step.outputs().get("summary").asText()
                : step.outputs().path("skipped").asText("");
    }

    private static String told(ProgressSnapshot now) {
        var text = new StringBuilder(now.phase());
        if (now.bytesDone() > 0) {
            text.append(" · ").append(Format.bytes(now.bytesDone()));
            if (now.bytesTotal() > 0) {
                text.append(" of ").append(Format.bytes(now.bytesTotal()));
            }
            double seconds = Duration.between(now.startedAt(), Instant.now()).toMillis() / 1000.0;
            if (seconds > 1) {
                text.append(" · ")
                        .append(Format.bytes((long) (now.bytesDone() / seconds)))
                        .append("/s");
            }
        }
        return text.toString();
    }

    /** Where a step lies in its run's time. */
    private static RawString span(Instant from, Instant to, RunSnapshot run) {
        Instant begin = run.createdAt();
        double whole = Math.max(
                1, Duration.between(begin, run.completedAt().orElse(run.now())).toMillis());
        long x = Math.clamp(Math.round(Duration.between(begin, from).toMillis() / whole * 1000), 0, 996);
        long width = Math.clamp(Math.round(Duration.between(from, to).toMillis() / whole * 1000), 4, 1000 - x);
        return new RawString(
                "<svg class=\"span\" viewBox=\"0 0 1000 6\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect x=\""
                        + x + "\" width=\"" + width + "\" height=\"6\"/></svg>");
    }

    private static Views.EventLine event(RunEvent event) {
        JsonNode payload = event.payload;
        var text = new StringBuilder();
        for (String field : List.of("step", "attempt", "reason", "user", "action", "status")) {
            if (payload.hasNonNull(field)) {
                text.append(text.isEmpty() ? "" : " · ")
                        .append(field)
                        .append(' ')
                        .append(payload.get(field).asText());
            }
        }
        if (payload.hasNonNull("fault")) {
            text.append(text.isEmpty() ? "" : " · ")
                    .append(Json.convert(payload.get("fault"), Fault.class).message());
        }
        return new Views.EventLine(Format.clock(event.createdAt), Format.words(event.eventType), text.toString());
    }
}
