package dev.lifeboat.run;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** When an environment's newest backup is too old: one rule for notices, console and {@code /backup/health}. */
public final class Protection {
    /** How much later than its recovery point allows a backup may be before it counts as late: one that begins on time takes time. */
    public static final Duration GRACE = Duration.ofHours(2);

    private Protection() {}

    /**
     * Whether an environment is without a backup that is new enough.
     *
     * @param newest the instant of the newest backup's snapshot; empty: there is none
     * @param recoveryPoint how old it may be
     */
    public static boolean isLate(Optional<Instant> newest, Duration recoveryPoint, Instant now) {
        return newest.filter(at -> !at.plus(recoveryPoint).plus(GRACE).isBefore(now))
                .isEmpty();
    }
}
