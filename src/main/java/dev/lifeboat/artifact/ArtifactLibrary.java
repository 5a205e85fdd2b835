package dev.lifeboat.artifact;

import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.store.ArtifactStore;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.List;

/**
 * Opens artifacts: reads and proves the manifest, from the first store that has a good one. A signature that holds shows only
 * that a manifest agrees with the key that it carries; whoever can write into a store can make both. So a manifest is good
 * where its bytes are those that were registered, or, where nothing is known of it, where its signer is trusted.
 */
@ApplicationScoped
public class ArtifactLibrary {
    private final ArtifactReader reader;
    private final TrustedKeys trusted;

    @Inject
    ArtifactLibrary(InstallationKey key, LifeboatConfig config) {
        this(key, TrustedKeys.of(key, config.trustedKeys().orElse(List.of())));
    }

    ArtifactLibrary(InstallationKey key, TrustedKeys trusted) {
        this.trusted = trusted;
        this.reader = new ArtifactReader(new ManifestCodec(key, trusted));
    }

    /**
     * Opens an artifact.
     *
     * @param stores where to look, the nearest first
     * @throws FaultException UNKNOWN_ARTIFACT where none has it; what the last store said where none has a good one, as {@link
     *     #read} says it
     */
    public OpenArtifact open(KnownArtifact artifact, List<ArtifactStore> stores) {
        ArtifactId id = artifact.id();
        FaultException last = null;
        for (ArtifactStore store : stores) {
            var folder = new ArtifactFolder(store, id);
            try {
                if (folder.isCommitted()) {
                    store.unlock(id.folder());
                    return new OpenArtifact(
                            folder,
                            stores.stream().filter(other -> other != store).toList(),
                            read(store, artifact, trusted));
                }
            } catch (FaultException e) {
                last = e;
            }
        }
        if (last != null) {
            throw last;
        }
        throw Fault.of(
                        FaultCode.UNKNOWN_ARTIFACT,
                        "no store has artifact " + id + " (looked in "
                                + String.join(
                                        ", ",
                                        stores.stream()
                                                .map(ArtifactStore::location)
                                                .toList()) + ")",
                        "`lifeboat artifacts` lists those that there are; see whether a store's folder was moved.")
                .toException();
    }

    /**
     * Reads and proves the manifest of one copy.
     *
     * @param keys the keys whose signature is believed where nothing is known of the manifest
     * @throws FaultException as {@link ArtifactReader#read}; ARTIFACT_DAMAGED where the manifest is not the one that was
     *     registered; UNTRUSTED_KEY where nothing is known of it and its signer is not trusted
     */
    public SignedManifest read(ArtifactStore store, KnownArtifact artifact, TrustedKeys keys) {
        SignedManifest signed = reader.read(store, artifact.id());
        if (artifact.manifestSha256().isPresent()) {
            if (!artifact.manifestSha256().get().equals(signed.fileSha256())) {
                throw replaced(store, artifact, signed);
            }
        } else if (!keys.fingerprints().contains(signed.fingerprint())) {
            throw untrusted(store, artifact, signed);
        }
        return signed;
    }

    /** The keys whose signature is believed: the installation's own, and those of {@code lifeboat.trusted-keys}. */
    public TrustedKeys trusted() {
        return trusted;
    }

    /** Reads artifacts' manifests, whoever has signed them. */
    public ArtifactReader reader() {
        return reader;
    }

    private static FaultException replaced(ArtifactStore store, KnownArtifact artifact, SignedManifest signed) {
        return Fault.of(
                        FaultCode.ARTIFACT_DAMAGED,
                        "The manifest of " + artifact.id() + " in store '" + store.name()
                                + "' is not the one that was registered; nothing of that copy was used",
                        "Use its copy in another store. Somebody has written into this one: see who can, and have every"
                                + " artifact there verified.")
                .with("store", store.name())
                .with("artifact", artifact.id().folder())
                .with("registered_sha256", artifact.manifestSha256().orElseThrow())
                .with("found_sha256", signed.fileSha256())
                .with("signed_by", signed.fingerprint())
                .toException();
    }

    private static FaultException untrusted(ArtifactStore store, KnownArtifact artifact, SignedManifest signed) {
        return Fault.of(
                        FaultCode.UNTRUSTED_KEY,
                        "Artifact " + artifact.id() + " in store '" + store.name() + "' was signed with the key "
                                + signed.fingerprint()
                                + ", which is neither this installation's nor trusted; nothing was touched",
                        "Compare that fingerprint with the one that you have kept of the installation that made the backup"
                                + " (`lifeboat evidence key` there). Where it is that one: `lifeboat catalog rebuild --from "
                                + store.name() + " --trust-key " + signed.fingerprint()
                                + "` for this once, or name it in lifeboat.trusted-keys; or put that installation's key into"
                                + " the folder of keys. Where it is not, somebody else has written into the store.")
                .with("store", store.name())
                .with("artifact", artifact.id().folder())
                .with("signed_by", signed.fingerprint())
                .toException();
    }
}
