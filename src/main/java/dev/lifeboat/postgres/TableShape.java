package dev.lifeboat.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * How a table is made, as {@code pg_catalog} says.
 *
 * @param kind {@code pg_class.relkind}: {@code r} is a plain table
 * @param columns in their order
 * @param key the primary key's columns, else those of a unique index over columns that are never null; empty: there is none
 * @param triggers names of triggers that fire, the system's own not among them
 * @param sequences column to the sequence, quoted, that numbers it
 */
record TableShape(
        TableName name,
        String kind,
        List<Column> columns,
        List<String> key,
        List<String> triggers,
        Map<String, String> sequences) {
    /**
     * A column.
     *
     * @param type with its modifiers, as SQL writes it
     * @param required whether a row can't be inserted without a value for it
     * @param generated whether it is computed from the others
     * @param fixed whether PostgreSQL alone numbers it ({@code GENERATED ALWAYS AS IDENTITY}), so that an update can't set it
     */
    record Column(String name, String type, boolean required, boolean generated, boolean fixed) {}

    TableShape {
        columns = List.copyOf(columns);
        key = List.copyOf(key);
        triggers = List.copyOf(triggers);
        sequences = Map.copyOf(sequences);
    }

    boolean isPlain() {
        return kind.equals("r");
    }

    Optional<Column> column(String wanted) {
        return columns.stream().filter(column -> column.name().equals(wanted)).findFirst();
    }

    /** The table in the database of a connection; empty where it is not there. */
    static Optional<TableShape> read(Connection connection, TableName name) throws SQLException {
        try (var query = connection.prepareStatement("SELECT c.oid::bigint, c.relkind::text FROM pg_class c"
                + " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ? AND c.relname = ?"
                + " AND c.relkind IN ('r', 'p', 'v', 'm', 'f')")) {
            query.setString(1, name.schema());
            query.setString(2, name.name());
            try (var row = query.executeQuery()) {
                if (!row.next()) {
                    return Optional.empty();
                }
                long oid = row.getLong(1);
                return Optional.of(new TableShape(
                        name,
                        row.getString(2),
                        columns(connection, oid),
                        key(connection, oid),
                        strings(
                                connection,
                                "SELECT tgname FROM pg_trigger WHERE tgrelid = ?::oid AND NOT tgisinternal AND tgenabled <> 'D'"
                                        + " ORDER BY tgname",
                                oid),
                        sequences(connection, oid)));
            }
        }
    }

    private static List<Column> columns(Connection connection, long oid) throws SQLException {
        var columns = new ArrayList<Column>();
        try (var query = connection.prepareStatement("SELECT attname, format_type(atttypid, atttypmod),"
                + " attnotnull AND NOT atthasdef AND attidentity = '', attgenerated <> '', attidentity = 'a'"
                + " FROM pg_attribute WHERE attrelid = ?::oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum")) {
            query.setLong(1, oid);
            try (var row = query.executeQuery()) {
                while (row.next()) {
                    columns.add(new Column(
                            row.getString(1),
                            row.getString(2),
                            row.getBoolean(3),
                            row.getBoolean(4),
                            row.getBoolean(5)));
                }
            }
        }
        return columns;
    }

    private static List<String> key(Connection connection, long oid) throws SQLException {
        return strings(
                connection,
                "SELECT a.attname FROM pg_attribute a, (SELECT i.indrelid, i.indkey::int2[] AS cols FROM pg_index i"
                        + " WHERE i.indrelid = ?::oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL"
                        + " AND i.indexprs IS NULL AND NOT EXISTS (SELECT FROM pg_attribute n WHERE n.attrelid = i.indrelid"
                        + " AND n.attnum = ANY (i.indkey) AND NOT n.attnotnull)"
                        + " ORDER BY i.indisprimary DESC, i.indexrelid LIMIT 1) k"
                        + " WHERE a.attrelid = k.indrelid AND a.attnum = ANY (k.cols)"
                        + " ORDER BY array_position(k.cols, a.attnum)",
                oid);
    }

    /** A column's sequence is the one that belongs to it, or the one that its default asks. */
    private static Map<String, String> sequences(Connection connection, long oid) throws SQLException {
        var sequences = new TreeMap<String, String>();
        try (var query = connection.prepareStatement(
                "SELECT a.attname, quote_ident(n.nspname) || '.' || quote_ident(s.relname) FROM pg_attribute a"
                        + " LEFT JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum"
                        + " JOIN pg_depend d ON (d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass"
                        + " AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum AND d.deptype IN ('a', 'i'))"
                        + " OR (d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_class'::regclass)"
                        + " JOIN pg_class s ON s.oid = CASE WHEN d.classid = 'pg_class'::regclass THEN d.objid ELSE d.refobjid END"
                        + " AND s.relkind = 'S' JOIN pg_namespace n ON n.oid = s.relnamespace"
                        + " WHERE a.attrelid = ?::oid AND a.attnum > 0 AND NOT a.attisdropped")) {
            query.setLong(1, oid);
            try (var row = query.executeQuery()) {
                while (row.next()) {
                    sequences.put(row.getString(1), row.getString(2));
                }
            }
        }
        return sequences;
    }

    private static List<String> strings(Connection connection, String sql, long oid) throws SQLException {
        var found = new ArrayList<String>();
        try (var query = connection.prepareStatement(sql)) {
            query.setLong(1, oid);
            try (var row = query.executeQuery()) {
                while (row.next()) {
                    found.add(row.getString(1));
                }
            }
        }
        return found;
    }
}
