package dev.lifeboat.sidecar;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.artifact.ArtifactFolder;
import dev.lifeboat.artifact.ArtifactId;
import dev.lifeboat.artifact.ArtifactLibrary;
import dev.lifeboat.artifact.ArtifactReader;
import dev.lifeboat.artifact.ArtifactWriter;
import dev.lifeboat.artifact.Manifest.FileEntry;
import dev.lifeboat.artifact.Manifest.FilestoreEntry;
import dev.lifeboat.artifact.Manifest.OdooEntry;
import dev.lifeboat.artifact.Manifest.Part;
import dev.lifeboat.digest.Hashes;
import dev.lifeboat.environment.Bindings;
import dev.lifeboat.environment.ConfigSnapshot;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.filestore.FilestoreArchiver;
import dev.lifeboat.filestore.FilestoreIndex;
import dev.lifeboat.filestore.ReferredNames;
import dev.lifeboat.json.Json;
import dev.lifeboat.postgres.Capture;
import dev.lifeboat.postgres.DatabaseDumper;
import dev.lifeboat.postgres.PgTools;
import dev.lifeboat.progress.Amounts;
import dev.lifeboat.progress.Progress;
import dev.lifeboat.step.EvidenceFile;
import dev.lifeboat.step.StepResult;
import dev.lifeboat.store.ArtifactStore;
import dev.lifeboat.store.Stores;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The heavy half of a backup: steps 4 to 6, which share a capture. */
@ApplicationScoped
class BackupTasks {
    private static final Duration LIMIT = Duration.ofHours(12);
    private static final String DUMP = "db.dump";
    private static final String ARCHIVE = "filestore.tar.zst";
    private static final String INDEX = "filestore.index.zst";

    private final EnvironmentCatalogue environments;
    private final LifeboatConfig config;
    private final Stores stores;
    private final Captures captures;
    private final ArtifactLibrary library;

    BackupTasks(
            EnvironmentCatalogue environments,
            LifeboatConfig config,
            Stores stores,
            Captures captures,
            ArtifactLibrary library) {
        this.environments = environments;
        this.config = config;
        this.stores = stores;
        this.captures = captures;
        this.library = library;
    }

    StepResult dump(Task.DumpDatabase task, Progress progress) {
        Bindings bindings = source(task);
        Capture capture = captures.obtain(task.capture(), bindings.database());
        PgTools tools = PgTools.forServer(capture.facts().serverMajor(), config.pgBin());
        ArtifactWriter writer = writer(task.artifact(), bindings);
        progress.phase("dump");
        DatabaseDumper.Dump report;
        FileEntry dump;
        try (ArtifactWriter.File file = writer.create(DUMP)) {
            report = new DatabaseDumper(tools, Clock.systemUTC()).dump(capture, file, progress, LIMIT);
            captures.proven(task.capture());
            dump = file.commit();
        }
        var meta = new CapturedFiles.DumpMeta(
                DUMP,
                dump.size(),
                dump.sha256(),
                report.meta().pgDumpVersion(),
                report.meta().database(),
                report.meta().startedAt(),
                report.meta().finishedAt(),
                report.meta().seconds(),
                capture.id().toString(),
                capture.takenAt(),
                capture.fenced(),
                capture.unfencedReason(),
                true,
                capture.recordCounts(),
                report.facts(),
                report.facts().content(report.digest()));
        String sum = dump.sha256() + "  " + DUMP + "\n";
        List<FileEntry> files = List.of(
                dump, writer.write(DUMP + ".sha256", sum), writer.write(DUMP + ".meta.json", Json.pretty(meta)));
        ObjectNode outputs = outputs(capture, files, writer)
                .put(
                        "summary",
                        Amounts.bytes(dump.size()) + ", "
                                + report.digest().tables().size() + " tables");
        return new StepResult.Done(
                outputs,
                List.of(
                        new EvidenceFile("db.dump.meta.json", Json.pretty(meta)),
                        new EvidenceFile("db.dump.sha256", sum)));
    }

    StepResult archive(Task.ArchiveFilestore task, Progress progress) {
        Bindings bindings = source(task);
        Capture capture = captures.obtain(task.capture(), bindings.database());
        var referred = new ReferredNames();
        ArtifactWriter writer = writer(task.artifact(), bindings);
        progress.phase("archive");
        Instant startedAt = Instant.now();
        FilestoreBase base = FilestoreBase.choose(task, stores.of(bindings), library);
        FilestoreArchiver.Result result;
        FileEntry archive;
        FileEntry index;
        try (ArtifactWriter.File archiveFile = writer.create(ARCHIVE);
                ArtifactWriter.File indexFile = writer.create(INDEX)) {
            result = new FilestoreArchiver(
                            bindings.filestore(),
                            () -> {
                                capture.attachments(referred::add);
                                return referred;
                            },
                            new FilestoreIndex.PartRef(task.artifact().id(), ARCHIVE),
                            base.forArchiver(),
                            progress)
                    .archive(archiveFile, indexFile);
            captures.proven(task.capture());
            archive = archiveFile.commit();
            index = indexFile.commit();
        }
        List<Part> parts = base.parts(result, archive);
        var entry = new FilestoreEntry(
                ARCHIVE,
                archive.sha256(),
                archive.size(),
                INDEX,
                result.summary().files(),
                result.summary().bytes(),
                result.summary().treeSha256(),
                parts.size() > 1,
                parts,
                result.missing(),
                result.damaged());
        Instant finishedAt = Instant.now();
        var meta = new CapturedFiles.FilestoreMeta(
                bindings.filestore().toString(),
                Hashes.sha256(bindings.filestore().toString()),
                startedAt,
                finishedAt,
                seconds(startedAt, finishedAt),
                capture.id().toString(),
                base.artifactId(),
                base.reason(),
                true,
                result.missing().isEmpty() && result.damaged().isEmpty(),
                referred.size(),
                result.inFlight(),
                result.passedOver(),
                index,
                entry);
        String sum = archive.sha256() + "  " + ARCHIVE + "\n";
        List<FileEntry> files = List.of(
                archive,
                index,
                writer.write(ARCHIVE + ".sha256", sum),
                writer.write("filestore.meta.json", Json.pretty(meta)));
        ObjectNode outputs = outputs(capture, files, writer)
                .put(
                        "summary",
                        entry.fileCount() + " files, " + Amounts.bytes(entry.contentBytes())
                                + (entry.incremental()
                                        ? ", " + Amounts.bytes(parts.getLast().contentBytes()) + " of it new"
                                        : "")
                                + " in " + Amounts.bytes(archive.size()));
        return new StepResult.Done(
                outputs,
                List.of(
                        new EvidenceFile("filestore.meta.json", Json.pretty(meta)),
                        new EvidenceFile("filestore.tar.zst.sha256", sum)));
    }

    StepResult snapshotConfig(Task.SnapshotConfig task, Progress progress) {
        progress.phase("configuration");
        Bindings bindings = source(task);
        Capture capture = captures.proven(task.capture());
        List<Capture.OdooModule> modules = capture.modules();
        ObjectNode snapshot = ConfigSnapshot.take(
                bindings,
                modules.stream()
                        .map(module -> new ConfigSnapshot.Module(module.name(), module.version()))
                        .toList());
        var degraded = new ArrayList<String>();
        capture.unfencedReason().ifPresent(why -> degraded.add("no fence against the garbage collector: " + why));
        var odoo = new OdooEntry(
                ConfigSnapshot.odooVersion(snapshot),
                ConfigSnapshot.addonsHash(snapshot),
                modules.stream().map(Capture.OdooModule::name).toList(),
                Optional.of(capture.facts().serverMajor()));
        Optional<String> uuid = capture.parameter("database.uuid");
        // The last look: everything that was read in the capture counts only if it has held until here.
        captures.proven(task.capture());
        var meta = new CapturedFiles.OdooMeta(
                capture.id().toString(), capture.takenAt(), Instant.now(), uuid, degraded, odoo);
        captures.end(task.capture());
        ArtifactWriter writer = writer(task.artifact(), bindings);
        String text = Json.pretty(snapshot);
        FileEntry file = writer.write("config_snapshot.json", text);
        ObjectNode outputs = outputs(capture, List.of(file), writer);
        outputs.set("odoo", Json.tree(meta));
        outputs.put("artifact_id", task.artifact().id());
        outputs.put("summary", odoo.modulesInstalled().size() + " modules installed");
        return new StepResult.Done(outputs, List.of(new EvidenceFile("config_snapshot.json", text)));
    }

    /** A store that does not answer keeps it as garbage, which is collected later. */
    StepResult discard(Task.DiscardBackup task, Progress progress) {
        progress.phase("remove what was written");
        captures.endAll(task.runId());
        var left = new ArrayList<String>();
        for (ArtifactStore store : stores.of(environments.bindings(task.environment()))) {
            try {
                library.reader().unfinished(store, task.environment(), Instant.now()).stream()
                        .map(ArtifactReader.Unfinished::folder)
                        .filter(folder -> isOf(task.artifact(), folder.id()))
                        .forEach(ArtifactFolder::remove);
            } catch (FaultException e) {
                left.add(store.name() + ": " + e.fault().message());
            }
        }
        ObjectNode outputs = Json.object();
        if (!left.isEmpty()) {
            outputs.put("left_behind", "files that are collected later, in " + String.join("; ", left));
        }
        return new StepResult.Done(outputs, List.of());
    }

    private static boolean isOf(ArtifactId first, ArtifactId id) {
        return id.id().equals(first.id()) || id.id().startsWith(first.id() + "_");
    }

    /** The environment itself, or what the run has unpacked beside it. */
    private Bindings source(Task task) {
        Bindings bindings = environments.bindings(task.environment());
        var site = new RestoreSite(bindings, task.runId(), config.dataDir());
        return site.hasKept(ImportTasks.PART) ? site.unpacked() : bindings;
    }

    private ArtifactWriter writer(ArtifactId artifact, Bindings bindings) {
        return new ArtifactWriter(artifact, stores.of(bindings), config.storePatience());
    }

    /** What the manifest is put together from, and the stores that did not take the files. */
    private static ObjectNode outputs(Capture capture, List<FileEntry> files, ArtifactWriter writer) {
        ObjectNode outputs = Json.object().put("capture_id", capture.id().toString());
        outputs.set("files", Json.mapper().valueToTree(files));
        ObjectNode lost = outputs.putObject("lost_stores");
        writer.lost().forEach((store, fault) -> lost.put(store, fault.message()));
        return outputs;
    }

    static double seconds(Instant from, Instant to) {
        return Duration.between(from, to).toMillis() / 1000.0;
    }
}
