package dev.lifeboat.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;

@CommandLine.Command(
        name = "runs",
        description = "Lists runs, the newest first.",
        footer = {"", "Example:  lifeboat runs prod"})
final class RunsCommand extends EngineCommand {
    @CommandLine.Parameters(arity = "0..1", paramLabel = "ENV", description = "Only those of this environment.")
    String environment;

    @Override
    int run(ApiClient api) throws IOException, InterruptedException {
        JsonNode runs =
                api.get("/api/v1/runs" + (environment == null ? "" : "?environment=" + ApiClient.query(environment)));
        var rows = new ArrayList<List<String>>();
        for (JsonNode run : runs) {
            rows.add(List.of(
                    run.path("run_id").asText(),
                    run.path("environment").asText(),
                    run.path("operation").asText(),
                    run.path("status").asText(),
                    Terminal.age(run.path("created_at").asText()),
                    run.path("fault").path("message").asText("")));
        }
        terminal().table(List.of("RUN", "ENVIRONMENT", "OPERATION", "STATUS", "AGE", "FAULT"), rows);
        terminal().answer(runs);
        return ExitCode.SUCCESS;
    }
}
