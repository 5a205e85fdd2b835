package dev.lifeboat.cli;

import dev.lifeboat.host.Engine;
import dev.lifeboat.host.Settings;
import java.io.IOException;
import picocli.CommandLine;

@CommandLine.Command(
        name = "function",
        description = "Serves one function, and nothing else, until it is stopped.",
        footer = {
            "",
            "It wants the engine's key (lifeboat.keys-dir), the same configuration, the database that holds the state",
            "(quarkus.datasource.jdbc.url, .username, .password), and a token (LIFEBOAT_TOKEN).",
            "",
            "Example:  lifeboat function dump-db --port 8080"
        })
final class FunctionCommand extends Command {
    @CommandLine.Parameters(paramLabel = "FUNCTION", description = "Its name: a folder of functions/.")
    String name;

    @CommandLine.Mixin
    Listening listening = new Listening(8080);

    @Override
    int run() throws IOException, InterruptedException {
        Settings settings = settings();
        if (settings.token().isEmpty() || !settings.stateConfigured()) {
            throw usage(
                            "a function of its own wants a token, and the database of the engine's state",
                            "Set LIFEBOAT_TOKEN, QUARKUS_DATASOURCE_JDBC_URL, QUARKUS_DATASOURCE_USERNAME and"
                                    + " QUARKUS_DATASOURCE_PASSWORD in the environment.")
                    .toException();
        }
        try (Engine function = Engine.startFunction(name, settings, listening.host, listening.port)) {
            terminal()
                    .line("function " + name + " answers on "
                            + function.endpoint().url() + "/" + name + "; Ctrl-C stops");
            function.awaitEnd();
        }
        return ExitCode.SUCCESS;
    }
}
