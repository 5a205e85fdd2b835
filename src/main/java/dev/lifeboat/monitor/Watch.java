package dev.lifeboat.monitor;

import dev.lifeboat.environment.Bindings;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.Health;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.environment.ServiceControl;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.postgres.DatabaseServer;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jboss.logging.Logger;

/**
 * Looks at what the operations guide of one production wants to be alerted of (its section "Monitoring Alerts"), as far as it can be
 * seen from here: database, Odoo, service, volumes. What can't be looked at is not told, and so alerts of nobody.
 */
@ApplicationScoped
class Watch {
    private static final Logger LOG = Logger.getLogger(Watch.class);
    private static final Duration ANSWER = Duration.ofSeconds(10);

    private final EnvironmentCatalogue environments;
    private final LifeboatConfig config;

    Watch(EnvironmentCatalogue environments, LifeboatConfig config) {
        this.environments = environments;
        this.config = config;
    }

    /** Everything, now; takes as long as what is asked takes to answer, some ten seconds each at most. */
    List<Reading> look() {
        var readings = new ArrayList<Reading>();
        Map<String, Path> volumes = new LinkedHashMap<>();
        volumes.put("data", config.dataDir());
        volumes.put("evidence", config.evidenceDir());
        config.stores().forEach((name, store) -> store.path().ifPresent(path -> volumes.put("store " + name, path)));
        for (EnvironmentId id : environments.all()) {
            try {
                Bindings bindings = environments.bindings(id);
                readings.add(Reading.of(Metric.DATABASE_UP, letsIn(bindings), id.toString()));
                odoo(readings, bindings);
                service(readings, bindings);
                volumes.put("filestore " + id, bindings.filestore());
            } catch (FaultException e) {
                LOG.debugf("%s is not watched: %s", id, e.getMessage());
            }
        }
        volumes.forEach((name, path) -> disk(readings, name, path));
        return readings;
    }

    private static boolean letsIn(Bindings bindings) {
        var server = new DatabaseServer(bindings.database());
        try (var connection = server.connect(bindings.database().name(), ANSWER)) {
            return connection.isValid((int) ANSWER.toSeconds());
        } catch (FaultException | SQLException e) {
            LOG.debugf("database of %s: %s", bindings.environment(), e.getMessage());
            return false;
        }
    }

    private static void odoo(List<Reading> readings, Bindings bindings) {
        Health.Report report = new Health(bindings).once();
        if (report.applicable()) {
            readings.add(Reading.of(
                    Metric.ODOO_HEALTHY,
                    report.healthy(),
                    bindings.environment().toString()));
        }
    }

    private static void service(List<Reading> readings, Bindings bindings) {
        try {
            ServiceControl.of(bindings.service())
                    .isRunning()
                    .ifPresent(runs -> readings.add(Reading.of(
                            Metric.SERVICE_RUNNING, runs, bindings.environment().toString())));
        } catch (FaultException e) {
            LOG.debugf("service of %s: %s", bindings.environment(), e.getMessage());
        }
    }

    private static void disk(List<Reading> readings, String name, Path path) {
        if (!Files.isDirectory(path)) {
            return;
        }
        try {
            FileStore volume = Files.getFileStore(path);
            double total = volume.getTotalSpace();
            if (total > 0) {
                readings.add(Reading.of(Metric.DISK_USED, 1 - volume.getUsableSpace() / total, name));
            }
        } catch (IOException e) {
            LOG.debugf("volume of %s: %s", path, e.getMessage());
        }
    }
}
