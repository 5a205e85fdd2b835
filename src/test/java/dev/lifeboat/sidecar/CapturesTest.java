package dev.lifeboat.sidecar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.lifeboat.environment.DatabaseBinding;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.testing.TestCluster;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class CapturesTest {
    private static DatabaseBinding lost;
    private static DatabaseBinding wanted;

    private final Captures captures = new Captures();

    @BeforeAll
    static void prepare() {
        lost = TestCluster.createOdooDatabase("captures_lost");
        wanted = TestCluster.createOdooDatabase("captures_wanted");
    }

    @AfterAll
    static void remove() {
        TestCluster.drop("captures_lost");
        TestCluster.drop("captures_wanted");
    }

    @AfterEach
    void end() {
        captures.endAll("run");
    }

    @Test
    void the_loss_of_one_capture_is_quiet_and_lets_every_other_one_give_way() throws Exception {
        for (String attempt : List.of("run/1", "run/2", "run/3")) {
            captures.obtain(attempt, lost);
        }
        captures.obtain("run/4", wanted);
        TestCluster.execute(
                lost,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        + " WHERE datname = current_database() AND pid <> pg_backend_pid()");
        var upgrade = Thread.ofPlatform()
                .start(() -> TestCluster.execute(wanted, "ALTER TABLE ir_attachment ADD COLUMN upgraded integer"));
        Instant limit = Instant.now().plusSeconds(30);
        do {
            assertThatCode(captures::giveWay).doesNotThrowAnyException();
        } while (!upgrade.join(Duration.ofMillis(100)) && Instant.now().isBefore(limit));
        assertThat(upgrade.isAlive()).isFalse();
        for (String attempt : List.of("run/1", "run/2", "run/3", "run/4")) {
            assertThatExceptionOfType(FaultException.class)
                    .isThrownBy(() -> captures.proven(attempt))
                    .satisfies(e -> assertThat(e.fault().code()).isEqualTo(FaultCode.CAPTURE_LOST));
        }
    }
}
