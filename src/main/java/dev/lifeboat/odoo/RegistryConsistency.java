package dev.lifeboat.odoo;

import dev.lifeboat.postgres.DatabaseServer;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Odoo's register of records (ir_model_data) against the modules and the records themselves. A few registered records that
 * are gone are usual in an Odoo that has been used (a record that goes with its parent is not taken out of the register),
 * so they are told; a model of which more than half are gone has lost its rows.
 */
final class RegistryConsistency implements ValidationCheck {
    private static final int MODELS = 40;
    private static final int ROWS = 10_000;
    private static final int FEWEST_ROWS = 3;

    /** Models whose table has another name than the model (Odoo source, base/models/ir_actions.py). */
    private static final Map<String, String> TABLES = Map.of(
            "ir.actions.actions", "ir_actions",
            "ir.actions.act_window", "ir_act_window",
            "ir.actions.act_window.view", "ir_act_window_view",
            "ir.actions.act_window_close", "ir_actions",
            "ir.actions.act_url", "ir_act_url",
            "ir.actions.server", "ir_act_server",
            "ir.actions.client", "ir_act_client",
            "ir.actions.report", "ir_act_report_xml");

    @Override
    public String name() {
        return "registry consistency";
    }

    @Override
    public String expected() {
        return "every installed module is registered in ir_model_data, what is registered exists, and the modules' code is on"
                + " disk where addons are known";
    }

    @Override
    public CheckResult run(ValidationContext context) throws SQLException {
        Connection connection = context.connection();
        var lacking = Sql.lacking(connection, "ir_model_data", "ir_module_module");
        if (lacking.isPresent()) {
            return CheckResult.notApplicable(this, lacking.get());
        }
        List<String> installed =
                Sql.texts(connection, "SELECT name FROM ir_module_module WHERE state = 'installed' ORDER BY name");
        if (installed.isEmpty()) {
            return CheckResult.failed(this, "no module is installed", List.of());
        }
        var wrong = new ArrayList<String>();
        boolean registersModules =
                Sql.number(connection, "SELECT count(*) FROM ir_model_data WHERE model = 'ir.module.module'") > 0;
        if (registersModules) {
            unregistered(connection).forEach(module -> wrong.add(module + ": not registered"));
        } else if (Sql.number(connection, "SELECT count(*) FROM ir_model_data") == 0) {
            wrong.add("ir_model_data is empty");
        }
        if (context.addons().complete()) {
            installed.stream()
                    .filter(module -> !context.addons().byName().containsKey(module))
                    .forEach(module -> wrong.add(module + ": its code is not on disk"));
        }
        var notes = new ArrayList<String>();
        int models = 0;
        long rows = 0;
        for (String model : models(connection)) {
            String table = TABLES.getOrDefault(model, model.replace('.', '_'));
            if (!Sql.hasTable(connection, table)) {
                continue;
            }
            models++;
            long[] found = registered(connection, model, table);
            rows += found[0];
            String told = model + ": " + found[1] + " of " + found[0] + " registered records are gone";
            if (found[1] >= FEWEST_ROWS && 2 * found[1] > found[0]) {
                wrong.add(told);
            } else if (found[1] > 0) {
                notes.add(told);
            }
        }
        String actual = installed.size() + " modules, " + rows + " registered records of " + models
                + " models looked at, "
                + (wrong.isEmpty() ? "nothing wrong" : wrong.size() + " wrong")
                + (registersModules ? "" : "; ir_model_data registers no module, so that was not looked at")
                + (context.addons().complete() ? "" : "; not all addons are known, so code on disk was not looked at");
        return wrong.isEmpty() ? CheckResult.passed(this, actual, notes) : CheckResult.failed(this, actual, wrong);
    }

    /** Odoo registers each module as base.module_NAME; one that has records of its own is registered too. */
    private static List<String> unregistered(Connection connection) throws SQLException {
        return Sql.texts(connection, """
                SELECT m.name FROM ir_module_module m
                 WHERE m.state = 'installed'
                   AND NOT EXISTS (SELECT FROM ir_model_data d
                                    WHERE d.model = 'ir.module.module' AND d.res_id = m.id)
                   AND NOT EXISTS (SELECT FROM ir_model_data d WHERE d.module = m.name)
                 ORDER BY m.name
                """);
    }

    private static List<String> models(Connection connection) throws SQLException {
        return Sql.texts(connection, """
                SELECT d.model FROM ir_model_data d
                  JOIN ir_module_module m ON m.name = d.module AND m.state = 'installed'
                 GROUP BY d.model ORDER BY count(*) DESC, d.model LIMIT
                """ + MODELS);
    }

    /** How many records of a model were looked at, and how many of them do not exist. */
    private static long[] registered(Connection connection, String model, String table) throws SQLException {
        String sql = "SELECT count(*), count(*) FILTER (WHERE NOT EXISTS (SELECT FROM "
                + DatabaseServer.quoteIdentifier(table)
                + " t WHERE t.id = d.res_id)) FROM (SELECT d.res_id FROM ir_model_data d"
                + " JOIN ir_module_module m ON m.name = d.module AND m.state = 'installed'"
                + " WHERE d.model = ? AND d.res_id IS NOT NULL ORDER BY d.id LIMIT " + ROWS + ") d";
        try (var query = connection.prepareStatement(sql)) {
            query.setString(1, model);
            try (var row = query.executeQuery()) {
                row.next();
                return new long[] {row.getLong(1), row.getLong(2)};
            }
        }
    }
}
