package dev.lifeboat.notify;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.run.Operation;
import dev.lifeboat.run.Protection;
import dev.lifeboat.run.RunSnapshot;
import dev.lifeboat.run.RunStatus;
import dev.lifeboat.run.TriggerStore;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Decides what is worth telling. Pure. */
final class Notices {
    private Notices() {}

    /**
     * What is told of a run that has ended.
     *
     * @param before how the run of the same operation in that environment ended that had ended before it
     */
    static Optional<Notice> of(RunSnapshot run, Optional<RunStatus> before) {
        if (run.parentRunId().isPresent()) {
            // its parent tells of it
            return Optional.empty();
        }
        return switch (run.status()) {
            case FAILED ->
                Optional.of(notice(
                        run,
                        run.operation() == Operation.DRILL ? NoticeEvent.DRILL_FAILED : NoticeEvent.RUN_FAILED,
                        "failed"));
            case ROLLED_BACK -> Optional.of(notice(run, NoticeEvent.ROLLED_BACK, "failed and was rolled back"));
            case SUCCESS -> {
                if (run.operation() == Operation.ROLLBACK) {
                    yield Optional.of(RollbackMessages.completed(run));
                }
                if (before.filter(status -> status != RunStatus.SUCCESS).isPresent()) {
                    yield Optional.of(notice(run, NoticeEvent.RECOVERED, "succeeded again"));
                }
                yield run.metadata().path("degraded").isEmpty()
                        ? Optional.empty()
                        : Optional.of(notice(run, NoticeEvent.DEGRADED, "succeeded, with something missing"));
            }
            // who asked for it knows
            case CANCELLED -> Optional.empty();
            case QUEUED, RUNNING -> Optional.empty();
        };
    }

    /** What is told of a run that is parked; once each time. */
    static Notice parked(RunSnapshot run) {
        return new Notice(
                run.runId() + " parked " + run.epoch(),
                NoticeEvent.RUN_FAILED,
                run.environment().toString(),
                Optional.of(run.runId()),
                "Lifeboat: " + run.operation().wireName() + " of " + run.environment() + " is parked",
                "it was interrupted too often, and keeps other runs of the environment waiting\nwhat to do: `lifeboat run cancel "
                        + run.parentRunId().orElse(run.runId())
                        + "` takes it up again and ends it: as cancelled, or rolled back where it has touched the environment"
                        + "\nrun " + run.runId() + ": lifeboat run show " + run.runId(),
                run.now());
    }

    private static Notice notice(RunSnapshot run, NoticeEvent event, String how) {
        var lines = new ArrayList<String>();
        run.fault().ifPresent(fault -> lines.addAll(told(fault)));
        run.metadata().path("degraded").forEach(reason -> lines.add("degraded: " + reason.asText()));
        lines.add("run " + run.runId() + ": lifeboat run show " + run.runId());
        run.evidenceDir().ifPresent(folder -> lines.add("evidence: " + folder));
        Instant at = run.completedAt().orElse(run.now());
        return new Notice(
                key(run, at),
                event,
                run.environment().toString(),
                Optional.of(run.runId()),
                "Lifeboat: " + run.operation().wireName() + " of " + run.environment() + " " + how,
                String.join("\n", lines),
                at);
    }

    private static java.util.List<String> told(Fault fault) {
        return java.util.List.of(fault.message(), "what to do: " + fault.remedy());
    }

    /** What sweeps try again and again is told once a day. */
    private static String key(RunSnapshot run, Instant at) {
        return switch (run.operation()) {
            case BACKUP, RESTORE, RESTORE_TABLES, DRILL, IMPORT, DISCARD, DEPLOYMENT, ROLLBACK -> run.runId();
            case VERIFY, VALIDATE, PRUNE, REPLICATE ->
                run.environment() + " " + run.operation().wireName() + " " + run.status() + " " + day(at);
        };
    }

    /**
     * What is told of an environment whose newest backup is too old; once a day.
     *
     * @param newest the instant of its snapshot; empty: there is none
     * @param allowed how old it may be
     */
    static Optional<Notice> overdue(String environment, Optional<Instant> newest, Duration allowed, Instant now) {
        if (!Protection.isLate(newest, allowed, now)) {
            return Optional.empty();
        }
        return Optional.of(new Notice(
                environment + " backup overdue " + day(now),
                NoticeEvent.BACKUP_OVERDUE,
                environment,
                Optional.empty(),
                "Lifeboat: no backup of " + environment + " for more than " + allowed.toHours() + " hours",
                newest.map(at -> "the newest is of " + at).orElse("there is none at all")
                        + "\nwhat to do: `lifeboat runs` tells what went wrong; `lifeboat backup` makes one now",
                now));
    }

    /**
     * What is told of times of a schedule that passed without their run; once for the newest of them.
     *
     * @param missed of one schedule, the newest first; not empty
     */
    static Notice missed(List<TriggerStore.Fire> missed) {
        TriggerStore.Fire newest = missed.getFirst();
        String environment = newest.name().environment().toString();
        return new Notice(
                environment + " schedule " + newest.name().schedule() + " missed " + newest.dueAt(),
                NoticeEvent.SCHEDULE_MISSED,
                environment,
                Optional.empty(),
                "Lifeboat: schedule " + newest.name().schedule() + " of " + environment + " did not run",
                missed.stream()
                                .map(fire -> "due " + fire.dueAt() + ": "
                                        + fire.reason().orElse("no reason is known"))
                                .collect(Collectors.joining("\n"))
                        + "\nwhat to do: keep an engine running (lifeboat serve); `lifeboat "
                        + (newest.name().schedule().equals("drill") ? "drill" : "runs") + "` "
                        + (newest.name().schedule().equals("drill")
                                ? "rehearses a restore now"
                                : "tells what was done"),
                newest.dueAt());
    }

    private static LocalDate day(Instant at) {
        return LocalDate.ofInstant(at, ZoneOffset.UTC);
    }
}
