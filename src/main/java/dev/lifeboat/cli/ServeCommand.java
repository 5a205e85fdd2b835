package dev.lifeboat.cli;

import dev.lifeboat.host.DataFolder;
import dev.lifeboat.host.Engine;
import dev.lifeboat.host.Settings;
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
            engine.awaitEnd();
        }
        return ExitCode.SUCCESS;
    }
}
