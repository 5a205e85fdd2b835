package dev.lifeboat.cli;

import dev.lifeboat.json.Json;
import java.io.IOException;
import picocli.CommandLine;

@CommandLine.Command(
        name = "preflight",
        description = "Shows every precondition of a backup, or of the restore of ARTIFACT; starts nothing.",
        footer = {"", "Example:  lifeboat preflight prod latest"})
final class PreflightCommand extends EngineCommand {
    @CommandLine.Parameters(index = "0", paramLabel = "ENV", description = "The environment.")
    String environment;

    @CommandLine.Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "ARTIFACT",
            description = "The artifact to restore, or latest; left out: the preconditions of a backup.")
    String artifact;

    @Override
    int run(ApiClient api) throws IOException, InterruptedException {
        return Checks.show(
                api.post(
                        environmentPath(environment) + "/preflight",
                        Json.object()
                                .put("operation", artifact == null ? "backup" : "restore")
                                .put("artifact", artifact)),
                terminal());
    }
}
