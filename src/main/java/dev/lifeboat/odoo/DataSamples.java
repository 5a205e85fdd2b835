package dev.lifeboat.odoo;

import dev.lifeboat.artifact.Manifest;
import dev.lifeboat.postgres.DatabaseServer;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Reads random rows of the tables that matter most, with all their columns; what is in them is not kept. */
final class DataSamples implements ValidationCheck {
    private static final int SAMPLE = 5;
    private static final List<String> TABLES = List.of("res_partner", "res_users", "account_move");

    /** Every Odoo has a company's partner and an administrator. */
    private static final Set<String> NEVER_EMPTY = Set.of("res_partner", "res_users");

    @Override
    public String name() {
        return "data samples";
    }

    @Override
    public String expected() {
        return SAMPLE + " random rows of " + String.join(", ", TABLES)
                + " can be read whole; none of them has lost all rows";
    }

    @Override
    public boolean provesData() {
        return true;
    }

    @Override
    public CheckResult run(ValidationContext context) throws SQLException {
        var read = new ArrayList<String>();
        var wrong = new ArrayList<String>();
        for (String table : TABLES) {
            if (Sql.hasTable(context.connection(), table)) {
                int rows = sample(context.connection(), table);
                read.add(rows + " of " + table);
                if (rows == 0 && (NEVER_EMPTY.contains(table) || hadRows(context, table))) {
                    wrong.add(table + " is empty");
                }
            } else if (hadRows(context, table)) {
                wrong.add(table + " is not there");
            }
        }
        if (read.isEmpty() && wrong.isEmpty()) {
            return CheckResult.notApplicable(this, "none of these tables is there");
        }
        String actual = read.isEmpty() ? "nothing could be read" : "read " + String.join(", ", read);
        return wrong.isEmpty() ? CheckResult.passed(this, actual, List.of()) : CheckResult.failed(this, actual, wrong);
    }

    /** The rows are chosen by their ids, so that a large table is not sorted with all its columns. */
    private static int sample(Connection connection, String table) throws SQLException {
        String quoted = DatabaseServer.quoteIdentifier(table);
        return Sql.texts(
                        connection,
                        "SELECT t::text FROM " + quoted + " AS t WHERE t.id IN (SELECT id FROM " + quoted
                                + " ORDER BY random() LIMIT " + SAMPLE + ")")
                .size();
    }

    private static boolean hadRows(ValidationContext context, String table) {
        return context.artifact().flatMap(Manifest::database).stream()
                .flatMap(database -> database.tables().stream())
                .anyMatch(digest -> digest.table().equals("public." + table) && digest.rows() > 0);
    }
}
