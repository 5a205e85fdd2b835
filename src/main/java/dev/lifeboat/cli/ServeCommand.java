package dev.lifeboat.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.host.DataFolder;
import dev.lifeboat.host.Engine;
import dev.lifeboat.host.Settings;
import dev.lifeboat.json.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import picocli.CommandLine;

@CommandLine.Command(
        name = "serve",
        description = "Runs the engine until it is stopped: API, functions, orchestrator.",
        footer = {"", "Example:  lifeboat serve --port 8620"})
final class ServeCommand extends Command {
    @CommandLine.Option(
            names = "--host",
            paramLabel = "ADDRESS",
            description = "Address to listen on (default: 127.0.0.1).")
    String host = "127.0.0.1";

    @CommandLine.Option(names = "--port", paramLabel = "PORT", description = "Port to listen on (default: 8620).")
    int port = 8620;

    @Override
    int run() throws IOException, InterruptedException {
        Settings settings = settings();
        if (!address().isLoopbackAddress() && settings.token().isEmpty()) {
            throw usage(
                            "to listen on " + host + ", which others can reach, a token has to be configured",
                            "Set lifeboat.token in config/application.yaml, or LIFEBOAT_TOKEN in the environment.")
                    .toException();
        }
        DataFolder folder = DataFolder.take(settings.dataDir()).orElseThrow(() -> Fault.of(
                        FaultCode.DATA_FOLDER_IN_USE,
                        "another Lifeboat" + holder(settings) + " already uses the data folder "
                                + settings.dataDir().toAbsolutePath(),
                        "Use that one, end it, or take another folder with --data-dir.")
                .toException());
        try (Engine engine = Engine.start(folder, settings, host, port)) {
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

    private InetAddress address() {
        try {
            return InetAddress.getByName(host);
        } catch (UnknownHostException e) {
            throw usage("--host " + host + " is no address of this machine", "Give an address, such as 127.0.0.1.")
                    .toException(e);
        }
    }

    private static String holder(Settings settings) {
        try {
            return DataFolder.holder(settings.dataDir())
                    .map(pid -> " (process " + pid + ")")
                    .orElse("");
        } catch (IOException e) {
            // the sentence is true without the number
            return "";
        }
    }
}
