package dev.lifeboat.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.json.Json;
import dev.lifeboat.progress.Amounts;
import dev.lifeboat.sidecar.ImportFolder;
import dev.lifeboat.store.DurableFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import picocli.CommandLine;

@CommandLine.Command(
        name = "artifact",
        description = "One artifact.",
        subcommands = {
            ArtifactCommand.Show.class,
            ArtifactCommand.Import.class,
            ArtifactCommand.Export.class,
            ArtifactCommand.Replicate.class,
            ArtifactCommand.Displaced.class
        })
final class ArtifactCommand implements Runnable {
    @CommandLine.Spec
    CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(
                spec.commandLine(),
                "which command? artifact show ARTIFACT, artifact import FILE.zip --env ENV, artifact export ARTIFACT --odoo-zip FILE,"
                        + " artifact replicate ARTIFACT --to STORE, or artifact displaced");
    }

    @CommandLine.Command(
            name = "import",
            description = "Makes an artifact of a backup that Odoo itself has made: the zip of its database manager.",
            footer = {"", "Example:  lifeboat artifact import shop_2026-03-01.zip --env prod"})
    static final class Import extends EngineCommand {
        @CommandLine.Parameters(paramLabel = "FILE", description = "The zip.")
        Path file;

        @CommandLine.Option(
                names = "--env",
                paramLabel = "ENV",
                required = true,
                description = "The environment whose artifact it becomes.")
        String environment;

        @CommandLine.Option(names = "--label", paramLabel = "TEXT", description = "A name of your own for it.")
        String label;

        @Override
        int run(ApiClient api) throws IOException, InterruptedException {
            Path there = placed();
            try {
                return follow(api.post(
                        environmentPath(environment) + "/imports",
                        Json.object()
                                .put("file", there.getFileName().toString())
                                .put("label", label)));
            } finally {
                Files.deleteIfExists(there);
            }
        }

        /** The engine reads what lies in its own folder: a link to the file where that can be, else a copy. */
        private Path placed() throws IOException {
            if (settings().server().isPresent()) {
                throw usage(
                                "an import reads a file of the machine that the server runs on",
                                "Run it there, without --server.")
                        .toException();
            }
            if (!Files.isRegularFile(file)) {
                throw Fault.of(
                                FaultCode.BAD_INPUT,
                                "there is no file " + file,
                                "Give the zip that Odoo's database manager or `odoo db dump` has written.")
                        .toException();
            }
            Path folder = ImportFolder.of(settings().dataDir());
            DurableFiles.createFolders(folder);
            Path there = folder.resolve("import-" + UUID.randomUUID() + ".zip");
            try {
                Files.createLink(there, file.toRealPath());
            } catch (UnsupportedOperationException | IOException e) {
                // another volume, or somebody else's file
                Files.copy(file, there);
            }
            return there;
        }
    }

    @CommandLine.Command(
            name = "export",
            description = "Writes an artifact as a zip that Odoo's own database manager and `odoo db load` take.",
            footer = {"", "Example:  lifeboat artifact export bk_20260301T020000Z_1a2b3c4d --odoo-zip shop.zip"})
    static final class Export extends EngineCommand {
        @CommandLine.Parameters(paramLabel = "ARTIFACT", description = "The artifact's id.")
        String artifact;

        @CommandLine.Option(
                names = "--odoo-zip",
                paramLabel = "FILE",
                required = true,
                description = "The file to write; it must not be there yet.")
        Path file;

        @Override
        int run(ApiClient api) throws IOException, InterruptedException {
            if (Files.exists(file)) {
                throw Fault.of(
                                FaultCode.BAD_INPUT,
                                file + " is there already",
                                "Name a file that is not, or remove it first.")
                        .toException();
            }
            long bytes = api.download(
                    "/api/v1/artifacts/" + ApiClient.segment(artifact) + "/odoo-zip",
                    file.toAbsolutePath().normalize());
            terminal().line(file + ": " + Amounts.bytes(bytes));
            terminal()
                    .answer(Json.object()
                            .put("artifact_id", artifact)
                            .put("file", file.toString())
                            .put("bytes", bytes));
            return ExitCode.SUCCESS;
        }
    }

    @CommandLine.Command(
            name = "replicate",
            description =
                    "Copies an artifact into a store now; pending copies are also made by themselves while `serve` runs.",
            footer = {"", "Example:  lifeboat artifact replicate bk_20260301T020000Z_1a2b3c4d --to tertiary"})
    static final class Replicate extends EngineCommand {
        @CommandLine.Parameters(paramLabel = "ARTIFACT", description = "The artifact's id.")
        String artifact;

        @CommandLine.Option(names = "--to", paramLabel = "STORE", required = true, description = "The store.")
        String store;

        @Override
        int run(ApiClient api) throws IOException, InterruptedException {
            return follow(api.post(
                    "/api/v1/artifacts/" + ApiClient.segment(artifact) + "/copies",
                    Json.object().put("store", store)));
        }
    }

    @CommandLine.Command(
            name = "displaced",
            description = "Lists what restores displaced and keep for a while; --drop removes it.",
            footer = {"", "Example:  lifeboat artifact displaced --drop run_20260301T020000Z_1a2b3c4d"})
    static final class Displaced extends EngineCommand {
        @CommandLine.Option(names = "--drop", paramLabel = "RUN", description = "Drop what this restore displaced.")
        String drop;

        @Override
        int run(ApiClient api) throws IOException, InterruptedException {
            if (drop != null) {
                return follow(api.post("/api/v1/displaced/" + ApiClient.segment(drop) + "/drop", Json.object()));
            }
            JsonNode displaced = api.get("/api/v1/displaced");
            var rows = new ArrayList<List<String>>();
            displaced.forEach(one -> rows.add(List.of(
                    one.path("run_id").asText(),
                    one.path("environment").asText(),
                    one.path("database").asText("-"),
                    one.path("filestore").asText("-"),
                    one.path("until").asText())));
            terminal().table(List.of("RESTORE", "ENVIRONMENT", "DATABASE", "FILESTORE", "KEPT UNTIL"), rows);
            terminal().answer(displaced);
            return ExitCode.SUCCESS;
        }
    }

    @CommandLine.Command(
            name = "show",
            description = "Shows an artifact: what it holds, and where its copies are.",
            footer = {"", "Example:  lifeboat artifact show bk_20260301T020000Z_1a2b3c4d"})
    static final class Show extends EngineCommand {
        @CommandLine.Parameters(paramLabel = "ARTIFACT", description = "The artifact's id.")
        String artifact;

        @Override
        int run(ApiClient api) throws IOException, InterruptedException {
            JsonNode shown = api.get("/api/v1/artifacts/" + ApiClient.segment(artifact));
            terminal()
                    .line(shown.path("artifact_id").asText() + "  "
                            + shown.path("backup_type").asText() + " of "
                            + shown.path("environment").asText() + ", "
                            + Amounts.bytes(shown.path("size_bytes").asLong()) + ", "
                            + Terminal.age(shown.path("created_at").asText()));
            for (JsonNode copy : shown.path("copies")) {
                terminal()
                        .line("  copy in " + copy.path("store").asText() + ": "
                                + copy.path("status").asText() + ", "
                                + copy.path(copy.path("problem").isTextual() ? "problem" : "uri")
                                        .asText());
            }
            JsonNode manifest = shown.path("manifest");
            JsonNode database = manifest.path("database");
            if (database.isObject()) {
                terminal()
                        .line("  database: " + database.path("tables").size() + " tables, "
                                + database.path("sequences").size() + " sequences, server "
                                + database.path("server_version").asText());
            }
            JsonNode filestore = manifest.path("filestore");
            if (filestore.isObject()) {
                terminal()
                        .line("  filestore: " + filestore.path("file_count").asLong() + " files, "
                                + Amounts.bytes(filestore.path("content_bytes").asLong()));
            }
            terminal()
                    .line("  modules: "
                            + manifest.path("manifest")
                                    .path("modules_installed")
                                    .size() + " installed, Odoo "
                            + manifest.path("manifest").path("odoo_version").asText("unknown"));
            for (JsonNode reason : manifest.path("degraded")) {
                terminal().line("  degraded: " + reason.asText());
            }
            terminal().answer(shown);
            return ExitCode.SUCCESS;
        }
    }
}
