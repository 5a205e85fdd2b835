package dev.lifeboat.notify;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** When what is watched is told. */
class WatchTest {
    private static final Instant SINCE = Instant.parse("2026-03-01T10:00:00Z");
    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final Watch BAD = Watch.bad("health", "no 200", PATIENCE, "look at the log");

    @Test
    void trouble_is_told_when_it_has_lasted_and_then_once() {
        assertThat(BAD.notice("acme/prod", SINCE, SINCE.plusSeconds(179))).isEmpty();
        Notice first = BAD.notice("acme/prod", SINCE, SINCE.plusSeconds(180)).orElseThrow();
        assertThat(first.event()).isEqualTo(NoticeEvent.TROUBLE);
        assertThat(first.text()).contains("no 200", "what to do: look at the log");
        assertThat(BAD.notice("acme/prod", SINCE, SINCE.plusSeconds(900)))
                .map(Notice::key)
                .contains(first.key());
    }

    @Test
    void the_end_is_told_only_of_what_was_told() {
        Watch well = Watch.well("health", PATIENCE);
        assertThat(well.notice("acme/prod", SINCE, SINCE.plusSeconds(60))).isEmpty();
        assertThat(well.notice("acme/prod", SINCE, SINCE.plusSeconds(600)))
                .map(Notice::event)
                .contains(NoticeEvent.TROUBLE_OVER);
    }
}
