package dev.lifeboat.odoo;

import com.fasterxml.jackson.annotation.JsonValue;
import dev.lifeboat.artifact.Manifest;
import dev.lifeboat.postgres.DatabaseServer;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * How many rows the tables have that people ask for first after a rollback: invoices, partners, electronic invoices, orders,
 * stock moves, attachments, users. Tables that a database does not have are left out.
 *
 * @param byTable rows by table
 */
public record RecordCounts(@JsonValue SortedMap<String, Long> byTable) {
    private static final String SCHEMA = "public.";
    private static final List<String> TABLES = List.of(
            "account_move",
            "einvoice_document",
            "ir_attachment",
            "res_partner",
            "res_users",
            "sale_order",
            "stock_move");

    public RecordCounts {
        byTable = Collections.unmodifiableSortedMap(new TreeMap<>(byTable));
    }

    /** Counts exactly; reads the tables whole. */
    public static RecordCounts of(Connection connection) throws SQLException {
        return of(connection, List.of());
    }

    /** The same, of some tables more; of those too, the ones that a database does not have are left out. */
    public static RecordCounts of(Connection connection, List<String> more) throws SQLException {
        var counts = new TreeMap<String, Long>();
        for (String table : counted(more)) {
            if (Sql.hasTable(connection, table)) {
                counts.put(
                        table, Sql.number(connection, "SELECT count(*) FROM " + DatabaseServer.quoteIdentifier(table)));
            }
        }
        return new RecordCounts(counts);
    }

    /** The tables that are counted. */
    public static SortedSet<String> counted(List<String> more) {
        var tables = new TreeSet<>(TABLES);
        tables.addAll(more);
        return tables;
    }

    /** Rows by table of the schema public, as a backup has them. */
    public static Map<String, Long> inBackup(Manifest.DatabaseContent content) {
        return content.tables().stream()
                .filter(digest -> digest.table().startsWith(SCHEMA))
                .collect(Collectors.toMap(
                        digest -> digest.table().substring(SCHEMA.length()).replace("\"", ""),
                        Manifest.TableDigest::rows));
    }
}
