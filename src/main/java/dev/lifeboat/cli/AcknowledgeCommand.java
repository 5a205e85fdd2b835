package dev.lifeboat.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.json.Json;
import java.io.IOException;
import picocli.CommandLine;

@CommandLine.Command(
        name = "acknowledge",
        description = "Takes the trouble of a run: no further level of escalation is told.",
        footer = {"", "Example:  lifeboat acknowledge run_20260301T020000Z_1a2b3c4d --note 'I look at it'"})
final class AcknowledgeCommand extends EngineCommand {
    @CommandLine.Parameters(paramLabel = "RUN", description = "The run that the notice names.")
    String runId;

    @CommandLine.Option(names = "--note", paramLabel = "TEXT", description = "What others should know.")
    String note;

    @Override
    int run(ApiClient api) throws IOException, InterruptedException {
        JsonNode taken = api.post(
                "/api/v1/runs/" + ApiClient.segment(runId) + "/acknowledgement",
                Json.object().put("note", note));
        terminal()
                .line("acknowledged by " + taken.path("acknowledged_by").asText() + " at "
                        + taken.path("acknowledged_at").asText());
        terminal().answer(taken);
        return ExitCode.SUCCESS;
    }
}
