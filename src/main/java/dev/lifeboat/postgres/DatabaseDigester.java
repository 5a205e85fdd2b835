package dev.lifeboat.postgres;

import dev.lifeboat.artifact.Manifest.TableDigest;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.progress.Progress;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Computes the {@link ContentDigest} of a database, so that it can be compared with that of an archive. */
public final class DatabaseDigester {
    private static final Duration QUERY_LIMIT = Duration.ofMinutes(1);
    private static final String END_OF_DATA = "\\.\n" + DataDigest.END + "\n";

    private DatabaseDigester() {}

    /**
     * The digest of a database as it is now, read with pg_dump. Use the tools that the archive was digested with: another
     * major version may print definitions in other words.
     *
     * @param database a database of the server
     * @param snapshot an exported snapshot to read; empty: one of its own for rows and one for definitions
     * @throws FaultException DUMP_FAILED with pg_dump's words; STEP_TIMED_OUT; CANCELLED
     */
    public static ContentDigest ofDatabase(
            DatabaseServer server,
            String database,
            PgTools tools,
            Optional<String> snapshot,
            Progress progress,
            Duration limit) {
        DataDigest.Content rows = read(
                server,
                database,
                tools,
                snapshot,
                List.of("--section=data"),
                limit,
                in -> DataDigest.read(in, progress));
        SchemaDigest schema = read(
                server,
                database,
                tools,
                snapshot,
                List.of("--section=pre-data", "--section=post-data", "--no-tablespaces"),
                limit,
                SchemaDigest::read);
        return new ContentDigest(rows.tables(), rows.sequences(), rows.largeObjects(), schema);
    }

    /**
     * The digests of some tables' rows.
     *
     * @throws FaultException as {@link #ofDatabase}
     */
    public static List<TableDigest> ofTables(
            DatabaseServer server,
            String database,
            PgTools tools,
            List<TableName> tables,
            Progress progress,
            Duration limit) {
        var selection = new ArrayList<>(List.of("--section=data"));
        // in quotes a pattern means nothing but itself (PostgreSQL documentation, psql "Patterns")
        tables.forEach(table -> selection.add("--table=" + table.quoted()));
        return read(server, database, tools, Optional.empty(), selection, limit, in -> DataDigest.read(in, progress))
                .tables();
    }

    private static <T> T read(
            DatabaseServer server,
            String database,
            PgTools tools,
            Optional<String> snapshot,
            List<String> sections,
            Duration limit,
            StreamReading.Reader<T> reader) {
        var command = new ArrayList<>(List.of(
                tools.pgDump().toString(),
                "--no-password",
                "--no-owner",
                "--no-acl",
                "--lock-wait-timeout=" + DatabaseDumper.LOCK_WAIT.toMillis()));
        command.addAll(sections);
        snapshot.ifPresent(id -> command.add("--snapshot=" + id));
        return run(command, server, database, limit, reader);
    }

    private static <T> T run(
            List<String> command,
            DatabaseServer server,
            String database,
            Duration limit,
            StreamReading.Reader<T> reader) {
        try (var child = ToolProcess.start(command, server.toolEnvironment(database));
                var guard = new Guard(child, "reading database '" + database + "'", limit, Optional::empty)) {
            child.input().close();
            T value = null;
            IOException failure = null;
            try (InputStream in = child.output()) {
                value = reader.read(in);
                in.transferTo(OutputStream.nullOutputStream());
            } catch (IOException e) {
                failure = e;
            }
            guard.check();
            int exit = child.await(limit);
            if (exit != 0 || failure != null) {
                throw DatabaseDumper.dumpFailed(database, exit, child.errors(), failure);
            }
            return value;
        } catch (IOException e) {
            throw DatabaseDumper.dumpFailed(database, -1, "", e);
        }
    }

    /**
     * Digests of a database's tables, some of them taken anew. A table that inherits has its parents' columns first once it is
     * restored, wherever they stood in the original (what was added to the parent later stood last; PostgreSQL documentation,
     * "Inheritance"), so that its rows read otherwise. Such tables are read with their columns in the archive's order, where
     * their rows are otherwise not the archive's.
     *
     * @param archive read only where there is such a table
     * @param expected the archive's tables
     * @param actual the database's tables
     * @throws FaultException DUMP_UNREADABLE of the archive; else as {@link #ofDatabase}
     */
    public static List<TableDigest> inColumnOrderOf(
            Archive archive,
            List<TableDigest> expected,
            DatabaseServer server,
            String database,
            PgTools tools,
            List<TableDigest> actual,
            Duration limit) {
        Map<TableName, Set<String>> inheriting = inheriting(server, database);
        Map<String, TableDigest> wanted =
                expected.stream().collect(Collectors.toMap(TableDigest::table, Function.identity()));
        List<TableDigest> others = actual.stream()
                .filter(digest -> !digest.table().equals(DataDigest.LARGE_OBJECTS)
                        && inheriting.containsKey(TableName.parse(digest.table()))
                        && wanted.containsKey(digest.table())
                        && hasOtherRows(digest, wanted.get(digest.table())))
                .toList();
        if (others.isEmpty()) {
            return actual;
        }
        Map<String, List<String>> columns = columns(archive, tools, TableName.of(others), limit);
        return actual.stream()
                .map(digest -> {
                    List<String> order = columns.getOrDefault(digest.table(), List.of());
                    return others.contains(digest)
                                    && Set.copyOf(order).equals(inheriting.get(TableName.parse(digest.table())))
                            ? ofTable(server, database, tools, digest.table(), order, limit)
                            : digest;
                })
                .toList();
    }

    /** Gives an archive's bytes from the beginning; the stream is closed by the one who asks for it. */
    @FunctionalInterface
    public interface Archive {
        /** Opens it. */
        InputStream open() throws IOException;
    }

    private static boolean hasOtherRows(TableDigest one, TableDigest other) {
        return one.rows() == other.rows() && !one.rowSum().equals(other.rowSum());
    }

    /** The tables that inherit, with the columns that a dump has of them; partitions keep the order that they had. */
    private static Map<TableName, Set<String>> inheriting(DatabaseServer server, String database) {
        try (Connection connection = server.connect(database, QUERY_LIMIT);
                var statement = connection.createStatement();
                var row = statement.executeQuery(
                        "SELECT n.nspname, c.relname, a.attname FROM pg_class c JOIN pg_namespace n ON n.oid ="
                                + " c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT"
                                + " a.attisdropped AND a.attgenerated = '' WHERE c.relkind = 'r' AND NOT c.relispartition"
                                + " AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid)")) {
            var found = new HashMap<TableName, Set<String>>();
            while (row.next()) {
                found.computeIfAbsent(new TableName(row.getString(1), row.getString(2)), table -> new HashSet<>())
                        .add(row.getString(3));
            }
            return found;
        } catch (SQLException e) {
            throw DatabaseServer.queryFailed("the tables of database '" + database + "' could not be listed", e);
        }
    }

    /** The columns of some of an archive's tables, in its order. */
    private static Map<String, List<String>> columns(
            Archive archive, PgTools tools, List<TableName> tables, Duration limit) {
        var command = new ArrayList<>(
                List.of(tools.pgRestore().toString(), "--section=data", "--no-owner", "--no-acl", "--file=-"));
        tables.stream().map(TableName::schema).distinct().forEach(schema -> command.add("--schema=" + schema));
        tables.forEach(table -> command.add("--table=" + table.name()));
        try (InputStream in = archive.open();
                var child = ToolProcess.start(command, Map.of("LC_ALL", "C"))) {
            PlainDump.Feeding feeding = PlainDump.Feeding.of(in, child.input());
            var reading = StreamReading.start("archive-columns", child, text -> DataDigest.read(text, Progress.NONE));
            Map<String, List<String>> columns = reading.get(limit).columns();
            int exit = child.await(limit);
            feeding.join(limit);
            if (exit != 0) {
                throw unreadable(child.errors(), null);
            }
            return columns;
        } catch (IOException e) {
            throw unreadable(String.valueOf(e.getMessage()), e);
        }
    }

    private static FaultException unreadable(String words, IOException cause) {
        return Fault.of(
                        FaultCode.DUMP_UNREADABLE,
                        "the columns of the dump's tables could not be read; nothing was changed",
                        "`lifeboat verify` tells whether the artifact is whole.")
                .with("tool_output", words)
                .toException(cause);
    }

    /** Reads a table as pg_dump does (its source, setup_connection), but with its columns in an order that is asked for. */
    private static TableDigest ofTable(
            DatabaseServer server, String database, PgTools tools, String table, List<String> columns, Duration limit) {
        TableName name = TableName.parse(table);
        List<String> command = List.of(
                tools.psql().toString(),
                "--no-psqlrc",
                "--quiet",
                "--no-password",
                "--set=ON_ERROR_STOP=1",
                "--dbname=" + DatabaseServer.connectionString(database),
                "--command=SET datestyle = ISO; SET intervalstyle = postgres; SET extra_float_digits = 3;"
                        + " SET synchronize_seqscans = off; SET statement_timeout = 0; SET row_security = off;"
                        + " SET search_path = ''",
                "--command=COPY " + name.quoted() + " ("
                        + columns.stream().map(DatabaseServer::quoteIdentifier).collect(Collectors.joining(", "))
                        + ") TO STDOUT");
        String head = "COPY " + table + " () FROM stdin;\n";
        return run(command, server, database, limit, rows -> DataDigest.read(asDump(head, rows), Progress.NONE))
                .tables()
                .getFirst();
    }

    /** Rows as COPY gives them, with what stands before and after them in a dump. */
    private static InputStream asDump(String head, InputStream rows) {
        var unclosed = new FilterInputStream(rows) {
            @Override
            public void close() {
                // the child's output is closed by the one who reads it to its end
            }
        };
        return new SequenceInputStream(Collections.enumeration(List.of(
                new ByteArrayInputStream(head.getBytes(StandardCharsets.UTF_8)),
                unclosed,
                new ByteArrayInputStream(END_OF_DATA.getBytes(StandardCharsets.UTF_8)))));
    }
}
