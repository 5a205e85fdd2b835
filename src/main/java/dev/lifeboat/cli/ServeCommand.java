package dev.lifeboat.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.host.DataFolder;
import dev.lifeboat.host.Engine;
import dev.lifeboat.host.Settings;
import dev.lifeboat.json.Json;
import java.io.IOException;
import picocli.CommandLine;

@CommandLine.Command(
        name = "serve",
        description = "Runs the engine until it is stopped: API, functions, orchestrator.",
        footer = {"", "Example:  lifeboat serve --port 8620"})
final class ServeCommand extends Command {
    @CommandLine.Mixin
    Listening listening = new Listening(8620);

    @Override
    int run() throws IOException, InterruptedException {
        Settings settings = settings();
        listening.refuseOpen("lifeboat.token", settings.token());
        DataFolder folder = Listening.take(settings);
        try (Engine engine = Engine.start(folder, settings, listening.host, listening.port)) {
            terminal()
                    .line("lifeboat answers on " + engine.endpoint().url() + "  (description: "
                            + engine.endpoint().url() + "/q/openapi)");
            terminal().line("the token is in " + folder.path().resolve("endpoint") + "; Ctrl-C stops");
            showTheWayIn(new ApiClient(engine.endpoint()));
            engine.awaitEnd();
        }
        return ExitCode.SUCCESS;
    }

    /** The first start makes a link to the console; later ones say how to make one. */
    private void showTheWayIn(ApiClient api) throws IOException, InterruptedException {
        JsonNode link = api.post("/api/v1/logins", Json.object().put("first_only", true));
        terminal()
                .line(
                        link.hasNonNull("path")
                                ? "the console, opened once by this link within 15 minutes: "
                                        + api.url(link.get("path").asText())
                                : "the console is at " + api.url("/console") + "; `lifeboat login` lets you in");
    }
}
