package dev.lifeboat.postgres;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.process.ChildProcess;
import dev.lifeboat.progress.Progress;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Dumps a captured database with {@code pg_dump -Fc} in one pass: the bytes go to the target as they come, and at the same
 * time through pg_restore, which decodes the whole archive and gives its {@link ContentDigest}. Nothing is kept on disk.
 */
public final class DatabaseDumper {
    /** How long pg_dump waits for a lock before it gives up (another session's ALTER TABLE may queue before it). */
    static final Duration LOCK_WAIT = Duration.ofSeconds(60);

    private static final int CHUNK_BYTES = 1 << 18;
    private static final int ZSTD_SINCE = 16;
    private static final Duration GIVEN_UP_LIMIT = Duration.ofSeconds(30);
    private static final Duration PROBE_LIMIT = Duration.ofSeconds(20);

    private final PgTools tools;
    private final Clock clock;

    public DatabaseDumper(PgTools tools, Clock clock) {
        this.tools = tools;
        this.clock = clock;
    }

    /**
     * A finished dump: the content of {@code db.dump.meta.json}, but for the checksum, which the store's writer knows.
     *
     * @param database that was dumped
     * @param size bytes of the archive
     * @param pgDumpVersion such as {@code 15.18}
     * @param serverVersion of the server that was dumped
     * @param captureId of the capture
     * @param compression what pg_dump was told
     * @param startedAt UTC
     * @param finishedAt UTC
     * @param seconds wall-clock
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Meta(
            String database,
            long size,
            String pgDumpVersion,
            String serverVersion,
            String captureId,
            String compression,
            Instant startedAt,
            Instant finishedAt,
            double seconds) {}

    /** A finished dump: its description, the database's facts, and the digest of what the archive holds. */
    public record Dump(Meta meta, DatabaseFacts facts, ContentDigest digest) {}

    /**
     * Dumps the capture's database.
     *
     * @param target gets the archive's bytes; the caller commits it only when this returns, and closes it
     * @param limit for the whole dump
     * @throws FaultException DUMP_FAILED where pg_dump fails, is killed or writes nothing; DUMP_UNREADABLE where what it wrote
     *     can't be decoded; CAPTURE_LOST where the snapshot is gone or a schema change waits for it; STEP_TIMED_OUT;
     *     CANCELLED; what {@code target} throws
     */
    public Dump dump(Capture capture, OutputStream target, Progress progress, Duration limit) {
        DatabaseServer server = capture.server();
        String database = server.binding().name();
        DatabaseFacts facts = capture.facts();
        progress.phase("dump");
        progress.expect(facts.dataBytes(), facts.tableCount());
        String compression = compression();
        var command = List.of(
                tools.pgDump().toString(),
                "--format=custom",
                "--no-password",
                "--snapshot=" + capture.snapshotId(),
                "--lock-wait-timeout=" + LOCK_WAIT.toMillis(),
                "--compress=" + compression);
        Instant started = clock.instant();
        long begun = System.nanoTime();
        try (var reading = new ArchiveReading(tools, progress);
                var child = ToolProcess.start(command, server.toolEnvironment(database));
                var guard = new Guard(
                        child, "pg_dump of database '" + database + "'", limit, () -> conflict(capture, database))) {
            child.input().close();
            Copied copied = copy(child, target, reading);
            guard.check();
            if (!copied.whole()) {
                reading.finish(GIVEN_UP_LIMIT);
            }
            int exit = child.await(limit);
            if (exit != 0 || copied.bytes() == 0) {
                if (!capture.isIntact()) {
                    throw Fault.of(
                                    FaultCode.CAPTURE_LOST,
                                    "The snapshot of database '" + database
                                            + "' was lost during the dump; nothing was kept, the database is untouched",
                                    "Back up again; if it happens again, look in the server's log why the session was ended.")
                            .with("tool_output", child.errors())
                            .toException();
                }
                throw dumpFailed(database, exit, child.errors(), null);
            }
            progress.phase("digest");
            ContentDigest digest = reading.finish(limit);
            guard.check();
            Instant finished = clock.instant();
            return new Dump(
                    new Meta(
                            database,
                            copied.bytes(),
                            tools.version().text(),
                            facts.serverVersion(),
                            capture.id().toString(),
                            compression,
                            started,
                            finished,
                            (System.nanoTime() - begun) / 1e9),
                    facts,
                    digest);
        } catch (IOException e) {
            throw dumpFailed(database, -1, "", e);
        }
    }

    private record Copied(long bytes, boolean whole) {}

    /** Copies until pg_dump's output ends, or pg_restore takes no more. */
    private static Copied copy(ChildProcess child, OutputStream target, ArchiveReading reading) throws IOException {
        var chunk = new byte[CHUNK_BYTES];
        long bytes = 0;
        InputStream in = child.output();
        for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
            writeTo(target, chunk, n);
            bytes += n;
            try {
                reading.write(chunk, 0, n);
            } catch (IOException e) {
                return new Copied(bytes, false);
            }
        }
        return new Copied(bytes, true);
    }

    private static void writeTo(OutputStream target, byte[] chunk, int length) {
        try {
            target.write(chunk, 0, length);
        } catch (IOException e) {
            throw Fault.of(
                            FaultCode.STORE_WRITE_FAILED,
                            "The dump could not be written; nothing was kept, the database is untouched",
                            "Check the space and the health of the disk that it is written to, then back up again.")
                    .with("tool_output", e.getMessage())
                    .toException(e);
        }
    }

    private static Optional<FaultException> conflict(Capture capture, String database) {
        return capture.conflictingWaiter().map(waiter -> Fault.of(
                        FaultCode.CAPTURE_LOST,
                        "A schema change of database '" + database
                                + "' waits for the backup's snapshot, which was given up for it; nothing was kept",
                        "Nothing to do if a module update was running: the backup is taken anew after it.")
                .with("waiter_pid", waiter.pid())
                .with("waiter_lock", waiter.mode())
                .with("waiter_application", waiter.application())
                .toException());
    }

    static FaultException dumpFailed(String database, int exit, String words, IOException failure) {
        return Fault.of(
                        FaultCode.DUMP_FAILED,
                        "pg_dump of database '" + database + "' failed (exit code " + exit
                                + (exit == 0 ? ", but its output is empty or not whole" : "")
                                + "); nothing was kept, the database is untouched",
                        "Read tool_output, pg_dump's own words: it names the table, the lock or the right that is missing. Then"
                                + " back up again.")
                .with("exit_code", exit)
                .with("tool_output", words.isBlank() && failure != null ? String.valueOf(failure.getMessage()) : words)
                .toException(failure);
    }

    /** The cheapest level that pays: zstd where this pg_dump was built with it, else zlib. */
    private String compression() {
        if (tools.version().major() < ZSTD_SINCE) {
            return "1";
        }
        // the compression is checked before the connection, which can't come about
        try (var child = ToolProcess.start(
                List.of(tools.pgDump().toString(), "-Fc", "--compress=zstd:1", "--no-password", "--file=/dev/null"),
                Map.of("PGHOST", "/nonexistent", "PGHOSTADDR", "", "LC_ALL", "C"))) {
            child.await(PROBE_LIMIT);
            return child.errors().contains("compression") ? "1" : "zstd:1";
        }
    }
}
