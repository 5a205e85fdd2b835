package dev.lifeboat.postgres;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.process.ChildProcess;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Dumps as SQL text, as {@code pg_dump --no-owner} writes them. One that is read comes from outside, and psql would obey it when
 * it says {@code \\! rm -rf /}: psql is restricted first (PostgreSQL documentation, psql, {@code \\restrict}), so that nothing but SQL
 * is done, as the role of the environment, and statements that reach beyond the database are refused ({@link PlainStatements}).
 */
public final class PlainDump {
    private static final int LONGEST_OF_PSQL = 200;

    /** The line that pg_dump itself writes since the same releases; it stands in nobody's data, where a backslash is doubled. */
    private static final Pattern RESTRICTION = Pattern.compile("\\\\(un)?restrict [A-Za-z0-9]+");

    /** Written by tools from 17 on, unknown to servers before that; it is the default anyway. */
    private static final String NEWER_SETTING = "SET transaction_timeout = 0;";

    private PlainDump() {}

    /**
     * Writes an archive as SQL.
     *
     * @param archive of pg_dump -Fc
     * @param sql is not closed
     * @throws FaultException DUMP_UNREADABLE with pg_restore's words, STEP_TIMED_OUT
     * @throws IOException where {@code sql} does not take it
     */
    public static void write(InputStream archive, PgTools tools, OutputStream sql, Duration limit) throws IOException {
        List<String> command = List.of(tools.pgRestore().toString(), "--no-owner", "--file=-");
        try (ChildProcess child = ToolProcess.start(command, Map.of("LC_ALL", "C"))) {
            Feeding feeding = Feeding.of(archive, child.input());
            child.output().transferTo(sql);
            int exit = child.await(limit);
            feeding.join(limit);
            if (exit != 0 || feeding.failed()) {
                throw Fault.of(
                                FaultCode.DUMP_UNREADABLE,
                                "pg_restore could not write the dump as SQL (exit code " + exit + ")",
                                "`lifeboat verify` tells whether the artifact is whole.")
                        .with("tool_output", feeding.failed() ? feeding.reason() : child.errors())
                        .toException();
            }
        }
    }

    /**
     * Runs a dump in an empty database; it stops at the first statement that fails.
     *
     * @throws FaultException LOAD_FAILED with psql's words, or with the line of a statement that no dump has;
     *     DATABASE_RIGHT_MISSING where the role may not declare unaccent(text) immutable and the dump needs it; STEP_TIMED_OUT
     */
    static void load(DatabaseServer server, String database, PgTools tools, InputStream sql, Duration limit) {
        List<String> command = List.of(
                tools.psql().toString(),
                "--no-psqlrc",
                "--quiet",
                "--no-password",
                "--set=ON_ERROR_STOP=1",
                "--output=/dev/null",
                "--dbname=" + DatabaseServer.connectionString(database),
                "--file=-");
        byte[] random = new byte[16];
        new SecureRandom().nextBytes(random);
        String first = "\\restrict " + HexFormat.of().formatHex(random) + "\n";
        try (ChildProcess child = ToolProcess.start(command, server.toolEnvironment(database))) {
            child.input().write(first.getBytes(StandardCharsets.US_ASCII));
            Feeding feeding = Feeding.of(new Lines(new PlainStatements(sql)), child.input());
            child.output().transferTo(OutputStream.nullOutputStream());
            int exit = child.await(limit);
            feeding.join(limit);
            feeding.refused();
            // a statement that fails ends psql, and with it the pipe: psql's own words come first
            if (exit != 0 || feeding.failed()) {
                throw failed(server, exit, exit == 0 ? feeding.reason() : child.errors());
            }
        } catch (IOException e) {
            throw failed(server, -1, String.valueOf(e.getMessage()));
        }
    }

    private static FaultException failed(DatabaseServer server, int exit, String words) {
        if (ImmutableUnaccent.isLackIn(words)) {
            return ImmutableUnaccent.rightMissing(server)
                    .with("tool_output", words)
                    .toException();
        }
        boolean old = words.contains("invalid command \\restrict");
        return Fault.of(
                        FaultCode.LOAD_FAILED,
                        old
                                ? "psql is too old to run a dump from elsewhere safely; nothing was changed"
                                : "psql could not load the dump (exit code " + exit
                                        + "); what it had loaded is dropped",
                        old
                                ? "Update the PostgreSQL client programs: 13.22, 14.19, 15.14, 16.10, 17.6 and later can be restricted."
                                : "Read tool_output, psql's own words: a dump of a newer server may not go into an older one, and an"
                                        + " extension may have to be installed on the server.")
                .with("tool_output", words.substring(0, Math.min(words.length(), 20 * LONGEST_OF_PSQL)))
                .toException();
    }

    /** Writes a stream into a child's input, in a thread of its own. */
    static final class Feeding {
        private final Thread thread;
        private volatile String reason = "";
        private volatile Optional<FaultException> refusal = Optional.empty();

        private Feeding(InputStream from, OutputStream to) {
            this.thread = Thread.ofPlatform().daemon().name("dump-feed").start(() -> {
                try (to) {
                    from.transferTo(to);
                } catch (FaultException e) {
                    reason = String.valueOf(e.getMessage());
                    refusal = Optional.of(e);
                } catch (IOException e) {
                    reason = String.valueOf(e.getMessage());
                }
            });
        }

        static Feeding of(InputStream from, OutputStream to) {
            return new Feeding(from, to);
        }

        boolean failed() {
            return !reason.isEmpty();
        }

        String reason() {
            return reason;
        }

        /** Throws what the stream itself was refused for. */
        void refused() {
            if (refusal.isPresent()) {
                throw refusal.get();
            }
        }

        void join(Duration limit) {
            try {
                if (!thread.join(limit)) {
                    throw Fault.of(
                                    FaultCode.STEP_TIMED_OUT,
                                    "the dump was not read to its end within " + limit.toSeconds() + " s",
                                    "Try again; if it happens again, look at the store.")
                            .toException();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw Fault.of(FaultCode.CANCELLED, "reading the dump was ended on request", "Start the run again.")
                        .toException(e);
            }
        }
    }

    /**
     * Leaves out the lines that psql, restricted, would stop at, and puts what Odoo does to the extension {@code unaccent} after the
     * line that makes it ({@link ImmutableUnaccent}); no more than a short line's beginning is held.
     */
    static final class Lines extends InputStream {
        private static final int HELD = 512;
        /** Settings stand in the first lines; further on a line may be data. */
        private static final int HEADER = 64;

        private static final Pattern UNACCENT =
                Pattern.compile("CREATE EXTENSION IF NOT EXISTS unaccent WITH SCHEMA [^;]+;");

        private final InputStream in;
        private byte[] held = new byte[0];
        private int at;
        private boolean lineBegins = true;
        private int lines;
        private boolean dataBegun;

        Lines(InputStream in) {
            this.in = new BufferedInputStream(in, 256 * 1024);
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int n = 0;
            while (n < length) {
                if (at < held.length) {
                    int copied = Math.min(length - n, held.length - at);
                    System.arraycopy(held, at, bytes, offset + n, copied);
                    at += copied;
                    n += copied;
                    continue;
                }
                int b = in.read();
                if (b < 0) {
                    return n == 0 ? -1 : n;
                }
                if (lineBegins && (b == '\\' || (b == 'S' && lines < HEADER) || (b == 'C' && !dataBegun))) {
                    hold(b);
                } else {
                    bytes[offset + n++] = (byte) b;
                    endOfLine(b == '\n');
                }
            }
            return n;
        }

        private void endOfLine(boolean ended) {
            lineBegins = ended;
            lines += ended ? 1 : 0;
        }

        /** Holds a line that may be one of those; too long a line is none. */
        private void hold(int first) throws IOException {
            var line = new java.io.ByteArrayOutputStream();
            int b = first;
            while (b >= 0 && b != '\n' && line.size() < HELD) {
                line.write(b);
                b = in.read();
            }
            boolean whole = b < 0 || b == '\n';
            String text = line.toString(StandardCharsets.ISO_8859_1);
            boolean left = whole && (RESTRICTION.matcher(text).matches() || text.equals(NEWER_SETTING));
            if (left) {
                line.reset();
            }
            // after this a line may be data
            dataBegun |= text.startsWith("COPY ");
            if (whole && UNACCENT.matcher(text).matches()) {
                line.writeBytes(("\n" + ImmutableUnaccent.DECLARE_WHERE_ALLOWED).getBytes(StandardCharsets.US_ASCII));
            }
            if (b >= 0 && !(left && b == '\n')) {
                line.write(b);
            }
            endOfLine(b == '\n');
            held = line.toByteArray();
            at = 0;
        }
    }
}
