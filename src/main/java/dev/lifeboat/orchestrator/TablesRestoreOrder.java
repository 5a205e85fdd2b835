package dev.lifeboat.orchestrator;

import dev.lifeboat.postgres.TableOrder;
import java.util.List;
import java.util.Optional;

/**
 * What a restore of tables is asked to be; what is null or empty has the default.
 *
 * @param artifact the artifact's id, or {@code latest}
 * @param tables as people name them, such as {@code res_partner}
 * @param where {@code column=value}, which all have to hold; of a single table only
 * @param ids values of the column {@code id}; of a single table only
 * @param mode what becomes of rows that are there; there is no default
 * @param withDependants whether rows of other tables that were deleted along come back, too
 * @param dryRun only says what would be written
 * @param safetyBackup whether the database is backed up before; can't be left out in production
 * @param confirm the environment's name, typed; wanted for production
 */
public record TablesRestoreOrder(
        String artifact,
        List<String> tables,
        List<String> where,
        List<Long> ids,
        TableOrder.Mode mode,
        Boolean withDependants,
        Boolean dryRun,
        Boolean safetyBackup,
        Optional<String> confirm) {
    public TablesRestoreOrder {
        tables = tables == null ? List.of() : List.copyOf(tables);
        where = where == null ? List.of() : List.copyOf(where);
        ids = ids == null ? List.of() : List.copyOf(ids);
        withDependants = withDependants != null && withDependants;
        dryRun = dryRun != null && dryRun;
        safetyBackup = safetyBackup == null || safetyBackup;
        confirm = confirm == null ? Optional.empty() : confirm;
    }
}
