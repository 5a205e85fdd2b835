package dev.lifeboat.functions;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.artifact.ArtifactFolder;
import dev.lifeboat.artifact.ArtifactId;
import dev.lifeboat.artifact.ArtifactReader;
import dev.lifeboat.artifact.ArtifactWriter;
import dev.lifeboat.artifact.BackupType;
import dev.lifeboat.artifact.InstallationKey;
import dev.lifeboat.artifact.Manifest;
import dev.lifeboat.artifact.Manifest.FileEntry;
import dev.lifeboat.artifact.ManifestCodec;
import dev.lifeboat.artifact.SignedManifest;
import dev.lifeboat.digest.Hashes;
import dev.lifeboat.environment.Bindings;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import dev.lifeboat.orchestrator.InProcessInvoker;
import dev.lifeboat.orchestrator.RunEvidence;
import dev.lifeboat.run.Artifact;
import dev.lifeboat.run.ArtifactCatalogue;
import dev.lifeboat.run.RunSnapshot;
import dev.lifeboat.run.RunStore;
import dev.lifeboat.sidecar.CapturedFiles;
import dev.lifeboat.step.EvidenceFile;
import dev.lifeboat.step.StepFunction;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import dev.lifeboat.store.ArtifactStore;
import dev.lifeboat.store.Stores;
import io.quarkus.funqy.Funq;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;

/** Writes the manifest, last of all files and only once, and enters the artifact in the catalogue. */
@ApplicationScoped
public class RegisterArtifact implements StepFunction {
    /** Files that the manifest describes in members of their own. */
    private static final List<String> DESCRIBED = List.of("db.dump", "filestore.tar.zst", "config_snapshot.json");

    private final EnvironmentCatalogue environments;
    private final Stores stores;
    private final InstallationKey key;
    private final ArtifactCatalogue catalogue;
    private final RunEvidence evidence;
    private final RunStore runs;
    private final LifeboatConfig config;

    RegisterArtifact(
            EnvironmentCatalogue environments,
            Stores stores,
            InstallationKey key,
            ArtifactCatalogue catalogue,
            RunEvidence evidence,
            RunStore runs,
            LifeboatConfig config) {
        this.environments = environments;
        this.stores = stores;
        this.key = key;
        this.catalogue = catalogue;
        this.evidence = evidence;
        this.runs = runs;
        this.config = config;
    }

    /** The function. */
    @Funq("register-artifact")
    public StepResponse call(StepRequest request) {
        return StepResponse.of(InProcessInvoker.call(this, request));
    }

    @Override
    public String name() {
        return "register-artifact";
    }

    @Override
    public StepResult apply(StepRequest request) {
        Bindings bindings = environments.bindings(request.environmentId());
        ObjectNode captured = request.output("snapshot-config");
        var id = new ArtifactId(
                request.environmentId(), captured.path("artifact_id").asText());
        oneCapture(request);
        Map<String, String> lost = lostStores(request);
        List<ArtifactStore> targets = stores.of(bindings).stream()
                .filter(store -> !lost.containsKey(store.name()))
                .toList();
        requireOne(targets, lost);
        var writer = new ArtifactWriter(id, targets, config.storePatience());
        Manifest manifest = manifest(request, bindings, id, targets, writer);
        writer.lost().forEach((store, fault) -> lost.put(store, fault.message()));
        byte[] signed = new ManifestCodec(key).encode(manifest);
        Map<String, String> uris = catalogue.exclusively(request.environmentId(), () -> {
            requireParts(manifest);
            Map<String, String> committed = commit(
                    manifest,
                    id,
                    signed,
                    targets.stream()
                            .filter(store -> !lost.containsKey(store.name()))
                            .toList(),
                    lost);
            catalogue.register(manifest, Hashes.sha256(signed), committed, lost);
            return committed;
        });
        ObjectNode registration = Json.object()
                .put("artifact_id", id.id())
                .put("backup_type", manifest.backupType().wireName());
        registration.set("uris", Json.mapper().valueToTree(uris));
        registration.set("pending_copies", Json.mapper().valueToTree(lost));
        registration.set("files", Json.mapper().valueToTree(ManifestCodec.files(manifest)));
        registration.set("degraded", Json.mapper().valueToTree(manifest.degraded()));
        ObjectNode outputs = Json.object()
                .put("artifact_id", id.id())
                .put(
                        "summary",
                        id.id()
                                + (lost.isEmpty()
                                        ? ""
                                        : ", a copy is still to be made in " + String.join(", ", lost.keySet())));
        ObjectNode ofRun = outputs.putObject("run");
        ofRun.put("artifact_id", id.id());
        ofRun.set("degraded", Json.mapper().valueToTree(manifest.degraded()));
        return new StepResult.Done(
                outputs, List.of(new EvidenceFile("artifact_registration.json", Json.pretty(registration))));
    }

    /** What was read in different snapshots does not belong together. */
    private static void oneCapture(StepRequest request) {
        String capture = request.output("snapshot-config").path("capture_id").asText();
        for (String step : List.of("dump-db", "archive-filestore")) {
            JsonNode other = request.output(step).path("capture_id");
            if (other.isTextual() && !other.asText().equals(capture)) {
                throw Fault.of(
                                FaultCode.BACKUP_NOT_CLOSED,
                                "the steps of the backup did not share one snapshot; no backup was made",
                                "Start the backup again.")
                        .toException();
            }
        }
    }

    /** The stores that did not take a file of an earlier step: name to why. */
    private static Map<String, String> lostStores(StepRequest request) {
        var lost = new LinkedHashMap<String, String>();
        for (String step : List.of("dump-db", "archive-filestore", "snapshot-config")) {
            request.output(step)
                    .path("lost_stores")
                    .properties()
                    .forEach(store ->
                            lost.putIfAbsent(store.getKey(), store.getValue().asText()));
        }
        return lost;
    }

    private static void requireOne(List<ArtifactStore> targets, Map<String, String> lost) {
        if (targets.isEmpty()) {
            throw Fault.of(
                            FaultCode.STORE_WRITE_FAILED,
                            "no store has taken the whole backup: " + String.join("; ", lost.values()),
                            "See the state of the stores, and start the backup again.")
                    .toException();
        }
    }

    /** What the backup refers to must not have been pruned since it was looked at. */
    private void requireParts(Manifest manifest) {
        for (Manifest.Part part : parts(manifest)) {
            boolean known = part.artifactId().equals(manifest.artifactId())
                    || catalogue
                            .find(part.artifactId())
                            .filter(Artifact::isAvailable)
                            .isPresent();
            if (!known) {
                throw Fault.of(
                                FaultCode.BACKUP_NOT_CLOSED,
                                "artifact " + part.artifactId()
                                        + ", which holds files of this backup, was pruned meanwhile; no backup was made",
                                "Start the backup again: it refers to what is there then.")
                        .toException();
            }
        }
    }

    private static List<Manifest.Part> parts(Manifest manifest) {
        return manifest.filestore().map(Manifest.FilestoreEntry::parts).orElse(List.of());
    }

    /** Writes the manifest into every store that has all that the artifact needs; gives where it is. */
    private Map<String, String> commit(
            Manifest manifest, ArtifactId id, byte[] signed, List<ArtifactStore> targets, Map<String, String> lost) {
        Map<String, String> uris = new LinkedHashMap<>();
        var failures = new ArrayList<FaultException>();
        List<Future<String>> commits = atOnce(targets, store -> {
            protect(manifest, id, store);
            commit(new ArtifactFolder(store, id), signed);
            return store.location() + "/" + id.folder();
        });
        for (int i = 0; i < commits.size(); i++) {
            String store = targets.get(i).name();
            try {
                uris.put(store, result(commits.get(i)));
            } catch (FaultException e) {
                lost.put(store, e.fault().message());
                failures.add(e);
            }
        }
        if (uris.isEmpty()) {
            throw failures.getFirst();
        }
        return uris;
    }

    /** Does the same with all of them, so that the time is the slowest one's; gives what has ended, in their order. */
    private static <A, T> List<Future<T>> atOnce(Collection<A> all, Function<A, T> each) {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            return all.stream()
                    .map(one -> threads.submit(() -> each.apply(one)))
                    .toList();
        }
    }

    private static <T> T result(Future<T> ended) {
        return switch (ended.state()) {
            case SUCCESS -> ended.resultNow();
            case FAILED ->
                throw ended.exceptionNow() instanceof FaultException fault
                        ? fault
                        : new IllegalStateException(ended.exceptionNow());
            case RUNNING, CANCELLED ->
                throw Fault.of(
                                FaultCode.CANCELLED,
                                "the backup was ended before its manifest was written",
                                "Start it again.")
                        .toException();
        };
    }

    /** What other artifacts hold has to be there, and to stay as long as this one does. */
    private void protect(Manifest manifest, ArtifactId id, ArtifactStore store) {
        Optional<Instant> until = stores.lockUntil(store.name());
        for (Manifest.Part part : parts(manifest)) {
            var key = new ArtifactId(id.environment(), part.artifactId()).path(part.path());
            if (store.find(key).filter(found -> found.size() == part.size()).isEmpty()) {
                throw Fault.of(
                                FaultCode.OBJECT_MISSING,
                                "Store '" + store.name() + "' does not have " + key + ", which this backup needs",
                                "Nothing is to be done: it is copied there, and this backup after it.")
                        .toException();
            }
            until.ifPresent(date -> store.lock(key, date));
        }
        until.ifPresent(date -> new ArtifactFolder(store, id).lock(date));
    }

    private void commit(ArtifactFolder folder, byte[] signed) {
        try {
            folder.commit(signed);
        } catch (FaultException e) {
            // An attempt before this one has committed the same artifact.
            if (e.fault().code() != FaultCode.OBJECT_EXISTS) {
                throw e;
            }
            requireSame(folder, signed);
        }
        stores.lockUntil(folder.store().name())
                .ifPresent(date -> folder.store().lock(folder.key(ArtifactFolder.MANIFEST), date));
    }

    /** What lies there under the manifest's name must be what this run has written. */
    private static void requireSame(ArtifactFolder folder, byte[] signed) {
        try (InputStream in = folder.store().open(folder.key(ArtifactFolder.MANIFEST), 0)) {
            if (Arrays.equals(in.readNBytes(signed.length + 1), signed)) {
                return;
            }
        } catch (IOException e) {
            throw Fault.of(
                            FaultCode.STORE_READ_FAILED,
                            "the manifest in store '" + folder.store().name() + "' can't be read back: "
                                    + e.getMessage(),
                            "Nothing is to be done: the backup is copied there again.")
                    .toException(e);
        }
        throw Fault.of(
                        FaultCode.ARTIFACT_DAMAGED,
                        "store '" + folder.store().name() + "' holds a manifest of " + folder.id()
                                + " that this backup has not written",
                        "See who can write into that store; the backup is copied there from another one.")
                .toException();
    }

    private Manifest manifest(
            StepRequest request, Bindings bindings, ArtifactId id, List<ArtifactStore> targets, ArtifactWriter writer) {
        for (Future<Optional<Manifest>> look : atOnce(targets, store -> committed(new ArtifactFolder(store, id)))) {
            Optional<Manifest> committed = result(look);
            if (committed.isPresent()) {
                return committed.get();
            }
        }
        BackupType type = Inputs.backupType(request);
        var odoo = Json.convert(request.output("snapshot-config").get("odoo"), CapturedFiles.OdooMeta.class);
        List<String> degraded = new ArrayList<>(odoo.degraded());
        request.output("quiesce").path("degraded").forEach(reason -> degraded.add(reason.asText()));
        List<FileEntry> files = new ArrayList<>();
        for (String step : List.of("dump-db", "archive-filestore", "snapshot-config")) {
            request.output(step).path("files").forEach(file -> files.add(Json.convert(file, FileEntry.class)));
        }
        Optional<CapturedFiles.DumpMeta> dump = type.coversDatabase()
                ? Optional.of(read(targets, id, "db.dump.meta.json", CapturedFiles.DumpMeta.class))
                : Optional.empty();
        Optional<CapturedFiles.FilestoreMeta> filestore = type.coversFilestore()
                ? Optional.of(read(targets, id, "filestore.meta.json", CapturedFiles.FilestoreMeta.class))
                : Optional.empty();
        filestore.ifPresent(meta -> {
            if (!meta.entry().missing().isEmpty()) {
                degraded.add(meta.entry().missing().size()
                        + " attachments have no file in the filestore: they were lost before" + " this backup");
            }
            if (!meta.entry().damaged().isEmpty()) {
                degraded.add(meta.entry().damaged().size()
                        + " files of the filestore do not have the content that their name"
                        + " says: they were damaged before this backup");
            }
        });
        files.addAll(evidenceSoFar(request, writer));
        var tools = new TreeMap<String, String>();
        tools.put("java", Runtime.version().toString());
        dump.ifPresent(meta -> tools.put("pg_dump", meta.pgDumpVersion()));
        return new Manifest(
                Manifest.FORMAT,
                id.id(),
                odoo.snapshotAt(),
                request.environmentId().project(),
                request.environmentId().name(),
                request.runId(),
                type,
                request.inputs().path("purpose").asText("backup"),
                Optional.ofNullable(request.inputs().path("label").textValue()),
                degraded,
                new Manifest.SourceEnvironment(
                        bindings.environment().name(),
                        bindings.type().name().toLowerCase(java.util.Locale.ROOT),
                        bindings.database().name(),
                        odoo.databaseUuid()),
                files.stream().filter(file -> file.path().equals("db.dump")).findFirst(),
                filestore.map(CapturedFiles.FilestoreMeta::entry),
                odoo.odoo(),
                dump.map(CapturedFiles.DumpMeta::content),
                files.stream()
                        .filter(file -> file.path().equals("config_snapshot.json"))
                        .findFirst()
                        .orElseThrow(),
                tools,
                files.stream().filter(file -> !DESCRIBED.contains(file.path())).toList());
    }

    /**
     * What an earlier attempt has committed. A store that does not answer will not take the manifest either, and one that
     * holds a manifest of somebody else's is found when it is to take this one.
     */
    private Optional<Manifest> committed(ArtifactFolder folder) {
        try {
            return folder.isCommitted()
                    ? Optional.of(new ArtifactReader(new ManifestCodec(key)).read(folder.store(), folder.id()))
                            .filter(signed -> signed.signer() == SignedManifest.Signer.KNOWN)
                            .map(SignedManifest::manifest)
                    : Optional.empty();
        } catch (FaultException e) {
            return Optional.empty();
        }
    }

    /** A copy of the run's evidence goes with the artifact, so that it tells its story where the evidence folder is lost. */
    private List<FileEntry> evidenceSoFar(StepRequest request, ArtifactWriter writer) {
        RunSnapshot run = runs.load(request.runId());
        return atOnce(evidence.list(run).keySet(), name -> copy(run, name, writer)).stream()
                .map(RegisterArtifact::result)
                .toList();
    }

    private FileEntry copy(RunSnapshot run, String name, ArtifactWriter writer) {
        try (InputStream in = evidence.read(run, name);
                ArtifactWriter.File out = writer.create("evidence/" + name)) {
            in.transferTo(out);
            return out.commit();
        } catch (IOException e) {
            throw Fault.of(
                            FaultCode.STORE_WRITE_FAILED,
                            "the evidence could not be copied to the artifact: " + e.getMessage(),
                            "Look at the evidence folder, and start the backup again.")
                    .toException(e);
        }
    }

    /** Reads what an earlier step has written, from any of the stores. */
    private static <T> T read(List<ArtifactStore> from, ArtifactId id, String name, Class<T> type) {
        FaultException last = null;
        for (ArtifactStore store : from) {
            try {
                return read(new ArtifactFolder(store, id), name, type);
            } catch (FaultException e) {
                last = e;
            }
        }
        throw last;
    }

    private static <T> T read(ArtifactFolder folder, String name, Class<T> type) {
        try (InputStream in = folder.store().open(folder.key(name), 0)) {
            return Json.mapper().readValue(in, type);
        } catch (IOException e) {
            throw Fault.of(
                            FaultCode.STORE_READ_FAILED,
                            name + " of " + folder.id() + " can't be read back: " + e.getMessage(),
                            "Look at the store, and start the backup again.")
                    .toException(e);
        }
    }
}
