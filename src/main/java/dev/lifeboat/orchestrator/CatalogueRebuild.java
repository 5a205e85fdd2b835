package dev.lifeboat.orchestrator;

import dev.lifeboat.artifact.ArtifactFolder;
import dev.lifeboat.artifact.ArtifactId;
import dev.lifeboat.artifact.ArtifactLibrary;
import dev.lifeboat.artifact.SignedManifest;
import dev.lifeboat.artifact.TrustedKeys;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.run.ArtifactCatalogue;
import dev.lifeboat.run.RunStore;
import dev.lifeboat.store.ArtifactStore;
import dev.lifeboat.store.Stores;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * Fills the catalogue from what lies in a store: the manifests of any one store are enough to restore from it, also where
 * Lifeboat's own database was lost with everything else (disaster recovery plan, 4.1).
 */
@ApplicationScoped
public class CatalogueRebuild {
    private final Stores stores;
    private final ArtifactLibrary library;
    private final ArtifactCatalogue catalogue;
    private final EnvironmentCatalogue environments;
    private final RunStore runs;

    CatalogueRebuild(
            Stores stores,
            ArtifactLibrary library,
            ArtifactCatalogue catalogue,
            EnvironmentCatalogue environments,
            RunStore runs) {
        this.stores = stores;
        this.library = library;
        this.catalogue = catalogue;
        this.environments = environments;
        this.runs = runs;
    }

    /**
     * What was found.
     *
     * @param store the store that was read
     * @param entered the artifacts that were not in the catalogue
     * @param known the artifacts that were
     * @param problems the artifacts that can't be used, and why
     * @param unconfigured environments that have artifacts and are not in the configuration: a restore needs them there
     */
    @Schema(name = "RebuildReport")
    public record Report(
            String store,
            List<String> entered,
            List<String> known,
            List<Problem> problems,
            List<String> unconfigured) {}

    /** An artifact that can't be used. */
    @Schema(name = "UnusableArtifact")
    public record Problem(String artifact, String problem) {}

    /**
     * Reads every manifest of a store and enters what the catalogue does not have. Nothing in any store is changed. What is
     * entered is believed from then on, so only what this installation or a trusted one has signed is.
     *
     * @param trustKey one more key that is trusted, for this call: its fingerprint, or the public key in Base64
     * @throws FaultException PERMISSION_DENIED; BAD_CONFIGURATION where there is no store of that name; BAD_INPUT where the key
     *     is none; UNTRUSTED_KEY where there are artifacts and another key has signed all of them; STORE_* where it does not
     *     answer
     */
    public Report from(String name, Optional<String> trustKey, String user) {
        ArtifactStore store = stores.byName(name);
        TrustedKeys keys = trustKey.map(library.trusted()::and).orElseGet(library::trusted);
        Optional<FaultException> untrusted = Optional.empty();
        var entered = new ArrayList<String>();
        var known = new ArrayList<String>();
        var problems = new ArrayList<Problem>();
        var unconfigured = new ArrayList<String>();
        for (ArtifactId id : library.reader().list(store)) {
            if (!runs.hasPermission(user, id.environment().project(), "prune")) {
                throw Fault.of(
                                FaultCode.PERMISSION_DENIED,
                                "'" + user + "' may not rebuild the catalogue of project "
                                        + id.environment().project(),
                                "Ask an admin of the project.")
                        .toException();
            }
            try {
                SignedManifest signed = library.read(store, catalogue.known(id), keys);
                boolean isNew = catalogue.find(id.id()).isEmpty();
                String uri = store.location() + "/" + id.folder();
                catalogue.register(signed.manifest(), signed.fileSha256(), Map.of(name, uri), Map.of());
                catalogue.found(id.id(), name, uri);
                others(id, store);
                (isNew ? entered : known).add(id.id());
            } catch (FaultException e) {
                if (e.fault().code() == FaultCode.UNTRUSTED_KEY) {
                    untrusted = Optional.of(e);
                } else if (e.fault().code() == FaultCode.ARTIFACT_DAMAGED) {
                    catalogue.verified(id.id(), name, false);
                }
                problems.add(new Problem(id.folder().toString(), e.fault().message()));
            }
            boolean configured = environments.all().contains(id.environment());
            if (!configured && !unconfigured.contains(id.environment().toString())) {
                unconfigured.add(id.environment().toString());
            }
        }
        if (entered.isEmpty() && known.isEmpty() && untrusted.isPresent()) {
            throw untrusted.get();
        }
        return new Report(name, List.copyOf(entered), List.copyOf(known), List.copyOf(problems), unconfigured);
    }

    /** The other stores of the environment that have it too, or are to get it. */
    private void others(ArtifactId id, ArtifactStore read) {
        if (!environments.all().contains(id.environment())) {
            return;
        }
        for (String name : environments.configOf(id.environment()).stores()) {
            ArtifactStore other = stores.byName(name);
            if (other.name().equals(read.name())
                    || catalogue.goodStores(id.id()).contains(other.name())) {
                continue;
            }
            var folder = new ArtifactFolder(other, id);
            try {
                if (folder.isCommitted()) {
                    library.read(other, catalogue.known(id), library.trusted());
                    catalogue.found(id.id(), other.name(), other.location() + "/" + id.folder());
                    continue;
                }
            } catch (FaultException e) {
                // It does not answer, or has another manifest: the copy is made, or found, when it can be.
            }
            catalogue.want(id.id(), other.name());
        }
    }
}
