package dev.lifeboat.odoo;

import dev.lifeboat.artifact.Manifest;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.postgres.DatabaseServer;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Reads random rows of the tables that matter most, with all their columns, and the same records through Odoo's external API
 * where that is configured; what is in them is not kept.
 */
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
                + " can be read whole, through Odoo too where its API may be asked; none of them has lost all rows";
    }

    @Override
    public boolean provesData() {
        return true;
    }

    @Override
    public CheckResult run(ValidationContext context) throws SQLException {
        var read = new ArrayList<String>();
        var wrong = new ArrayList<String>();
        var samples = new LinkedHashMap<String, List<Long>>();
        for (String table : TABLES) {
            if (Sql.hasTable(context.connection(), table)) {
                List<Long> ids = sample(context.connection(), table);
                int rows = ids.size();
                samples.put(table, ids);
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
        var notes = new ArrayList<String>();
        Optional<String> asked =
                context.rpc().map(rpc -> readThroughOdoo(rpc, context.connection(), samples, wrong, notes));
        String actual = (read.isEmpty() ? "nothing could be read" : "read " + String.join(", ", read))
                + asked.map(text -> "; " + text).orElse("; Odoo's API is not configured (rpc)");
        return wrong.isEmpty() ? CheckResult.passed(this, actual, notes) : CheckResult.failed(this, actual, wrong);
    }

    /** That a key is not known, or nobody answers, says nothing of the data. */
    private static String readThroughOdoo(
            ValidationContext.Rpc target,
            Connection connection,
            Map<String, List<Long>> samples,
            List<String> wrong,
            List<String> notes) {
        int right = 0;
        try (var rpc = new OdooRpc(target.url(), connection.getCatalog(), target.user())) {
            for (var sample : samples.entrySet()) {
                String model = sample.getKey().replace('_', '.');
                switch (rpc.read(model, sample.getValue())) {
                    case OdooRpc.Answer.Records records
                    when records.count() == sample.getValue().size() -> right += records.count();
                    case OdooRpc.Answer.Records records ->
                        wrong.add(model + ": Odoo gives " + records.count() + " of "
                                + sample.getValue().size() + " records that are in the database");
                    case OdooRpc.Answer.Refused refused ->
                        wrong.add(model + ": Odoo can't read them: " + refused.reason());
                    case OdooRpc.Answer.NotLetIn out -> {
                        notes.add("Odoo's API did not let '" + target.user().login() + "' in: " + out.reason());
                        return "not read through Odoo";
                    }
                    case OdooRpc.Answer.Unreachable gone -> {
                        notes.add("Odoo's API at " + target.url().getHost() + " did not answer: " + gone.reason());
                        return "not read through Odoo";
                    }
                }
            }
            return right + " of them through Odoo too";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Fault.of(FaultCode.CANCELLED, "the validation was ended on request", "Start it again.")
                    .toException(e);
        } catch (SQLException e) {
            throw new IllegalStateException("a connection knows its database", e);
        }
    }

    /** The rows are chosen by their ids, so that a large table is not sorted with all its columns. */
    private static List<Long> sample(Connection connection, String table) throws SQLException {
        String quoted = DatabaseServer.quoteIdentifier(table);
        return Sql.texts(
                        connection,
                        "SELECT t.id FROM " + quoted + " AS t WHERE t::text <> '' AND t.id IN (SELECT id FROM " + quoted
                                + " ORDER BY random() LIMIT " + SAMPLE + ")")
                .stream()
                .map(Long::valueOf)
                .toList();
    }

    private static boolean hadRows(ValidationContext context, String table) {
        return context.artifact().flatMap(Manifest::database).stream()
                .flatMap(database -> database.tables().stream())
                .anyMatch(digest -> digest.table().equals("public." + table) && digest.rows() > 0);
    }
}
