package dev.lifeboat.cli;

import dev.lifeboat.json.Json;
import java.io.IOException;
import picocli.CommandLine;

@CommandLine.Command(
        name = "verify",
        description = "Reads every byte of an artifact and compares it with its manifest.",
        footer = {"", "Example:  lifeboat verify bk_20260301T020000Z_1a2b3c4d"})
final class VerifyCommand extends EngineCommand {
    @CommandLine.Parameters(paramLabel = "ARTIFACT", description = "The artifact's id.")
    String artifact;

    @Override
    int run(ApiClient api) throws IOException, InterruptedException {
        return follow(api.post("/api/v1/artifacts/" + ApiClient.segment(artifact) + "/verifications", Json.object()));
    }
}
