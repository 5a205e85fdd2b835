package dev.lifeboat.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.progress.Amounts;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;

@CommandLine.Command(
        name = "artifacts",
        description = "Lists the artifacts that can be restored, the newest first.",
        footer = {"", "Example:  lifeboat artifacts prod"})
final class ArtifactsCommand extends EngineCommand {
    @CommandLine.Parameters(arity = "0..1", paramLabel = "ENV", description = "Only those of this environment.")
    String environment;

    @Override
    int run(ApiClient api) throws IOException, InterruptedException {
        JsonNode artifacts = api.get(
                "/api/v1/artifacts" + (environment == null ? "" : "?environment=" + ApiClient.query(environment)));
        var rows = new ArrayList<List<String>>();
        for (JsonNode artifact : artifacts) {
            rows.add(List.of(
                    artifact.path("artifact_id").asText(),
                    artifact.path("environment").asText(),
                    artifact.path("backup_type").asText(),
                    artifact.path("purpose").asText().replace('_', ' '),
                    Amounts.bytes(artifact.path("size_bytes").asLong()),
                    Terminal.age(artifact.path("created_at").asText()),
                    artifact.path("degraded").isEmpty() ? "" : "degraded",
                    artifact.path("label").asText("")));
        }
        terminal().table(List.of("ARTIFACT", "ENVIRONMENT", "TYPE", "PURPOSE", "SIZE", "AGE", "STATE", "LABEL"), rows);
        terminal().answer(artifacts);
        return ExitCode.SUCCESS;
    }
}
