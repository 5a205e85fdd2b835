package dev.lifeboat.postgres;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/**
 * What a restore of tables does, or has done.
 *
 * @param tables each that is written, the chosen ones first
 * @param dependants rows of other tables, or further rows of the chosen ones, that were deleted along and are not brought back
 *     because that was not asked for
 * @param conflicts why nothing can be written, in words; empty: it can
 * @param emptied references that a deletion empties ({@code ON DELETE SET NULL}) and that are not looked at, as
 *     {@code table.column}
 * @param notLookedAt tables that may have lost rows along and can't be compared, and why
 */
public record TablePlan(
        List<Changes> tables,
        List<Missing> dependants,
        List<String> conflicts,
        List<String> emptied,
        List<String> notLookedAt) {
    /**
     * Of one table.
     *
     * @param selected rows of the backup that were chosen
     * @param insert rows that are missing
     * @param update rows whose content is another
     * @param delete rows that the backup does not have
     * @param onlyInBackup columns whose values are not brought back, because the live table does not have them
     * @param onlyLive columns that get their default, because the backup does not have them
     * @param generated columns that PostgreSQL computes
     * @param triggers that fire on what is written: none is switched off
     * @param sequences that are raised, or would be
     */
    public record Changes(
            TableName table,
            boolean chosen,
            long selected,
            long insert,
            long update,
            long delete,
            List<String> onlyInBackup,
            List<String> onlyLive,
            List<String> generated,
            List<String> triggers,
            List<Raised> sequences) {
        public Changes {
            onlyInBackup = List.copyOf(onlyInBackup);
            onlyLive = List.copyOf(onlyLive);
            generated = List.copyOf(generated);
            triggers = List.copyOf(triggers);
            sequences = List.copyOf(sequences);
        }
    }

    /** Rows of a table that are missing. */
    public record Missing(TableName table, long rows) {}

    /** A sequence whose next value would have been one that a row has. */
    public record Raised(String sequence, long from, long to) {}

    public TablePlan {
        tables = List.copyOf(tables);
        dependants = List.copyOf(dependants);
        conflicts = List.copyOf(conflicts);
        emptied = List.copyOf(emptied);
        notLookedAt = List.copyOf(notLookedAt);
    }

    /** One line. */
    @JsonProperty
    public String summary() {
        long insert = tables.stream().mapToLong(Changes::insert).sum();
        long update = tables.stream().mapToLong(Changes::update).sum();
        long delete = tables.stream().mapToLong(Changes::delete).sum();
        long left = dependants.stream().mapToLong(Missing::rows).sum();
        return insert + " to insert, " + update + " to update, " + delete + " to delete in " + tables.size()
                + (tables.size() == 1 ? " table" : " tables")
                + (left > 0 ? "; " + left + " rows that were deleted along stay away without --with-dependants" : "")
                + (conflicts.isEmpty() ? "" : "; " + conflicts.size() + " conflicts");
    }
}
