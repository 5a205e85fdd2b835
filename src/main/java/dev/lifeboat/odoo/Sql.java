package dev.lifeboat.odoo;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Small questions to a database. */
final class Sql {
    private static final String NOT_ODOO = "the database is not Odoo's: it has no table ";

    private Sql() {}

    /** Why a check can't be made in this database: the first of the tables that is not there; empty: all are. */
    static Optional<String> lacking(Connection connection, String... tables) throws SQLException {
        for (String table : tables) {
            if (!hasTable(connection, table)) {
                return Optional.of(NOT_ODOO + table);
            }
        }
        return Optional.empty();
    }

    /** Whether there is a table of that very name where unqualified names are looked up. */
    static boolean hasTable(Connection connection, String table) throws SQLException {
        return !texts(
                        connection,
                        "SELECT 1 FROM pg_class WHERE relname = ? AND relkind IN ('r', 'p') AND pg_table_is_visible(oid)",
                        table)
                .isEmpty();
    }

    /** The first column of all rows, as text. */
    static List<String> texts(Connection connection, String sql, Object... parameters) throws SQLException {
        try (var query = connection.prepareStatement(sql)) {
            for (int i = 0; i < parameters.length; i++) {
                query.setObject(i + 1, parameters[i]);
            }
            var values = new ArrayList<String>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    values.add(rows.getString(1));
                }
            }
            return values;
        }
    }

    /** The one number that a query gives. */
    static long number(Connection connection, String sql, Object... parameters) throws SQLException {
        return Long.parseLong(texts(connection, sql, parameters).getFirst());
    }
}
