package dev.lifeboat.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.OneLine;
import dev.lifeboat.json.Json;
import java.io.Console;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What a person sees. With {@code --json} standard output holds one JSON value and everything else goes to standard error. Names,
 * labels and tools' words come from elsewhere: none of them steers the terminal, because all that is printed goes through {@link OneLine}.
 */
final class Terminal {
    private static final int USUAL_WIDTH = 80;

    private final boolean json;
    private final PrintStream out;
    private final PrintStream err;
    private final boolean live;
    private final int width;
    private int openLines;
    private boolean answered;

    Terminal(boolean json) {
        this(json, System.out, System.err, movesCursor(), width());
    }

    /**
     * A terminal.
     *
     * @param live whether lines can be written over
     * @param width how many characters fit into a line
     */
    Terminal(boolean json, PrintStream out, PrintStream err, boolean live, int width) {
        this.json = json;
        this.out = out;
        this.err = err;
        this.live = live;
        this.width = width;
    }

    /** Nothing is coloured; but who wants no colours wants no other control sequences either. */
    private static boolean movesCursor() {
        return console().isPresent() && System.getenv("NO_COLOR") == null && !"dumb".equals(System.getenv("TERM"));
    }

    /** As the shell tells it where it does; else what every terminal has. */
    private static int width() {
        String columns = System.getenv("COLUMNS");
        return columns != null && columns.matches("[1-9]\\d{1,3}") ? Integer.parseInt(columns) : USUAL_WIDTH;
    }

    /** The command's answer: one JSON value with {@code --json}, else nothing. A second answer is not given. */
    void answer(JsonNode value) {
        if (json && !answered) {
            answered = true;
            out.print(OneLine.json(Json.pretty(value)));
            out.flush();
        }
    }

    /** A line for people. */
    void line(String text) {
        clearLive();
        (json ? err : out).println(OneLine.lines(text));
    }

    /** What goes on around the command; never part of its output. */
    void notice(String text) {
        clearLive();
        err.println(OneLine.lines(text));
    }

    /** The sign before a step that ended, in letters where the terminal's character set has no signs. */
    String mark(String status) {
        boolean signs = (json ? err : out).charset().newEncoder().canEncode("✓–✗");
        return switch (status) {
            case "done" -> signs ? "✓" : "+";
            case "skipped" -> signs ? "–" : "-";
            default -> signs ? "✗" : "x";
        };
    }

    /** Lines that the next ones replace; only on a terminal. What does not fit into a line is left out. */
    void live(List<String> lines) {
        if (!live) {
            return;
        }
        clearLive();
        err.print(String.join(
                "\n",
                lines.stream()
                        .map(OneLine::of)
                        .map(line -> line.substring(0, Math.min(line.length(), width - 1)))
                        .toList()));
        err.flush();
        openLines = lines.size();
    }

    private void clearLive() {
        if (openLines > 0) {
            err.print("\r" + (openLines > 1 ? "\033[" + (openLines - 1) + "A" : "") + "\033[J");
            err.flush();
            openLines = 0;
        }
    }

    void error(Fault fault) {
        clearLive();
        err.println("error: " + OneLine.lines(fault.message()));
        fault.facts()
                .forEach((name, value) -> err.println(
                        "  " + OneLine.of(name) + ": " + OneLine.lines(value).replace("\n", "\n    ")));
        err.println("  what to do: " + OneLine.lines(fault.remedy()));
    }

    /** A table whose columns are as wide as they need to be. */
    void table(List<String> heads, List<List<String>> rows) {
        if (json) {
            return;
        }
        var all = new ArrayList<List<String>>();
        all.add(heads);
        rows.forEach(row -> all.add(row.stream().map(OneLine::of).toList()));
        int[] widths = new int[heads.size()];
        all.forEach(row -> {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        });
        for (List<String> row : all) {
            var text = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                text.append(row.get(i)).append(" ".repeat(widths[i] - row.get(i).length() + 2));
            }
            line(text.toString().stripTrailing());
        }
    }

    /** Asks for a line; empty where nobody can be asked. */
    Optional<String> ask(String question) {
        Optional<Console> console = console();
        if (console.isEmpty()) {
            return Optional.empty();
        }
        clearLive();
        err.print(OneLine.lines(question) + " ");
        err.flush();
        return Optional.ofNullable(console.get().readLine()).map(String::strip);
    }

    /** The terminal; empty where input or output is none. */
    private static Optional<Console> console() {
        return Optional.ofNullable(System.console()).filter(Console::isTerminal);
    }

    /** How much of a whole is done, as a picture of so many characters and in per cent. */
    static String bar(long done, long total, int characters) {
        long part = Math.clamp(done, 0, total);
        int full = (int) (characters * part / total);
        return "[" + "#".repeat(full) + "-".repeat(characters - full) + "] "
                + String.format(Locale.ROOT, "%3d%%", 100 * part / total);
    }

    static String age(String instant) {
        Duration age = Duration.between(Instant.parse(instant), Instant.now());
        if (age.toDays() > 1) {
            return age.toDays() + " days ago";
        }
        if (age.toHours() > 1) {
            return age.toHours() + " hours ago";
        }
        return Math.max(0, age.toMinutes()) + " min ago";
    }
}
