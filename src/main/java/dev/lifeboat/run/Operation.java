package dev.lifeboat.run;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** What a run does. */
public enum Operation {
    BACKUP,
    RESTORE,
    VERIFY,
    VALIDATE,
    PRUNE,
    /** Drops what a successful restore moved aside and kept for a while. */
    DISCARD,
    /** Copies an artifact into a store. */
    REPLICATE,
    /** Makes an artifact of a backup that Odoo itself has made. */
    IMPORT,
    /** Rehearses a restore beside the environment, which is not touched. */
    DRILL,
    /** Looks at what a deployment has left. */
    DEPLOYMENT,
    /** Goes back behind a deployment: its version, and where the data is damaged the data too. */
    ROLLBACK,
    /** Brings rows of chosen tables back into the live database. */
    RESTORE_TABLES;

    /** The name in the state, in permissions and on the wire. */
    @com.fasterxml.jackson.annotation.JsonValue
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Reads {@link #wireName}. */
    public static Operation of(String wireName) {
        return valueOf(wireName.toUpperCase(Locale.ROOT));
    }

    /** The names of those of which one is active in an environment at most. */
    static List<String> exclusive() {
        return Arrays.stream(values())
                .filter(Operation::isExclusive)
                .map(Operation::wireName)
                .toList();
    }

    /** Whether at most one run of these is active in an environment. */
    public boolean isExclusive() {
        return switch (this) {
            case BACKUP, RESTORE, RESTORE_TABLES, ROLLBACK -> true;
            case VERIFY, VALIDATE, PRUNE, DISCARD, REPLICATE, IMPORT, DRILL, DEPLOYMENT -> false;
        };
    }
}
