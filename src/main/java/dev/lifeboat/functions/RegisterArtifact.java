package dev.lifeboat.functions;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.artifact.ArtifactFolder;
import dev.lifeboat.artifact.ArtifactId;
import dev.lifeboat.artifact.ArtifactReader;
import dev.lifeboat.artifact.BackupType;
import dev.lifeboat.artifact.InstallationKey;
import dev.lifeboat.artifact.Manifest;
import dev.lifeboat.artifact.Manifest.FileEntry;
import dev.lifeboat.artifact.ManifestCodec;
import dev.lifeboat.environment.Bindings;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import dev.lifeboat.orchestrator.InProcessInvoker;
import dev.lifeboat.orchestrator.RunEvidence;
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
import dev.lifeboat.store.ObjectWriter;
import dev.lifeboat.store.Stores;
import io.quarkus.funqy.Funq;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

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

    RegisterArtifact(
            EnvironmentCatalogue environments,
            Stores stores,
            InstallationKey key,
            ArtifactCatalogue catalogue,
            RunEvidence evidence,
            RunStore runs) {
        this.environments = environments;
        this.stores = stores;
        this.key = key;
        this.catalogue = catalogue;
        this.evidence = evidence;
        this.runs = runs;
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
        List<ArtifactStore> targets = stores.of(bindings);
        Manifest manifest = manifest(request, bindings, id, targets);
        byte[] signed = new ManifestCodec(key).encode(manifest);
        Map<String, String> uris = new LinkedHashMap<>();
        for (ArtifactStore store : targets) {
            commit(new ArtifactFolder(store, id), signed);
            uris.put(store.name(), store.location() + "/" + id.folder());
        }
        String purpose = request.inputs().path("purpose").asText("backup");
        catalogue.register(manifest, purpose, uris);
        ObjectNode registration = Json.object()
                .put("artifact_id", id.id())
                .put("backup_type", manifest.backupType().wireName());
        registration.set("uris", Json.mapper().valueToTree(uris));
        registration.set("files", Json.mapper().valueToTree(ManifestCodec.files(manifest)));
        registration.set("degraded", Json.mapper().valueToTree(manifest.degraded()));
        ObjectNode outputs = Json.object().put("artifact_id", id.id()).put("summary", id.id());
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

    private static void commit(ArtifactFolder folder, byte[] signed) {
        try {
            folder.commit(signed);
        } catch (FaultException e) {
            // An attempt before this one has committed the same artifact; its manifest is the one that counts.
            if (e.fault().code() != FaultCode.OBJECT_EXISTS) {
                throw e;
            }
        }
    }

    private Manifest manifest(StepRequest request, Bindings bindings, ArtifactId id, List<ArtifactStore> targets) {
        ArtifactStore primary = targets.getFirst();
        var folder = new ArtifactFolder(primary, id);
        if (folder.isCommitted()) {
            return new ArtifactReader(new ManifestCodec(key)).read(primary, id).manifest();
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
                ? Optional.of(read(folder, "db.dump.meta.json", CapturedFiles.DumpMeta.class))
                : Optional.empty();
        Optional<CapturedFiles.FilestoreMeta> filestore = type.coversFilestore()
                ? Optional.of(read(folder, "filestore.meta.json", CapturedFiles.FilestoreMeta.class))
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
        files.addAll(evidenceSoFar(request, id, targets));
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

    /** A copy of the run's evidence goes with the artifact, so that it tells its story where the evidence folder is lost. */
    private List<FileEntry> evidenceSoFar(StepRequest request, ArtifactId id, List<ArtifactStore> targets) {
        RunSnapshot run = runs.load(request.runId());
        var copied = new ArrayList<FileEntry>();
        for (String name : evidence.list(run).keySet()) {
            String path = "evidence/" + name;
            FileEntry entry = null;
            for (ArtifactStore store : targets) {
                try (InputStream in = evidence.read(run, name);
                        ObjectWriter out = store.create(id.path(path))) {
                    in.transferTo(out);
                    var stored = out.commit();
                    entry = new FileEntry(path, stored.size(), stored.sha256().orElseThrow());
                } catch (IOException e) {
                    throw Fault.of(
                                    FaultCode.STORE_WRITE_FAILED,
                                    "the evidence could not be copied to the artifact: " + e.getMessage(),
                                    "Look at the evidence folder, and start the backup again.")
                            .toException(e);
                }
            }
            copied.add(entry);
        }
        return copied;
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
