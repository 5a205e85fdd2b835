package dev.lifeboat.store;

import dev.lifeboat.environment.Bindings;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

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

    /**
     * A store.
     *
     * @throws dev.lifeboat.fault.FaultException BAD_CONFIGURATION where there is none of that name
     */
    public ArtifactStore byName(String name) {
        return open.computeIfAbsent(name, this::create);
    }

    private ArtifactStore create(String name) {
        LifeboatConfig.Store store = config.stores().get(name);
        if (store != null) {
            return switch (store.kind()) {
                case FOLDER ->
                    new FolderStore(name, store.path().toAbsolutePath().normalize());
            };
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
}
