package dev.lifeboat.console;

import io.quarkus.qute.RawString;
import java.time.DayOfWeek;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAdjusters;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** Charts as SVG, made on the server. The numbers stand in a table beside each, so that a chart is never the only way to read them. */
final class Charts {
    private static final int SLOTS = 30;
    private static final int SLOT = 10;
    private static final int CELL = 12;
    private static final int GAP = 3;
    private static final int LEFT = 30;
    private static final int TOP = 16;

    private Charts() {}

    /** One bar: what it stands for, as {@code text} tells it; {@code kind} is a class of the style sheet. */
    record Bar(String text, double value, String kind) {}

    /**
     * At most {@value #SLOTS} bars from left to right, on a base line, as high as their share of the highest, which is told above.
     *
     * @param height of the highest bar, in pixels
     */
    static RawString bars(String name, List<Bar> bars, int height, Function<Double, String> unit) {
        double most = bars.stream().mapToDouble(Bar::value).max().orElse(0);
        int width = SLOTS * SLOT;
        int base = TOP + height;
        var svg = new StringBuilder();
        svg.append("<svg class=\"chart\" role=\"img\" aria-label=\"")
                .append(escape(name))
                .append("\" viewBox=\"0 0 ")
                .append(width)
                .append(' ')
                .append(base + 2)
                .append("\" width=\"")
                .append(width)
                .append("\" height=\"")
                .append(base + 2)
                .append("\">");
        if (!bars.isEmpty()) {
            svg.append("<text class=\"tick\" x=\"0\" y=\"10\">at most ")
                    .append(escape(unit.apply(most)))
                    .append("</text>");
        }
        for (int i = 0; i < bars.size(); i++) {
            Bar bar = bars.get(i);
            double high = most == 0 ? 1 : Math.max(2, bar.value() / most * height);
            svg.append(String.format(
                    Locale.ROOT,
                    "<rect class=\"bar %s\" x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%.1f\" rx=\"2\"><title>%s</title></rect>",
                    escape(bar.kind()),
                    i * SLOT + 1,
                    base - high,
                    SLOT - 2,
                    high,
                    escape(bar.text())));
        }
        svg.append("<line class=\"axis\" x1=\"0\" x2=\"")
                .append(width)
                .append("\" y1=\"")
                .append(base + 0.5)
                .append("\" y2=\"")
                .append(base + 0.5)
                .append("\"/></svg>");
        return new RawString(svg.toString());
    }

    /** One day of a calendar; {@code kind} is a class of the style sheet, {@code letter} says the same without colour. */
    record Day(String text, String kind, String letter) {}

    /** The last {@code weeks} weeks up to {@code today}, a column a week from Monday to Sunday. */
    static RawString calendar(String name, LocalDate today, int weeks, Map<LocalDate, Day> days) {
        LocalDate first =
                today.with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY)).minusWeeks(weeks - 1L);
        int width = LEFT + weeks * (CELL + GAP);
        int height = TOP + 7 * (CELL + GAP);
        var svg = new StringBuilder();
        svg.append("<svg class=\"calendar\" role=\"img\" aria-label=\"")
                .append(escape(name))
                .append("\" viewBox=\"0 0 ")
                .append(width)
                .append(' ')
                .append(height)
                .append("\" width=\"")
                .append(width)
                .append("\" height=\"")
                .append(height)
                .append("\">");
        for (int row : new int[] {0, 2, 4, 6}) {
            svg.append("<text class=\"tick\" x=\"0\" y=\"")
                    .append(TOP + row * (CELL + GAP) + 11)
                    .append("\">")
                    .append(List.of("Mon", "", "Wed", "", "Fri", "", "Sun").get(row))
                    .append("</text>");
        }
        for (LocalDate day = first; !day.isAfter(today); day = day.plusDays(1)) {
            long column = ChronoUnit.WEEKS.between(first, day);
            int row = day.getDayOfWeek().getValue() - 1;
            if (row == 0 && day.getDayOfMonth() <= 7) {
                svg.append("<text class=\"tick\" x=\"")
                        .append(LEFT + column * (CELL + GAP))
                        .append("\" y=\"10\">")
                        .append(day.getMonth().getDisplayName(java.time.format.TextStyle.SHORT, Locale.ENGLISH))
                        .append("</text>");
            }
            Day told = days.getOrDefault(day, new Day("no backup", "none", ""));
            svg.append(String.format(
                    Locale.ROOT,
                    "<rect class=\"day %s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"2\"><title>%s: %s</title></rect>",
                    escape(told.kind()),
                    LEFT + column * (CELL + GAP),
                    TOP + row * (CELL + GAP),
                    CELL,
                    CELL,
                    day,
                    escape(told.text())));
            if (!told.letter().isEmpty()) {
                svg.append("<text class=\"letter\" x=\"")
                        .append(LEFT + column * (CELL + GAP) + CELL / 2)
                        .append("\" y=\"")
                        .append(TOP + row * (CELL + GAP) + CELL - 3)
                        .append("\">")
                        .append(escape(told.letter()))
                        .append("</text>");
            }
        }
        return new RawString(svg.append("</svg>").toString());
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;")
                .replace("'", "&#39;");
    }
}
