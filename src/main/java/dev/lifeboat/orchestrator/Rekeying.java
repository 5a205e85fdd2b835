package dev.lifeboat.orchestrator;

import dev.lifeboat.artifact.ArtifactId;
import dev.lifeboat.artifact.ArtifactLibrary;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.run.RunStore;
import dev.lifeboat.store.ArtifactStore;
import dev.lifeboat.store.Stores;
import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** Gives the artifacts of an encrypted store a new key: each one's own small key file is encrypted anew, nothing else. */
@ApplicationScoped
public class Rekeying {
    private final Stores stores;
    private final ArtifactLibrary library;
    private final RunStore runs;

    Rekeying(Stores stores, ArtifactLibrary library, RunStore runs) {
        this.stores = stores;
        this.library = library;
        this.runs = runs;
    }

    /**
     * What was done.
     *
     * @param store the store
     * @param rekeyed artifacts that the first key of the key file opens now
     * @param asTheyWere artifacts that it had opened before
     */
    @Schema(name = "RekeyReport")
    public record Report(String store, int rekeyed, int asTheyWere) {}

    /**
     * Rekeys every artifact of a store; what was done stays done where it ends early.
     *
     * @throws dev.lifeboat.fault.FaultException PERMISSION_DENIED; STORE_KEY_WRONG where no key of the file opens an artifact
     */
    public Report rekey(String name, String user) {
        ArtifactStore store = stores.byName(name);
        int rekeyed = 0;
        int left = 0;
        for (ArtifactId id : library.reader().list(store)) {
            if (!runs.hasPermission(user, id.environment().project(), "prune")) {
                throw Fault.of(
                                FaultCode.PERMISSION_DENIED,
                                "'" + user + "' may not rekey the artifacts of project "
                                        + id.environment().project(),
                                "Ask an admin of the project.")
                        .toException();
            }
            if (store.rekey(id.folder())) {
                rekeyed++;
            } else {
                left++;
            }
        }
        return new Report(name, rekeyed, left);
    }
}
