package dev.lifeboat.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.json.Json;
import java.io.IOException;
import picocli.CommandLine;

@CommandLine.Command(
        name = "login",
        description = "Makes a link that opens the console, once and within 15 minutes.",
        footer = {"", "Example:  lifeboat login"})
final class LoginCommand extends EngineCommand {
    @Override
    int run(ApiClient api) throws IOException, InterruptedException {
        JsonNode link = api.post("/api/v1/logins", Json.object());
        String url = api.url(link.path("path").asText()).toString();
        terminal().line(url);
        terminal().notice("it is good once, until " + link.path("expires_at").asText());
        terminal()
                .answer(Json.object()
                        .put("url", url)
                        .put("expires_at", link.path("expires_at").asText()));
        return ExitCode.SUCCESS;
    }
}
