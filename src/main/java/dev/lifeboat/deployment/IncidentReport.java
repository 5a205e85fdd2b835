package dev.lifeboat.deployment;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.run.BreakGlass;
import dev.lifeboat.run.Deployment;
import dev.lifeboat.run.Escalation;
import dev.lifeboat.run.Operation;
import dev.lifeboat.run.RunSnapshot;
import dev.lifeboat.run.RunStatus;
import dev.lifeboat.run.StepRecord;
import dev.lifeboat.run.StepStatus;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The report after an incident, in Markdown: the sections of the disaster recovery specification (7.2) with those of the
 * rollback specification's post-mortem. What is recorded is filled in; what only people know is left as {@value #BLANK}.
 */
public final class IncidentReport {
    /** Marks what people have to fill in. */
    public static final String BLANK = "☐ ______";

    private static final DateTimeFormatter CLOCK = DateTimeFormatter.ofPattern("HH:mm:ss");

    private final Facts facts;

    private IncidentReport(Facts facts) {
        this.facts = facts;
    }

    /**
     * What is recorded.
     *
     * @param run the run that is asked for
     * @param checks the run that looked at the deployment
     * @param recovery the rollback or restore that mended it
     * @param escalations of these runs
     * @param windows break-glass windows of that time
     * @param now until when an incident that goes on has lasted
     */
    public record Facts(
            RunSnapshot run,
            Optional<Deployment> deployment,
            Optional<RunSnapshot> checks,
            Optional<RunSnapshot> recovery,
            List<Escalation> escalations,
            List<BreakGlass> windows,
            Instant now) {
        public Facts {
            escalations = List.copyOf(escalations);
            windows = List.copyOf(windows);
        }

        /** All runs that belong to it, once each. */
        List<RunSnapshot> runs() {
            var runs = new ArrayList<RunSnapshot>();
            checks.ifPresent(runs::add);
            recovery.ifPresent(runs::add);
            if (runs.stream().noneMatch(known -> known.runId().equals(run.runId()))) {
                runs.add(run);
            }
            return runs;
        }
    }

    private record Moment(Instant at, String text) {}

    /** Writes it. */
    public static String of(Facts facts) {
        return new IncidentReport(facts).text();
    }

    private String text() {
        List<Moment> timeline = timeline();
        var lines = new ArrayList<String>();
        lines.add("# Incident Report: " + day(detected()) + " - " + title());
        lines.add("");
        lines.add("*Filled in by Lifeboat from what is recorded; " + BLANK + " is for people.*");
        section(lines, "Summary");
        lines.add("- **Date**: " + day(detected()));
        lines.add("- **Duration of Incident**: " + clock(detected()) + " to "
                + restored().map(IncidentReport::clock).orElse("now, it goes on") + " UTC ("
                + lasted(Duration.between(detected(), restored().orElse(facts.now()))) + ")");
        lines.add("- **Services Affected**: Odoo of " + facts.run().environment() + " " + BLANK);
        lines.add("- **Impact**: " + BLANK + " users affected, " + BLANK + " revenue");
        lines.add("- **Severity**: " + BLANK + " (P1/P2/P3/P4)");
        lines.add("- **Data loss**: " + dataLoss());
        section(lines, "Timeline");
        timeline.forEach(moment -> lines.add("- " + clock(moment.at()) + " - " + moment.text()));
        lines.add("- " + BLANK + " - what people did and saw besides");
        section(lines, "What Happened");
        lines.add(whatHappened());
        section(lines, "Root Cause");
        lines.add(BLANK);
        section(lines, "Resolution");
        lines.add(resolution());
        facts.recovery().ifPresent(recovery -> {
            section(lines, "Recovery Times");
            times(lines, recovery);
        });
        section(lines, "Evidence");
        facts.runs()
                .forEach(run -> lines.add("- " + run.operation().wireName() + " " + run.runId() + " ("
                        + run.status().wireName() + "): "
                        + run.evidenceDir().map(folder -> "`" + folder + "`").orElse("none")));
        section(lines, "What Went Well");
        lines.add("- " + BLANK);
        section(lines, "What Went Wrong");
        lines.add("- " + BLANK);
        section(lines, "Action Items");
        lines.add("1. [ ] " + BLANK + " - Owner: " + BLANK + " - Due: " + BLANK);
        section(lines, "Lessons Learned");
        lines.add("- " + BLANK);
        section(lines, "Prevention");
        lines.add(BLANK);
        lines.add("");
        return String.join("\n", lines);
    }

    private static void section(List<String> lines, String title) {
        lines.add("");
        lines.add("## " + title);
        lines.add("");
    }

    private String title() {
        return facts.deployment()
                .map(deployment -> "Deployment of " + deployment.version + " to "
                        + facts.run().environment())
                .orElse(facts.run().operation().wireName() + " of "
                        + facts.run().environment());
    }

    /** When it was known: when the checks ended, or when the recovery was asked for. */
    private Instant detected() {
        return facts.checks()
                .flatMap(RunSnapshot::completedAt)
                .or(() -> facts.recovery().map(RunSnapshot::createdAt))
                .orElse(facts.run().createdAt());
    }

    /** When Odoo was healthy again: its start, else the end of the recovery. */
    private Optional<Instant> restored() {
        return facts.recovery()
                .filter(recovery -> recovery.status() == RunStatus.SUCCESS)
                .flatMap(recovery -> recovery.latest("restart")
                        .filter(step -> step.status() == StepStatus.DONE)
                        .flatMap(StepRecord::finishedAt)
                        .or(recovery::completedAt));
    }

    private List<Moment> timeline() {
        var moments = new ArrayList<Moment>();
        facts.deployment().ifPresent(deployment -> {
            String who = Optional.ofNullable(deployment.operator)
                    .map(name -> " by " + name)
                    .orElse("");
            add(moments, deployment.startingAt, "Deployment of " + deployment.version + " began" + who);
            add(moments, deployment.completedAt, "Deployment of " + deployment.version + " complete; checks began");
        });
        facts.checks()
                .flatMap(RunSnapshot::completedAt)
                .ifPresent(at -> add(
                        moments,
                        at,
                        "Incident detected: the checks "
                                + (facts.checks().get().status() == RunStatus.SUCCESS ? "passed" : "failed")));
        facts.recovery().ifPresent(recovery -> recovery(moments, recovery));
        for (Escalation escalation : facts.escalations()) {
            add(moments, escalation.raisedAt, "Escalated: " + escalation.reason);
            add(
                    moments,
                    escalation.acknowledgedAt,
                    "Response initiated: acknowledged by " + escalation.acknowledgedBy
                            + (escalation.note == null ? "" : " (" + escalation.note + ")"));
        }
        for (BreakGlass window : facts.windows()) {
            add(
                    moments,
                    window.openedAt,
                    "Break-glass window opened by " + window.openedBy + " until " + clock(window.until) + ": "
                            + window.reason);
            add(
                    moments,
                    window.closedAt,
                    "Break-glass window ended" + (window.closedBy == null ? "" : " by " + window.closedBy));
            if (window.closedAt == null && window.until.isBefore(facts.now())) {
                add(moments, window.until, "Break-glass window ended by itself");
            }
        }
        moments.sort(Comparator.comparing(Moment::at));
        return moments;
    }

    private static void recovery(List<Moment> moments, RunSnapshot recovery) {
        String name = recovery.operation().wireName();
        add(
                moments,
                recovery.createdAt(),
                "Recovery started: " + name + " " + recovery.runId() + " by " + recovery.createdBy());
        for (StepRecord step : recovery.steps()) {
            String told = step.outputs().path("summary").asText("");
            switch (step.status()) {
                case DONE ->
                    step.finishedAt()
                            .ifPresent(at -> add(
                                    moments,
                                    at,
                                    (step.step().equals("restart") ? "Service restored: " : "")
                                            + step.step()
                                            + (told.isEmpty() ? "" : ": " + told)));
                case FAILED, REFUSED, UNKNOWN ->
                    step.finishedAt()
                            .ifPresent(at -> add(
                                    moments,
                                    at,
                                    step.step() + " failed: "
                                            + step.fault().map(Fault::message).orElse("")));
                case RUNNING, WAITING, SKIPPED, VOID -> {
                    // Nothing came of it that people would look for.
                }
            }
        }
        recovery.completedAt()
                .ifPresent(at -> add(
                        moments,
                        at,
                        (recovery.status() == RunStatus.SUCCESS ? "Incident closed: " : "Not mended: ") + name + " "
                                + recovery.status().wireName().replace('_', ' ')));
    }

    private static void add(List<Moment> moments, Instant at, String text) {
        if (at != null) {
            moments.add(new Moment(at, text));
        }
    }

    private String whatHappened() {
        return facts.deployment()
                .flatMap(deployment -> Optional.ofNullable(deployment.reason))
                .or(() -> facts.run().fault().map(Fault::message))
                .or(() -> Optional.ofNullable(
                        facts.run().metadata().path("reason").textValue()))
                .map(known -> known + "\n\n" + BLANK)
                .orElse(BLANK);
    }

    private String resolution() {
        if (facts.recovery().isEmpty()) {
            return BLANK;
        }
        RunSnapshot recovery = facts.recovery().get();
        JsonNode inputs = recovery.metadata();
        String did = recovery.operation() == Operation.ROLLBACK
                ? "Rollback of level " + inputs.path("level").asInt() + " to version "
                        + inputs.path("version_to").asText("that was set by hand")
                        + (inputs.hasNonNull("artifact_id")
                                ? ", with the data of "
                                        + inputs.get("artifact_id").asText()
                                : ", data untouched")
                : recovery.operation().wireName() + " of "
                        + inputs.path("artifact_id").asText(BLANK);
        return did + ": " + recovery.status().wireName().replace('_', ' ') + ".\n\n" + BLANK;
    }

    /** What is certain: the time between the backup and the stop is the time whose work is in the safety backup only. */
    private String dataLoss() {
        if (facts.recovery().isEmpty()) {
            return BLANK;
        }
        RunSnapshot recovery = facts.recovery().get();
        JsonNode inputs = recovery.metadata();
        if (!inputs.hasNonNull("artifact_id")) {
            return "none by the recovery: it touched no data; by the incident: " + BLANK;
        }
        return "what was entered after the backup " + inputs.get("artifact_id").asText()
                + " is no longer in the environment"
                + (inputs.hasNonNull("pre_restore_backup_id")
                        ? "; it is in the safety backup "
                                + inputs.get("pre_restore_backup_id").asText()
                        : "")
                + "; entered again: " + BLANK;
    }

    private static void times(List<String> lines, RunSnapshot recovery) {
        JsonNode inputs = recovery.metadata();
        if (inputs.hasNonNull("rollback_seconds")) {
            lines.add("- took " + lasted(seconds(inputs.get("rollback_seconds"))) + ", target "
                    + lasted(seconds(inputs.path("target_seconds"))) + ", maximum "
                    + lasted(seconds(inputs.path("maximum_seconds"))) + ": "
                    + (inputs.path("target_met").asBoolean() ? "target met" : "target missed"));
        }
        for (StepRecord step : recovery.steps()) {
            step.finishedAt()
                    .filter(end -> step.status() == StepStatus.DONE)
                    .ifPresent(end ->
                            lines.add("- " + step.step() + ": " + lasted(Duration.between(step.startedAt(), end))));
        }
    }

    private static Duration seconds(JsonNode number) {
        return Duration.ofMillis(Math.round(number.asDouble() * 1000));
    }

    private static String lasted(Duration time) {
        if (time.toMinutes() < 1) {
            return "%.1f s".formatted(time.toMillis() / 1000.0);
        }
        return time.toHours() > 0
                ? time.toHours() + " h " + time.toMinutesPart() + " min"
                : time.toMinutes() + " min " + time.toSecondsPart() + " s";
    }

    private static LocalDate day(Instant at) {
        return LocalDate.ofInstant(at, ZoneOffset.UTC);
    }

    private static String clock(Instant at) {
        return LocalTime.ofInstant(at, ZoneOffset.UTC)
                .truncatedTo(ChronoUnit.SECONDS)
                .format(CLOCK);
    }
}
