package dev.lifeboat.console;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.artifact.Retention;
import dev.lifeboat.artifact.RetentionClass;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.json.Json;
import dev.lifeboat.orchestrator.Step;
import dev.lifeboat.orchestrator.Workflow;
import dev.lifeboat.orchestrator.Workflows;
import dev.lifeboat.preflight.PreflightReport;
import dev.lifeboat.progress.Amounts;
import dev.lifeboat.run.Artifact;
import dev.lifeboat.run.ArtifactCopy;
import dev.lifeboat.run.Run;
import dev.lifeboat.run.RunEvent;
import dev.lifeboat.run.RunSnapshot;
import dev.lifeboat.run.RunStatus;
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
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Turns what is recorded into what pages show. */
@ApplicationScoped
class Lines {
    private static final int MOST_EVENTS = 200;
    private static final String ARTIFACTS = "/console/artifacts/";
    private static final String PARKED =
            "It is parked: it was interrupted too often, and keeps other runs of the environment waiting.";

    private final TaskRunner tasks;
    private final History history;

    Lines(TaskRunner tasks, History history) {
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
                Amounts.seconds(Format.secondsOf(run.createdAt, end)),
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

    /** A list of backups; {@code kept} has the verdicts on them, as far as they are wanted. */
    List<Views.ArtifactLine> artifacts(List<Artifact> artifacts, Map<String, Retention.Verdict> kept) {
        Map<String, List<ArtifactCopy>> copies = history.copies(
                artifacts.stream().map(artifact -> artifact.artifactId).toList());
        return artifacts.stream()
                .map(artifact -> artifact(
                        artifact,
                        copies.getOrDefault(artifact.artifactId, List.of()),
                        Optional.ofNullable(kept.get(artifact.artifactId))))
                .toList();
    }

    Views.ArtifactLine artifact(Artifact artifact, Map<String, Retention.Verdict> kept) {
        return artifacts(List.of(artifact), kept).getFirst();
    }

    private static Views.ArtifactLine artifact(
            Artifact artifact, List<ArtifactCopy> copies, Optional<Retention.Verdict> kept) {
        return new Views.ArtifactLine(
                artifact.artifactId,
                artifact.environmentId,
                Format.at(artifact.createdAt),
                Format.ago(artifact.createdAt, Instant.now()),
                Format.words(artifact.backupType),
                Amounts.bytes(artifact.sizeBytes),
                artifact.label == null ? "" : artifact.label,
                switch (artifact.purpose) {
                    case "backup" -> "";
                    case "import" -> "imported";
                    default -> "safety backup";
                },
                !artifact.degraded.isEmpty(),
                copies.stream().map(Lines::copy).toList(),
                kept.map(Lines::classes).orElse(""),
                kept.map(verdict -> verdict.reason().replaceFirst("^pruned:", "goes at the next prune:"))
                        .orElse(""));
    }

    /** What a backup stays for, in a few words. */
    private static String classes(Retention.Verdict verdict) {
        return verdict.keep()
                ? verdict.classes().stream()
                        .filter(of -> of != RetentionClass.LAST_GOOD
                                || verdict.classes().size() == 1)
                        .map(of -> switch (of) {
                            case MONTHLY -> "month";
                            case WEEKLY -> "week";
                            case DAILY -> "day";
                            case LAST_GOOD -> "last good one";
                            case SAFETY -> "safety";
                            case NEEDED -> "needed by others";
                            case NOT_USABLE -> "not usable";
                        })
                        .collect(Collectors.joining(", "))
                : "goes at the next prune";
    }

    static Views.Copy copy(ArtifactCopy copy) {
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
                copy.verifiedAt == null
                        ? "not read back yet"
                        : "read back " + Format.ago(copy.verifiedAt, Instant.now()),
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
        boolean active = run.completedAt().isEmpty() && !run.parked();
        Workflow workflow = Workflows.of(run.operation());
        List<StepRecord> begun = steps(run);
        List<Views.StepLine> ahead = ahead(run, workflow, begun);
        long ended =
                begun.stream().filter(step -> step.finishedAt().isPresent()).count();
        var degraded = new ArrayList<String>();
        run.metadata().path("degraded").forEach(reason -> degraded.add(reason.asText()));
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
                active
                        ? ended + " of " + (begun.size() + ahead.size()) + " done"
                        : ended + (ended == 1 ? " step" : " steps"),
                facts(run, active),
                run.fault().map(Fault::message).orElse(run.parked() ? PARKED : ""),
                run.fault().map(Fault::remedy).orElse(run.parked() ? toUnpark(run) : ""),
                safe(run, workflow, begun),
                degraded,
                Stream.concat(begun.stream().map(step -> step(step, run)), ahead.stream())
                        .toList(),
                log(run, begun, active));
    }

    private List<Views.Fact> facts(RunSnapshot run, boolean active) {
        ObjectNode metadata = run.metadata();
        var facts = new ArrayList<Views.Fact>();
        facts.add(new Views.Fact(
                "Environment",
                run.environment().toString(),
                "/console/environments/" + path(run.environment().toString())));
        facts.add(new Views.Fact("Asked by", run.createdBy()));
        facts.add(new Views.Fact("Begun", Format.at(run.createdAt())));
        facts.add(new Views.Fact(
                active ? "Goes on for" : "Took",
                Amounts.seconds(
                        Format.secondsOf(run.createdAt(), run.completedAt().orElse(run.now())))));
        if (active) {
            history.usual(run.environment(), run.operation().wireName())
                    .ifPresent(usual -> facts.add(new Views.Fact("Takes", usual)));
        }
        fact(facts, "Label", metadata, "label", "");
        fact(facts, "Type", metadata, "backup_type", "");
        fact(facts, "Type", metadata, "restore_type", "");
        fact(facts, "Backup", metadata, "artifact_id", ARTIFACTS);
        fact(facts, "Validated against", metadata, "validated_artifact_id", ARTIFACTS);
        fact(facts, "Safety backup", metadata, "pre_restore_backup_id", ARTIFACTS);
        fact(facts, "Level", metadata, "level", "");
        fact(facts, "Version before", metadata, "version_from", "");
        fact(facts, "Back to version", metadata, "version_to", "");
        fact(facts, "Reason", metadata, "reason", "");
        fact(facts, "Displaced database", metadata, "displaced_database", "");
        fact(facts, "Displaced is kept until", metadata, "displaced_until", "");
        run.parentRunId().ifPresent(parent -> facts.add(new Views.Fact("Part of", parent, "/console/runs/" + parent)));
        history.children(run.runId())
                .forEach(child -> facts.add(new Views.Fact(
                        "Its " + Format.words(child.operationType), child.runId, "/console/runs/" + child.runId)));
        run.evidenceDir().ifPresent(folder -> facts.add(new Views.Fact("Evidence", folder)));
        return facts;
    }

    /** The steps that are to come; of a run that did not succeed, those that were not reached. */
    private static List<Views.StepLine> ahead(RunSnapshot run, Workflow workflow, List<StepRecord> begun) {
        if (run.status() == RunStatus.SUCCESS) {
            return List.of();
        }
        Set<String> known = begun.stream().map(StepRecord::step).collect(Collectors.toSet());
        boolean isOver = run.completedAt().isPresent();
        return Stream.concat(workflow.steps().stream(), Stream.of(workflow.last()))
                .filter(step -> !known.contains(step.name())
                        && step.skip().apply(run.metadata()).isEmpty())
                .map(step -> new Views.StepLine(
                        step.name(),
                        new Views.Badge("none", isOver ? "not reached" : "to come"),
                        "",
                        "",
                        "",
                        "",
                        "",
                        new RawString("")))
                .toList();
    }

    /** What became of the environment, where the run did not end as it was meant to. */
    private static String safe(RunSnapshot run, Workflow workflow, List<StepRecord> begun) {
        Set<String> touching = workflow.steps().stream()
                .filter(Step::needsRollback)
                .map(Step::name)
                .collect(Collectors.toSet());
        boolean touched =
                begun.stream().anyMatch(step -> step.status() != StepStatus.SKIPPED && touching.contains(step.step()));
        return switch (run.status()) {
            case QUEUED, RUNNING, SUCCESS -> "";
            case ROLLED_BACK -> "The environment was put back: it is as it was before this run.";
            case CANCELLED -> "This run touched nothing of the environment.";
            case FAILED ->
                touched
                        ? "The environment was touched and not put back. What was moved aside is still there."
                        : "This run touched nothing of the environment.";
        };
    }

    /** What happened, and what the tasks that go on have told, in the order of the clocks. */
    private List<Views.LogLine> log(RunSnapshot run, List<StepRecord> begun, boolean active) {
        Stream<Dated> events = history.events(run.runId(), MOST_EVENTS).stream()
                .map(event -> new Dated(event.createdAt, event(event)));
        Stream<Dated> told = begun.stream()
                .filter(step -> active && step.status() == StepStatus.WAITING)
                .flatMap(step -> step.taskId().stream()
                        .flatMap(task -> tasks.log(task).stream())
                        .map(line -> new Dated(
                                line.at(), new Views.LogLine(Format.clock(line.at()), step.step(), line.text()))));
        return Stream.concat(events, told)
                .sorted(Comparator.comparing(Dated::at))
                .map(Dated::line)
                .toList();
    }

    private record Dated(Instant at, Views.LogLine line) {}

    /** What {@code field} holds, where it holds something; it leads to a page below {@code page}, where that is not empty. */
    private static void fact(List<Views.Fact> facts, String name, ObjectNode metadata, String field, String page) {
        if (metadata.hasNonNull(field)) {
            String value = metadata.get(field).asText();
            facts.add(new Views.Fact(name, value, page.isEmpty() ? "" : page + value));
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
        Optional<ProgressSnapshot> progress =
                step.taskId().filter(id -> step.status() == StepStatus.WAITING).flatMap(tasks::progress);
        return new Views.StepLine(
                step.step(),
                badge(step.status()),
                Amounts.seconds(Format.secondsOf(step.startedAt(), end)),
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
            text.append(" · ").append(Amounts.bytes(now.bytesDone()));
            if (now.bytesTotal() > 0) {
                text.append(" of ").append(Amounts.bytes(now.bytesTotal()));
            }
            double seconds = Duration.between(now.startedAt(), Instant.now()).toMillis() / 1000.0;
            if (seconds > 1) {
                text.append(" · ")
                        .append(Amounts.bytes((long) (now.bytesDone() / seconds)))
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

    private static Views.LogLine event(RunEvent event) {
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
        return new Views.LogLine(Format.clock(event.createdAt), Format.words(event.eventType), text.toString());
    }
}
