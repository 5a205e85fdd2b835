package dev.lifeboat.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import picocli.CommandLine;

@CommandLine.Command(
        name = "break-glass",
        description = {
            "Opens a window in which people work on an environment by hand: its schedules and automatic rollbacks pause. It is",
            "recorded, shown everywhere, reminded of, and ends by itself. Without options it is shown."
        },
        footer = {"", "Example:  lifeboat break-glass prod --reason 'hot-fix of the payment provider' --for 2h"})
final class BreakGlassCommand extends EngineCommand {
    @CommandLine.Parameters(paramLabel = "ENV", description = "The environment.")
    String environment;

    @CommandLine.Option(names = "--reason", paramLabel = "TEXT", description = "Why; wanted to open one.")
    String reason;

    @CommandLine.Option(names = "--for", paramLabel = "TIME", description = "For how long: 45m, 2h; a day at most.")
    String length;

    @CommandLine.Option(
            names = "--until",
            paramLabel = "TIME",
            description = "Until when, with its zone: 2026-03-01T18:00:00Z.")
    String until;

    @CommandLine.Option(names = "--end", description = "End the window that is open.")
    boolean end;

    @Override
    int run(ApiClient api) throws IOException, InterruptedException {
        String path = environmentPath(environment) + "/break-glass";
        JsonNode answer;
        if (end) {
            answer = api.post(path + "/end", Json.object());
            terminal()
                    .line("break-glass window of " + environment + " ended: schedules and rollbacks are as configured");
        } else if (reason == null && length == null && until == null) {
            answer = api.get(path);
            terminal().line(answer.path("open").asBoolean() ? told(answer.path("window")) : "no window is open");
        } else {
            answer = api.post(path, wanted());
            terminal().line(told(answer));
            terminal().line("sooner: lifeboat break-glass " + environment + " --end");
        }
        terminal().answer(answer);
        return ExitCode.SUCCESS;
    }

    private ObjectNode wanted() {
        ObjectNode body = Json.object().put("reason", reason);
        try {
            if (length != null) {
                body.put(
                        "seconds",
                        Duration.parse("PT" + length.toUpperCase(Locale.ROOT)).toSeconds());
            }
            if (until != null) {
                body.put("until", Instant.parse(until).toString());
            }
        } catch (DateTimeParseException e) {
            throw wrong(e);
        }
        return body;
    }

    private static FaultException wrong(DateTimeParseException cause) {
        return usage("'" + cause.getParsedString() + "' is no time", "Write --for 2h or --until 2026-03-01T18:00:00Z.")
                .toException(cause);
    }

    private static String told(JsonNode window) {
        return "break-glass window of " + window.path("opened_by").asText() + " until "
                + window.path("until").asText() + ": " + window.path("reason").asText();
    }
}
