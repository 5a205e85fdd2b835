package dev.lifeboat.odoo;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads Odoo's log: {@code 2026-11-20 23:00:00,123 PID LEVEL database logger: message}, times in UTC (Odoo sets its own
 * time zone so). The place from which on lines count is found by bisection, so a log of many GB costs no more than its end.
 */
final class OdooLog {
    private static final Pattern LINE = Pattern.compile(
            "^(?:[\\w.-]+ +\\| )?(\\d{4}-\\d{2}-\\d{2} \\d{2}:\\d{2}:\\d{2},\\d{3}) \\d+ ([A-Z]+) (\\S+) (.*)",
            Pattern.DOTALL);
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss,SSS");
    private static final Pattern NOT_LOADED =
            Pattern.compile("Some modules are not loaded|failed to load registry", Pattern.CASE_INSENSITIVE);
    private static final int LONGEST = 4 * 1024;
    private static final int SHOWN = 300;
    private static final int WINDOW = 64 * 1024;
    private static final String NO_DATABASE = "?";

    private OdooLog() {}

    /**
     * What was logged.
     *
     * @param lines log lines of the time looked at, of any level
     * @param bad how many of them tell of an error
     * @param shown the first of these, cut to 300 characters
     */
    record Findings(long lines, long bad, List<String> shown) {}

    /**
     * Counts lines since an instant: ERROR and CRITICAL, and the warning that modules could not be loaded, of a database or of
     * none; other databases of the same Odoo are not this one's matter.
     */
    static Findings read(Path file, Instant since, String database) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            channel.position(startOf(channel, since));
            return read(Channels.newInputStream(channel), since, database);
        }
    }

    /** The same of a log that comes from elsewhere; whoever gives it may have put a name before each line. */
    static Findings read(InputStream log, Instant since, String database) throws IOException {
        long lines = 0;
        long bad = 0;
        var shown = new ArrayList<String>();
        var in = new Lines(log);
        for (String line = in.next(); line != null; line = in.next()) {
            Matcher parts = LINE.matcher(line);
            Optional<Instant> time = parts.find() ? time(parts.group(1)) : Optional.empty();
            if (time.isEmpty() || time.get().isBefore(since)) {
                continue;
            }
            lines++;
            if (isBad(parts.group(2), parts.group(4)) && isOf(parts.group(3), database)) {
                bad++;
                if (shown.size() < CheckResult.MOST_DETAILS) {
                    shown.add(line.substring(0, Math.min(line.length(), SHOWN)));
                }
            }
        }
        return new Findings(lines, bad, List.copyOf(shown));
    }

    private static boolean isBad(String level, String message) {
        return level.equals("ERROR")
                || level.equals("CRITICAL")
                || (level.equals("WARNING") && NOT_LOADED.matcher(message).find());
    }

    private static boolean isOf(String logged, String database) {
        return logged.equals(NO_DATABASE) || logged.equals(database);
    }

    /** An offset before which every line is older; lines are in the order of their times. */
    private static long startOf(FileChannel channel, Instant since) throws IOException {
        long low = 0;
        long high = channel.size();
        while (high - low > WINDOW) {
            long middle = low + (high - low) / 2;
            Optional<Instant> time = timeAfter(channel, middle);
            if (time.isEmpty()) {
                // a stack trace longer than the window: look at all of it
                return low;
            }
            if (time.get().isBefore(since)) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private static Optional<Instant> timeAfter(FileChannel channel, long offset) throws IOException {
        ByteBuffer window = ByteBuffer.allocate(WINDOW);
        channel.read(window, offset);
        String text = new String(window.array(), 0, window.position(), StandardCharsets.UTF_8);
        for (int at = text.indexOf('\n') + 1; at > 0; at = text.indexOf('\n', at) + 1) {
            int end = Math.min(text.length(), at + 23);
            Optional<Instant> time = time(text.substring(at, end));
            if (time.isPresent()) {
                return time;
            }
        }
        return Optional.empty();
    }

    private static Optional<Instant> time(String text) {
        try {
            return Optional.of(LocalDateTime.parse(text, TIME).toInstant(ZoneOffset.UTC));
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }

    /** Lines of which no more than the first 4 KiB are kept. */
    private static final class Lines {
        private final InputStream in;
        private final byte[] buffer = new byte[WINDOW];
        private final byte[] line = new byte[LONGEST];
        private int at;
        private int filled;

        Lines(InputStream in) {
            this.in = in;
        }

        String next() throws IOException {
            int length = 0;
            boolean any = false;
            while (true) {
                if (at == filled) {
                    filled = in.read(buffer);
                    at = 0;
                    if (filled < 0) {
                        filled = 0;
                        return any ? new String(line, 0, length, StandardCharsets.UTF_8) : null;
                    }
                    continue;
                }
                byte b = buffer[at++];
                if (b == '\n') {
                    return new String(line, 0, length, StandardCharsets.UTF_8);
                }
                any = true;
                if (length < LONGEST) {
                    line[length++] = b;
                }
            }
        }
    }
}
