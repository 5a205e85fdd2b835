package dev.lifeboat.artifact;

import dev.lifeboat.store.ArtifactStore;
import dev.lifeboat.store.ObjectKey;
import dev.lifeboat.store.StoredObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One artifact's folder in one store. It is an artifact when, and only when, it has a manifest: that comes last and goes
 * first.
 *
 * @param store where it is
 * @param id the artifact
 */
public record ArtifactFolder(ArtifactStore store, ArtifactId id) {
    /** The manifest's file name. */
    public static final String MANIFEST = "artifact.json";

    /** The key of a file of the artifact; {@code path} has {@code /} between its segments. */
    public ObjectKey key(String path) {
        var segments = new ArrayList<>(id.folder().segments());
        segments.addAll(List.of(path.split("/", -1)));
        return new ObjectKey(segments);
    }

    /** Whether the artifact exists here. */
    public boolean isCommitted() {
        return find(MANIFEST).isPresent() && !store.isExpired(key(MANIFEST));
    }

    /** What is known of one file; empty where there is none. */
    public Optional<StoredObject> find(String path) {
        return store.find(key(path));
    }

    /** All files, the manifest among them, in the order of their paths. */
    public List<StoredObject> objects() {
        return store.list(id.folder());
    }

    /** The path, within the artifact, of one of its objects. */
    public String pathOf(StoredObject object) {
        return String.join(
                "/", object.key().segments().subList(3, object.key().segments().size()));
    }

    /**
     * Writes the manifest: from now on the artifact exists.
     *
     * @throws dev.lifeboat.fault.FaultException OBJECT_EXISTS where it existed already
     */
    public void commit(byte[] manifest) {
        store.putIfAbsent(key(MANIFEST), manifest);
    }

    /** Protects every file that is there, until then. */
    public void lock(Instant until) {
        objects().forEach(object -> store.lock(object.key(), until));
    }

    /**
     * Removes the artifact, or has the store's own rules remove it: the manifest first, so that what a killed removal leaves is
     * garbage and no artifact.
     *
     * @throws dev.lifeboat.fault.FaultException OBJECT_LOCKED where it is protected; nothing was removed then
     */
    public void remove() {
        List<StoredObject> objects = objects();
        ObjectKey manifest = key(MANIFEST);
        if (store.find(manifest).isPresent() && !store.expire(manifest)) {
            // A part may be locked for longer than its manifest is, for the sake of another artifact.
            objects.forEach(object -> store.requireUnlocked(object.key()));
            store.delete(manifest);
        }
        for (StoredObject object : objects) {
            if (!object.key().equals(manifest) && !store.expire(object.key())) {
                store.delete(object.key());
            }
        }
    }
}
