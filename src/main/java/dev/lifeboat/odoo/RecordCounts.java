package dev.lifeboat.odoo;

import com.fasterxml.jackson.annotation.JsonValue;
import dev.lifeboat.postgres.DatabaseServer;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How many rows the tables have that people ask for first after a rollback: invoices, partners, electronic invoices, orders,
 * stock moves, attachments, users. Tables that a database does not have are left out.
 *
 * @param byTable rows by table
 */
public record RecordCounts(@JsonValue SortedMap<String, Long> byTable) {
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
        var counts = new TreeMap<String, Long>();
        for (String table : TABLES) {
            if (Sql.hasTable(connection, table)) {
                counts.put(
                        table, Sql.number(connection, "SELECT count(*) FROM " + DatabaseServer.quoteIdentifier(table)));
            }
        }
        return new RecordCounts(counts);
    }
}
