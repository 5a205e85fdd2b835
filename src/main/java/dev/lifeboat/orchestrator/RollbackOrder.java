package dev.lifeboat.orchestrator;

import java.util.Optional;

/**
 * What a rollback is asked to be; what is empty has its default.
 *
 * @param level 1: only the version; 2: the data of before the deployment too; empty: as its trouble asks for, else 1
 * @param to the version to go back to; empty: the last good one, with level 2 the one that ran before
 * @param reason why, for those who are told
 * @param confirm the environment's name, typed; wanted for production
 */
public record RollbackOrder(
        Optional<Integer> level, Optional<String> to, Optional<String> reason, Optional<String> confirm) {
    /** Everything by default. */
    public static RollbackOrder plain() {
        return new RollbackOrder(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
    }
}
