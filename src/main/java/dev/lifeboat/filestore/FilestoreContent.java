package dev.lifeboat.filestore;

import dev.lifeboat.digest.Hashes;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** Reads the regular files of an archived filestore one after the other, in the order of its index, each proved by its SHA-1. */
public final class FilestoreContent {
    private static final int BUFFER = 256 * 1024;

    private final PartSource parts;

    /** Content of those parts. */
    public FilestoreContent(PartSource parts) {
        this.parts = parts;
    }

    /** Gives the stream that a file's bytes are written to; it is closed when they all were. */
    @FunctionalInterface
    public interface Target {
        /** Opens it. */
        OutputStream open(IndexEntry.File file) throws IOException;
    }

    /**
     * Writes every regular file.
     *
     * @param index the bytes of the index
     * @throws dev.lifeboat.fault.FaultException ARTIFACT_DAMAGED where a content is not the one that the index names
     * @throws IOException what a target fails with
     */
    public void writeEach(InputStream index, Target target) throws IOException {
        var known = new ArrayList<FilestoreIndex.PartRef>();
        // files alternate between the parts of an incremental, and lie in order within each
        var readers = new ArrayList<ContentReader>();
        MessageDigest sha1 = Hashes.sha1();
        byte[] buffer = new byte[BUFFER];
        try {
            FilestoreIndex.read(
                    index,
                    part -> {
                        known.add(part);
                        readers.add(new ContentReader(parts, known));
                    },
                    entry -> {
                        if (entry instanceof IndexEntry.File file) {
                            write(file, readers.get(file.part()), target, sha1, buffer);
                        }
                    });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } finally {
            close(readers);
        }
    }

    private static void write(
            IndexEntry.File file, ContentReader reader, Target target, MessageDigest sha1, byte[] buffer) {
        try (OutputStream out = target.open(file)) {
            InputStream content = reader.at(file);
            for (long left = file.size(); left > 0; ) {
                int n = content.read(buffer, 0, (int) Math.min(left, buffer.length));
                if (n < 0) {
                    throw ContentReader.damaged(file, null);
                }
                sha1.update(buffer, 0, n);
                out.write(buffer, 0, n);
                left -= n;
            }
            reader.advanced(file.size());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (!HexFormat.of().formatHex(sha1.digest()).equals(file.sha1())) {
            throw ContentReader.damaged(file, null);
        }
    }

    private static void close(List<ContentReader> readers) throws IOException {
        for (ContentReader reader : readers) {
            reader.close();
        }
    }
}
