package dev.lifeboat.orchestrator;

import java.util.Locale;

/** Why a restore run is there. */
public enum RestoreMode {
    /** It restores. */
    RESTORE,
    /** Its artifact has been restored already: it only validates, and compares. */
    VALIDATION_ONLY,
    /** It puts back what a failed restore left, from that one's safety backup. */
    PUTTING_BACK;

    /** The name in a run's metadata. */
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
