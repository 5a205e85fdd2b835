package dev.lifeboat.notify;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.json.Json;
import dev.lifeboat.run.BreakGlass;
import dev.lifeboat.run.Escalation;
import dev.lifeboat.run.Operation;
import dev.lifeboat.run.RunSnapshot;
import dev.lifeboat.run.RunStatus;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What people are told while a deployment is rolled back, and whom it is told next. */
class IncidentNoticesTest {
    private static final Instant BEGIN = Instant.parse("2026-03-01T10:00:00Z");

    private record Level(Duration after, String contact, List<String> notices)
            implements LifeboatConfig.EscalationLevel {}

    private static final List<LifeboatConfig.EscalationLevel> LEVELS = List.of(
            new Level(Duration.ZERO, "Technical Lead", List.of("chat")),
            new Level(Duration.ofMinutes(30), "DevOps Manager", List.of("duty")),
            new Level(Duration.ofMinutes(60), "CTO", List.of("boss")));

    private static RunSnapshot rollback(Duration since, RunStatus status) {
        ObjectNode metadata = Json.object()
                .put("level", 2)
                .put("reason", "record counts: res_partner 300 → 10")
                .put("version_to", "19.0.1")
                .put("artifact_id", "bk_1")
                .put("pre_restore_backup_id", "bk_2")
                .put("target_seconds", 900)
                .put("maximum_seconds", 1800);
        return new RunSnapshot(
                "run_1",
                new EnvironmentId("acme", "prod"),
                Operation.ROLLBACK,
                status,
                "system",
                metadata,
                Optional.empty(),
                BEGIN,
                Optional.of(BEGIN),
                status == RunStatus.RUNNING ? Optional.empty() : Optional.of(BEGIN.plus(since)),
                Optional.empty(),
                Optional.empty(),
                1,
                0,
                false,
                List.of(),
                BEGIN.plus(since),
                Optional.empty());
    }

    @Test
    void the_first_message_says_why_what_it_means_and_until_when() {
        Notice notice = RollbackMessages.started(rollback(Duration.ofSeconds(20), RunStatus.RUNNING));
        assertThat(notice.title()).isEqualTo("URGENT: acme/prod Deployment Rollback in Progress");
        assertThat(notice.text())
                .contains(
                        "due to: record counts: res_partner 300 → 10",
                        "ETA for recovery: 10:15 UTC",
                        "safety backup",
                        "We will update every 15 minutes.");
    }

    @Test
    void an_update_comes_every_quarter_of_an_hour_each_once() {
        assertThat(RollbackMessages.progress(rollback(Duration.ofMinutes(14), RunStatus.RUNNING)))
                .isEmpty();
        Notice first = RollbackMessages.progress(rollback(Duration.ofMinutes(16), RunStatus.RUNNING))
                .orElseThrow();
        assertThat(first.text())
                .contains("Rollback Update 10:15 UTC:", "Next update: 10:30 UTC", "the target was missed");
        assertThat(RollbackMessages.progress(rollback(Duration.ofMinutes(29), RunStatus.RUNNING)))
                .map(Notice::key)
                .contains(first.key());
        assertThat(RollbackMessages.progress(rollback(Duration.ofMinutes(31), RunStatus.RUNNING)))
                .hasValueSatisfying(next -> {
                    assertThat(next.key()).isNotEqualTo(first.key());
                    assertThat(next.text()).contains("it is escalated");
                });
    }

    @Test
    void the_last_message_says_what_came_back_and_where_the_rest_is() {
        Notice notice = Notices.of(rollback(Duration.ofMinutes(4), RunStatus.SUCCESS), Optional.empty())
                .orElseThrow();
        assertThat(notice.event()).isEqualTo(NoticeEvent.ROLLBACK_COMPLETED);
        assertThat(notice.text())
                .contains("in 4 min (target 15 min)", "restored from bk_1", "safety backup bk_2", "version 19.0.1");
    }

    @Test
    void each_level_is_told_when_its_time_has_come() {
        var escalation = new Escalation();
        escalation.runId = "run_1";
        escalation.environmentId = "acme/prod";
        escalation.reason = "a rollback is proposed";
        escalation.raisedAt = BEGIN;
        Optional<URI> console = Optional.of(URI.create("https://backup.example.com/"));
        assertThat(IncidentNotices.due(escalation, LEVELS, console, BEGIN.plusSeconds(1)))
                .singleElement()
                .satisfies(due -> {
                    assertThat(due.targets()).containsExactly("chat");
                    assertThat(due.notice().text())
                            .contains("https://backup.example.com/console/runs/run_1/acknowledge");
                });
        assertThat(IncidentNotices.due(escalation, LEVELS, console, BEGIN.plusSeconds(1800)))
                .hasSize(2);
        assertThat(IncidentNotices.due(escalation, LEVELS, Optional.empty(), BEGIN.plusSeconds(3600)))
                .extracting(due -> due.notice().key())
                .doesNotHaveDuplicates()
                .hasSize(3);
    }

    @Test
    void an_open_window_is_told_and_reminded_of_each_hour_and_before_its_end() {
        var window = new BreakGlass();
        window.id = 7L;
        window.environmentId = "acme/prod";
        window.openedBy = "maria";
        window.reason = "hot-fix";
        window.openedAt = BEGIN;
        window.until = BEGIN.plus(Duration.ofHours(2));
        assertThat(IncidentNotices.open(window, BEGIN.plusSeconds(5)))
                .extracting(Notice::key)
                .containsExactly("break-glass 7 opened");
        assertThat(IncidentNotices.open(window, BEGIN.plus(Duration.ofMinutes(110))))
                .extracting(Notice::key)
                .containsExactly("break-glass 7 opened", "break-glass 7 reminder 1", "break-glass 7 near its end");
        assertThat(IncidentNotices.ended(window).text()).contains("by itself");
    }
}
