package dev.lifeboat.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.json.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;

@CommandLine.Command(
        name = "prune",
        description = "Applies the retention policy: removes backups that no rule keeps.",
        footer = {"", "Example:  lifeboat prune prod --dry-run"})
final class PruneCommand extends EngineCommand {
    @CommandLine.Parameters(paramLabel = "ENV", description = "The environment.")
    String environment;

    @CommandLine.Option(names = "--dry-run", description = "Only say what would be removed, and why.")
    boolean dryRun;

    @Override
    int run(ApiClient api) throws IOException, InterruptedException {
        JsonNode run = stay(
                api.post(environmentPath(environment) + "/prunes", Json.object().put("dry_run", dryRun))
                        .path("run_id")
                        .asText());
        var rows = new ArrayList<List<String>>();
        for (JsonNode step : run.path("steps")) {
            for (JsonNode verdict : step.path("outputs").path("verdicts")) {
                rows.add(List.of(
                        verdict.path("artifact_id").asText(),
                        verdict.path("action").asText(),
                        verdict.path("reason").asText()));
            }
        }
        terminal().table(List.of("ARTIFACT", dryRun ? "WOULD BE" : "WAS", "WHY"), rows);
        return conclude(run);
    }
}
