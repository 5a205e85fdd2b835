package dev.lifeboat.artifact;

import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.store.ObjectKey;

/**
 * An artifact's full name.
 *
 * @param environment the environment that it is a backup of
 * @param id its name there, one segment of a store's key
 */
public record ArtifactId(EnvironmentId environment, String id) {
    public ArtifactId {
        ObjectKey.of(id);
    }

    /** The folder of the artifact in every store: {@code <project>/<environment>/<artifact_id>}. */
    public ObjectKey folder() {
        return ObjectKey.of(environment.project(), environment.name(), id);
    }

    /** The key of one of the artifact's files. */
    public ObjectKey file(String name) {
        return folder().child(name);
    }

    /** The key of a file whose path may have folders: {@code evidence/inputs.json}. */
    public ObjectKey path(String path) {
        ObjectKey key = folder();
        for (String segment : path.split("/", -1)) {
            key = key.child(segment);
        }
        return key;
    }

    @Override
    public String toString() {
        return id;
    }
}
