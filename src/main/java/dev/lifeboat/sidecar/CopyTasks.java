package dev.lifeboat.sidecar;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.artifact.ArtifactFolder;
import dev.lifeboat.artifact.ArtifactId;
import dev.lifeboat.artifact.ArtifactLibrary;
import dev.lifeboat.artifact.ArtifactVerification;
import dev.lifeboat.artifact.ArtifactVerifier;
import dev.lifeboat.artifact.KnownArtifact;
import dev.lifeboat.artifact.Manifest;
import dev.lifeboat.artifact.Manifest.FileEntry;
import dev.lifeboat.artifact.ManifestCodec;
import dev.lifeboat.artifact.OpenArtifact;
import dev.lifeboat.digest.Hashes;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import dev.lifeboat.progress.Amounts;
import dev.lifeboat.progress.Progress;
import dev.lifeboat.step.EvidenceFile;
import dev.lifeboat.step.StepResult;
import dev.lifeboat.store.ArtifactStore;
import dev.lifeboat.store.ObjectKey;
import dev.lifeboat.store.ObjectWriter;
import dev.lifeboat.store.Stores;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What is done with artifacts where they lie: they are read again, and copied from store to store. */
@ApplicationScoped
class CopyTasks {
    private static final int BUFFER = 256 * 1024;
    private static final Set<FaultCode> BAD_MANIFEST =
            EnumSet.of(FaultCode.MANIFEST_INVALID, FaultCode.ARTIFACT_DAMAGED);

    private final EnvironmentCatalogue environments;
    private final Stores stores;
    private final ArtifactLibrary library;

    CopyTasks(EnvironmentCatalogue environments, Stores stores, ArtifactLibrary library) {
        this.environments = environments;
        this.stores = stores;
        this.library = library;
    }

    /**
     * Reads an artifact again. Of one copy that is named, its own files are read; else the nearest copy that is as it was
     * written with all its parts will do, and where one is not, the next is looked at.
     */
    StepResult verify(Task.VerifyArtifact task, Progress progress) {
        var damaged = new ArrayList<ArtifactVerification>();
        var replaced = new ArrayList<String>();
        var unread = new ArrayList<FaultException>();
        for (ArtifactStore store : candidates(task)) {
            try {
                OpenArtifact artifact = library.open(task.artifact(), List.of(store));
                ArtifactVerification verification = verify(task, artifact, progress);
                if (verification.ok()) {
                    return verified(verification, artifact.signed().fileSha256(), damaged, replaced);
                }
                damaged.add(verification);
            } catch (FaultException e) {
                if (e.fault().code() == FaultCode.CANCELLED) {
                    throw e;
                }
                if (BAD_MANIFEST.contains(e.fault().code())) {
                    replaced.add(store.name());
                }
                unread.add(e);
            }
        }
        if (damaged.isEmpty()) {
            throw unread.stream()
                    .filter(e -> e.fault().code() != FaultCode.UNKNOWN_ARTIFACT)
                    .findFirst()
                    .orElse(unread.getFirst());
        }
        return new StepResult.Failed(
                damaged.getFirst().fault().orElseThrow(), "nothing was touched", evidence(damaged.getFirst(), damaged));
    }

    private List<ArtifactStore> candidates(Task.VerifyArtifact task) {
        return task.store()
                .map(name -> List.of(stores.byName(name)))
                .orElseGet(() -> stores.readable(
                        environments.bindings(task.artifact().id().environment())));
    }

    private static ArtifactVerification verify(Task.VerifyArtifact task, OpenArtifact artifact, Progress progress) {
        var verifier = new ArtifactVerifier();
        return task.store().isPresent()
                ? verifier.verifyOwnFiles(artifact.folder(), artifact.signed(), progress)
                : verifier.verify(
                        artifact.folder(),
                        artifact.signed(),
                        ArtifactVerifier.PartResolver.besides(artifact.folder()),
                        progress);
    }

    private static StepResult verified(
            ArtifactVerification good,
            String manifestFileSha256,
            List<ArtifactVerification> damaged,
            List<String> replaced) {
        ObjectNode outputs = Json.object().put("store", good.store()).put("manifest_file_sha256", manifestFileSha256);
        var names = outputs.putArray("damaged_stores");
        damaged.forEach(other -> names.add(other.store()));
        replaced.forEach(names::add);
        outputs.put(
                "summary",
                good.files().size() + " files, " + Amounts.bytes(good.bytes()) + " as they were written"
                        + (names.isEmpty() ? "" : " in store " + good.store() + "; a nearer copy is damaged"));
        return new StepResult.Done(outputs, evidence(good, damaged));
    }

    private static List<EvidenceFile> evidence(ArtifactVerification deciding, List<ArtifactVerification> damaged) {
        ObjectNode document = Json.tree(deciding);
        document.set(
                "other_copies",
                Json.mapper()
                        .valueToTree(damaged.stream()
                                .filter(other -> !other.equals(deciding))
                                .toList()));
        return List.of(new EvidenceFile("artifact_verification.json", Json.pretty(document)));
    }

    /** Copies an artifact into a store, reads it back there, and writes the manifest last. */
    StepResult replicate(Task.ReplicateArtifact task, Progress progress) {
        Instant begin = Instant.now();
        ArtifactId id = task.artifact().id();
        ArtifactStore target = stores.byName(task.store());
        List<ArtifactStore> sources = stores.readable(environments.bindings(id.environment())).stream()
                .filter(store -> !store.name().equals(target.name()))
                .toList();
        OpenArtifact artifact = library.open(task.artifact(), sources);
        requireParts(artifact, target);
        List<FileEntry> files = ManifestCodec.files(artifact.manifest());
        progress.phase("copy");
        progress.expect(files.stream().mapToLong(FileEntry::size).sum(), files.size());
        int copied = 0;
        for (FileEntry file : files) {
            ObjectKey key = id.path(file.path());
            if (!isThere(target, key, file)) {
                copy(key, file, sources, target);
                if (!isThere(target, key, file)) {
                    throw Fault.of(
                                    FaultCode.STORE_WRITE_FAILED,
                                    "store '" + target.name() + "' gives back other bytes of " + key
                                            + " than were written there",
                                    "See the state of that store; the artifact's other copies are unharmed.")
                            .toException();
                }
                copied++;
            }
            progress.advance(file.size(), 1);
        }
        commit(artifact, target);
        ObjectNode report = Json.object()
                .put("artifact_id", id.id())
                .put("from", artifact.folder().store().name())
                .put("to", target.name())
                .put("uri", target.location() + "/" + id.folder())
                .put("files", files.size())
                .put("files_copied", copied)
                .put("read_back", "every file, and compared with the manifest")
                .put("started_at", begin.toString())
                .put("finished_at", Instant.now().toString())
                .put("seconds", BackupTasks.seconds(begin, Instant.now()));
        return new StepResult.Done(
                report.deepCopy()
                        .put("summary", copied + " files copied to " + target.name() + ", all of them read back there"),
                List.of(new EvidenceFile("replication.json", Json.pretty(report))));
    }

    private static void requireParts(OpenArtifact artifact, ArtifactStore target) {
        List<Manifest.Part> parts = artifact.manifest()
                .filestore()
                .map(Manifest.FilestoreEntry::parts)
                .orElse(List.of());
        for (Manifest.Part part : parts) {
            ObjectKey key = new ArtifactId(artifact.id().environment(), part.artifactId()).path(part.path());
            boolean own = part.artifactId().equals(artifact.id().id());
            if (!own
                    && target.find(key)
                            .filter(found -> found.size() == part.size())
                            .isEmpty()) {
                throw Fault.of(
                                FaultCode.OBJECT_MISSING,
                                "store '" + target.name() + "' does not have " + key + ", which " + artifact.id()
                                        + " needs",
                                "Nothing is to be done: that artifact is copied first, then this one.")
                        .toException();
            }
        }
    }

    /** Whether a file is there with exactly the bytes that the manifest names. */
    private static boolean isThere(ArtifactStore target, ObjectKey key, FileEntry file) {
        if (target.find(key).filter(found -> found.size() == file.size()).isEmpty()) {
            return false;
        }
        try (InputStream in = target.open(key, 0)) {
            return Hashes.sha256(in).equals(file.sha256());
        } catch (IOException e) {
            return false;
        }
    }

    /** From the first store whose bytes are the right ones. */
    private static void copy(ObjectKey key, FileEntry file, List<ArtifactStore> sources, ArtifactStore target) {
        var why = new ArrayList<String>();
        for (ArtifactStore source : sources) {
            try (InputStream in = source.open(key, 0);
                    ObjectWriter out = target.create(key)) {
                MessageDigest digest = Hashes.sha256();
                byte[] buffer = new byte[BUFFER];
                for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                    digest.update(buffer, 0, n);
                    out.write(buffer, 0, n);
                }
                if (HexFormat.of().formatHex(digest.digest()).equals(file.sha256())) {
                    out.commit();
                    return;
                }
                why.add("its copy in store '" + source.name() + "' is damaged");
            } catch (FaultException e) {
                if (!isOf(e.fault(), source)) {
                    throw e;
                }
                why.add(e.fault().message());
            } catch (IOException e) {
                why.add("its copy in store '" + source.name() + "' can't be read: " + e.getMessage());
            }
        }
        throw Fault.of(
                        FaultCode.ARTIFACT_DAMAGED,
                        "no store has " + key + " as it was written: " + String.join("; ", why),
                        "Take a new backup now, and look after the stores.")
                .toException();
    }

    private static boolean isOf(Fault fault, ArtifactStore store) {
        return Optional.ofNullable(fault.facts().get("store"))
                .filter(store.name()::equals)
                .isPresent();
    }

    private void commit(OpenArtifact artifact, ArtifactStore target) {
        var folder = new ArtifactFolder(target, artifact.id());
        byte[] manifest;
        try (InputStream in = artifact.open(ArtifactFolder.MANIFEST, 0)) {
            manifest = in.readNBytes(ManifestCodec.MAX_BYTES);
        } catch (IOException e) {
            throw Fault.of(
                            FaultCode.STORE_READ_FAILED,
                            "the manifest of " + artifact.id() + " can't be read: " + e.getMessage(),
                            "Try again.")
                    .toException(e);
        }
        if (!Hashes.sha256(manifest).equals(artifact.signed().fileSha256())) {
            throw Fault.of(
                            FaultCode.ARTIFACT_DAMAGED,
                            "the manifest of " + artifact.id()
                                    + " was another one when it was read again; the copy in store '" + target.name()
                                    + "' was not completed",
                            "Nothing is to be done: it is copied again. See who can write into the stores.")
                    .toException();
        }
        if (folder.isCommitted() && !isSound(artifact, target)) {
            target.delete(folder.key(ArtifactFolder.MANIFEST));
        }
        if (!folder.isCommitted()) {
            folder.commit(manifest);
        }
        stores.lockUntil(target.name()).ifPresent(folder::lock);
    }

    /** Whether the target's manifest is the very one that is copied. */
    private boolean isSound(OpenArtifact artifact, ArtifactStore store) {
        try {
            library.read(
                    store,
                    new KnownArtifact(
                            artifact.id(), Optional.of(artifact.signed().fileSha256())),
                    library.trusted());
            return true;
        } catch (FaultException e) {
            if (BAD_MANIFEST.contains(e.fault().code())) {
                return false;
            }
            throw e;
        }
    }
}
