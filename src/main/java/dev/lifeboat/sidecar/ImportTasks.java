package dev.lifeboat.sidecar;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.filestore.Trees;
import dev.lifeboat.json.Json;
import dev.lifeboat.postgres.DatabaseLoader;
import dev.lifeboat.postgres.PgTools;
import dev.lifeboat.progress.Amounts;
import dev.lifeboat.progress.Progress;
import dev.lifeboat.step.EvidenceFile;
import dev.lifeboat.step.StepResult;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Unpacks what is to be imported: its dump into a hidden database, its files into a folder beside the filestore. The steps of a
 * backup then read there, so that an imported artifact is like any other.
 */
@ApplicationScoped
class ImportTasks {
    static final String PART = "import";

    private final EnvironmentCatalogue environments;
    private final LifeboatConfig config;

    ImportTasks(EnvironmentCatalogue environments, LifeboatConfig config) {
        this.environments = environments;
        this.config = config;
    }

    StepResult unpack(Task.UnpackImport task, Progress progress) {
        var site = new RestoreSite(environments.bindings(task.environment()), task.runId(), config.dataDir());
        Path file = ImportFolder.file(config.dataDir(), task.file());
        int major = site.server().probe().major();
        var loader = new DatabaseLoader(site.server(), PgTools.forServer(major, config.pgBin()));
        Path folder = site.folders().fresh();
        clear(folder);
        OdooZip.Unpacked unpacked =
                OdooZip.read(file, folder, sql -> loader.loadSql(site.newDatabase(), sql, NewDatabase.LIMIT), progress);
        ObjectNode document = Json.object()
                .put("file", task.file())
                .put("database", site.newDatabase())
                .put("filestore", folder.toString());
        document.set("unpacked", Json.tree(unpacked));
        var evidence = List.of(new EvidenceFile("import.json", Json.pretty(document)));
        site.keep(PART, evidence);
        return new StepResult.Done(
                Json.object()
                        .put(
                                "summary",
                                "Odoo " + unpacked.series() + ", database " + unpacked.databaseName() + ", "
                                        + unpacked.files() + " files, " + Amounts.bytes(unpacked.bytes())),
                evidence);
    }

    private static void clear(Path folder) {
        try {
            Trees.remove(folder);
        } catch (IOException e) {
            throw Fault.of(
                            FaultCode.EXTRACT_FAILED,
                            "what an earlier attempt has left in " + folder + " can't be removed: " + e.getMessage(),
                            "Look at that volume, and import again.")
                    .toException(e);
        }
    }
}
