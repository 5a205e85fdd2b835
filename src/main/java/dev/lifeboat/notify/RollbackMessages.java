package dev.lifeboat.notify;

import dev.lifeboat.run.RunSnapshot;
import dev.lifeboat.run.RunStatus;
import dev.lifeboat.run.StepRecord;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/**
 * The three messages of the rollback specification ("Communication During Rollback"), filled in with facts: when it starts,
 * every 15 minutes, and when it is over. Pure.
 */
final class RollbackMessages {
    /** How often people hear of a rollback that goes on. */
    static final Duration RHYTHM = Duration.ofMinutes(15);

    private RollbackMessages() {}

    static Notice started(RunSnapshot run) {
        return notice(
                run,
                "started",
                NoticeEvent.ROLLBACK_STARTED,
                "URGENT: " + run.environment() + " Deployment Rollback in Progress",
                """
                Team,

                We are rolling back the deployment of %s due to: %s

                Impact: %s
                ETA for recovery: %s
                Current status: %s

                We will update every 15 minutes.

                Lifeboat, for %s
                """.formatted(run.environment(), reason(run), impact(run), eta(run), step(run), run.createdBy()),
                run.createdAt());
    }

    /** The update that is due now; empty before the first quarter of an hour is over. */
    static Optional<Notice> progress(RunSnapshot run) {
        long quarters = Duration.between(run.createdAt(), run.now()).dividedBy(RHYTHM);
        if (quarters < 1) {
            return Optional.empty();
        }
        Instant due = run.createdAt().plus(RHYTHM.multipliedBy(quarters));
        return Optional.of(notice(
                run,
                "progress " + quarters,
                NoticeEvent.ROLLBACK_PROGRESS,
                "Rollback Update " + clock(due) + ": " + run.environment(),
                """
                Rollback Update %s:

                Status: In Progress
                Step: %s
                ETA: %s
                Issues: %s

                Next update: %s
                """.formatted(clock(due), step(run), eta(run), issues(run), clock(due.plus(RHYTHM))),
                due));
    }

    /** Of one that succeeded. */
    static Notice completed(RunSnapshot run) {
        Instant end = run.completedAt().orElse(run.now());
        boolean data = run.metadata().hasNonNull("artifact_id");
        return notice(
                run,
                "completed",
                NoticeEvent.ROLLBACK_COMPLETED,
                run.environment() + " Rollback Complete - System Restored",
                """
                Team,

                Rollback completed successfully, in %s (target %s).

                System Status: Operational
                Services: version %s, %s
                Data: %s
                Functionality: %s

                What happened: %s
                Root cause: not known yet
                Next steps: lifeboat incident %s begins the report

                Normal operations resumed.

                Lifeboat, for %s
                """.formatted(
                        minutes(Duration.between(run.createdAt(), end)),
                        minutes(seconds(run, "target_seconds")),
                        run.metadata().path("version_to").asText("not set by Lifeboat"),
                        said(run, "restart"),
                        data
                                ? "restored from "
                                        + run.metadata().path("artifact_id").asText()
                                        + ", every table compared; what was entered since is in the safety backup "
                                        + run.metadata()
                                                .path("pre_restore_backup_id")
                                                .asText("(none)")
                                : "not touched",
                        said(run, "check-deployment"),
                        reason(run),
                        run.runId(),
                        run.createdBy()),
                end);
    }

    private static Notice notice(
            RunSnapshot run, String what, NoticeEvent event, String title, String text, Instant at) {
        return new Notice(
                run.runId() + " " + what,
                event,
                run.environment().toString(),
                Optional.of(run.runId()),
                title,
                text,
                at);
    }

    private static String reason(RunSnapshot run) {
        return run.metadata().path("reason").asText("no reason was given");
    }

    private static String impact(RunSnapshot run) {
        return run.metadata().hasNonNull("artifact_id")
                ? "Odoo is stopped for a while; what was entered since the backup before the deployment will be in the safety"
                        + " backup only"
                : "Odoo is started anew with version "
                        + run.metadata().path("version_to").asText("of before") + "; no data is touched";
    }

    private static String eta(RunSnapshot run) {
        Instant target = run.createdAt().plus(seconds(run, "target_seconds"));
        Instant latest = run.createdAt().plus(seconds(run, "maximum_seconds"));
        return run.now().isBefore(target)
                ? clock(target)
                : run.now().isBefore(latest) ? clock(latest) + ", the target was missed" : "unknown, it is escalated";
    }

    private static Duration seconds(RunSnapshot run, String field) {
        return Duration.ofSeconds(run.metadata().path(field).asLong());
    }

    private static String step(RunSnapshot run) {
        return run.steps().isEmpty() ? "begins" : run.steps().getLast().step();
    }

    private static String issues(RunSnapshot run) {
        return run.steps().stream()
                .flatMap(step -> step.fault().stream().map(fault -> step.step() + ": " + fault.message()))
                .reduce((earlier, later) -> later)
                .orElse("none");
    }

    private static String said(RunSnapshot run, String step) {
        return run.latest(step)
                .map(StepRecord::outputs)
                .map(outputs -> outputs.path("summary").asText(""))
                .filter(text -> !text.isEmpty())
                .orElse(run.status() == RunStatus.SUCCESS ? "not asked" : "unknown");
    }

    private static String minutes(Duration time) {
        return time.toMinutes() > 0 ? time.toMinutes() + " min" : time.toSeconds() + " s";
    }

    private static String clock(Instant at) {
        return LocalTime.ofInstant(at, ZoneOffset.UTC).truncatedTo(ChronoUnit.MINUTES) + " UTC";
    }
}
