package dev.lifeboat.cli;

import dev.lifeboat.json.Json;
import java.io.IOException;
import picocli.CommandLine;

@CommandLine.Command(
        name = "drill",
        description = {
            "Rehearses a restore beside the environment, which is not touched: the artifact is read, loaded, laid out, compared,",
            "checked, and removed again. Exit code 0: PASS, 1: FAIL."
        },
        footer = {"", "Example:  lifeboat drill prod --store secondary"})
final class DrillCommand extends EngineCommand {
    @CommandLine.Parameters(paramLabel = "ENV", description = "The environment.")
    String environment;

    @CommandLine.Option(
            names = "--artifact",
            paramLabel = "ARTIFACT",
            description = "Which (default: the newest backup).")
    String artifact;

    @CommandLine.Option(
            names = "--store",
            paramLabel = "STORE",
            description = "Whose copy of it (default: the nearest that is whole).")
    String store;

    @Override
    int run(ApiClient api) throws IOException, InterruptedException {
        return follow(api.post(
                environmentPath(environment) + "/drills",
                Json.object().put("artifact", artifact).put("store", store)));
    }
}
