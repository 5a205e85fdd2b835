package dev.lifeboat.notify;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.json.Json;
import dev.lifeboat.run.Operation;
import dev.lifeboat.run.Protection;
import dev.lifeboat.run.RunSnapshot;
import dev.lifeboat.run.RunStatus;
import dev.lifeboat.run.TriggerStore;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class NoticesTest {
    private static final Instant END = Instant.parse("2026-11-20T02:10:00Z");

    private static RunSnapshot run(String id, Operation operation, RunStatus status, ObjectNode metadata) {
        return run(id, operation, status, metadata, Optional.empty());
    }

    private static RunSnapshot run(
            String id, Operation operation, RunStatus status, ObjectNode metadata, Optional<String> parent) {
        return new RunSnapshot(
                id,
                new EnvironmentId("acme", "prod"),
                operation,
                status,
                "local",
                metadata,
                Optional.of("/evidence/" + id),
                END.minusSeconds(600),
                Optional.of(END.minusSeconds(600)),
                Optional.of(END),
                parent,
                status == RunStatus.SUCCESS
                        ? Optional.empty()
                        : Optional.of(Fault.of(FaultCode.DUMP_FAILED, "pg_dump failed", "Back up again.")),
                1,
                0,
                false,
                List.of(),
                END,
                Optional.empty());
    }

    private static Optional<NoticeEvent> event(RunSnapshot run, Optional<RunStatus> before) {
        return Notices.of(run, before).map(Notice::event);
    }

    @Test
    void a_title_is_one_line_whatever_it_is_about() {
        var notice = new Notice(
                "key", NoticeEvent.RUN_FAILED, "acme/prod", Optional.empty(), "of 1\r\nBcc: x\u0085", "text", END);
        assertThat(notice.title()).isEqualTo("of 1??Bcc: x?");
    }

    @Test
    void a_failure_says_what_failed_what_to_do_and_where_to_look() {
        Notice notice = Notices.of(run("run_1", Operation.BACKUP, RunStatus.FAILED, Json.object()), Optional.empty())
                .orElseThrow();
        assertThat(notice.event()).isEqualTo(NoticeEvent.RUN_FAILED);
        assertThat(notice.title()).isEqualTo("Lifeboat: backup of acme/prod failed");
        assertThat(notice.text())
                .contains("pg_dump failed", "what to do: Back up again.", "run show run_1", "/evidence/run_1");
    }

    @Test
    void a_parked_run_is_told_as_a_failed_one_with_the_command_that_frees_its_environment() {
        Notice notice = Notices.parked(run("run_1", Operation.RESTORE, RunStatus.RUNNING, Json.object()));
        assertThat(notice.event()).isEqualTo(NoticeEvent.RUN_FAILED);
        assertThat(notice.title()).isEqualTo("Lifeboat: restore of acme/prod is parked");
        assertThat(notice.text()).contains("what to do: `lifeboat run cancel run_1`");
        assertThat(Notices.parked(
                                run("safety", Operation.BACKUP, RunStatus.RUNNING, Json.object(), Optional.of("run_1")))
                        .text())
                .as("a run that belongs to another stops with it")
                .contains("`lifeboat run cancel run_1`");
    }

    @Test
    void each_end_of_a_run_is_told_as_what_it_is_and_an_ordinary_success_is_not() {
        assertThat(event(run("r", Operation.RESTORE, RunStatus.ROLLED_BACK, Json.object()), Optional.empty()))
                .contains(NoticeEvent.ROLLED_BACK);
        assertThat(event(run("r", Operation.DRILL, RunStatus.FAILED, Json.object()), Optional.empty()))
                .contains(NoticeEvent.DRILL_FAILED);
        ObjectNode degraded = Json.object();
        degraded.putArray("degraded").add("3 attachments have no file");
        assertThat(event(run("r", Operation.BACKUP, RunStatus.SUCCESS, degraded), Optional.of(RunStatus.SUCCESS)))
                .contains(NoticeEvent.DEGRADED);
        assertThat(event(run("r", Operation.BACKUP, RunStatus.SUCCESS, Json.object()), Optional.of(RunStatus.FAILED)))
                .contains(NoticeEvent.RECOVERED);
        assertThat(event(run("r", Operation.BACKUP, RunStatus.SUCCESS, Json.object()), Optional.of(RunStatus.SUCCESS)))
                .isEmpty();
    }

    @Test
    void the_safety_backup_of_a_restore_is_its_restores_matter() {
        assertThat(event(
                        run("r", Operation.BACKUP, RunStatus.FAILED, Json.object(), Optional.of("parent")),
                        Optional.empty()))
                .isEmpty();
    }

    @Test
    void what_a_sweep_tries_again_and_again_is_told_once_a_day() {
        String first = Notices.of(run("r1", Operation.REPLICATE, RunStatus.FAILED, Json.object()), Optional.empty())
                .orElseThrow()
                .key();
        String second = Notices.of(run("r2", Operation.REPLICATE, RunStatus.FAILED, Json.object()), Optional.empty())
                .orElseThrow()
                .key();
        assertThat(first).isEqualTo(second);
    }

    @Test
    void a_backup_is_overdue_once_a_day_when_it_is_older_than_it_may_be_or_was_never_made() {
        Duration day = Duration.ofHours(24);
        Instant latest = END.minus(day).minus(Protection.GRACE);
        assertThat(Notices.overdue("acme/prod", Optional.of(latest), day, END)).isEmpty();
        Optional<Notice> overdue = Notices.overdue("acme/prod", Optional.of(latest.minusSeconds(1)), day, END);
        assertThat(overdue.map(Notice::event)).contains(NoticeEvent.BACKUP_OVERDUE);
        assertThat(Notices.overdue("acme/prod", Optional.empty(), day, END.plusSeconds(60))
                        .map(Notice::key))
                .isEqualTo(overdue.map(Notice::key));
    }

    @Test
    void times_of_a_schedule_that_passed_are_told_together_once_for_the_newest() {
        var drill = new TriggerStore.ScheduleName(EnvironmentId.parse("acme/shop"), "drill");
        var newest = new TriggerStore.Fire(
                drill, Instant.parse("2026-11-15T05:00:00Z"), "missed", Optional.of("no engine ran"), Optional.empty());
        var before = new TriggerStore.Fire(
                drill, Instant.parse("2026-11-08T05:00:00Z"), "missed", Optional.empty(), Optional.empty());

        Notice notice = Notices.missed(List.of(newest, before));

        assertThat(notice.event()).isEqualTo(NoticeEvent.SCHEDULE_MISSED);
        assertThat(notice.key()).isEqualTo(Notices.missed(List.of(newest)).key());
        assertThat(notice.text())
                .contains("2026-11-15T05:00:00Z: no engine ran", "2026-11-08T05:00:00Z", "lifeboat drill");
    }
}
