package dev.lifeboat.odoo;

import java.sql.SQLException;
import java.util.List;

/** A module that waits to be installed, upgraded or removed is one whose migration was cut off or never ran. */
final class MigrationStatus implements ValidationCheck {
    @Override
    public String name() {
        return "migration status";
    }

    @Override
    public String expected() {
        return "no module is waiting to be installed, upgraded or removed";
    }

    @Override
    public CheckResult run(ValidationContext context) throws SQLException {
        var lacking = Sql.lacking(context.connection(), "ir_module_module");
        if (lacking.isPresent()) {
            return CheckResult.notApplicable(this, lacking.get());
        }
        List<String> waiting = Sql.texts(
                context.connection(),
                "SELECT name || ': ' || state FROM ir_module_module"
                        + " WHERE state IN ('to install', 'to upgrade', 'to remove') ORDER BY name");
        return waiting.isEmpty()
                ? CheckResult.passed(this, "none is waiting", List.of())
                : CheckResult.failed(this, waiting.size() + " are waiting", waiting);
    }
}
