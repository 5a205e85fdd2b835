package dev.lifeboat.cli;

import dev.lifeboat.json.Json;
import java.io.IOException;
import picocli.CommandLine;

@CommandLine.Command(
        name = "validate",
        description = "Runs the seven validation checks against an environment; changes nothing.",
        footer = {"", "Example:  lifeboat validate prod"})
final class ValidateCommand extends EngineCommand {
    @CommandLine.Parameters(paramLabel = "ENV", description = "The environment.")
    String environment;

    @CommandLine.Option(
            names = "--deep",
            description =
                    "Also read every page of the database in search of corruption (pg_amcheck; needs its extension).")
    boolean deep;

    @Override
    int run(ApiClient api) throws IOException, InterruptedException {
        return follow(api.post(
                environmentPath(environment) + "/validations", Json.object().put("deep", deep)));
    }
}
