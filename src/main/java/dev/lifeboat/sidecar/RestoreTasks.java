package dev.lifeboat.sidecar;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.artifact.ArtifactId;
import dev.lifeboat.artifact.ArtifactLibrary;
import dev.lifeboat.artifact.ArtifactVerification;
import dev.lifeboat.artifact.ArtifactVerifier;
import dev.lifeboat.artifact.Manifest;
import dev.lifeboat.artifact.Manifest.DatabaseContent;
import dev.lifeboat.artifact.Manifest.FilestoreEntry;
import dev.lifeboat.artifact.OpenArtifact;
import dev.lifeboat.environment.Bindings;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.environment.ServiceControl;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.filestore.FilestoreRestorer;
import dev.lifeboat.filestore.FolderSwap;
import dev.lifeboat.json.Json;
import dev.lifeboat.odoo.Validation;
import dev.lifeboat.postgres.DatabaseDumper;
import dev.lifeboat.postgres.DatabaseLoader;
import dev.lifeboat.postgres.DatabaseServer;
import dev.lifeboat.postgres.DatabaseSwap;
import dev.lifeboat.postgres.PgTools;
import dev.lifeboat.progress.Progress;
import dev.lifeboat.step.EvidenceFile;
import dev.lifeboat.step.StepResult;
import dev.lifeboat.store.Stores;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * The heavy half of a restore. New things are built and proved beside the present ones, then swapped; what was there is kept
 * aside until the run has succeeded. Each task finds out from journals, folders and OIDs what an earlier attempt has done.
 */
@ApplicationScoped
class RestoreTasks {
    private final EnvironmentCatalogue environments;
    private final LifeboatConfig config;
    private final Stores stores;
    private final ArtifactLibrary library;

    RestoreTasks(EnvironmentCatalogue environments, LifeboatConfig config, Stores stores, ArtifactLibrary library) {
        this.environments = environments;
        this.config = config;
        this.stores = stores;
        this.library = library;
    }

    StepResult verify(Task.VerifyArtifact task, Progress progress) {
        OpenArtifact artifact = open(task.artifact());
        ArtifactVerification verification = new ArtifactVerifier()
                .verify(
                        artifact.folder(),
                        artifact.signed(),
                        ArtifactVerifier.PartResolver.besides(artifact.folder()),
                        progress);
        var evidence = List.of(new EvidenceFile("artifact_verification.json", Json.pretty(verification)));
        return verification
                .fault()
                .<StepResult>map(fault -> new StepResult.Failed(fault, "nothing was touched", evidence))
                .orElseGet(() -> new StepResult.Done(
                        Json.object()
                                .put("store", artifact.folder().store().name())
                                .put(
                                        "summary",
                                        verification.files().size() + " files, "
                                                + BackupTasks.size(verification.bytes()) + " as they were written"),
                        evidence));
    }

    StepResult restoreDatabase(Task.RestoreDatabase task, Progress progress) {
        Instant begin = Instant.now();
        Bindings bindings = environments.bindings(task.environment());
        OpenArtifact artifact = open(task.artifact());
        DatabaseContent content =
                artifact.manifest().database().orElseThrow(() -> notCovered(task.artifact(), "database"));
        var server = new DatabaseServer(bindings.database());
        PgTools tools = PgTools.forRestore(
                server.probe().major(),
                artifact.manifest().manifest().dbMajorVersion().orElse(0),
                config.pgBin());
        DatabaseSwap swap = swap(server, task.runId());
        var loader = new DatabaseLoader(server, tools);
        var dumper = new DatabaseDumper(tools);
        String log;
        DatabaseDumper.Report restored;
        if (swap.isSwapped()) {
            log = "an earlier attempt has loaded the dump and swapped the databases";
            restored = dumper.digest(server, bindings.database().name(), progress);
        } else {
            for (int earlier = 1; earlier < task.attempt(); earlier++) {
                loader.drop(loadedName(task.runId(), earlier));
            }
            String fresh = loadedName(task.runId(), task.attempt());
            progress.phase("load");
            progress.expect(content.sizeBytes(), content.tables().size());
            log = withFile(
                    artifact,
                    task.runId(),
                    dump -> loader.load(
                            fresh, content, dump, Runtime.getRuntime().availableProcessors()));
            boolean proved = false;
            try {
                progress.phase("digest");
                restored = dumper.digest(server, fresh, progress);
                prove(content, restored);
                progress.phase("swap");
                swap.swap(fresh);
                proved = true;
            } finally {
                if (!proved) {
                    loader.drop(fresh);
                }
            }
        }
        prove(content, restored);
        Instant end = Instant.now();
        ObjectNode verification = Json.object()
                .put(
                        "method",
                        "digests of the restored database's tables, sequences and definitions, compared with those"
                                + " of the artifact; a hash over an archive of the restored database can never be equal, because"
                                + " the archive's header holds the time at which it was made")
                .put("tables", content.tables().size())
                .put("sequences", content.sequences().size())
                .put("expected_schema_sha256", content.schemaSha256())
                .put("actual_schema_sha256", restored.schemaSha256())
                .put("equal", true);
        verification.set(
                "table_digests", Json.mapper().valueToTree(restored.data().tables()));
        return new StepResult.Done(
                Json.object()
                        .put("displaced", swap.displaced())
                        .put("summary", content.tables().size() + " tables, digests equal"),
                List.of(
                        new EvidenceFile("db_restore.log", log + "\n"),
                        new EvidenceFile("db_restore_duration.json", duration(begin, end)),
                        new EvidenceFile("db_restore_checksum_verification.json", Json.pretty(verification))));
    }

    private static void prove(DatabaseContent expected, DatabaseDumper.Report actual) {
        var different = new ArrayList<String>();
        if (!expected.tables().equals(actual.data().tables())) {
            expected.tables().stream()
                    .filter(table -> !actual.data().tables().contains(table))
                    .forEach(table -> different.add("table " + table.table()));
            actual.data().tables().stream()
                    .filter(table ->
                            expected.tables().stream().noneMatch(t -> t.table().equals(table.table())))
                    .forEach(table -> different.add("table " + table.table() + " that the artifact does not have"));
        }
        if (!expected.sequences().equals(actual.data().sequences())) {
            different.add("sequences");
        }
        if (!expected.schemaSha256().equals(actual.schemaSha256())) {
            different.add("definitions (tables, keys, indexes, views, functions, triggers)");
        }
        if (!different.isEmpty()) {
            throw Fault.of(
                            FaultCode.DIGEST_MISMATCH,
                            "the database that was loaded is not the one that was dumped: "
                                    + String.join(", ", different),
                            "Keep the evidence and report it; restore another artifact.")
                    .toException();
        }
    }

    StepResult restoreFilestore(Task.RestoreFilestore task, Progress progress) {
        Instant begin = Instant.now();
        Bindings bindings = environments.bindings(task.environment());
        OpenArtifact artifact = open(task.artifact());
        FilestoreEntry entry =
                artifact.manifest().filestore().orElseThrow(() -> notCovered(task.artifact(), "filestore"));
        FolderSwap swap = folderSwap(bindings, task.runId());
        String log;
        ObjectNode verification = Json.object().put("expected_tree_sha256", entry.treeSha256());
        if (swap.isSwapped()) {
            swap.swap();
            log = "an earlier attempt has built and proved the filestore and swapped the folders";
            verification.put("actual_tree_sha256", entry.treeSha256());
        } else {
            progress.phase("build");
            progress.expect(entry.contentBytes(), entry.fileCount());
            FilestoreRestorer.Result result = build(bindings, artifact, entry, swap, progress);
            if (!result.summary().treeSha256().equals(entry.treeSha256())
                    || result.summary().files() != entry.fileCount()) {
                swap.discard();
                throw Fault.of(
                                FaultCode.DIGEST_MISMATCH,
                                "the index of the filestore is not the one that the manifest describes; the present"
                                        + " filestore is as it was",
                                "Restore another artifact, or from another store.")
                        .toException();
            }
            log = result.summary().files() + " files, " + result.summary().bytes() + " bytes: " + result.linked()
                    + " were there already and were linked after their SHA-1 was compared, " + result.extracted()
                    + " (" + result.extractedBytes() + " bytes) were extracted";
            verification.put("actual_tree_sha256", result.summary().treeSha256());
            progress.phase("swap");
            swap.swap();
        }
        Instant end = Instant.now();
        verification
                .put(
                        "method",
                        "SHA-1 of every file as it was written, and the SHA-256 over all of them with their paths")
                .put("files", entry.fileCount())
                .put("bytes", entry.contentBytes())
                .put("equal", true);
        return new StepResult.Done(
                Json.object()
                        .put("displaced", swap.displaced().toString())
                        .put("summary", entry.fileCount() + " files, tree equal"),
                List.of(
                        new EvidenceFile("filestore_restore.log", log + "\n"),
                        new EvidenceFile("filestore_restore_duration.json", duration(begin, end)),
                        new EvidenceFile("filestore_restore_checksum_verification.json", Json.pretty(verification))));
    }

    private FilestoreRestorer.Result build(
            Bindings bindings, OpenArtifact artifact, FilestoreEntry entry, FolderSwap swap, Progress progress) {
        Path live = bindings.filestore();
        try {
            // What a killed attempt left.
            swap.discard();
            Files.createDirectories(live.getParent());
            Optional<Path> present = Files.isDirectory(live) ? Optional.of(live) : Optional.empty();
            var owner = FilestoreRestorer.Owner.of(present.orElse(live.getParent()));
            try (InputStream index =
                    artifact.folder().store().open(artifact.folder().key(entry.index()), 0)) {
                return new FilestoreRestorer(
                                (part, offset) -> artifact.folder()
                                        .store()
                                        .open(
                                                new ArtifactId(artifact.id().environment(), part.artifactId())
                                                        .path(part.path()),
                                                offset),
                                present,
                                swap.fresh(),
                                owner,
                                progress)
                        .restore(index);
            }
        } catch (IOException e) {
            throw Fault.of(
                            FaultCode.EXTRACT_FAILED,
                            "the filestore could not be built beside " + live + ": " + e.getMessage()
                                    + "; the present filestore is as it was",
                            "Look at that volume, then restore again.")
                    .toException(e);
        }
    }

    StepResult validate(Task.Validate task, Progress progress) {
        Bindings bindings = environments.bindings(task.environment());
        Optional<Manifest> manifest = task.artifact().map(this::open).map(OpenArtifact::manifest);
        progress.phase("validate");
        Validation.Report report = new Validation(bindings, manifest, task.since(), progress).run();
        var evidence = List.of(new EvidenceFile("validation_report.json", Json.pretty(report)));
        if (!report.passed()) {
            return new StepResult.Failed(
                    Fault.of(
                                    FaultCode.VALIDATION_FAILED,
                                    "the environment does not pass its validation: " + report.failures(),
                                    "validation_report.json in the evidence says what was expected and what was found.")
                            .with("verdict", report.verdict()),
                    "the environment as it was validated",
                    evidence);
        }
        return new StepResult.Done(Json.object().put("summary", report.summary()), evidence);
    }

    StepResult rollBack(Task.RollBack task, Progress progress) {
        Instant begin = Instant.now();
        progress.phase("roll back");
        Bindings bindings = environments.bindings(task.environment());
        var done = new ArrayList<String>();
        FolderSwap folders = folderSwap(bindings, task.runId());
        done.add(folders.swapBack() ? "the filestore is back as it was" : "the filestore had not been touched");
        var server = new DatabaseServer(bindings.database());
        DatabaseSwap databases = swap(server, task.runId());
        String failedName = "lb_failed_" + tag(task.runId());
        done.add(
                databases.swapBack(failedName)
                        ? "the database is back as it was"
                        : "the database had not been touched");
        var loader = new DatabaseLoader(server, PgTools.forServer(server.probe().major(), config.pgBin()));
        loader.drop(failedName);
        for (int attempt = 1; server.exists(loadedName(task.runId(), attempt)); attempt++) {
            loader.drop(loadedName(task.runId(), attempt));
        }
        databases.forget();
        ServiceControl.Outcome service = new ServiceControl(bindings.service()).start();
        if (!service.succeeded()) {
            throw Fault.of(
                            FaultCode.SERVICE_FAILED,
                            "database and filestore are back as they were, but the service could not be started",
                            "Start it by hand, and see tool_output for why it did not.")
                    .with("tool_output", service.log())
                    .toException();
        }
        done.add(service.controlled() ? "the service was started" : service.log());
        return new StepResult.Done(
                Json.object()
                        .put("summary", String.join("; ", done))
                        .put("seconds", BackupTasks.seconds(begin, Instant.now())),
                List.of());
    }

    StepResult dropDisplaced(Task.DropDisplaced task, Progress progress) {
        progress.phase("drop what was displaced");
        Bindings bindings = environments.bindings(task.environment());
        folderSwap(bindings, task.runId()).discard();
        var server = new DatabaseServer(bindings.database());
        DatabaseSwap databases = swap(server, task.runId());
        new DatabaseLoader(server, PgTools.forServer(server.probe().major(), config.pgBin()))
                .drop(databases.displaced());
        databases.forget();
        return new StepResult.Done(Json.object().put("displaced_dropped", true), List.of());
    }

    private OpenArtifact open(ArtifactId id) {
        return library.open(id, stores.of(environments.bindings(id.environment())));
    }

    private DatabaseSwap swap(DatabaseServer server, String runId) {
        return new DatabaseSwap(server, tag(runId), work(runId).resolve("database-swap.json"));
    }

    private FolderSwap folderSwap(Bindings bindings, String runId) {
        return new FolderSwap(bindings.filestore(), tag(runId), work(runId).resolve("filestore-swap.json"));
    }

    private Path work(String runId) {
        return config.dataDir().toAbsolutePath().normalize().resolve("work").resolve(runId);
    }

    private static String tag(String runId) {
        return runId.replaceFirst("^run_", "");
    }

    private static String loadedName(String runId, int attempt) {
        return "lb_new_" + tag(runId) + "_" + attempt;
    }

    private static String duration(Instant begin, Instant end) {
        return Json.pretty(Json.object()
                .put("started_at", begin.toString())
                .put("finished_at", end.toString())
                .put("seconds", BackupTasks.seconds(begin, end)));
    }

    private interface OnFile {
        String run(Path file);
    }

    /** Gives the dump as a file, which pg_restore wants for more than one job: the store's own, or a copy. */
    private String withFile(OpenArtifact artifact, String runId, OnFile use) {
        String name = Objects.requireNonNull(
                artifact.manifest().dbDump().orElseThrow().path());
        var key = artifact.folder().key(name);
        Optional<Path> local = artifact.folder().store().localPath(key);
        if (local.isPresent()) {
            return use.run(local.get());
        }
        Path copy = work(runId).resolve(name);
        try {
            Files.createDirectories(copy.getParent());
            try (InputStream in = artifact.folder().store().open(key, 0)) {
                Files.copy(in, copy, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
            }
            try {
                return use.run(copy);
            } finally {
                Files.deleteIfExists(copy);
            }
        } catch (IOException e) {
            throw Fault.of(
                            FaultCode.LOAD_FAILED,
                            "the dump could not be copied to " + copy + ": " + e.getMessage()
                                    + "; the present database is as it was",
                            "Free some room in the data folder, then restore again.")
                    .toException(e);
        }
    }

    private static RuntimeException notCovered(ArtifactId id, String what) {
        return Fault.of(
                        FaultCode.BAD_INPUT,
                        "artifact " + id + " has no " + what,
                        "Restore what it has (--type), or another artifact.")
                .toException();
    }
}
