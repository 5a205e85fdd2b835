package dev.lifeboat.host;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.smallrye.config.source.yaml.YamlConfigSource;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * The few settings that are needed before the engine starts, read from the same sources as the engine's configuration.
 *
 * @param dataDir the data folder
 * @param stateConfigured whether a database for the state is configured; else the embedded server holds it
 * @param token the configured token: of the engine, or, where {@code server} is there, what lets in to that
 * @param sidecarTokenConfigured whether a token of the sidecar is configured, or a file that holds it
 * @param server the server that commands talk to, in place of the data folder's engine
 */
public record Settings(
        Path dataDir,
        boolean stateConfigured,
        Optional<String> token,
        boolean sidecarTokenConfigured,
        Optional<URI> server) {
    /**
     * Reads system properties, environment variables and {@code config/application.yaml} of the working folder.
     *
     * @throws dev.lifeboat.fault.FaultException BAD_CONFIGURATION where the file can't be read as YAML
     */
    public static Settings read() {
        return read(Path.of("config", "application.yaml"));
    }

    static Settings read(Path file) {
        try {
            return parse(file);
        } catch (YAMLException | IOException e) {
            throw Fault.of(
                            FaultCode.BAD_CONFIGURATION,
                            "the configuration " + file.toAbsolutePath() + " can't be read; nothing was started",
                            "Mend the file at the place that `problem` names.")
                    .with("problem", String.valueOf(e.getMessage()).strip())
                    .toException(e);
        }
    }

    private static Settings parse(Path file) throws IOException {
        var builder = new SmallRyeConfigBuilder().addSystemSources();
        if (Files.exists(file)) {
            builder.withSources(new YamlConfigSource(file.toUri().toURL(), 260));
        }
        SmallRyeConfig config = builder.build();
        return new Settings(
                config.getOptionalValue("lifeboat.data-dir", Path.class).orElse(Path.of("data")),
                config.getOptionalValue("quarkus.datasource.jdbc.url", String.class)
                        .isPresent(),
                config.getOptionalValue("lifeboat.token", String.class),
                config.getOptionalValue("lifeboat.sidecar.token", String.class)
                        .or(() -> config.getOptionalValue("lifeboat.sidecar.token-file", String.class))
                        .isPresent(),
                config.getOptionalValue("lifeboat.url", URI.class));
    }
}
