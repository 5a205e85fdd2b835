package dev.lifeboat.filestore;

import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import com.github.luben.zstd.ZstdOutputStream;
import dev.lifeboat.digest.Hashes;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;

/**
 * {@code filestore.index.zst}: what is in a filestore and where it lies. Text in zstd, a line each:
 *
 * <pre>
 * lifeboat-filestore-index 1
 * part NUMBER ARTIFACT PATH                                   the parts that hold the files
 * dir MODE PATH                                               octal
 * file MODE MTIME SIZE SHA1 PART FRAME OFFSET PATH            octal, seconds, bytes, hex, number, bytes, bytes
 * end FILES BYTES TREE                                        counts, and the digest of the tree
 * </pre>
 *
 * Files stand in the byte order of their paths. The digest of the tree is the SHA-256 over the lines {@code SHA1, two
 * spaces, PATH, line feed} of all files in that order: for names without odd characters what {@code find . -type f -printf
 * '%P\n' | LC_ALL=C sort | xargs sha1sum | sha256sum} prints in the folder.
 */
public final class FilestoreIndex {
    static final String FIRST_LINE = "lifeboat-filestore-index 1";
    private static final int LONGEST_LINE = 64 * 1024;
    /** What of a mode travels: a bit that makes a program run as its owner (setuid, setgid) never does, nor the sticky one. */
    static final int PERMISSIONS = 0777;

    private static final int MODES = 07777;

    private FilestoreIndex() {}

    /** A part that an index refers to. */
    public record PartRef(String artifactId, String path) {}

    /** What an index says of the whole: regular files, their bytes, the digest of the tree. */
    public record Summary(List<PartRef> parts, long files, long bytes, String treeSha256) {}

    /** A stream that its owner closes. */
    private static final class Open extends FilterOutputStream {
        Open(OutputStream out) {
            super(out);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            out.write(bytes, offset, length);
        }

        @Override
        public void close() throws IOException {
            flush();
        }
    }

    /** Computes the digest of a tree from its files, which come in byte order. */
    static final class TreeDigest {
        private static final byte[] BETWEEN = {' ', ' '};

        private final MessageDigest digest = Hashes.sha256();

        void add(String sha1, String path) {
            digest.update(sha1.getBytes(StandardCharsets.US_ASCII));
            digest.update(BETWEEN);
            digest.update(path.getBytes(StandardCharsets.UTF_8));
            digest.update((byte) '\n');
        }

        String hex() {
            return HexFormat.of().formatHex(digest.digest());
        }
    }

    /** Writes an index, entry by entry in byte order. Closing it ends the text, not the stream below. */
    static final class Writer implements AutoCloseable {
        private static final int BUFFER = 64 * 1024;
        /** Of names that are digests, higher levels make nothing smaller. */
        private static final int LEVEL = 1;

        private final OutputStream text;
        private final StringBuilder line = new StringBuilder();
        private final TreeDigest tree = new TreeDigest();
        private long files;
        private long bytes;

        Writer(OutputStream out, List<PartRef> parts) throws IOException {
            // The digest of the tree says nothing of modes and times: the checksum covers all.
            text = new BufferedOutputStream(new ZstdOutputStream(new Open(out), LEVEL).setChecksum(true), BUFFER);
            line.append(FIRST_LINE);
            end();
            for (int i = 0; i < parts.size(); i++) {
                line.append("part ").append(i);
                line.append(' ').append(parts.get(i).artifactId());
                line.append(' ').append(parts.get(i).path());
                end();
            }
        }

        void add(IndexEntry entry) throws IOException {
            switch (entry) {
                case IndexEntry.Folder(String path, int mode) ->
                    line.append("dir ")
                            .append(Integer.toOctalString(mode))
                            .append(' ')
                            .append(Names.escape(path));
                case IndexEntry.File file -> {
                    line.append("file ").append(Integer.toOctalString(file.mode()));
                    line.append(' ').append(file.modified());
                    line.append(' ').append(file.size());
                    line.append(' ').append(file.sha1());
                    line.append(' ').append(file.part());
                    line.append(' ').append(file.frame());
                    line.append(' ').append(file.offset());
                    line.append(' ').append(Names.escape(file.path()));
                    tree.add(file.sha1(), file.path());
                    files++;
                    bytes += file.size();
                }
            }
            end();
        }

        private void end() throws IOException {
            text.write(line.append('\n').toString().getBytes(StandardCharsets.US_ASCII));
            line.setLength(0);
        }

        Summary finish(List<PartRef> parts) throws IOException {
            String digest = tree.hex();
            line.append("end ").append(files);
            line.append(' ').append(bytes);
            line.append(' ').append(digest);
            end();
            text.flush();
            return new Summary(parts, files, bytes, digest);
        }

        @Override
        public void close() throws IOException {
            text.close();
        }
    }

    /**
     * Reads an index from beginning to end and hands each entry on. Nothing is held; the caller may stop by throwing.
     *
     * @throws dev.lifeboat.fault.FaultException ARTIFACT_DAMAGED where it is not what {@link Writer} writes: a name that
     *     leads out of the filestore, a wrong order, a wrong count, a wrong digest, text after the end
     */
    public static Summary read(InputStream in, Consumer<IndexEntry> entries) {
        return read(in, part -> {}, entries);
    }

    /** The same; {@code parts} is handed each part, all of them before the first file. */
    static Summary read(InputStream in, Consumer<PartRef> onPart, Consumer<IndexEntry> entries) {
        try (var reader = new Reader(in, onPart)) {
            for (IndexEntry entry = reader.next(); entry != null; entry = reader.next()) {
                entries.accept(entry);
            }
            return reader.summary();
        }
    }

    /** Reads an index entry by entry. Its failures are those of {@link #read(InputStream, Consumer)}. */
    static final class Reader implements AutoCloseable {
        private final BufferedReader lines;
        private final Consumer<PartRef> onPart;
        private final List<PartRef> parts = new ArrayList<>();
        private final TreeDigest tree = new TreeDigest();
        private String last = "";
        private long files;
        private long bytes;
        private Summary summary;

        Reader(InputStream in, Consumer<PartRef> onPart) {
            this.onPart = onPart;
            try {
                lines = new BufferedReader(
                        new InputStreamReader(new ZstdInputStreamNoFinalizer(in), StandardCharsets.US_ASCII),
                        LONGEST_LINE);
                if (!FIRST_LINE.equals(lines.readLine())) {
                    throw damaged("its first line is not '" + FIRST_LINE + "'", null);
                }
            } catch (IOException e) {
                throw damaged(e.getMessage(), e);
            }
        }

        /** The next entry; null at the end, which was checked then. */
        IndexEntry next() {
            try {
                return summary == null ? read() : null;
            } catch (IOException | IllegalArgumentException | IndexOutOfBoundsException | ArithmeticException e) {
                throw damaged(e.getMessage(), e);
            }
        }

        /** What the index says of the whole; known at its end. */
        Summary summary() {
            return summary;
        }

        private IndexEntry read() throws IOException {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] fields = line.split(" ", 9);
                switch (fields[0]) {
                    case "part" -> {
                        require(Integer.parseInt(fields[1]) == parts.size() && fields.length == 4, line);
                        parts.add(new PartRef(fields[2], fields[3]));
                        onPart.accept(parts.getLast());
                    }
                    case "dir" -> {
                        require(fields.length == 3, line);
                        return new IndexEntry.Folder(path(fields[2]), mode(fields[1]));
                    }
                    case "file" -> {
                        return file(fields, line);
                    }
                    case "end" -> {
                        String digest = tree.hex();
                        require(
                                fields.length == 4
                                        && Long.parseLong(fields[1]) == files
                                        && Long.parseLong(fields[2]) == bytes
                                        && fields[3].equals(digest)
                                        && lines.readLine() == null,
                                line);
                        summary = new Summary(parts, files, bytes, digest);
                        return null;
                    }
                    default -> throw damaged("a line begins with '" + fields[0] + "'", null);
                }
            }
            throw damaged("it has no end", null);
        }

        @Override
        public void close() {
            try {
                lines.close();
            } catch (IOException e) {
                throw damaged(e.getMessage(), e);
            }
        }

        private IndexEntry.File file(String[] fields, String line) {
            require(fields.length == 9 && Names.isHex(fields[4], 40), line);
            var file = new IndexEntry.File(
                    path(fields[8]),
                    mode(fields[1]),
                    Long.parseLong(fields[2]),
                    natural(fields[3]),
                    fields[4],
                    Integer.parseInt(fields[5]),
                    natural(fields[6]),
                    natural(fields[7]));
            require(file.part() >= 0 && file.part() < parts.size(), line);
            require(Names.compare(last, file.path()) < 0, line);
            last = file.path();
            tree.add(file.sha1(), file.path());
            files++;
            bytes = Math.addExact(bytes, file.size());
            return file;
        }

        private static String path(String escaped) {
            if (Names.isContentAddressed(escaped)) {
                return escaped;
            }
            String path = Names.unescape(escaped);
            Path normal = Path.of("/root").resolve(path).normalize();
            require(
                    !path.isEmpty()
                            && !path.startsWith("/")
                            && path.indexOf('\0') < 0
                            && normal.equals(Path.of("/root/" + path))
                            && normal.startsWith("/root/")
                            && normal.getNameCount() > 1
                            && normal.toString().equals("/root/" + path),
                    path);
            return path;
        }

        private static int mode(String octal) {
            int mode = Integer.parseInt(octal, 8);
            require((mode & ~MODES) == 0, octal);
            return mode & PERMISSIONS;
        }

        private static long natural(String text) {
            long value = Long.parseLong(text);
            require(value >= 0, text);
            return value;
        }

        private static void require(boolean holds, String what) {
            if (!holds) {
                throw damaged("'" + what + "' can't stand there", null);
            }
        }
    }

    private static RuntimeException damaged(String why, Throwable cause) {
        return Fault.of(
                        FaultCode.ARTIFACT_DAMAGED,
                        "the index of the filestore is damaged: " + why,
                        "Restore another artifact, or from another store.")
                .toException(cause);
    }
}
