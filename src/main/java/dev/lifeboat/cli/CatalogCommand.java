package dev.lifeboat.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.json.Json;
import java.io.IOException;
import picocli.CommandLine;

@CommandLine.Command(
        name = "catalog",
        description = "The list of artifacts that Lifeboat keeps in its own database.",
        subcommands = {CatalogCommand.Rebuild.class})
final class CatalogCommand implements Runnable {
    @CommandLine.Spec
    CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "which command? catalog rebuild --from STORE");
    }

    @CommandLine.Command(
            name = "rebuild",
            description = "Enters every artifact that lies in a store, for when Lifeboat's own database was lost.",
            footer = {
                "",
                "Examples:  lifeboat catalog rebuild --from secondary",
                "           lifeboat catalog rebuild --from secondary --trust-key 5b1f...   where the installation's key is lost"
            })
    static final class Rebuild extends EngineCommand {
        @CommandLine.Option(
                names = "--from",
                paramLabel = "STORE",
                required = true,
                description = "The store, by its name in the configuration.")
        String store;

        @CommandLine.Option(
                names = "--trust-key",
                paramLabel = "FINGERPRINT",
                description = {
                    "Takes artifacts of another installation's too, for this once: the fingerprint of its key, as",
                    "`lifeboat evidence key` printed it there."
                })
        String trustKey;

        @Override
        int run(ApiClient api) throws IOException, InterruptedException {
            ObjectNode body = Json.object().put("store", store);
            if (trustKey != null) {
                body.put("trust_key", trustKey);
            }
            JsonNode report = api.postPatiently("/api/v1/catalogue/rebuilds", body);
            terminal()
                    .line(report.path("entered").size() + " artifacts entered, "
                            + report.path("known").size() + " were known");
            report.path("problems").forEach(problem -> terminal()
                    .line("  not usable: " + problem.path("artifact").asText() + ": "
                            + problem.path("problem").asText()));
            report.path("unconfigured").forEach(environment -> terminal()
                    .line("  " + environment.asText() + " is not in the configuration: a restore needs it there"));
            terminal().answer(report);
            return ExitCode.SUCCESS;
        }
    }
}
