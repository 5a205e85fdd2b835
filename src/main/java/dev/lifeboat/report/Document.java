package dev.lifeboat.report;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A report as text and tables; what it looks like is another matter.
 *
 * @param about one line each, below the title
 */
public record Document(String title, List<String> about, List<Section> sections) {
    /**
     * A part of it.
     *
     * @param level 2 for a chapter, 3 for a part of one
     * @param lines paragraphs before the table
     * @param columns of the table; empty: there is none
     */
    public record Section(int level, String title, List<String> lines, List<String> columns, List<List<String>> rows) {
        public Section {
            lines = List.copyOf(lines);
            columns = List.copyOf(columns);
            rows = rows.stream().map(List::copyOf).toList();
        }

        static Section chapter(String title, String... lines) {
            return new Section(2, title, List.of(lines), List.of(), List.of());
        }

        static Section table(String title, String none, List<String> columns, List<List<String>> rows) {
            return new Section(
                    3, title, rows.isEmpty() ? List.of(none) : List.of(), rows.isEmpty() ? List.of() : columns, rows);
        }
    }

    public Document {
        about = List.copyOf(about);
        sections = List.copyOf(sections);
    }

    /** As Markdown (GitHub's, for the tables). */
    public String markdown() {
        var text = new StringBuilder("# ").append(escaped(title)).append("\n\n");
        about.forEach(line -> text.append("- ").append(escaped(line)).append('\n'));
        for (Section section : sections) {
            text.append('\n')
                    .append("#".repeat(section.level()))
                    .append(' ')
                    .append(escaped(section.title()))
                    .append("\n\n");
            section.lines().forEach(line -> text.append(escaped(line)).append("\n\n"));
            if (!section.columns().isEmpty()) {
                text.append(row(section.columns()));
                text.append(row(section.columns().stream().map(column -> "---").toList()));
                section.rows().forEach(cells -> text.append(row(cells)));
            }
        }
        return text.toString();
    }

    private static String row(List<String> cells) {
        return cells.stream().map(Document::escaped).collect(Collectors.joining(" | ", "| ", " |\n"));
    }

    /** What a tool or a person wrote stays text: no cell ends early, and nothing of it is taken for HTML. */
    private static String escaped(String text) {
        return text.replace("\\", "\\\\")
                .replace("|", "\\|")
                .replace("<", "&lt;")
                .replace("`", "\\`")
                .replaceAll("\\s*\\R\\s*", " ");
    }
}
