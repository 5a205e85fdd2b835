package dev.lifeboat.postgres;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.process.ChildProcess;
import dev.lifeboat.progress.Progress;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Runs pg_dump in a capture and, while the archive is written, has pg_restore decode all of it: the digests are read from
 * the very bytes that are stored, and an archive that can't be decoded never becomes an artifact.
 */
public final class DatabaseDumper {
    private static final int BUFFER = 256 * 1024;
    private static final int ZSTD_SINCE = 16;
    private static final Duration LIMIT = Duration.ofHours(12);
    private static final Duration END_LIMIT = Duration.ofMinutes(10);
    private static final String LOCK_WAIT = "60s";

    private final PgTools tools;

    /** A dumper that uses these tools. */
    public DatabaseDumper(PgTools tools) {
        this.tools = tools;
    }

    /**
     * What a dump is.
     *
     * @param data digests of the data, read from the archive
     * @param schemaSha256 digest of the definitions, read from the archive
     * @param bytes of the archive
     * @param startedAt when pg_dump was started (UTC)
     * @param finishedAt when the last byte was decoded (UTC)
     */
    public record Report(
            DumpDigest.Result data, String schemaSha256, long bytes, Instant startedAt, Instant finishedAt) {}

    /**
     * Dumps.
     *
     * @param capture the snapshot
     * @param archive receives what {@code pg_dump -Fc} writes; to be thrown away where this call does not return
     * @param progress told bytes and tables
     * @throws FaultException DUMP_FAILED, DUMP_UNREADABLE with the tools' own words
     */
    public Report dump(Capture capture, OutputStream archive, Progress progress) {
        Instant startedAt = Instant.now();
        var command = new ArrayList<>(List.of(
                tools.pgDump().toString(),
                "--format=custom",
                "--snapshot=" + capture.snapshot(),
                "--lock-wait-timeout=" + LOCK_WAIT,
                "--no-password"));
        command.add(tools.version().major() >= ZSTD_SINCE ? "--compress=zstd:1" : "--compress=1");
        var environment =
                capture.server().toolEnvironment(capture.server().binding().name());
        try (ChildProcess dump = ChildProcess.start(new ChildProcess.Spec(command, environment, Optional.empty()));
                ChildProcess decode = ChildProcess.start(
                        ChildProcess.Spec.of(tools.pgRestore().toString(), "--data-only", "--file=-"));
                ChildProcess schema = ChildProcess.start(ChildProcess.Spec.of(
                        tools.pgRestore().toString(), "--schema-only", "--no-owner", "--no-acl", "--file=-"))) {
            dump.input().close();
            var data = compute("decode-data", () -> DumpDigest.of(decode.output(), progress));
            var definitions = compute("decode-schema", () -> SchemaDigest.of(schema.output()));
            long bytes = pump(dump, decode, schema, archive, progress);
            int exit = dump.await(END_LIMIT);
            if (exit != 0) {
                throw failed("pg_dump ended with exit code " + exit, dump.errors());
            }
            if (bytes == 0) {
                throw failed("pg_dump ended well but wrote nothing", dump.errors());
            }
            finished(decode);
            finished(schema);
            return new Report(result(data, decode), result(definitions, schema), bytes, startedAt, Instant.now());
        } catch (IOException e) {
            throw failed("pg_dump could not be run or read: " + e.getMessage(), "");
        }
    }

    /** Hands the archive on to all who want it; gives its bytes. */
    private static long pump(
            ChildProcess dump, ChildProcess decode, ChildProcess schema, OutputStream archive, Progress progress)
            throws IOException {
        byte[] buffer = new byte[BUFFER];
        long bytes = 0;
        boolean schemaWants = true;
        boolean decodeWants = true;
        try (InputStream in = dump.output();
                OutputStream toDecode = decode.input();
                OutputStream toSchema = schema.input()) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                archive.write(buffer, 0, n);
                bytes += n;
                progress.advance(n, 0);
                decodeWants = decodeWants && hand(toDecode, buffer, n);
                schemaWants = schemaWants && hand(toSchema, buffer, n);
            }
        } catch (IOException e) {
            if (dump.isAlive() || bytes == 0) {
                throw e;
            }
            // A reader that has what it wants closes its end; its exit code tells whether that was right.
        }
        return bytes;
    }

    /** False where the reader has closed its end: it has what it wanted, or its exit code will tell what went wrong. */
    private static boolean hand(OutputStream to, byte[] buffer, int n) {
        try {
            to.write(buffer, 0, n);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static void finished(ChildProcess decode) {
        int exit = decode.await(LIMIT);
        if (exit != 0) {
            throw unreadable("pg_restore ended with exit code " + exit, decode.errors());
        }
    }

    private interface Work<T> {
        T run() throws IOException;
    }

    private static <T> CompletableFuture<T> compute(String name, Work<T> work) {
        var future = new CompletableFuture<T>();
        Thread.ofPlatform().daemon().name(name).start(() -> {
            try {
                future.complete(work.run());
            } catch (IOException | RuntimeException e) {
                future.completeExceptionally(e);
            }
        });
        return future;
    }

    private static <T> T result(CompletableFuture<T> future, ChildProcess decode) {
        try {
            return future.get(END_LIMIT.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw unreadable("what pg_restore printed could not be read: " + e.getMessage(), decode.errors());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Fault.of(FaultCode.CANCELLED, "the dump was ended", "Start the backup again.")
                    .toException(e);
        }
    }

    /**
     * The digests of a database as it is now, hidden ones too; for comparison with those of an archive made by the same
     * tools.
     *
     * @throws FaultException DUMP_FAILED
     */
    public Report digest(DatabaseServer server, String database, Progress progress) {
        Instant startedAt = Instant.now();
        var environment = server.toolEnvironment(database);
        try (ChildProcess data = ChildProcess.start(new ChildProcess.Spec(
                        List.of(
                                tools.pgDump().toString(),
                                "--data-only",
                                "--no-password",
                                "--lock-wait-timeout=" + LOCK_WAIT),
                        environment,
                        Optional.empty()));
                ChildProcess schema = ChildProcess.start(new ChildProcess.Spec(
                        List.of(
                                tools.pgDump().toString(),
                                "--schema-only",
                                "--no-owner",
                                "--no-acl",
                                "--no-password",
                                "--lock-wait-timeout=" + LOCK_WAIT),
                        environment,
                        Optional.empty()))) {
            var definitions = compute("digest-schema", () -> SchemaDigest.of(schema.output()));
            var rows = compute("digest-data", () -> DumpDigest.of(data.output(), progress));
            for (ChildProcess child : List.of(schema, data)) {
                int exit = child.await(LIMIT);
                if (exit != 0) {
                    throw failed("pg_dump of database '" + database + "' ended with exit code " + exit, child.errors());
                }
            }
            return new Report(result(rows, data), result(definitions, schema), 0, startedAt, Instant.now());
        } catch (IOException e) {
            throw failed("pg_dump could not be run or read: " + e.getMessage(), "");
        }
    }

    private static FaultException failed(String message, String toolOutput) {
        return Fault.of(
                        FaultCode.DUMP_FAILED,
                        message + "; no backup was made, the database is untouched",
                        "See tool_output for pg_dump's own words, mend that, and start the backup again.")
                .with("tool_output", toolOutput)
                .toException();
    }

    private static FaultException unreadable(String message, String toolOutput) {
        return Fault.of(
                        FaultCode.DUMP_UNREADABLE,
                        "the dump can't be decoded: " + message + "; no backup was made, the database is untouched",
                        "See tool_output for pg_restore's own words; look at the disk, the memory and the tools, and start"
                                + " the backup again.")
                .with("tool_output", toolOutput)
                .toException();
    }
}
