package dev.lifeboat.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import picocli.CommandLine;

@CommandLine.Command(
        name = "incident",
        description = {
            "Prints the report of the incident that a run belongs to, in Markdown: what is recorded is filled in, what only",
            "people know is left as marked blanks."
        },
        footer = {"", "Example:  lifeboat incident run_20260301T020000Z_1a2b3c4d > incident.md"})
final class IncidentCommand extends EngineCommand {
    @CommandLine.Parameters(paramLabel = "RUN", description = "A rollback, a restore, or the checks of a deployment.")
    String runId;

    @Override
    int run(ApiClient api) throws IOException, InterruptedException {
        JsonNode report = api.get("/api/v1/runs/" + ApiClient.segment(runId) + "/incident");
        terminal().line(report.path("markdown").asText().stripTrailing());
        terminal().answer(report);
        return ExitCode.SUCCESS;
    }
}
