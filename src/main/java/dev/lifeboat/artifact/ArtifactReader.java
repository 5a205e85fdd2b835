package dev.lifeboat.artifact;

import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.store.ArtifactStore;
import dev.lifeboat.store.DurableFiles;
import dev.lifeboat.store.ObjectKey;
import dev.lifeboat.store.StoredObject;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Finds artifacts in stores and reads their manifests: enough to rebuild the catalogue from any one store. */
public final class ArtifactReader {
    private final ManifestCodec codec;

    /** A reader that checks manifests with {@code codec}. */
    public ArtifactReader(ManifestCodec codec) {
        this.codec = codec;
    }

    /**
     * A folder without a manifest: a backup that runs, or one that was given up.
     *
     * @param folder where
     * @param objects how many files it has
     * @param bytes their size
     * @param modified when the newest of them was stored
     */
    public record Unfinished(ArtifactFolder folder, int objects, long bytes, Instant modified) {}

    /** Every artifact of a store, in the order of project, environment and name. */
    public List<ArtifactId> list(ArtifactStore store) {
        return folders(store).stream()
                .filter(ArtifactFolder::isCommitted)
                .map(ArtifactFolder::id)
                .toList();
    }

    /** The artifacts of one environment, in the order of their names. */
    public List<ArtifactId> list(ArtifactStore store, EnvironmentId environment) {
        return folders(store, environment).stream()
                .filter(ArtifactFolder::isCommitted)
                .map(ArtifactFolder::id)
                .toList();
    }

    /**
     * Reads and checks an artifact's manifest.
     *
     * @throws dev.lifeboat.fault.FaultException UNKNOWN_ARTIFACT where the store has no such artifact; MANIFEST_INVALID where
     *     the manifest was damaged, or is that of another artifact
     */
    public SignedManifest read(ArtifactStore store, ArtifactId id) {
        ObjectKey key = id.file(ArtifactFolder.MANIFEST);
        byte[] json;
        try (InputStream in = store.open(key, 0)) {
            json = in.readNBytes(ManifestCodec.MAX_BYTES + 1);
        } catch (FaultException e) {
            if (e.fault().code() == FaultCode.OBJECT_MISSING) {
                throw new Fault(
                                FaultCode.UNKNOWN_ARTIFACT,
                                "Store '" + store.name() + "' has no artifact " + id.folder(),
                                Map.of(
                                        "store",
                                        store.name(),
                                        "artifact",
                                        id.folder().toString()),
                                "`lifeboat artifacts " + id.environment() + "` lists those that there are.")
                        .toException(e);
            }
            throw e;
        } catch (IOException e) {
            throw new Fault(
                            FaultCode.STORE_READ_FAILED,
                            "Store '" + store.name() + "' can't read " + key,
                            Map.of("store", store.name(), "key", key.toString(), "tool_output", DurableFiles.reason(e)),
                            "Try again, or use the artifact's copy in another store.")
                    .toException(e);
        }
        try {
            SignedManifest signed = codec.decode(json);
            Manifest manifest = signed.manifest();
            if (!manifest.artifactId().equals(id.id())
                    || !manifest.projectId().equals(id.environment().project())
                    || !manifest.environmentId().equals(id.environment().name())) {
                throw Fault.of(
                                FaultCode.MANIFEST_INVALID,
                                "The manifest is that of " + manifest.projectId() + "/" + manifest.environmentId() + "/"
                                        + manifest.artifactId() + "; nothing of the artifact was used",
                                "Put the artifact's own manifest back, or use its copy in another store.")
                        .toException();
            }
            return signed;
        } catch (FaultException e) {
            throw e.fault()
                    .with("store", store.name())
                    .with("artifact", id.folder())
                    .toException(e);
        }
    }

    /** An environment's folders without a manifest in which nothing was stored since {@code before}. */
    public List<Unfinished> unfinished(ArtifactStore store, EnvironmentId environment, Instant before) {
        var found = new ArrayList<Unfinished>();
        for (ArtifactFolder folder : folders(store, environment)) {
            List<StoredObject> objects = folder.objects();
            Optional<Instant> newest =
                    objects.stream().map(StoredObject::modified).max(Instant::compareTo);
            // asked after the list: a backup that was committed in between is none of these
            if (newest.isPresent() && newest.get().isBefore(before) && !folder.isCommitted()) {
                long bytes = objects.stream().mapToLong(StoredObject::size).sum();
                found.add(new Unfinished(folder, objects.size(), bytes, newest.get()));
            }
        }
        return List.copyOf(found);
    }

    private List<ArtifactFolder> folders(ArtifactStore store) {
        var folders = new ArrayList<ArtifactFolder>();
        for (String project : store.names(Optional.empty())) {
            for (String name : store.names(Optional.of(ObjectKey.of(project)))) {
                environment(project, name).ifPresent(environment -> folders.addAll(folders(store, environment)));
            }
        }
        return folders;
    }

    /** The folders of an environment's artifacts, those without a manifest among them. */
    public List<ArtifactFolder> folders(ArtifactStore store, EnvironmentId environment) {
        ObjectKey prefix = ObjectKey.of(environment.project(), environment.name());
        return store.names(Optional.of(prefix)).stream()
                .map(id -> new ArtifactFolder(store, new ArtifactId(environment, id)))
                .toList();
    }

    /** What else lies in the store under other names is no environment. */
    private static Optional<EnvironmentId> environment(String project, String name) {
        try {
            return Optional.of(new EnvironmentId(project, name));
        } catch (FaultException e) {
            return Optional.empty();
        }
    }
}
