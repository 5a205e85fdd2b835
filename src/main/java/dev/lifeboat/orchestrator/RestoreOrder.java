package dev.lifeboat.orchestrator;

import dev.lifeboat.artifact.BackupType;
import java.util.Optional;

/**
 * What a restore is asked to be.
 *
 * @param artifact the artifact's id, or {@code latest}
 * @param type what it covers
 * @param verify whether the seven checks run after it
 * @param rollback whether the environment is put back where it fails
 * @param confirm the environment's name, typed; wanted for production
 */
public record RestoreOrder(
        String artifact, BackupType type, Boolean verify, Boolean rollback, Optional<String> confirm) {
    public RestoreOrder {
        type = type == null ? BackupType.FULL : type;
        verify = verify == null || verify;
        rollback = rollback == null || rollback;
        confirm = confirm == null ? Optional.empty() : confirm;
    }
}
