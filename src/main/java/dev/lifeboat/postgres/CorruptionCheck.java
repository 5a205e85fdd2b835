package dev.lifeboat.postgres;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads every page of a database's tables and indexes and looks for what can't be (PostgreSQL documentation, {@code pg_amcheck}). It
 * needs the extension {@code amcheck}, which only a superuser can install, and the right to call its functions.
 *
 * @param outcome whether the database was looked at, and what came of it
 * @param why what kept it from being looked at; empty where it was
 * @param findings what pg_amcheck says, at most {@value #MOST_FINDINGS} lines
 */
public record CorruptionCheck(Outcome outcome, String why, List<String> findings) {
    /** What came of it. */
    public enum Outcome {
        PASSED,
        FAILED,
        SKIPPED;

        /** The name in evidence. */
        @com.fasterxml.jackson.annotation.JsonValue
        public String wireName() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    private static final int MOST_FINDINGS = 1000;
    private static final int CORRUPT = 2;

    public CorruptionCheck {
        findings = List.copyOf(findings);
    }

    /**
     * Looks; changes nothing.
     *
     * @param limit how long it may take
     * @throws dev.lifeboat.fault.FaultException DATABASE_QUERY_FAILED where pg_amcheck fails, STEP_TIMED_OUT
     */
    public static CorruptionCheck of(DatabaseServer server, Optional<Path> pgBin, Duration limit) {
        String database = server.binding().name();
        Path program = PgTools.forServer(server.probe().major(), pgBin).folder().resolve("pg_amcheck");
        if (!Files.isExecutable(program)) {
            return skipped("there is no " + program + ": it comes with PostgreSQL 14 and newer");
        }
        if (!hasExtension(server)) {
            return skipped(
                    "the database does not have the extension amcheck; as a superuser in it: CREATE EXTENSION amcheck,"
                            + " and GRANT EXECUTE on its functions to role "
                            + server.binding().user());
        }
        var command = List.of(program.toString(), "--no-password", "--heapallindexed");
        try (var child = ToolProcess.start(command, server.toolEnvironment(database));
                var guard = new Guard(child, "pg_amcheck of database '" + database + "'", limit, Optional::empty)) {
            child.input().close();
            List<String> findings = lines(child.output());
            guard.check();
            int exit = child.await(limit);
            if (exit != 0 && exit != CORRUPT) {
                throw Fault.of(
                                FaultCode.DATABASE_QUERY_FAILED,
                                "pg_amcheck could not look at database '" + database + "' (exit code " + exit + ")",
                                "Read tool_output: the role may lack the right to call amcheck's functions.")
                        .with("tool_output", child.errors())
                        .toException();
            }
            return new CorruptionCheck(exit == CORRUPT ? Outcome.FAILED : Outcome.PASSED, "", findings);
        } catch (IOException e) {
            throw Fault.of(
                            FaultCode.DATABASE_QUERY_FAILED,
                            "what pg_amcheck says of database '" + database + "' could not be read",
                            "Try again.")
                    .with("tool_output", e.getMessage())
                    .toException(e);
        }
    }

    private static CorruptionCheck skipped(String why) {
        return new CorruptionCheck(Outcome.SKIPPED, why, List.of());
    }

    private static List<String> lines(java.io.InputStream output) throws IOException {
        var lines = new ArrayList<String>();
        try (var reader = new BufferedReader(new InputStreamReader(output, StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                if (lines.size() < MOST_FINDINGS && !line.isBlank()) {
                    lines.add(line.strip());
                }
            }
        }
        return lines;
    }

    private static boolean hasExtension(DatabaseServer server) {
        try (Connection connection = server.connect();
                var statement = connection.createStatement();
                var row = statement.executeQuery("SELECT 1 FROM pg_extension WHERE extname = 'amcheck'")) {
            return row.next();
        } catch (SQLException e) {
            throw DatabaseServer.queryFailed("the database's extensions could not be read", e);
        }
    }
}
