package dev.lifeboat.cli;

import dev.lifeboat.json.Json;
import picocli.AutoComplete;
import picocli.CommandLine;

@CommandLine.Command(
        name = "completion",
        description = "Prints what lets bash and zsh complete commands and options.",
        footer = {"", "Example:  source <(lifeboat completion)"})
final class CompletionCommand extends Command {
    @CommandLine.Spec
    CommandLine.Model.CommandSpec spec;

    @Override
    int run() {
        String script = AutoComplete.bash("lifeboat", spec.root().commandLine());
        terminal().line(script);
        terminal().answer(Json.object().put("script", script));
        return ExitCode.SUCCESS;
    }
}
