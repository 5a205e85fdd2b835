package dev.lifeboat.artifact;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What a backup or a restore covers. */
public enum BackupType {
    @JsonProperty("full")
    FULL,
    @JsonProperty("db_only")
    DB_ONLY,
    @JsonProperty("filestore_only")
    FILESTORE_ONLY;

    /** The name on the wire. */
    public String wireName() {
        return switch (this) {
            case FULL -> "full";
            case DB_ONLY -> "db_only";
            case FILESTORE_ONLY -> "filestore_only";
        };
    }

    /** Whether the database is covered. */
    public boolean coversDatabase() {
        return this != FILESTORE_ONLY;
    }

    /** Whether the filestore is covered. */
    public boolean coversFilestore() {
        return this != DB_ONLY;
    }
}
