package dev.lifeboat.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.json.Json;
import java.io.IOException;
import picocli.CommandLine;

@CommandLine.Command(
        name = "rollback",
        description = {
            "Goes back behind the newest deployment. Level 1 sets the version back; level 2 first restores the backup of before",
            "the deployment, and saves the present state before that."
        },
        footer = {"", "Example:  lifeboat rollback prod --dry-run"})
final class RollbackCommand extends EngineCommand {
    @CommandLine.Parameters(paramLabel = "ENV", description = "The environment.")
    String environment;

    @CommandLine.Option(
            names = "--level",
            paramLabel = "LEVEL",
            description = "1: the version; 2: version and data (default: as the deployment's checks ask for, else 1).")
    Integer level;

    @CommandLine.Option(
            names = "--to",
            paramLabel = "VERSION",
            description = "The version to go back to (default: the last good one, with level 2 the one before).")
    String to;

    @CommandLine.Option(names = "--reason", paramLabel = "TEXT", description = "Why, for those who are told.")
    String reason;

    @CommandLine.Option(
            names = "--confirm",
            paramLabel = "ENV",
            description = "The environment's name once more; wanted for production where nobody can be asked.")
    String confirm;

    @CommandLine.Option(names = "--dry-run", description = "Only tell what would be done.")
    boolean dryRun;

    @Override
    int run(ApiClient api) throws IOException, InterruptedException {
        JsonNode plan = api.get(environmentPath(environment) + "/rollbacks/plan"
                + (level == null && to == null ? "" : "?")
                + (level == null ? "" : "level=" + level)
                + (level == null || to == null ? "" : "&")
                + (to == null ? "" : "to=" + ApiClient.query(to)));
        tell(plan);
        if (dryRun) {
            terminal().answer(plan);
            return ExitCode.SUCCESS;
        }
        JsonNode target = api.get(environmentPath(environment));
        if (confirm == null && target.path("type").asText().equals("production")) {
            confirm = terminal()
                    .ask(environment + " is PRODUCTION. The above will be done to it. Type its name to go on:")
                    .orElse(null);
        }
        return follow(api.post(
                environmentPath(environment) + "/rollbacks",
                Json.object()
                        .put("level", plan.path("level").asInt())
                        .put("to", to)
                        .put("reason", reason)
                        .put("confirm", confirm)));
    }

    private void tell(JsonNode plan) {
        terminal()
                .line("rollback of " + plan.path("environment").asText() + ", level "
                        + plan.path("level").asInt() + ": "
                        + plan.path("version_from").asText("a version that nobody knows") + " → "
                        + plan.path("version_to").asText("the version before") + ", meant to take "
                        + plan.path("target_seconds").asLong() / 60 + " min, "
                        + plan.path("maximum_seconds").asLong() / 60 + " min at most");
        int number = 1;
        for (JsonNode step : plan.path("steps")) {
            terminal().line("  " + number++ + ". " + step.asText());
        }
        terminal().line("");
    }
}
