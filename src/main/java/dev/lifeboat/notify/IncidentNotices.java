package dev.lifeboat.notify;

import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.run.BreakGlass;
import dev.lifeboat.run.Deployment;
import dev.lifeboat.run.Escalation;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Decides what is told of proposals, escalations and break-glass windows. Pure. */
final class IncidentNotices {
    private static final Duration REMINDER = Duration.ofHours(1);
    private static final Duration NEAR_END = Duration.ofMinutes(15);

    private IncidentNotices() {}

    /** A level that is due, and how it is told. */
    record Due(Notice notice, List<String> targets) {}

    /** What is told of a rollback that a person has to decide on. */
    static Notice proposed(Deployment deployment, Optional<URI> console) {
        return new Notice(
                "deployment " + deployment.id + " proposed",
                NoticeEvent.ROLLBACK_PROPOSED,
                deployment.environmentId,
                Optional.of(deployment.checkRunId),
                "Lifeboat: rollback of " + deployment.environmentId + " from " + deployment.version + " is proposed",
                deployment.reason + "\nwhat to do: lifeboat rollback "
                        + deployment.environment().name() + " --dry-run, then without --dry-run (level "
                        + deployment.level + ")" + link(console, deployment.checkRunId),
                deployment.judgedAt);
    }

    /** The levels of an escalation whose time has come by {@code now}. */
    static List<Due> due(
            Escalation escalation, List<LifeboatConfig.EscalationLevel> levels, Optional<URI> console, Instant now) {
        var due = new ArrayList<Due>();
        for (int i = 0; i < levels.size(); i++) {
            LifeboatConfig.EscalationLevel level = levels.get(i);
            Instant at = escalation.raisedAt.plus(level.after());
            if (!at.isAfter(now)) {
                due.add(new Due(
                        new Notice(
                                escalation.runId + " escalation " + (i + 1),
                                NoticeEvent.ESCALATION,
                                escalation.environmentId,
                                Optional.of(escalation.runId),
                                "Lifeboat: " + escalation.environmentId + " needs " + level.contact() + " (level "
                                        + (i + 1) + ")",
                                escalation.reason + "\nwhat to do: lifeboat acknowledge " + escalation.runId
                                        + " tells the others that you look at it" + link(console, escalation.runId),
                                at),
                        level.notices()));
            }
        }
        return due;
    }

    /** What is told of an open window at {@code now}: that it was opened, and the newest reminder. */
    static List<Notice> open(BreakGlass window, Instant now) {
        var told = new ArrayList<Notice>();
        String text = window.openedBy + ": " + window.reason + "\nuntil " + window.until
                + " schedules and automatic rollbacks pause; sooner: lifeboat break-glass "
                + window.environment().name() + " --end";
        told.add(notice(window, "opened", "break-glass window opened", text, window.openedAt));
        long hours = Duration.between(window.openedAt, now).dividedBy(REMINDER);
        if (hours > 0) {
            told.add(notice(window, "reminder " + hours, "break-glass window is still open", text, now));
        }
        Instant near = window.until.minus(NEAR_END);
        if (near.isAfter(window.openedAt) && !near.isAfter(now)) {
            told.add(notice(window, "near its end", "break-glass window ends soon", text, now));
        }
        return told;
    }

    /** What is told of a window that is over. */
    static Notice ended(BreakGlass window) {
        return notice(
                window,
                "ended",
                "break-glass window ended",
                (window.closedBy == null ? "by itself" : "by " + window.closedBy)
                        + "\nschedules and rollbacks are as configured; what was put off is made up for",
                window.closedAt == null ? window.until : window.closedAt);
    }

    private static Notice notice(BreakGlass window, String what, String title, String text, Instant at) {
        return new Notice(
                "break-glass " + window.id + " " + what,
                NoticeEvent.BREAK_GLASS,
                window.environmentId,
                Optional.empty(),
                "Lifeboat: " + window.environmentId + ": " + title,
                text,
                at);
    }

    /** Whoever follows it sees a page; only the button on it acknowledges. */
    private static String link(Optional<URI> console, String runId) {
        return console.map(base ->
                        "\n" + base.toString().replaceFirst("/$", "") + "/console/runs/" + runId + "/acknowledge")
                .orElse("");
    }
}
