package dev.lifeboat.postgres;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.postgresql.util.PSQLException;

/**
 * Puts back who may do what with the tables, schemas and functions of a database, and its default privileges. They are no part of
 * the load, because a role may be missing where a database is restored to, and that is no reason not to restore: each GRANT and
 * REVOKE is tried for itself.
 */
final class ObjectPrivileges {
    /** More kinds of failures than these are not told one by one. */
    private static final int TOLD = 50;

    private static final List<String> CHANGES = List.of(
            "GRANT ",
            "REVOKE ",
            "ALTER DEFAULT PRIVILEGES ",
            "SET SESSION AUTHORIZATION ",
            "RESET SESSION AUTHORIZATION");

    private final Connection connection;
    private final Map<String, Failure> failures = new LinkedHashMap<>();
    private long others;

    private ObjectPrivileges(Connection connection) {
        this.connection = connection;
    }

    private record Failure(String first, long times) {}

    /**
     * Puts an archive's privileges on a database that was loaded from it.
     *
     * @return what the server refused, in words
     * @throws FaultException DUMP_UNREADABLE where the archive can't be read, STEP_TIMED_OUT
     */
    static List<String> apply(DatabaseServer server, String database, PgTools tools, Path archive, Duration limit) {
        ArchiveList entries = ArchiveList.of(tools, archive, limit).only("ACL ", "DEFAULT ACL ");
        if (entries.entries().isEmpty()) {
            return List.of();
        }
        List<String> command = List.of(
                tools.pgRestore().toString(),
                "--no-owner",
                "--use-list=/dev/stdin",
                "--file=-",
                archive.toAbsolutePath().toString());
        try (Connection connection = server.connect(database, limit);
                var child = ToolProcess.start(command, Map.of("LC_ALL", "C"))) {
            var privileges = new ObjectPrivileges(connection);
            var reading = StreamReading.start("privileges", child, text -> {
                statements(text, privileges::attempt);
                return privileges;
            });
            entries.hand(child);
            List<String> refused = reading.get(limit).refused();
            int exit = child.await(limit);
            if (exit != 0) {
                throw unreadable(archive, child.errors(), null);
            }
            return refused;
        } catch (IOException e) {
            throw unreadable(archive, String.valueOf(e.getMessage()), e);
        } catch (SQLException e) {
            throw DatabaseServer.queryFailed("the privileges in database '" + database + "' could not be put on", e);
        }
    }

    private static FaultException unreadable(Path archive, String words, IOException cause) {
        return Fault.of(
                        FaultCode.DUMP_UNREADABLE,
                        "the privileges in " + archive.getFileName()
                                + " could not be read; the live database is untouched",
                        "`lifeboat verify` tells whether the artifact is whole.")
                .with("tool_output", words)
                .toException(cause);
    }

    private void attempt(String sql) {
        if (CHANGES.stream().noneMatch(sql::startsWith)) {
            return;
        }
        try (var statement = connection.createStatement()) {
            // a quoted name may hold a question mark, or a brace, which the driver would read
            statement.setEscapeProcessing(false);
            statement.execute(sql);
        } catch (SQLException e) {
            String said = said(e);
            if (failures.containsKey(said) || failures.size() < TOLD) {
                failures.merge(said, new Failure(sql, 1), (was, is) -> new Failure(was.first(), was.times() + 1));
            } else {
                others++;
            }
        }
    }

    /** Without the position in the statement, so that one reason is one. */
    private static String said(SQLException e) {
        return e instanceof PSQLException told && told.getServerErrorMessage() != null
                ? String.valueOf(told.getServerErrorMessage().getMessage())
                : String.valueOf(e.getMessage());
    }

    private List<String> refused() {
        var told = failures.entrySet().stream()
                .map(failure -> "privileges: " + failure.getKey() + " ("
                        + failure.getValue().times() + " statements, the first: "
                        + failure.getValue().first() + ")");
        return others == 0
                ? told.toList()
                : Stream.concat(told, Stream.of("privileges: " + others + " more statements failed"))
                        .toList();
    }

    /** Gives each statement of a dump that holds neither data nor functions: what stands between semicolons, without comments. */
    static void statements(InputStream sql, Consumer<String> each) throws IOException {
        Reader in = new BufferedReader(new InputStreamReader(sql, StandardCharsets.UTF_8));
        var statement = new StringBuilder();
        char quote = 0;
        int last = '\n';
        boolean passed = false;
        for (int c = in.read(); c >= 0; c = in.read()) {
            if (passed) {
                passed = c != '\n';
            } else if (quote != 0) {
                statement.append((char) c);
                quote = c == quote ? 0 : quote;
            } else if (c == '\\' && last == '\n') {
                // a command of psql's own, which restricts it
                passed = true;
            } else if (c == '-' && last == '-') {
                statement.setLength(statement.length() - 1);
                passed = true;
            } else if (c == ';') {
                each.accept(statement.toString().strip());
                statement.setLength(0);
            } else {
                quote = c == '"' || c == '\'' ? (char) c : 0;
                statement.append((char) c);
            }
            last = c;
        }
    }
}
