package dev.lifeboat.artifact;

/** An artifact whose manifest was read and proved, in the store that it is read from. */
public record OpenArtifact(ArtifactFolder folder, SignedManifest signed) {
    /** The artifact's name. */
    public ArtifactId id() {
        return folder.id();
    }

    /** What the manifest says. */
    public Manifest manifest() {
        return signed.manifest();
    }
}
