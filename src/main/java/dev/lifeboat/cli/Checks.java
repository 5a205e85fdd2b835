package dev.lifeboat.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Shows a report of checks. */
final class Checks {
    private Checks() {}

    static int show(JsonNode report, Terminal terminal) {
        var rows = new ArrayList<List<String>>();
        for (JsonNode check : report.path("checks")) {
            rows.add(List.of(
                    check.path("status").asText().toUpperCase(Locale.ROOT),
                    check.path("name").asText(),
                    check.path("found").asText()));
        }
        terminal.table(List.of("", "CHECK", "FOUND"), rows);
        for (JsonNode check : report.path("checks")) {
            if (check.path("status").asText().equals("failed")) {
                terminal.line("  " + check.path("name").asText() + ": "
                        + check.path("fault").path("remedy").asText());
                check.path("fault")
                        .path("facts")
                        .path("tool_output")
                        .asText()
                        .lines()
                        .filter(line -> !line.isBlank())
                        .forEach(line -> terminal.line("    " + line));
            }
        }
        terminal.answer(report);
        return report.path("ok").asBoolean() ? ExitCode.SUCCESS : ExitCode.PRECONDITION;
    }
}
