package dev.lifeboat.artifact;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.store.ArtifactStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;

/** Opens artifacts: reads and proves the manifest, from the first store that has a good one. */
@ApplicationScoped
public class ArtifactLibrary {
    private final ArtifactReader reader;

    ArtifactLibrary(InstallationKey key) {
        this.reader = new ArtifactReader(new ManifestCodec(key));
    }

    /**
     * Opens an artifact.
     *
     * @param stores where to look, the nearest first
     * @throws FaultException UNKNOWN_ARTIFACT where none has it; what the last store said where none has a good one
     */
    public OpenArtifact open(ArtifactId id, List<ArtifactStore> stores) {
        FaultException last = null;
        for (ArtifactStore store : stores) {
            var folder = new ArtifactFolder(store, id);
            try {
                if (folder.isCommitted()) {
                    store.unlock(id.folder());
                    return new OpenArtifact(
                            folder,
                            stores.stream().filter(other -> other != store).toList(),
                            reader.read(store, id));
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

    /** Reads artifacts' manifests. */
    public ArtifactReader reader() {
        return reader;
    }
}
