package dev.lifeboat.cli;

import dev.lifeboat.json.Json;
import picocli.AutoComplete;
import picocli.CommandLine;

@CommandLine.Command(
        name = "completion",
        description = "Prints what lets bash and zsh complete commands and options.",
        footer = {"", "Example:  source <(lifeboat completion)"})
final class CompletionCommand extends Command {
    @Override
    int run() {
        String script = AutoComplete.bash("lifeboat", Main.commandLine());
        terminal().line(script);
        terminal().answer(Json.object().put("script", script));
        return ExitCode.SUCCESS;
    }
}
