package dev.lifeboat.cli;

import dev.lifeboat.host.Engine;
import dev.lifeboat.host.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
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
    private static final Pattern PORT = Pattern.compile("0|[1-9][0-9]{0,4}");

    @CommandLine.Parameters(paramLabel = "FUNCTION", description = "Its name: a folder of functions/.")
    String name;

    @CommandLine.Mixin
    Listening listening = new Listening(8080);

    /**
     * The command that arguments mean which are nothing but its name, a function and options with their values, each a word of
     * its own, as all manifests have them. A function is started while somebody waits for its answer, and the library that
     * reads arguments takes an eighth of that time. Empty: the library has to read them, and to say what is wrong.
     */
    static Optional<FunctionCommand> of(String... arguments) {
        List<String> words = List.of(arguments);
        if (words.size() < 2 || words.size() % 2 != 0 || !words.getFirst().equals("function") || isOdd(words.get(1))) {
            return Optional.empty();
        }
        var command = new FunctionCommand();
        command.name = words.get(1);
        for (int i = 2; i < words.size(); i += 2) {
            String value = words.get(i + 1);
            if (isOdd(value)) {
                return Optional.empty();
            }
            switch (words.get(i)) {
                case "--host" -> command.listening.host = value;
                case "--port" -> {
                    if (!PORT.matcher(value).matches()) {
                        return Optional.empty();
                    }
                    command.listening.port = Integer.parseInt(value);
                }
                case "--data-dir" -> Main.useDataDir(Path.of(value));
                default -> {
                    return Optional.empty();
                }
            }
        }
        return Optional.of(command);
    }

    /** What only the library knows to read: options, quotes, files of arguments, variables. */
    private static boolean isOdd(String word) {
        return word.isEmpty()
                || !word.chars().allMatch(c -> c > ' ' && "\"'@$\\".indexOf(c) < 0)
                || word.startsWith("-");
    }

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
