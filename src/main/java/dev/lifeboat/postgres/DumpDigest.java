package dev.lifeboat.postgres;

import dev.lifeboat.artifact.Manifest.TableDigest;
import dev.lifeboat.progress.Progress;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the data of a database is, computed from the SQL script that pg_dump or pg_restore prints ({@code --data-only}):
 * for each table the number of rows, the SHA-256 of its COPY lines in their order, and a sum of row hashes that does not
 * depend on the order; the sequences' values; the large objects. Two databases with equal digests hold the same data. Reads
 * any amount in one buffer; a row may be longer than that.
 */
public final class DumpDigest {
    private static final int BUFFER = 1024 * 1024;
    private static final byte[] COPY = "COPY ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] FROM_STDIN = " FROM stdin;".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] SELECT = "SELECT pg_catalog.".getBytes(StandardCharsets.US_ASCII);
    private static final Pattern SETVAL =
            Pattern.compile("SELECT pg_catalog\\.setval\\('(.*)', (-?\\d+), (true|false)\\);");
    private static final Pattern LARGE_OBJECT = Pattern.compile("SELECT pg_catalog\\.lo_open\\('(\\d+)', \\d+\\);");
    private static final int SUM_BYTES = 16;

    private final Progress progress;
    private final MessageDigest ordered = sha256();
    private final MessageDigest row = sha256();
    private final MessageDigest largeObjectData = sha256();
    private final Map<String, TableDigest> tables = new TreeMap<>();
    private final Map<String, String> sequences = new TreeMap<>();
    private final byte[] rowHash = new byte[32];

    private String table;
    private long rows;
    private long sumHigh;
    private long sumLow;
    private long largeObjects;
    private boolean longLine;

    private DumpDigest(Progress progress) {
        this.progress = progress;
    }

    /**
     * What was found.
     *
     * @param tables in the order of their names
     * @param sequences name to {@code value,is_called}
     * @param largeObjects how many
     */
    public record Result(List<TableDigest> tables, Map<String, String> sequences, long largeObjects) {}

    /**
     * Reads a script to its end.
     *
     * @throws IOException where it can't be read, or ends within a table
     */
    public static Result of(InputStream script, Progress progress) throws IOException {
        var digest = new DumpDigest(progress);
        digest.read(script);
        return digest.result();
    }

    private void read(InputStream script) throws IOException {
        byte[] buffer = new byte[BUFFER];
        int filled = 0;
        while (true) {
            int n = script.read(buffer, filled, buffer.length - filled);
            if (n < 0) {
                break;
            }
            filled += n;
            int used = lines(buffer, filled);
            if (used == 0 && filled == buffer.length) {
                // A line that fills the buffer is no end of a table: it may be taken in pieces.
                piece(buffer, filled);
                used = filled;
            }
            System.arraycopy(buffer, used, buffer, 0, filled - used);
            filled -= used;
        }
        if (table != null || filled > 0) {
            throw new IOException("the script ends in the middle" + (table == null ? "" : " of table " + table));
        }
    }

    /** Takes the whole lines out of the buffer; gives how many bytes they are. */
    private int lines(byte[] buffer, int filled) throws IOException {
        int from = 0;
        int hashed = 0;
        for (int i = 0; i < filled; i++) {
            if (buffer[i] != '\n') {
                continue;
            }
            if (table == null) {
                if (longLine) {
                    longLine = false;
                } else {
                    statement(buffer, from, i);
                }
                hashed = i + 1;
            } else if (!longLine && i - from == 2 && buffer[from] == '\\' && buffer[from + 1] == '.') {
                ordered.update(buffer, hashed, from - hashed);
                endTable();
                hashed = i + 1;
            } else {
                row.update(buffer, from, i + 1 - from);
                addRow();
                longLine = false;
            }
            from = i + 1;
        }
        if (table != null && from > hashed) {
            ordered.update(buffer, hashed, from - hashed);
        }
        return from;
    }

    private void piece(byte[] buffer, int filled) {
        longLine = true;
        if (table != null) {
            ordered.update(buffer, 0, filled);
            row.update(buffer, 0, filled);
        }
    }

    private void statement(byte[] buffer, int from, int to) throws IOException {
        if (startsWith(buffer, from, to, COPY) && endsWith(buffer, from, to, FROM_STDIN)) {
            String line = new String(buffer, from, to - from, StandardCharsets.UTF_8);
            table = name(line, COPY.length);
            rows = 0;
            sumHigh = 0;
            sumLow = 0;
            ordered.reset();
        } else if (startsWith(buffer, from, to, SELECT)) {
            String line = new String(buffer, from, to - from, StandardCharsets.UTF_8);
            Matcher setval = SETVAL.matcher(line);
            if (setval.matches()) {
                sequences.put(setval.group(1).replace("''", "'"), setval.group(2) + "," + setval.group(3));
            } else if (LARGE_OBJECT.matcher(line).matches()) {
                largeObjects++;
                largeObjectData.update(buffer, from, to - from);
            } else if (line.startsWith("SELECT pg_catalog.lowrite(")) {
                largeObjectData.update(buffer, from, to - from);
            }
        }
    }

    /** The table's name as the script writes it: up to the column list, quotes heeded. */
    private static String name(String line, int from) {
        boolean quoted = false;
        for (int i = from; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c == '"') {
                quoted = !quoted;
            } else if (c == ' ' && !quoted) {
                return line.substring(from, i);
            }
        }
        return line.substring(from);
    }

    private void addRow() {
        rows++;
        try {
            row.digest(rowHash, 0, rowHash.length);
        } catch (java.security.DigestException e) {
            throw new IllegalStateException("32 bytes hold a SHA-256", e);
        }
        ByteBuffer hash = ByteBuffer.wrap(rowHash, 0, SUM_BYTES);
        long high = hash.getLong();
        long low = hash.getLong();
        long sum = sumLow + low;
        sumHigh += high + (Long.compareUnsigned(sum, low) < 0 ? 1 : 0);
        sumLow = sum;
    }

    private void endTable() {
        tables.put(
                table,
                new TableDigest(
                        table,
                        rows,
                        HexFormat.of().formatHex(ordered.digest()),
                        HexFormat.of().toHexDigits(sumHigh) + HexFormat.of().toHexDigits(sumLow)));
        table = null;
        progress.advance(0, 1);
    }

    private Result result() {
        if (largeObjects > 0) {
            String digest = HexFormat.of().formatHex(largeObjectData.digest());
            tables.put(
                    "pg_largeobject",
                    new TableDigest("pg_largeobject", largeObjects, digest, digest.substring(0, 2 * SUM_BYTES)));
        }
        return new Result(new ArrayList<>(tables.values()), sequences, largeObjects);
    }

    private static boolean startsWith(byte[] buffer, int from, int to, byte[] what) {
        return to - from >= what.length
                && java.util.Arrays.equals(buffer, from, from + what.length, what, 0, what.length);
    }

    private static boolean endsWith(byte[] buffer, int from, int to, byte[] what) {
        return to - from >= what.length && java.util.Arrays.equals(buffer, to - what.length, to, what, 0, what.length);
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
