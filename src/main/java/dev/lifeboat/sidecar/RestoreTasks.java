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
import dev.lifeboat.postgres.ContentDigest;
import dev.lifeboat.postgres.DatabaseDigester;
import dev.lifeboat.postgres.DatabaseFacts;
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
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/**
 * The heavy half of a restore. New things are built and proved beside the present ones, then swapped; what was there is kept
 * aside until the run has succeeded. Each task finds out from journals, folders and OIDs what an earlier attempt has done.
 */
@ApplicationScoped
class RestoreTasks {
    private static final Duration LIMIT = Duration.ofHours(12);

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
        String live = bindings.database().name();
        String fresh = DatabaseLoader.newName(tag(task.runId()), 1);
        String log;
        ContentDigest restored;
        if (swap.state() == DatabaseSwap.State.SWAPPED) {
            log = "an earlier attempt has loaded the dump and swapped the databases";
            restored = DatabaseDigester.ofDatabase(server, live, tools, Optional.empty(), progress, LIMIT);
            prove(content, restored);
        } else {
            forget(task.runId());
            loader.dropHidden(fresh);
            progress.expect(content.sizeBytes(), content.tables().size());
            DatabaseFacts facts = facts(artifact);
            DatabaseLoader.Loaded loaded = withFile(
                    artifact,
                    task.runId(),
                    dump -> loader.load(
                            fresh, dump, facts, Runtime.getRuntime().availableProcessors(), progress, LIMIT));
            log = "pg_restore " + tools.version().text() + " loaded the dump into " + loaded.name() + " in "
                    + loaded.seconds() + " s, with --exit-on-error; then ANALYZE, settings and privileges\n"
                    + String.join(
                            "\n",
                            loaded.notApplied().stream()
                                    .map(what -> "not applied: " + what)
                                    .toList());
            boolean swapped = false;
            try {
                progress.phase("digest");
                restored = DatabaseDigester.ofDatabase(server, fresh, tools, Optional.empty(), progress, LIMIT);
                prove(content, restored);
                progress.phase("swap");
                swap.swap(live, fresh, DatabaseLoader.oldName(tag(task.runId())));
                swapped = true;
            } finally {
                if (!swapped && swap.state() != DatabaseSwap.State.SWAPPED) {
                    loader.dropHidden(fresh);
                }
            }
        }
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
                .put("actual_schema_sha256", restored.schema().sha256())
                .put("equal", true);
        verification.set("table_digests", Json.mapper().valueToTree(restored.tables()));
        return new StepResult.Done(
                Json.object()
                        .put("displaced", DatabaseLoader.oldName(tag(task.runId())))
                        .put("summary", content.tables().size() + " tables, digests equal"),
                List.of(
                        new EvidenceFile("db_restore.log", log + "\n"),
                        new EvidenceFile("db_restore_duration.json", duration(begin, end)),
                        new EvidenceFile("db_restore_checksum_verification.json", Json.pretty(verification))));
    }

    private static void prove(DatabaseContent expected, ContentDigest actual) {
        List<String> different = actual.differences(expected);
        if (!different.isEmpty()) {
            throw Fault.of(
                            FaultCode.DIGEST_MISMATCH,
                            "the database that was loaded is not the one that was dumped: "
                                    + String.join(", ", different),
                            "Keep the evidence and report it; restore another artifact.")
                    .toException();
        }
    }

    private static DatabaseFacts facts(OpenArtifact artifact) {
        try (InputStream in = artifact.folder().store().open(artifact.folder().key("db.dump.meta.json"), 0)) {
            return Json.mapper().readValue(in, CapturedFiles.DumpMeta.class).facts();
        } catch (IOException e) {
            throw Fault.of(
                            FaultCode.ARTIFACT_DAMAGED,
                            "db.dump.meta.json of " + artifact.id() + " can't be read: " + e.getMessage()
                                    + "; nothing was touched",
                            "Restore another artifact, or from another store.")
                    .toException(e);
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
        Validation.Report report = Validation.run(bindings, manifest, task.since(), progress);
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
        boolean swapped = databases.state() == DatabaseSwap.State.SWAPPED;
        databases.swapBack();
        done.add(swapped ? "the database is back as it was" : "the database had not been touched");
        new DatabaseLoader(server, PgTools.forServer(server.probe().major(), config.pgBin()))
                .dropHidden(DatabaseLoader.newName(tag(task.runId()), 1));
        forget(task.runId());
        ServiceControl.Outcome service = ServiceControl.of(bindings.service()).start();
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
        swap(server, task.runId()).dropDisplaced();
        forget(task.runId());
        return new StepResult.Done(Json.object().put("displaced_dropped", true), List.of());
    }

    private OpenArtifact open(ArtifactId id) {
        return library.open(id, stores.of(environments.bindings(id.environment())));
    }

    private DatabaseSwap swap(DatabaseServer server, String runId) {
        return new DatabaseSwap(server, databaseJournal(runId));
    }

    private Path databaseJournal(String runId) {
        return work(runId).resolve("database-swap.json");
    }

    /** The intent is of no use any more: the swap is over, or was never done. */
    private void forget(String runId) {
        try {
            Files.deleteIfExists(databaseJournal(runId));
        } catch (IOException e) {
            throw Fault.of(
                            FaultCode.SWAP_FAILED,
                            "the journal " + databaseJournal(runId) + " could not be removed: " + e.getMessage(),
                            "Look at the data folder's disk.")
                    .toException(e);
        }
    }

    private FolderSwap folderSwap(Bindings bindings, String runId) {
        return new FolderSwap(bindings.filestore(), tag(runId), work(runId).resolve("filestore-swap.json"));
    }

    private Path work(String runId) {
        return config.dataDir().toAbsolutePath().normalize().resolve("work").resolve(runId);
    }

    private static String tag(String runId) {
        return runId.replaceFirst("^run_", "").toLowerCase(Locale.ROOT).replace('-', '_');
    }

    private static String duration(Instant begin, Instant end) {
        return Json.pretty(Json.object()
                .put("started_at", begin.toString())
                .put("finished_at", end.toString())
                .put("seconds", BackupTasks.seconds(begin, end)));
    }

    private interface OnFile<T> {
        T run(Path file);
    }

    /** Gives the dump as a file, which pg_restore wants for more than one job: the store's own, or a copy. */
    private <T> T withFile(OpenArtifact artifact, String runId, OnFile<T> use) {
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
