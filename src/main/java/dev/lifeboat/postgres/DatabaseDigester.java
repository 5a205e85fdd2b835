package dev.lifeboat.postgres;

import dev.lifeboat.artifact.Manifest.TableDigest;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.progress.Progress;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Computes the {@link ContentDigest} of a database and of an archive, so that the two can be compared. */
public final class DatabaseDigester {
    private static final int CHUNK_BYTES = 1 << 18;

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
        try (var child = ToolProcess.start(command, server.toolEnvironment(database));
                var guard = new Guard(child, "pg_dump of database '" + database + "'", limit, Optional::empty)) {
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
     * The digest of an archive, which is thereby decoded to its end.
     *
     * @param archive the bytes that pg_dump wrote; read to the end, not closed
     * @throws FaultException DUMP_UNREADABLE with pg_restore's words; STORE_READ_FAILED where the bytes can't be read
     */
    public static ContentDigest ofArchive(PgTools tools, InputStream archive, Progress progress, Duration limit) {
        try (var reading = new ArchiveReading(tools, progress)) {
            var chunk = new byte[CHUNK_BYTES];
            while (true) {
                int n;
                try {
                    n = archive.read(chunk);
                } catch (IOException e) {
                    throw Fault.of(
                                    FaultCode.STORE_READ_FAILED,
                                    "The dump could not be read to its end",
                                    "Check the disk or the network to the store, then try again.")
                            .with("tool_output", e.getMessage())
                            .toException(e);
                }
                if (n < 0) {
                    break;
                }
                try {
                    reading.write(chunk, 0, n);
                } catch (IOException e) {
                    // pg_restore has given up; finish() says why
                    break;
                }
            }
            return reading.finish(limit);
        }
    }
}
