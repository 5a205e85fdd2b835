package dev.lifeboat.artifact;

import java.util.Optional;

/**
 * An artifact, and what the catalogue knows of its manifest.
 *
 * @param id which one
 * @param manifestSha256 the SHA-256 of the bytes of its {@code artifact.json}, lower-case hex, as they were when it was
 *     registered; empty: not known, then its signer has to be trusted
 */
public record KnownArtifact(ArtifactId id, Optional<String> manifestSha256) {
    /** An artifact of whose manifest nothing is known. */
    public static KnownArtifact of(ArtifactId id) {
        return new KnownArtifact(id, Optional.empty());
    }
}
