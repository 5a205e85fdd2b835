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

    @Override
    public String toString() {
        return id;
    }
}
