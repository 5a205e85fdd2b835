package dev.lifeboat.postgres;

import java.sql.Array;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * A foreign key.
 *
 * @param from the table that refers
 * @param columns of {@code from}
 * @param to the table that is referred to
 * @param keys the columns of {@code to}, as many
 * @param onDelete {@code pg_constraint.confdeltype}: what happens to a row of {@code from} when the one in {@code to} is deleted
 */
record ForeignKey(
        String name, TableName from, List<String> columns, TableName to, List<String> keys, OnDelete onDelete) {
    enum OnDelete {
        /** The row is deleted, too. */
        CASCADE,
        /** Its reference is emptied. */
        EMPTY,
        /** The deletion is refused. */
        REFUSE
    }

    ForeignKey {
        columns = List.copyOf(columns);
        keys = List.copyOf(keys);
    }

    /** Every foreign key of a database; those of partitions stand for themselves. */
    static List<ForeignKey> all(Connection connection) throws SQLException {
        var found = new ArrayList<ForeignKey>();
        try (var statement = connection.createStatement();
                var row = statement.executeQuery("SELECT c.conname, fn.nspname, f.relname,"
                        + " (SELECT array_agg(a.attname::text ORDER BY k.i) FROM unnest(c.conkey) WITH ORDINALITY k (n, i)"
                        + "  JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.n),"
                        + " tn.nspname, t.relname,"
                        + " (SELECT array_agg(a.attname::text ORDER BY k.i) FROM unnest(c.confkey) WITH ORDINALITY k (n, i)"
                        + "  JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.n),"
                        + " c.confdeltype::text"
                        + " FROM pg_constraint c JOIN pg_class f ON f.oid = c.conrelid JOIN pg_namespace fn ON fn.oid = f.relnamespace"
                        + " JOIN pg_class t ON t.oid = c.confrelid JOIN pg_namespace tn ON tn.oid = t.relnamespace"
                        + " WHERE c.contype = 'f' ORDER BY fn.nspname, f.relname, c.conname")) {
            while (row.next()) {
                found.add(new ForeignKey(
                        row.getString(1),
                        new TableName(row.getString(2), row.getString(3)),
                        strings(row.getArray(4)),
                        new TableName(row.getString(5), row.getString(6)),
                        strings(row.getArray(7)),
                        switch (row.getString(8)) {
                            case "c" -> OnDelete.CASCADE;
                            case "n", "d" -> OnDelete.EMPTY;
                            default -> OnDelete.REFUSE;
                        }));
            }
        }
        return found;
    }

    /** The tables whose rows are deleted with rows of these, directly or by way of others; these themselves among them. */
    static Set<TableName> cascade(List<ForeignKey> keys, List<TableName> tables) {
        var reached = new LinkedHashSet<>(tables);
        int before;
        do {
            before = reached.size();
            keys.stream()
                    .filter(key -> key.onDelete == OnDelete.CASCADE && reached.contains(key.to))
                    .map(ForeignKey::from)
                    .toList()
                    .forEach(reached::add);
        } while (reached.size() > before);
        return reached;
    }

    private static List<String> strings(Array array) throws SQLException {
        return List.of((String[]) array.getArray());
    }
}
