package dev.lifeboat.host;

import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.smallrye.config.source.yaml.YamlConfigSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The few settings that are needed before the engine starts, read from the same sources as the engine's configuration.
 *
 * @param dataDir the data folder
 * @param stateConfigured whether a database for the state is configured; else the embedded server holds it
 * @param token the configured token
 */
public record Settings(Path dataDir, boolean stateConfigured, Optional<String> token) {
    /** Reads system properties, environment variables and {@code config/application.yaml} of the working folder. */
    public static Settings read() throws IOException {
        Path file = Path.of("config", "application.yaml");
        var builder = new SmallRyeConfigBuilder().addSystemSources();
        if (Files.exists(file)) {
            builder.withSources(new YamlConfigSource(file.toUri().toURL(), 260));
        }
        SmallRyeConfig config = builder.build();
        return new Settings(
                config.getOptionalValue("lifeboat.data-dir", Path.class).orElse(Path.of("data")),
                config.getOptionalValue("quarkus.datasource.jdbc.url", String.class)
                        .isPresent(),
                config.getOptionalValue("lifeboat.token", String.class));
    }
}
