package dev.lifeboat.artifact;

/** What an artifact stays for, the longest-lived first; one artifact can be of several. */
public enum RetentionClass {
    /** The newest good one of its month. */
    MONTHLY,
    /** The newest good one of its ISO week. */
    WEEKLY,
    /** The newest good one of its day. */
    DAILY,
    /** The newest good one of its type: never pruned. */
    LAST_GOOD,
    /** Made before a restore, a deployment or by an import. */
    SAFETY,
    /** Another one that stays needs its parts. */
    NEEDED,
    /** It can't be restored from, and stays until a newer good one has been there for a while. */
    NOT_USABLE
}
