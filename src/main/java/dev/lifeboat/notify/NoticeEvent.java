package dev.lifeboat.notify;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What people are told of. */
public enum NoticeEvent {
    /** A run failed, or was interrupted so often that it is parked and waits for a person. */
    RUN_FAILED,
    /** A restore failed and the environment was put back. */
    ROLLED_BACK,
    /** A backup was made, and something of the environment was already lost or could not be done as it should. */
    DEGRADED,
    /** What had failed before succeeded. */
    RECOVERED,
    /** A rehearsal of a restore failed. */
    DRILL_FAILED,
    /** The newest backup is older than it may be. */
    BACKUP_OVERDUE,
    /** A time of a schedule passed without its run. */
    SCHEDULE_MISSED,
    /** A deployment went wrong; a person decides on its rollback. */
    ROLLBACK_PROPOSED,
    /** A rollback has begun. */
    ROLLBACK_STARTED,
    /** A rollback goes on; every 15 minutes. */
    ROLLBACK_PROGRESS,
    /** A rollback has succeeded. */
    ROLLBACK_COMPLETED,
    /** Something wants somebody to take care of it; told to the contacts of its levels, whatever events they want. */
    ESCALATION,
    /** A break-glass window was opened, is still open, or has ended. */
    BREAK_GLASS,
    /** Something of an environment that is watched is in trouble. */
    TROUBLE,
    /** What was in trouble is well again. */
    TROUBLE_OVER;

    /** The name on the wire and in the configuration. */
    @JsonValue
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
