package dev.lifeboat.postgres;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.process.ChildProcess;
import dev.lifeboat.progress.Progress;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Reads an archive ({@code pg_dump -Fc}) as it streams by: two pg_restore decode what is written to this stream, one the
 * data, one the definitions, and both are digested. Decoding the whole archive is the proof that it can be restored from.
 */
final class ArchiveReading extends OutputStream {
    private static final Duration GRACE = Duration.ofSeconds(10);

    private final ChildProcess data;
    private final ChildProcess definitions;
    private final StreamReading<DataDigest.Content> content;
    private final StreamReading<SchemaDigest> schema;
    private boolean definitionsFed = true;
    private boolean dataFed = true;

    ArchiveReading(PgTools tools, Progress progress) {
        this.data = startRestore(tools, List.of("--section=data"));
        try {
            this.definitions =
                    startRestore(tools, List.of("--section=pre-data", "--section=post-data", "--no-tablespaces"));
        } catch (FaultException e) {
            data.close();
            throw e;
        }
        this.content = StreamReading.start("archive-data", data, in -> DataDigest.read(in, progress));
        this.schema = StreamReading.start("archive-definitions", definitions, SchemaDigest::read);
    }

    private static ChildProcess startRestore(PgTools tools, List<String> sections) {
        var command = new ArrayList<>(List.of(tools.pgRestore().toString(), "--no-owner", "--no-acl", "--file=-"));
        command.addAll(sections);
        return ToolProcess.start(command, Map.of("LC_ALL", "C"));
    }

    /** Hands on bytes of the archive; an {@link IOException} means that pg_restore has given up, and {@link #finish} says why. */
    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        // all definitions stand at the archive's head: that pg_restore ends as soon as it has read them
        definitionsFed = definitionsFed && feed(definitions, bytes, offset, length);
        dataFed = dataFed && feed(data, bytes, offset, length);
    }

    /** False where the child has ended well and wants no more. */
    private static boolean feed(ChildProcess child, byte[] bytes, int offset, int length) throws IOException {
        try {
            child.input().write(bytes, offset, length);
            return true;
        } catch (IOException e) {
            if (child.await(GRACE) != 0) {
                throw e;
            }
            return false;
        }
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    /**
     * Waits until all was decoded.
     *
     * @throws FaultException DUMP_UNREADABLE with pg_restore's words
     */
    ContentDigest finish(Duration limit) {
        endInput(data);
        endInput(definitions);
        DataDigest.Content rows;
        SchemaDigest schemaDigest;
        IOException failure = null;
        try {
            rows = content.get(limit);
        } catch (IOException e) {
            failure = e;
            rows = null;
        }
        try {
            schemaDigest = schema.get(limit);
        } catch (IOException e) {
            failure = failure == null ? e : failure;
            schemaDigest = null;
        }
        checkExit(data, limit, failure);
        checkExit(definitions, limit, failure);
        if (failure != null || rows == null || schemaDigest == null) {
            throw unreadable("pg_restore ended well, but what it printed is no whole dump", "", failure);
        }
        return new ContentDigest(rows.tables(), rows.sequences(), rows.largeObjects(), schemaDigest);
    }

    private static void checkExit(ChildProcess child, Duration limit, IOException failure) {
        int exit = child.await(limit);
        if (exit != 0) {
            throw unreadable(
                    "pg_restore could not decode the archive (exit code " + exit + ")", child.errors(), failure);
        }
    }

    private static FaultException unreadable(String what, String words, IOException failure) {
        String seen = failure == null ? "" : String.valueOf(failure.getMessage());
        return Fault.of(
                        FaultCode.DUMP_UNREADABLE,
                        what + "; it is not good for a restore, the database is untouched",
                        "Back up again. If it happens again, check the disk and the memory of this machine and that pg_dump and"
                                + " pg_restore are of one version.")
                .with("tool_output", words.isBlank() ? seen : words)
                .with("read", seen)
                .toException(failure);
    }

    private static void endInput(ChildProcess child) {
        try {
            child.input().close();
        } catch (IOException e) {
            // it ended before it had read everything: its exit code tells whether that is well
            return;
        }
    }

    /** Ends what still runs. */
    @Override
    public void close() {
        data.close();
        definitions.close();
        try {
            content.get(GRACE);
            schema.get(GRACE);
        } catch (IOException e) {
            // the reading of an archive that is given up: its result is not asked for
            return;
        }
    }
}
