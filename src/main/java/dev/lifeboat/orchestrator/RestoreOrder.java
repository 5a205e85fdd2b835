package dev.lifeboat.orchestrator;

import dev.lifeboat.artifact.BackupType;
import java.util.Optional;

/**
 * What a restore is asked to be; what is null or empty has the default that the restore specification names.
 *
 * @param artifact the artifact's id, or {@code latest}
 * @param type what it covers
 * @param verify whether the seven checks run after it
 * @param rollback whether the environment is put back where it fails; empty: as the guardrail says
 * @param confirm the environment's name, typed; wanted for production
 * @param skipConfirmation asks to do without {@code confirm}; refused for production
 * @param again restores an artifact anew that a run has restored already; without it such a call only validates
 * @param inPlace loads only after the service was stopped, instead of preparing everything beside it before
 * @param neutralize whether mail, jobs and payments are switched off in what is restored; empty: where the data is from
 *     production and the environment is not
 * @param fromEnvironment the environment whose artifact it is, where it is another one
 */
public record RestoreOrder(
        String artifact,
        BackupType type,
        Boolean verify,
        Optional<Boolean> rollback,
        Optional<String> confirm,
        Boolean skipConfirmation,
        Boolean again,
        Boolean inPlace,
        Optional<Boolean> neutralize,
        Optional<String> fromEnvironment) {
    public RestoreOrder {
        type = type == null ? BackupType.FULL : type;
        verify = verify == null || verify;
        rollback = rollback == null ? Optional.empty() : rollback;
        confirm = confirm == null ? Optional.empty() : confirm;
        skipConfirmation = skipConfirmation != null && skipConfirmation;
        again = again != null && again;
        inPlace = inPlace != null && inPlace;
        neutralize = neutralize == null ? Optional.empty() : neutralize;
        fromEnvironment = fromEnvironment == null ? Optional.empty() : fromEnvironment;
    }

    /** A full restore with every default. */
    public static RestoreOrder of(String artifact) {
        return new RestoreOrder(
                artifact,
                null,
                null,
                Optional.empty(),
                Optional.empty(),
                null,
                null,
                null,
                Optional.empty(),
                Optional.empty());
    }
}
