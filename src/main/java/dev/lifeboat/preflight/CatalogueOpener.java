package dev.lifeboat.preflight;

import dev.lifeboat.artifact.ArtifactId;
import dev.lifeboat.artifact.ArtifactLibrary;
import dev.lifeboat.artifact.OpenArtifact;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.run.Artifact;
import dev.lifeboat.run.ArtifactCatalogue;
import dev.lifeboat.store.Stores;
import jakarta.enterprise.context.ApplicationScoped;

/** Opens an artifact where the catalogue says that its copies are. */
@ApplicationScoped
public class CatalogueOpener {
    private final ArtifactCatalogue catalogue;
    private final ArtifactLibrary library;
    private final Stores stores;

    CatalogueOpener(ArtifactCatalogue catalogue, ArtifactLibrary library, Stores stores) {
        this.catalogue = catalogue;
        this.library = library;
        this.stores = stores;
    }

    /**
     * Opens an artifact.
     *
     * @throws dev.lifeboat.fault.FaultException as {@link ArtifactLibrary#open}
     */
    public OpenArtifact open(Artifact artifact) {
        return library.open(
                new ArtifactId(EnvironmentId.parse(artifact.environmentId), artifact.artifactId),
                catalogue.copies(artifact.artifactId).stream()
                        .filter(copy -> !copy.status.equals("deleted"))
                        .map(copy -> stores.byName(copy.store))
                        .toList());
    }
}
