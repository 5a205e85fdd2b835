package dev.lifeboat.odoo;

import dev.lifeboat.environment.DatabaseBinding;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.postgres.DatabaseServer;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/** The databases that Odoo's role owns and that Odoo would list: no templates, none that refuses connections. */
public final class OwnedDatabases {
    private OwnedDatabases() {}

    /**
     * Their names, sorted; the binding's own database need not exist.
     *
     * @throws dev.lifeboat.fault.FaultException DATABASE_UNREACHABLE, DATABASE_LOGIN_REFUSED, DATABASE_QUERY_FAILED
     */
    public static List<String> of(DatabaseBinding binding) {
        try (Connection connection = new DatabaseServer(binding).connectMaintenance()) {
            return Sql.texts(
                    connection,
                    "SELECT d.datname FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba"
                            + " WHERE r.rolname = current_user AND d.datallowconn AND NOT d.datistemplate"
                            + " AND d.datname <> 'postgres' ORDER BY d.datname");
        } catch (SQLException e) {
            throw Fault.of(
                            FaultCode.DATABASE_QUERY_FAILED,
                            "the server " + binding.server() + " could not be asked for its databases",
                            "See tool_output for the server's own words.")
                    .with("tool_output", e.getMessage())
                    .toException(e);
        }
    }
}
