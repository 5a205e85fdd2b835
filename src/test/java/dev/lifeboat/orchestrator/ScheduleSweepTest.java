package dev.lifeboat.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.EnvironmentType;
import dev.lifeboat.json.Json;
import dev.lifeboat.run.BreakGlassStore;
import dev.lifeboat.run.NewRun;
import dev.lifeboat.run.Operation;
import dev.lifeboat.run.RunStatus;
import dev.lifeboat.run.RunStore;
import dev.lifeboat.run.TriggerStore;
import dev.lifeboat.run.TriggerStore.Fire;
import dev.lifeboat.testing.StateResource;
import dev.lifeboat.testing.TestCluster;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@QuarkusTest
@QuarkusTestResource(StateResource.class)
@TestProfile(ScheduleSweepTest.Scheduled.class)
class ScheduleSweepTest {
    private static final EnvironmentId SHOP = EnvironmentId.parse("acme/shop");
    private static final AtomicInteger YEAR = new AtomicInteger(2030);

    @Inject
    ScheduleSweep schedules;

    @Inject
    TriggerStore triggers;

    @Inject
    BreakGlassStore breakGlass;

    @Inject
    RunStore runs;

    /** The first of January of a year that no other test uses. */
    private final Instant day = Instant.parse(YEAR.incrementAndGet() + "-01-01T00:00:00Z");

    /** An environment with a schedule of each kind. */
    public static final class Scheduled implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            String schedule = "lifeboat.projects.acme.environments.shop.schedule.";
            return Map.of(
                    "lifeboat.schedules.jitter",
                    "0s",
                    schedule + "validate",
                    "0 * * * *",
                    schedule + "prune",
                    "0 2 1 * *",
                    schedule + "yearly",
                    "0 5 1 6 *");
        }
    }

    @BeforeEach
    void forget() {
        TestCluster.execute(TestCluster.get().binding("lifeboat_state"), "DELETE FROM ops.schedule_fires");
    }

    @Test
    void a_schedule_that_is_seen_for_the_first_time_starts_nothing_for_the_past() {
        schedules.sweep(at("00:30"));
        schedules.sweep(at("00:59"));
        assertThat(fires("validate")).singleElement().satisfies(fire -> {
            assertThat(fire.status()).isEqualTo("known");
            assertThat(fire.dueAt()).isEqualTo(at("00:00"));
        });
    }

    @Test
    void a_time_starts_one_run_however_many_look_at_it_at_once() throws Exception {
        schedules.sweep(at("00:30"));
        var looks = new ArrayList<Future<?>>();
        try (var engines = Executors.newFixedThreadPool(6)) {
            for (int i = 0; i < 12; i++) {
                looks.add(engines.submit(() -> schedules.sweep(at("01:00"))));
            }
        }
        for (Future<?> look : looks) {
            look.get();
        }
        Fire fire = fires("validate").getFirst();
        assertThat(fire.status()).isEqualTo("started");
        assertThat(fire.dueAt()).isEqualTo(at("01:00"));
        assertThat(runs.triggered(SHOP, "schedule/validate/" + at("01:00"))).isEqualTo(fire.runId());
        assertThat(runs.load(fire.runId().orElseThrow()).createdBy()).isEqualTo("system");
        assertThat(fires("validate")).hasSize(2);
    }

    @Test
    void the_newest_time_that_passed_without_an_engine_is_made_up_for_and_those_before_leave_a_record() {
        schedules.sweep(at("00:30"));
        schedules.sweep(at("04:10"));
        assertThat(fires("validate"))
                .extracting(fire -> fire.dueAt() + " " + fire.status())
                .containsExactly(
                        at("04:00") + " started",
                        at("03:00") + " missed",
                        at("02:00") + " missed",
                        at("01:00") + " missed",
                        at("00:00") + " known");
        assertThat(fires("validate").get(1).reason()).get().asString().contains("no engine ran");
    }

    @Test
    void an_open_break_glass_window_puts_a_time_off_and_its_end_lets_it_start() {
        schedules.sweep(at("00:30"));
        breakGlass.open(SHOP, "maria", "hot-fix", Duration.ofHours(1));
        schedules.sweep(at("01:00"));
        assertThat(fires("validate").getFirst().status()).isEqualTo("open");
        assertThat(fires("validate").getFirst().reason()).get().asString().startsWith("break-glass window of maria");

        breakGlass.end(SHOP, "maria");
        TestCluster.execute(
                TestCluster.get().binding("lifeboat_state"),
                "UPDATE ops.schedule_fires SET retry_at = now()" + " WHERE status = 'open'");
        schedules.sweep(at("01:01"));
        assertThat(fires("validate").getFirst().status()).isEqualTo("started");
    }

    @Test
    void a_time_that_is_too_long_ago_is_missed_with_its_reason() {
        schedules.sweep(at("01:00"));
        schedules.sweep(at("14:30"));
        assertThat(fires("prune").getFirst()).satisfies(fire -> {
            assertThat(fire.dueAt()).isEqualTo(at("02:00"));
            assertThat(fire.status()).isEqualTo("missed");
            assertThat(fire.reason()).get().asString().contains("720 minutes");
        });
    }

    @Test
    void a_run_that_can_not_be_started_yet_is_put_off_and_started_when_it_can() {
        Instant june = Instant.parse(day.toString().replace("-01-01T00:00:00Z", "-06-01T05:00:00Z"));
        String other = runs.create(
                new NewRun(Operation.BACKUP, SHOP, EnvironmentType.DEV, Json.object(), "somebody", Optional.empty()));
        schedules.sweep(june.minusSeconds(60));
        schedules.sweep(june.plusSeconds(60));
        assertThat(fires("yearly").getFirst()).satisfies(fire -> {
            assertThat(fire.status()).isEqualTo("open");
            assertThat(fire.reason()).get().asString().contains(other);
        });
        schedules.sweep(june.plusSeconds(61));
        assertThat(fires("yearly").getFirst().status()).isEqualTo("open");

        int epoch = runs.claim(other, "somebody", Duration.ofMinutes(1)).orElseThrow();
        runs.finish(other, epoch, RunStatus.FAILED, Optional.empty(), "run_failed", Json.object());
        TestCluster.execute(
                TestCluster.get().binding("lifeboat_state"),
                "UPDATE ops.schedule_fires SET retry_at = now() WHERE status = 'open'");
        schedules.sweep(june.plusSeconds(120));
        assertThat(fires("yearly").getFirst().status()).isEqualTo("started");
    }

    private Instant at(String time) {
        return Instant.parse(day.toString().replace("T00:00", "T" + time));
    }

    private List<Fire> fires(String schedule) {
        return triggers.fires(SHOP, 1000).stream()
                .filter(fire -> fire.name().schedule().equals(schedule))
                .toList();
    }
}
