package dev.lifeboat.guardrail;

import java.util.Locale;

/** The six guardrails of the restore specification ("Guardrails"), each with the function whose file declares it. */
public enum Guardrail {
    /** At most one deployment, backup or restore of an environment at a time. */
    FORBID_PARALLEL_DEPLOY_RESTORE("preflight"),
    /** A restore of production wants its name typed by a person. */
    PROD_REQUIRES_HUMAN_CONFIRMATION("restore-db"),
    /** What is there is backed up before a restore touches it. */
    PRE_RESTORE_BACKUP_MANDATORY("pre-restore-backup"),
    /** No secret gets into evidence. */
    REDACT_SECRETS_IN_EVIDENCE("finalize"),
    /** Every byte of an artifact is compared with its manifest before a restore. */
    INTEGRITY_CHECKS_REQUIRED("verify-artifact"),
    /** A restore that fails is rolled back, unless that was refused when it was asked for. */
    ROLLBACK_ON_FAILURE_DEFAULT("roll-back");

    private final String function;

    Guardrail(String function) {
        this.function = function;
    }

    /** The function whose {@code function.yaml} declares it. */
    public String function() {
        return function;
    }

    /** Its name in the file and in evidence. */
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
