package dev.lifeboat.environment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.fault.FaultException;
import java.time.Instant;
import java.time.ZoneId;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class CronScheduleTest {
    private static final ZoneId UTC = ZoneId.of("UTC");
    private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");

    @ParameterizedTest
    @CsvSource({
        "0 2 * * *, 2026-11-21T02:00:00Z, 2026-11-21T02:00:00Z, 2026-11-22T02:00:00Z",
        "0 2 * * *, 2026-11-21T01:59:59Z, 2026-11-20T02:00:00Z, 2026-11-21T02:00:00Z",
        "30 3 * * 0, 2026-11-21T12:00:00Z, 2026-11-15T03:30:00Z, 2026-11-22T03:30:00Z",
        "0 4 1 * *, 2026-11-21T12:00:00Z, 2026-11-01T04:00:00Z, 2026-12-01T04:00:00Z",
        "*/15 * * * *, 2026-11-21T12:07:00Z, 2026-11-21T12:00:00Z, 2026-11-21T12:15:00Z"
    })
    void the_last_and_the_next_time_are_those_of_cron(String cron, Instant now, Instant last, Instant next) {
        assertThat(CronSchedule.parse(cron).lastUpTo(now, UTC)).contains(last);
        assertThat(CronSchedule.parse(cron).nextAfter(now, UTC)).contains(next);
    }

    @Test
    void a_time_is_that_of_the_zones_clocks_in_summer_and_in_winter() {
        CronSchedule two = CronSchedule.parse("0 2 * * *");
        assertThat(two.nextAfter(Instant.parse("2026-07-01T12:00:00Z"), BERLIN))
                .contains(Instant.parse("2026-07-02T00:00:00Z"));
        assertThat(two.nextAfter(Instant.parse("2026-12-01T12:00:00Z"), BERLIN))
                .contains(Instant.parse("2026-12-02T01:00:00Z"));
    }

    @ParameterizedTest
    @CsvSource({
        // clocks go from 02:00 to 03:00 at 01:00 UTC
        "2027-03-27T12:00:00Z, 2027-03-28T12:00:00Z, 2027-03-28T01:30:00Z",
        // clocks go from 03:00 back to 02:00 at 01:00 UTC
        "2026-10-24T12:00:00Z, 2026-10-25T12:00:00Z, 2026-10-25T00:30:00Z"
    })
    void a_night_in_which_the_clocks_change_has_its_time_once(Instant from, Instant to, Instant expected) {
        CronSchedule night = CronSchedule.parse("30 2 * * *");
        var seen = new TreeSet<Instant>();
        for (Instant now = from; now.isBefore(to); now = now.plusSeconds(60)) {
            night.lastUpTo(now, BERLIN).filter(time -> time.isAfter(from)).ifPresent(seen::add);
        }
        assertThat(seen).containsExactly(expected);
        assertThat(night.nextAfter(from, BERLIN)).contains(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "daily", "0 2 * *", "0 2 * * * *", "61 2 * * *", "0 25 * * *", "0 2 * * 9", "; rm -rf /"})
    void what_is_no_schedule_is_refused_with_a_remedy(String text) {
        assertThatThrownBy(() -> CronSchedule.parse(text)).isInstanceOfSatisfying(FaultException.class, e -> assertThat(
                        e.fault().remedy())
                .contains("0 2 * * *"));
    }
}
