package dev.lifeboat.orchestrator;

import dev.lifeboat.artifact.InstallationKey;
import dev.lifeboat.environment.LifeboatConfig;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/** What belongs to this installation as a whole. */
@ApplicationScoped
class Installation {
    /** The key that signs manifests and evidence; made when it is first wanted. */
    @Produces
    @Singleton
    InstallationKey key(LifeboatConfig config) {
        return InstallationKey.openOrCreate(config.dataDir());
    }
}
