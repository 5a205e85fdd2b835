package dev.lifeboat.access;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class LoginLimitTest {
    private Instant now = Instant.parse("2026-11-21T10:00:00Z");
    private final LoginLimit limit = new LoginLimit(() -> now);

    @Test
    void after_ten_failures_an_address_waits_and_no_other_does() {
        for (int i = 0; i < LoginLimit.MOST; i++) {
            assertThat(limit.secondsToWait("10.0.0.1")).isZero();
            limit.failed("10.0.0.1");
        }
        assertThat(limit.secondsToWait("10.0.0.1")).isEqualTo(300);
        assertThat(limit.secondsToWait("10.0.0.2")).isZero();
    }

    @Test
    void failures_are_forgotten_after_five_minutes_and_by_a_login() {
        for (int i = 0; i < LoginLimit.MOST; i++) {
            limit.failed("10.0.0.1");
            limit.failed("10.0.0.2");
        }
        limit.succeeded("10.0.0.2");
        assertThat(limit.secondsToWait("10.0.0.2")).isZero();
        now = now.plusSeconds(299);
        assertThat(limit.secondsToWait("10.0.0.1")).isEqualTo(1);
        now = now.plusSeconds(1);
        assertThat(limit.secondsToWait("10.0.0.1")).isZero();
    }
}
