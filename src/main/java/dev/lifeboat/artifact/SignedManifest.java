package dev.lifeboat.artifact;

import java.util.Optional;

/**
 * A manifest that was read and whose digest and signature hold.
 *
 * @param manifest what it says
 * @param sha256 the manifest's own digest over its canonical form
 * @param fileSha256 the SHA-256 of the file's bytes, the signature among them, lower-case hex
 * @param keyId the key that signed it
 * @param fingerprint that key's fingerprint ({@link InstallationKey#fingerprint})
 * @param signer whose key that is
 */
public record SignedManifest(
        Manifest manifest, String sha256, String fileSha256, String keyId, String fingerprint, Signer signer) {
    /** Who signed a manifest whose signature holds. */
    public enum Signer {
        /** This installation, or one whose public key is configured as trusted. */
        KNOWN,
        /** Another installation: the content is as that one wrote it, whoever it is. */
        OTHER_INSTALLATION
    }

    /** What a person should know about the signature; empty where there is nothing to say. */
    public Optional<String> note() {
        return switch (signer) {
            case KNOWN -> Optional.empty();
            case OTHER_INSTALLATION ->
                Optional.of("artifact " + manifest.artifactId() + " was signed by another installation (key " + keyId
                        + "); its content is unchanged since then");
        };
    }
}
