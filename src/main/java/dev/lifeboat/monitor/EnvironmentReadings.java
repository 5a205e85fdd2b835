package dev.lifeboat.monitor;

import dev.lifeboat.environment.Bindings;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.fault.FaultException;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jboss.logging.Logger;

/** Looks at every environment: database, Odoo, service, volumes, as far as there is {@link Sight} of them. */
@ApplicationScoped
class EnvironmentReadings {
    private static final Logger LOG = Logger.getLogger(EnvironmentReadings.class);

    private final EnvironmentCatalogue environments;
    private final LifeboatConfig config;

    EnvironmentReadings(EnvironmentCatalogue environments, LifeboatConfig config) {
        this.environments = environments;
        this.config = config;
    }

    /** Everything, now; takes as long as what is asked takes to answer, some ten seconds each at most. */
    List<Reading> read() {
        var readings = new ArrayList<Reading>();
        Map<String, Path> volumes = new LinkedHashMap<>();
        volumes.put("data", config.dataDir());
        volumes.put("evidence", config.evidenceDir());
        config.stores().forEach((name, store) -> store.path().ifPresent(path -> volumes.put("store " + name, path)));
        for (EnvironmentId id : environments.all()) {
            try {
                Bindings bindings = environments.bindings(id);
                String environment = id.toString();
                readings.add(Reading.of(
                        Metric.DATABASE_UP, Sight.databaseTrouble(bindings).isEmpty(), environment));
                Sight.healthy(bindings)
                        .ifPresent(healthy -> readings.add(Reading.of(Metric.ODOO_HEALTHY, healthy, environment)));
                Sight.serviceRuns(bindings)
                        .ifPresent(runs -> readings.add(Reading.of(Metric.SERVICE_RUNNING, runs, environment)));
                volumes.put("filestore " + id, bindings.filestore());
            } catch (FaultException e) {
                LOG.debugf("%s is not watched: %s", id, e.getMessage());
            }
        }
        volumes.forEach((name, path) ->
                Sight.volume(path).ifPresent(use -> readings.add(Reading.of(Metric.DISK_USED, use.share(), name))));
        return readings;
    }
}
