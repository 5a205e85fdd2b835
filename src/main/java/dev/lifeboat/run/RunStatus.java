package dev.lifeboat.run;

import java.util.Locale;

/**
 * The states of a run: queued → running → success | failed | rolled_back | cancelled. The last four are final; cancelled is one
 * that was asked to stop and did so before it touched anything.
 */
public enum RunStatus {
    QUEUED,
    RUNNING,
    SUCCESS,
    FAILED,
    ROLLED_BACK,
    CANCELLED;

    /** The name in the state and on the wire. */
    @com.fasterxml.jackson.annotation.JsonValue
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Reads {@link #wireName}. */
    public static RunStatus of(String wireName) {
        return valueOf(wireName.toUpperCase(Locale.ROOT));
    }
}
