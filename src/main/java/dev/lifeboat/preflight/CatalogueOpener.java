package dev.lifeboat.preflight;

import dev.lifeboat.artifact.ArtifactId;
import dev.lifeboat.artifact.ArtifactLibrary;
import dev.lifeboat.artifact.KnownArtifact;
import dev.lifeboat.artifact.OpenArtifact;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.run.Artifact;
import dev.lifeboat.run.ArtifactCatalogue;
import dev.lifeboat.run.ArtifactCopy;
import dev.lifeboat.store.ArtifactStore;
import dev.lifeboat.store.Stores;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Opens an artifact where the catalogue says that its copies are. */
@ApplicationScoped
public class CatalogueOpener {
    private final ArtifactCatalogue catalogue;
    private final ArtifactLibrary library;
    private final Stores stores;
    private final EnvironmentCatalogue environments;

    CatalogueOpener(
            ArtifactCatalogue catalogue, ArtifactLibrary library, Stores stores, EnvironmentCatalogue environments) {
        this.catalogue = catalogue;
        this.library = library;
        this.stores = stores;
        this.environments = environments;
    }

    /**
     * Opens an artifact.
     *
     * @throws dev.lifeboat.fault.FaultException as {@link ArtifactLibrary#open}
     */
    public OpenArtifact open(Artifact artifact) {
        return library.open(
                new KnownArtifact(
                        new ArtifactId(EnvironmentId.parse(artifact.environmentId), artifact.artifactId),
                        Optional.ofNullable(artifact.manifestSha256)),
                copies(artifact));
    }

    /** The good copies in the order in which the environment names its stores; damaged ones only where there are no others. */
    private List<ArtifactStore> copies(Artifact artifact) {
        List<String> order = environments
                .configOf(EnvironmentId.parse(artifact.environmentId))
                .stores();
        return catalogue.copies(artifact.artifactId).stream()
                .filter(copy -> copy.isGood() || copy.status.equals("damaged"))
                .sorted(Comparator.<ArtifactCopy, Boolean>comparing(copy -> copy.status.equals("damaged"))
                        .thenComparing(copy -> order.contains(copy.store) ? order.indexOf(copy.store) : order.size()))
                .map(copy -> stores.byName(copy.store))
                .toList();
    }
}
