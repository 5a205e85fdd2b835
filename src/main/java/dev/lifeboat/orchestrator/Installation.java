package dev.lifeboat.orchestrator;

import dev.lifeboat.artifact.InstallationKey;
import dev.lifeboat.environment.LifeboatConfig;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.nio.file.Path;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** What belongs to this installation as a whole. */
@ApplicationScoped
class Installation {
    /** The key that signs manifests and evidence; an engine, or what stands in for it, makes it when it is first wanted. */
    @Produces
    @Singleton
    InstallationKey key(
            LifeboatConfig config, @ConfigProperty(name = "quarkus.funqy.export") Optional<String> function) {
        Path keys = config.keysDir().orElseGet(() -> config.dataDir().resolve("keys"));
        return switch (config.role()) {
            case ENGINE -> InstallationKey.openOrCreateIn(keys);
            case FUNCTION ->
                function.filter(LifeboatConfig.Functions.ADVANCE::equals).isPresent()
                        ? InstallationKey.openOrCreateIn(keys)
                        : InstallationKey.openIn(keys);
            case SIDECAR -> InstallationKey.openIn(keys);
        };
    }
}
