package dev.lifeboat.orchestrator;

import dev.lifeboat.artifact.InstallationKey;
import dev.lifeboat.environment.LifeboatConfig;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.nio.file.Path;

/** What belongs to this installation as a whole. */
@ApplicationScoped
class Installation {
    /** The key that signs manifests and evidence; an engine makes it when it is first wanted. */
    @Produces
    @Singleton
    InstallationKey key(LifeboatConfig config) {
        Path keys = config.keysDir().orElseGet(() -> config.dataDir().resolve("keys"));
        return switch (config.role()) {
            case ENGINE -> InstallationKey.openOrCreateIn(keys);
            case FUNCTION, SIDECAR -> InstallationKey.openIn(keys);
        };
    }
}
