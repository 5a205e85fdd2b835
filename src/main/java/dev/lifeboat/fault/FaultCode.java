package dev.lifeboat.fault;

/**
 * Everything that Lifeboat knows can go wrong. Whether a fault is worth another attempt, and which kind of outcome it is
 * to the person who asked, is declared here and nowhere else; what is not known to be retryable is not.
 */
public enum FaultCode {
    // what was asked for cannot be done; nothing was started
    BAD_INPUT(Kind.USAGE, false),
    BAD_CONFIGURATION(Kind.PRECONDITION, false),
    UNKNOWN_PROJECT(Kind.PRECONDITION, false),
    UNKNOWN_ENVIRONMENT(Kind.PRECONDITION, false),
    UNKNOWN_ARTIFACT(Kind.PRECONDITION, false),
    UNKNOWN_RUN(Kind.PRECONDITION, false),
    UNKNOWN_TOKEN(Kind.PRECONDITION, false),
    PERMISSION_DENIED(Kind.PRECONDITION, false),
    RUN_ACTIVE(Kind.PRECONDITION, false),
    TOO_LATE(Kind.PRECONDITION, false),
    CONFIRMATION_MISSING(Kind.PRECONDITION, false),
    WRONG_ENVIRONMENT(Kind.PRECONDITION, false),
    CONTENT_DIFFERS(Kind.PRECONDITION, false),

    // the environment
    DATABASE_UNREACHABLE(Kind.PRECONDITION, true),
    DATABASE_LOGIN_REFUSED(Kind.PRECONDITION, false),
    DATABASE_MISSING(Kind.PRECONDITION, false),
    DATABASE_RIGHT_MISSING(Kind.PRECONDITION, false),
    DATABASE_QUERY_FAILED(Kind.FAILURE, true),
    PG_TOOLS_MISSING(Kind.PRECONDITION, false),
    PG_TOOLS_TOO_OLD(Kind.PRECONDITION, false),
    PG_TOOLS_TOO_NEW(Kind.PRECONDITION, false),
    FILESTORE_MISSING(Kind.PRECONDITION, false),
    FILESTORE_UNREADABLE(Kind.PRECONDITION, false),
    FILESTORE_UNWRITABLE(Kind.PRECONDITION, false),
    ODOO_CONF_UNREADABLE(Kind.PRECONDITION, false),
    DISK_SPACE_LOW(Kind.PRECONDITION, false),

    // a backup
    CAPTURE_LOST(Kind.FAILURE, true),
    DUMP_FAILED(Kind.FAILURE, true),
    DUMP_UNREADABLE(Kind.FAILURE, true),
    FILESTORE_READ_FAILED(Kind.FAILURE, true),
    BACKUP_NOT_CLOSED(Kind.FAILURE, true),

    // a store and its artifacts
    STORE_UNREACHABLE(Kind.PRECONDITION, true),
    STORE_UNWRITABLE(Kind.PRECONDITION, false),
    STORE_REFUSED(Kind.PRECONDITION, false),
    STORE_KEY_WRONG(Kind.PRECONDITION, false),
    STORE_FULL(Kind.FAILURE, false),
    STORE_READ_FAILED(Kind.FAILURE, true),
    STORE_WRITE_FAILED(Kind.FAILURE, true),
    OBJECT_EXISTS(Kind.FAILURE, false),
    OBJECT_MISSING(Kind.FAILURE, false),
    OBJECT_LOCKED(Kind.PRECONDITION, false),
    ARTIFACT_DAMAGED(Kind.PRECONDITION, false),
    MANIFEST_INVALID(Kind.PRECONDITION, false),
    UNTRUSTED_KEY(Kind.PRECONDITION, false),

    // a restore
    LOAD_FAILED(Kind.FAILURE, false),
    DIGEST_MISMATCH(Kind.FAILURE, false),
    SWAP_FAILED(Kind.FAILURE, true),
    DISPLACED_GONE(Kind.FAILURE, false),
    EXTRACT_FAILED(Kind.FAILURE, false),
    SERVICE_FAILED(Kind.FAILURE, false),
    HEALTH_TIMEOUT(Kind.FAILURE, false),
    VALIDATION_FAILED(Kind.FAILURE, false),
    ROLLBACK_FAILED(Kind.FAILURE, false),
    DEPLOYMENT_BROKEN(Kind.FAILURE, false),
    TABLES_CONFLICT(Kind.PRECONDITION, false),
    MERGE_FAILED(Kind.FAILURE, false),

    // the engine
    EVIDENCE_MISSING(Kind.FAILURE, false),
    EVIDENCE_UNWRITABLE(Kind.PRECONDITION, false),
    STEP_TIMED_OUT(Kind.FAILURE, true),
    TASK_LOST(Kind.FAILURE, true),
    UNKNOWN_TASK(Kind.PRECONDITION, false),
    SIDECAR_UNREACHABLE(Kind.FAILURE, true),
    SIDECAR_BUSY(Kind.FAILURE, true),
    FUNCTION_UNREACHABLE(Kind.FAILURE, true),
    OUTCOME_UNKNOWN(Kind.FAILURE, true),
    STATE_UNAVAILABLE(Kind.FAILURE, true),
    DATA_FOLDER_IN_USE(Kind.PRECONDITION, false),
    CANCELLED(Kind.FAILURE, false),
    INTERNAL(Kind.FAILURE, false);

    /** What a fault means to who asked: wrong call (exit 2), a precondition that does not hold (exit 3), a failure (exit 1). */
    public enum Kind {
        USAGE,
        PRECONDITION,
        FAILURE
    }

    private final Kind kind;
    private final boolean retryable;

    FaultCode(Kind kind, boolean retryable) {
        this.kind = kind;
        this.retryable = retryable;
    }

    /** What the fault means to who asked. */
    public Kind kind() {
        return kind;
    }

    /** Whether the same call may succeed when made again without anybody's help. */
    public boolean retryable() {
        return retryable;
    }
}
