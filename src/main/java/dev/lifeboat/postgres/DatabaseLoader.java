package dev.lifeboat.postgres;

import dev.lifeboat.artifact.Manifest.DatabaseContent;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.process.ChildProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Loads a dump into a new, hidden database. Hidden is one that is marked as a template: Odoo lists and serves only databases
 * that are none, so that no server's cron picks it up.
 */
public final class DatabaseLoader {
    private static final Duration LIMIT = Duration.ofHours(12);
    private static final Duration END_SESSIONS = Duration.ofSeconds(30);

    private final DatabaseServer server;
    private final PgTools tools;

    /** A loader into that server with these tools. */
    public DatabaseLoader(DatabaseServer server, PgTools tools) {
        this.server = server;
        this.tools = tools;
    }

    /**
     * Creates the database {@code name} as the dumped one was set up, loads the archive and analyses it. Gives what
     * pg_restore said. Where that fails the database is dropped again.
     *
     * @param archive what {@code pg_dump -Fc} wrote, as a file
     * @throws FaultException LOAD_FAILED with pg_restore's own words
     */
    public String load(String name, DatabaseContent content, Path archive, int jobs) {
        drop(name);
        boolean loaded = false;
        try {
            create(name, content);
            var command = List.of(
                    tools.pgRestore().toString(),
                    "--format=custom",
                    "--jobs=" + jobs,
                    "--exit-on-error",
                    "--no-owner",
                    "--no-acl",
                    "--no-password",
                    "--verbose",
                    "--dbname=" + conninfo(name),
                    archive.toString());
            ChildProcess.Result result = ChildProcess.run(
                    new ChildProcess.Spec(command, server.toolEnvironment(name), Optional.empty()), LIMIT);
            if (!result.succeeded()) {
                throw failed("pg_restore ended with exit code " + result.exitCode(), result.errors(), null);
            }
            try (Connection connection = server.connect(name, LIMIT);
                    var statement = connection.createStatement()) {
                statement.execute("ANALYZE");
            }
            loaded = true;
            return result.errors();
        } catch (SQLException | IOException e) {
            throw failed(e.getMessage(), "", e);
        } finally {
            if (!loaded) {
                drop(name);
            }
        }
    }

    /** Drops a hidden database with its sessions; one that is not there is no error. */
    public void drop(String name) {
        if (!server.exists(name)) {
            return;
        }
        server.terminateSessions(name, END_SESSIONS);
        try (Connection connection = server.connectMaintenance(LIMIT);
                var statement = connection.createStatement()) {
            String quoted = DatabaseServer.quoteIdentifier(name);
            statement.execute("ALTER DATABASE " + quoted + " IS_TEMPLATE false");
            statement.execute("DROP DATABASE " + quoted);
        } catch (SQLException e) {
            throw Fault.of(
                            FaultCode.DATABASE_QUERY_FAILED,
                            "database '" + name + "', which Lifeboat made, could not be dropped",
                            "See who is connected to it, then drop it by hand.")
                    .with("tool_output", e.getMessage())
                    .toException(e);
        }
    }

    private void create(String name, DatabaseContent content) throws SQLException {
        var sql = new StringBuilder("CREATE DATABASE ")
                .append(DatabaseServer.quoteIdentifier(name))
                .append(" TEMPLATE template0 IS_TEMPLATE true ENCODING ")
                .append(literal(content.encoding()))
                .append(" LC_COLLATE ")
                .append(literal(content.collate()))
                .append(" LC_CTYPE ")
                .append(literal(content.ctype()));
        switch (content.localeProvider()) {
            case "i" ->
                sql.append(" LOCALE_PROVIDER icu ICU_LOCALE ")
                        .append(literal(content.icuLocale().orElse("und")));
            case "b" ->
                sql.append(" LOCALE_PROVIDER builtin BUILTIN_LOCALE ")
                        .append(literal(content.icuLocale().orElse("C")));
            default -> {
                // libc, the provider of every server
            }
        }
        try (Connection connection = server.connectMaintenance(LIMIT);
                var statement = connection.createStatement()) {
            statement.execute(sql.toString());
        }
    }

    /** A name in a connection string, so that one that looks like a connection string itself stays a name. */
    private static String conninfo(String name) {
        return "dbname='" + name.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }

    private static String literal(String text) {
        return "'" + text.replace("'", "''") + "'";
    }

    private FaultException failed(String why, String toolOutput, Exception cause) {
        return Fault.of(
                        FaultCode.LOAD_FAILED,
                        "the dump could not be loaded into database server "
                                + server.binding().host() + ": " + why + "; the present database is as it was",
                        "See tool_output for pg_restore's own words.")
                .with("tool_output", toolOutput)
                .toException(cause);
    }
}
