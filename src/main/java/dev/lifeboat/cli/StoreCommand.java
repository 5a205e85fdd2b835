package dev.lifeboat.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.json.Json;
import dev.lifeboat.store.KeyFile;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine;

@CommandLine.Command(
        name = "store",
        description = "The keys of encrypted stores.",
        subcommands = {StoreCommand.NewKey.class, StoreCommand.Rekey.class})
final class StoreCommand implements Runnable {
    @CommandLine.Spec
    CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(
                spec.commandLine(), "which command? store new-key FILE, or store rekey STORE");
    }

    @CommandLine.Command(
            name = "new-key",
            description = "Makes a key for encrypted stores in a file of its own.",
            footer = {"", "Example:  lifeboat store new-key /etc/lifeboat/store.key"})
    static final class NewKey extends Command {
        @CommandLine.Parameters(paramLabel = "FILE", description = "The file; it must not exist.")
        Path file;

        @Override
        int run() {
            String recipient = KeyFile.create(file);
            terminal().line(file + " holds the key for " + recipient);
            terminal().line("keep a copy away from the stores: without it their artifacts can't be opened by anybody");
            terminal().answer(Json.object().put("file", file.toString()).put("recipient", recipient));
            return ExitCode.SUCCESS;
        }
    }

    @CommandLine.Command(
            name = "rekey",
            description = "Has every artifact of a store opened by the first key of its key file.",
            footer = {"", "Example:  lifeboat store rekey secondary"})
    static final class Rekey extends EngineCommand {
        @CommandLine.Parameters(paramLabel = "STORE", description = "The store's name in the configuration.")
        String store;

        @Override
        int run(ApiClient api) throws IOException, InterruptedException {
            JsonNode report =
                    api.postPatiently("/api/v1/stores/" + ApiClient.segment(store) + "/rekeyings", Json.object());
            terminal()
                    .line(report.path("rekeyed").asInt() + " artifacts rekeyed, "
                            + report.path("as_they_were").asInt() + " had that key already");
            terminal().answer(report);
            return ExitCode.SUCCESS;
        }
    }
}
