package dev.lifeboat.run;

import java.util.Locale;

/**
 * The states of one attempt at a step. {@code running}: the function was called and has not answered; {@code waiting}: its
 * task goes on elsewhere; {@code void}: what it did does not count any more (its capture was lost).
 */
public enum StepStatus {
    RUNNING,
    WAITING,
    DONE,
    SKIPPED,
    FAILED,
    REFUSED,
    UNKNOWN,
    VOID;

    /** The name in the state and on the wire. */
    @com.fasterxml.jackson.annotation.JsonValue
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Reads {@link #wireName}. */
    public static StepStatus of(String wireName) {
        return valueOf(wireName.toUpperCase(Locale.ROOT));
    }

    /** Whether the attempt is still under way. */
    public boolean isOpen() {
        return this == RUNNING || this == WAITING;
    }
}
