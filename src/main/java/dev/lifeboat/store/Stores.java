package dev.lifeboat.store;

import dev.lifeboat.environment.Bindings;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.environment.Secret;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** The stores that are configured. {@code primary} is the folder {@code artifacts} in the data folder unless it is named. */
@ApplicationScoped
public class Stores {
    private static final String PRIMARY = "primary";

    private final LifeboatConfig config;
    private final Map<String, ArtifactStore> open = new ConcurrentHashMap<>();

    Stores(LifeboatConfig config) {
        this.config = config;
    }

    /** The stores of an environment; the first is the primary. */
    public List<ArtifactStore> of(Bindings bindings) {
        return bindings.stores().stream().map(this::byName).toList();
    }

    /** The stores of an environment, and after them all others: an artifact may have come from a machine that is gone. */
    public List<ArtifactStore> readable(Bindings bindings) {
        return Stream.of(
                        bindings.stores().stream(),
                        Stream.of(PRIMARY),
                        config.stores().keySet().stream().sorted())
                .flatMap(names -> names)
                .distinct()
                .map(this::byName)
                .toList();
    }

    /** The same, one of them before all others. */
    public List<ArtifactStore> readable(Bindings bindings, Optional<String> preferred) {
        return readable(bindings).stream()
                .sorted(Comparator.comparing(
                        store -> preferred.filter(store.name()::equals).isEmpty()))
                .toList();
    }

    /**
     * A store.
     *
     * @throws dev.lifeboat.fault.FaultException BAD_CONFIGURATION where there is none of that name
     */
    public ArtifactStore byName(String name) {
        return open.computeIfAbsent(name, this::create);
    }

    /** Until when what is written into a store now is to be protected; empty: the store sets no locks. */
    public Optional<Instant> lockUntil(String name) {
        return Optional.ofNullable(config.stores().get(name))
                .filter(store -> store.objectLock() != LifeboatConfig.Store.ObjectLock.NONE)
                .map(store -> Instant.now().plus(store.lockFor()).truncatedTo(ChronoUnit.SECONDS));
    }

    private ArtifactStore create(String name) {
        LifeboatConfig.Store store = config.stores().get(name);
        if (store != null) {
            ArtifactStore plain =
                    switch (store.kind()) {
                        case FOLDER ->
                            new FolderStore(
                                    name,
                                    required(name, "path", store.path())
                                            .toAbsolutePath()
                                            .normalize());
                        case S3 -> new S3Store(name, bucket(name, store));
                    };
            return keys(name, store)
                    .<ArtifactStore>map(keys -> new EncryptedStore(plain, keys))
                    .orElse(plain);
        }
        if (name.equals(PRIMARY)) {
            Path folder = config.dataDir().toAbsolutePath().normalize().resolve("artifacts");
            return new FolderStore(name, folder);
        }
        throw Fault.of(
                        FaultCode.BAD_CONFIGURATION,
                        "there is no store '" + name + "'",
                        "Add lifeboat.stores." + name
                                + " to config/application.yaml, or take it out of the environment's stores.")
                .toException();
    }

    private static Optional<AgeKeys> keys(String name, LifeboatConfig.Store store) {
        if (store.keyFile().isPresent() && store.keyCommand().isPresent()) {
            throw Fault.of(
                            FaultCode.BAD_CONFIGURATION,
                            "store '" + name + "' has both a key-file and a key-command",
                            "Keep the one that gives the key.")
                    .toException();
        }
        return store.keyFile().map(file -> AgeKeys.read(name, file)).or(() -> store.keyCommand()
                .map(command -> AgeKeys.ofCommand(name, command)));
    }

    private static S3Settings bucket(String name, LifeboatConfig.Store store) {
        String prefix = store.prefix().orElse("").replaceAll("^/+|/+$", "");
        return new S3Settings(
                required(name, "bucket", store.bucket()),
                prefix,
                store.region(),
                store.endpoint(),
                store.accessKey(),
                store.secretKey().map(Secret::new),
                store.pathStyle().orElse(store.endpoint().isPresent()),
                store.checksums(),
                S3Settings.LockMode.valueOf(store.objectLock().name()),
                S3Settings.Expiry.valueOf(store.expiry().name()),
                store.limit());
    }

    private static <T> T required(String name, String key, Optional<T> value) {
        return value.orElseThrow(() -> Fault.of(
                        FaultCode.BAD_CONFIGURATION,
                        "store '" + name + "' has no " + key,
                        "Set lifeboat.stores." + name + "." + key + " in config/application.yaml.")
                .toException());
    }
}
