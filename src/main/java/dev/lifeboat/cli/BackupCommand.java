package dev.lifeboat.cli;

import dev.lifeboat.artifact.BackupType;
import dev.lifeboat.json.Json;
import java.io.IOException;
import picocli.CommandLine;

@CommandLine.Command(
        name = "backup",
        description = "Backs an environment up: database, filestore, configuration.",
        footer = {"", "Example:  lifeboat backup prod --label 'before the upgrade'"})
final class BackupCommand extends EngineCommand {
    @CommandLine.Parameters(paramLabel = "ENV", description = "The environment.")
    String environment;

    @CommandLine.Option(
            names = "--type",
            paramLabel = "TYPE",
            description = "full, db_only or filestore_only (default: full).")
    BackupType type = BackupType.FULL;

    @CommandLine.Option(names = "--label", paramLabel = "TEXT", description = "A name of your own for the backup.")
    String label;

    @CommandLine.Option(
            names = "--full-filestore",
            description = "Archive every file again, also what earlier backups hold.")
    boolean fullFilestore;

    @Override
    int run(ApiClient api) throws IOException, InterruptedException {
        return follow(api.post(
                environmentPath(environment) + "/backups",
                Json.object().put("type", type.wireName()).put("label", label).put("full_filestore", fullFilestore)));
    }
}
