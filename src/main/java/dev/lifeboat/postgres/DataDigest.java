package dev.lifeboat.postgres;

import dev.lifeboat.artifact.Manifest.TableDigest;
import dev.lifeboat.digest.Hashes;
import dev.lifeboat.progress.Progress;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.DigestException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Reads the data section of a dump as text ({@code pg_restore --data-only -f -} of an archive, {@code pg_dump --section=data}
 * of a database) and digests every table, sequence and large object in it. One pass over a buffer of fixed size: a row is
 * never held as an object, and may be of any length.
 *
 * <p>In COPY text a row is one line, and the line {@code \.} ends the table: a line feed, a backslash or that very line
 * within a value are escaped (PostgreSQL documentation, COPY, "Text Format"). A row is hashed without its line feed, a table
 * with them. All large objects are digested as one table {@value #LARGE_OBJECTS}, a row each.
 */
final class DataDigest {
    /** The name under which the large objects are digested. */
    static final String LARGE_OBJECTS = "pg_largeobject";

    private static final int BUFFER_BYTES = 1 << 20;
    private static final int LONGEST_STATEMENT = BUFFER_BYTES / 2;
    private static final String COPY = "COPY ";
    private static final String FROM_STDIN = " FROM stdin;";
    private static final String SETVAL = "SELECT pg_catalog.setval('";
    private static final String LO_OPEN = "SELECT pg_catalog.lo_open('";
    private static final String LO_WRITE = "SELECT pg_catalog.lowrite(0, '\\x";
    private static final String LO_CLOSE = "SELECT pg_catalog.lo_close(";
    static final String END = "-- PostgreSQL database dump complete";

    private final InputStream in;
    private final Progress progress;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int position;
    private int filled;

    private final Map<String, TableDigest> tables = new TreeMap<>();
    private final Map<String, String> sequences = new TreeMap<>();
    private final Map<String, List<String>> columns = new TreeMap<>();
    private final TableHash largeObjects = new TableHash();
    private boolean complete;
    private String last = "nothing";

    private DataDigest(InputStream in, Progress progress) {
        this.in = in;
        this.progress = progress;
    }

    /** What the data section held; {@code columns} are each table's, unquoted, in the order of its values. */
    record Content(
            List<TableDigest> tables,
            Map<String, String> sequences,
            long largeObjects,
            Map<String, List<String>> columns) {}

    /**
     * Reads a data section to the end of the stream.
     *
     * @param progress is told the bytes and the tables read
     * @throws IOException where the stream breaks, is no dump, or ends before the dump says that it is complete
     */
    static Content read(InputStream in, Progress progress) throws IOException {
        return new DataDigest(in, progress).read();
    }

    private Content read() throws IOException {
        StringBuilder copyStatement = null;
        for (String line = line(); line != null; line = line()) {
            if (copyStatement != null) {
                copyStatement.append('\n').append(line);
            } else if (line.startsWith(COPY)) {
                copyStatement = new StringBuilder(line);
            } else {
                statement(line);
            }
            // a quoted name may hold a line feed
            if (copyStatement != null && line.endsWith(FROM_STDIN)) {
                String statement = copyStatement.toString();
                columns.put(tableOf(statement), columnsOf(statement));
                table(tableOf(statement));
                copyStatement = null;
            } else if (copyStatement != null && copyStatement.length() > LONGEST_STATEMENT) {
                throw new IOException("a COPY statement has no end");
            }
        }
        if (!complete) {
            throw new IOException("the data ends early, after " + last);
        }
        if (largeObjects.rows > 0) {
            tables.put(LARGE_OBJECTS, largeObjects.digest(LARGE_OBJECTS));
        }
        return new Content(List.copyOf(tables.values()), Map.copyOf(sequences), largeObjects.rows, Map.copyOf(columns));
    }

    private void statement(String line) throws IOException {
        if (line.startsWith(SETVAL)) {
            int end = line.lastIndexOf("', ");
            if (end < SETVAL.length() || !line.endsWith(");")) {
                throw new IOException("an unknown form of setval");
            }
            String name = text(line.substring(SETVAL.length(), end)).replace("''", "'");
            last = "sequence " + name;
            sequences.put(name, line.substring(end + 3, line.length() - 2));
        } else if (line.startsWith(LO_OPEN)) {
            int end = line.indexOf('\'', LO_OPEN.length());
            if (end < 0) {
                throw new IOException("an unknown form of lo_open");
            }
            largeObjects.part(line.substring(LO_OPEN.length(), end) + ":");
        } else if (line.startsWith(LO_WRITE)) {
            int end = line.indexOf('\'', LO_WRITE.length());
            if (end < 0) {
                throw new IOException("an unknown form of lowrite");
            }
            largeObjects.part(line.substring(LO_WRITE.length(), end));
        } else if (line.startsWith(LO_CLOSE)) {
            largeObjects.part("\n");
            largeObjects.endRow();
        } else if (line.equals(END)) {
            complete = true;
        }
    }

    private void table(String name) throws IOException {
        last = "table " + name;
        var hash = new TableHash();
        int start = position;
        int row = position;
        boolean begun = false;
        while (true) {
            int end = indexOfLineFeed(row);
            if (end < 0) {
                // keep a possible beginning of the last line "\.", hash the rest of what is there, and go on
                boolean keep = !begun && filled - row <= 2;
                int upTo = keep ? row : filled;
                hash.whole(buffer, start, upTo - start);
                if (upTo > row) {
                    hash.part(buffer, row, upTo - row);
                    begun = true;
                }
                progress.advance(upTo - start, 0);
                position = upTo;
                if (!fill()) {
                    throw new IOException("the data of table " + name + " ends early");
                }
                start = position;
                row = position;
                continue;
            }
            if (!begun && end - row == 2 && buffer[row] == '\\' && buffer[row + 1] == '.') {
                hash.whole(buffer, start, row - start);
                progress.advance(row - start, 1);
                position = end + 1;
                break;
            }
            hash.part(buffer, row, end - row);
            hash.endRow();
            begun = false;
            row = end + 1;
        }
        if (tables.put(name, hash.digest(name)) != null) {
            throw new IOException("table " + name + " comes twice");
        }
    }

    private int indexOfLineFeed(int from) {
        byte[] bytes = buffer;
        int end = filled;
        for (int i = from; i < end; i++) {
            if (bytes[i] == '\n') {
                return i;
            }
        }
        return -1;
    }

    /** The next line outside of table data; null at the end. */
    private String line() throws IOException {
        int from = position;
        while (true) {
            int end = indexOfLineFeed(from);
            if (end >= 0) {
                // ISO 8859-1 keeps every byte; names are turned into text by the one who reports them
                String line = new String(buffer, position, end - position, StandardCharsets.ISO_8859_1);
                position = end + 1;
                return line;
            }
            int scanned = filled - position;
            if (scanned > LONGEST_STATEMENT) {
                throw new IOException("a statement is longer than " + LONGEST_STATEMENT + " bytes");
            }
            if (!fill()) {
                if (scanned == 0) {
                    return null;
                }
                throw new IOException("the data ends in the middle of a line, after " + last);
            }
            from = position + scanned;
        }
    }

    /** Moves what is not read yet to the front and reads more behind it; false at the end of the stream. */
    private boolean fill() throws IOException {
        System.arraycopy(buffer, position, buffer, 0, filled - position);
        filled -= position;
        position = 0;
        int n = in.read(buffer, filled, buffer.length - filled);
        if (n > 0) {
            filled += n;
        }
        return n > 0;
    }

    /** {@code schema.table} of {@code COPY schema.table (columns) FROM stdin;}, quoted as the dump has it. */
    static String tableOf(String copyStatement) throws IOException {
        return text(copyStatement.substring(COPY.length(), endOfTable(copyStatement)));
    }

    /** {@code columns} of {@code COPY schema.table (columns) FROM stdin;}, unquoted; none of a table that has none. */
    static List<String> columnsOf(String copyStatement) throws IOException {
        int at = endOfTable(copyStatement) + 1;
        var names = new ArrayList<String>();
        if (at >= copyStatement.length() || copyStatement.charAt(at) != '(') {
            return names;
        }
        var name = new StringBuilder();
        boolean quoted = false;
        for (int i = at + 1; i < copyStatement.length(); i++) {
            char c = copyStatement.charAt(i);
            if (c == '"') {
                // a quote that is doubled within a name is part of it
                if (!quoted && copyStatement.charAt(i - 1) == '"') {
                    name.append(c);
                }
                quoted = !quoted;
            } else if (quoted || (c != ',' && c != ')' && c != ' ')) {
                name.append(c);
            } else if (c != ' ') {
                names.add(text(name.toString()));
                name.setLength(0);
                if (c == ')') {
                    return names;
                }
            }
        }
        throw new IOException("the columns of a COPY statement have no end");
    }

    private static int endOfTable(String copyStatement) throws IOException {
        boolean quoted = false;
        for (int i = COPY.length(); i < copyStatement.length(); i++) {
            char c = copyStatement.charAt(i);
            if (c == '"') {
                quoted = !quoted;
            } else if (c == ' ' && !quoted) {
                return i;
            }
        }
        throw new IOException("a COPY statement names no table");
    }

    /** A name that was read byte by byte, as text. */
    private static String text(String bytes) {
        return new String(bytes.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    /** The running hashes of one table. */
    private static final class TableHash {
        private final MessageDigest ordered = Hashes.sha256();
        private final MessageDigest row = Hashes.sha256();
        private final byte[] rowHash = new byte[32];
        private long rows;
        private long high;
        private long low;

        void whole(byte[] bytes, int from, int length) {
            ordered.update(bytes, from, length);
        }

        void part(byte[] bytes, int from, int length) {
            row.update(bytes, from, length);
        }

        void part(String text) {
            byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
            ordered.update(bytes);
            row.update(bytes);
        }

        void endRow() {
            try {
                row.digest(rowHash, 0, rowHash.length);
            } catch (DigestException e) {
                throw new IllegalStateException(e);
            }
            long addedHigh = bigEndian(0);
            long addedLow = bigEndian(8);
            low += addedLow;
            high += addedHigh + (Long.compareUnsigned(low, addedLow) < 0 ? 1 : 0);
            rows++;
        }

        TableDigest digest(String name) {
            var hex = HexFormat.of();
            return new TableDigest(
                    name, rows, hex.formatHex(ordered.digest()), hex.toHexDigits(high) + hex.toHexDigits(low));
        }

        private long bigEndian(int from) {
            long value = 0;
            for (byte b : Arrays.copyOfRange(rowHash, from, from + 8)) {
                value = value << 8 | (b & 0xff);
            }
            return value;
        }
    }
}
