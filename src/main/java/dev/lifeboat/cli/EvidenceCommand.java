package dev.lifeboat.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.json.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;

@CommandLine.Command(
        name = "evidence",
        description = "Shows where a run's evidence is, and its files.",
        footer = {"", "Example:  lifeboat evidence run_20260301T020000Z_1a2b3c4d"})
final class EvidenceCommand extends EngineCommand {
    @CommandLine.Parameters(paramLabel = "RUN", description = "The run's id.")
    String runId;

    @Override
    int run(ApiClient api) throws IOException, InterruptedException {
        JsonNode run = api.get("/api/v1/runs/" + ApiClient.segment(runId));
        JsonNode files = api.get("/api/v1/runs/" + ApiClient.segment(runId) + "/evidence");
        terminal().line(run.path("evidence_dir").asText());
        var rows = new ArrayList<List<String>>();
        files.forEach(file -> rows.add(List.of(
                "  " + file.path("name").asText(),
                Terminal.bytes(file.path("size").asLong()))));
        terminal().table(List.of("  FILE", "SIZE"), rows);
        var answer = Json.object().put("evidence_dir", run.path("evidence_dir").asText());
        answer.set("files", files);
        terminal().answer(answer);
        return ExitCode.SUCCESS;
    }
}
