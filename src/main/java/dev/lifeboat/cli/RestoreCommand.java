package dev.lifeboat.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.artifact.BackupType;
import dev.lifeboat.json.Json;
import java.io.IOException;
import picocli.CommandLine;

@CommandLine.Command(
        name = "restore",
        description = {
            "Restores an environment from an artifact. The present state is backed up first and put back where the restore fails."
        },
        footer = {"", "Example:  lifeboat restore staging latest"})
final class RestoreCommand extends EngineCommand {
    @CommandLine.Parameters(index = "0", paramLabel = "ENV", description = "The environment.")
    String environment;

    @CommandLine.Parameters(index = "1", paramLabel = "ARTIFACT", description = "The artifact's id, or latest.")
    String artifact;

    @CommandLine.Option(
            names = "--type",
            paramLabel = "TYPE",
            description = "full, db_only or filestore_only (default: full).")
    BackupType type = BackupType.FULL;

    @CommandLine.Option(names = "--no-verify", description = "Leave out the validation after the restore.")
    boolean noVerify;

    @CommandLine.Option(
            names = "--no-rollback",
            description = "Leave the environment as it is where the restore fails.")
    boolean noRollback;

    @CommandLine.Option(
            names = "--confirm",
            paramLabel = "ENV",
            description = "The environment's name once more; wanted for production where nobody can be asked.")
    String confirm;

    @CommandLine.Option(
            names = "--again",
            description = "Restore an artifact anew that was restored before; else such a call only validates.")
    boolean again;

    @CommandLine.Option(
            names = "--in-place",
            description = "Load only after the service was stopped, instead of preparing everything beside it before.")
    boolean inPlace;

    @CommandLine.Option(
            names = "--neutralize",
            negatable = true,
            description =
                    "Switch mail, jobs, payments and webhooks off in what is restored (default: where the data is from"
                            + " production and ENV is not).")
    Boolean neutralize;

    @CommandLine.Option(
            names = "--from-environment",
            paramLabel = "ENV",
            description = "The environment whose artifact it is, where it is another one.")
    String fromEnvironment;

    @Override
    int run(ApiClient api) throws IOException, InterruptedException {
        JsonNode target = api.get(environmentPath(environment));
        if (confirm == null && target.path("type").asText().equals("production")) {
            confirm = terminal()
                    .ask(environment
                            + " is PRODUCTION. Its database and filestore will be replaced. Type its name to go on:")
                    .orElse(null);
        }
        return follow(api.post(
                environmentPath(environment) + "/restores",
                Json.object()
                        .put("artifact", artifact)
                        .put("type", type.wireName())
                        .put("verify", !noVerify)
                        .put("rollback", !noRollback)
                        .put("confirm", confirm)
                        .put("again", again)
                        .put("in_place", inPlace)
                        .put("neutralize", neutralize)
                        .put("from_environment", fromEnvironment)));
    }
}
