package dev.lifeboat.postgres;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * Which rows of a backup go back into the live database, and how.
 *
 * @param tables at least one
 * @param where conditions that all have to hold; of a single table only
 * @param ids values of the column {@code id}, of which one has to be met; empty: every row; of a single table only
 * @param mode what becomes of rows that are there
 * @param withDependants whether rows of other tables come back, too, that were deleted with them ({@code ON DELETE CASCADE})
 */
public record TableOrder(
        List<TableName> tables, List<Condition> where, List<Long> ids, Mode mode, boolean withDependants) {
    /**
     * A column has a value.
     *
     * @param column its name, unquoted
     * @param value as text that PostgreSQL reads as the column's type
     */
    public record Condition(String column, String value) {
        /**
         * Reads {@code column=value}.
         *
         * @throws dev.lifeboat.fault.FaultException BAD_INPUT where it is none
         */
        public static Condition parse(String text) {
            int equals = text.indexOf('=');
            if (equals < 1) {
                throw Fault.of(
                                FaultCode.BAD_INPUT,
                                "'" + text + "' is no condition",
                                "Write COLUMN=VALUE, such as country_id=3.")
                        .toException();
            }
            return new Condition(text.substring(0, equals), text.substring(equals + 1));
        }
    }

    /** What becomes of rows that are there. Rows are the same where their key is the same. */
    @Schema(name = "TablesRestoreMode")
    public enum Mode {
        /** They stay as they are; only rows that are missing are inserted. */
        INSERT_MISSING,
        /** They get the backup's content; rows that are missing are inserted. */
        UPSERT,
        /** As upsert; and chosen rows that the backup does not have are deleted. */
        REPLACE;

        /** The name on the wire and on the command line. */
        @JsonValue
        public String wireName() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        /**
         * Reads {@link #wireName}.
         *
         * @throws dev.lifeboat.fault.FaultException BAD_INPUT
         */
        @JsonCreator
        public static Mode of(String wireName) {
            return Arrays.stream(values())
                    .filter(mode -> mode.wireName().equals(wireName))
                    .findFirst()
                    .orElseThrow(() -> Fault.of(
                                    FaultCode.BAD_INPUT,
                                    "'" + wireName + "' is no mode of a restore of tables",
                                    "Use insert-missing, upsert or replace.")
                            .toException());
        }
    }

    public TableOrder {
        tables = List.copyOf(tables);
        where = List.copyOf(where);
        ids = List.copyOf(ids);
        if (tables.isEmpty()) {
            throw Fault.of(FaultCode.BAD_INPUT, "no table is named", "Name at least one table.")
                    .toException();
        }
        if (tables.size() > 1 && !(where.isEmpty() && ids.isEmpty())) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "conditions and ids choose rows of one table, and " + tables.size() + " are named",
                            "Restore one table at a time, or whole tables.")
                    .toException();
        }
    }

    /** Whether only some rows are chosen. */
    boolean isPartial() {
        return !where.isEmpty() || !ids.isEmpty();
    }
}
