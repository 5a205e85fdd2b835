package dev.lifeboat.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.progress.Amounts;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;

@CommandLine.Command(
        name = "deployments",
        description = "Lists the deployments of an environment, what their checks found, and what became of them.",
        footer = {"", "Example:  lifeboat deployments prod"})
final class DeploymentsCommand extends EngineCommand {
    @CommandLine.Parameters(paramLabel = "ENV", description = "The environment.")
    String environment;

    @Override
    int run(ApiClient api) throws IOException, InterruptedException {
        JsonNode answer = api.get(environmentPath(environment) + "/deployments");
        var rows = new ArrayList<List<String>>();
        for (JsonNode deployment : answer.path("deployments")) {
            rows.add(List.of(
                    deployment.path("version").asText(),
                    deployment.path("version_before").asText(""),
                    deployment.path("completed_at").asText("goes on"),
                    deployment.path("outcome").asText("").replace('_', ' '),
                    deployment.hasNonNull("level") ? deployment.get("level").asText() : "",
                    deployment.hasNonNull("rollback_seconds")
                            ? Amounts.seconds(deployment.get("rollback_seconds").asDouble())
                            : ""));
        }
        terminal().table(List.of("VERSION", "BEFORE", "COMPLETED", "OUTCOME", "LEVEL", "ROLLBACK"), rows);
        terminal()
                .line("last good version: " + answer.path("last_good_version").asText("none yet") + "; rollback: "
                        + answer.path("policy").asText());
        for (JsonNode deployment : answer.path("deployments")) {
            if (deployment.path("outcome").asText().equals("proposed")) {
                terminal()
                        .line("proposed: lifeboat rollback " + environment + "   because "
                                + deployment.path("reason").asText());
                break;
            }
        }
        terminal().answer(answer);
        return ExitCode.SUCCESS;
    }
}
