package dev.lifeboat.notify;

import dev.lifeboat.environment.Bindings;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.Health;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.environment.ServiceControl;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.postgres.DatabaseServer;
import dev.lifeboat.run.RunStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Looks at an environment for the alerts of the operations specification, as far as they can be seen from this process: what
 * can't be seen is left out, and tells nothing.
 */
@ApplicationScoped
class Watching {
    private static final Path MEMORY = Path.of("/proc/meminfo");
    private static final int PER_CENT = 100;

    private final EnvironmentCatalogue environments;
    private final RunStore runs;
    private final LifeboatConfig config;

    Watching(EnvironmentCatalogue environments, RunStore runs, LifeboatConfig config) {
        this.environments = environments;
        this.runs = runs;
        this.config = config;
    }

    List<Watch> look(EnvironmentId id) {
        Bindings bindings = environments.bindings(id);
        LifeboatConfig.Watch bounds = environments.configOf(id).watch();
        var seen = new ArrayList<Watch>();
        // A run that stops Odoo starts it again, or fails, and then tells that itself.
        if (runs.activeRun(id).isEmpty()) {
            service(bindings).ifPresent(seen::add);
            health(bindings, bounds.healthFor()).ifPresent(seen::add);
        }
        database(bindings).ifPresent(seen::add);
        volumes(bindings)
                .forEach((name, path) -> disk(name, path, bounds.disk()).ifPresent(seen::add));
        if (config.sidecar().url().isEmpty()) {
            memory(bounds.memory()).ifPresent(seen::add);
        }
        return seen;
    }

    private static Optional<Watch> service(Bindings bindings) {
        try {
            return ServiceControl.of(bindings.service())
                    .isRunning()
                    .map(runs -> runs
                            ? Watch.well("service", Duration.ZERO)
                            : Watch.bad(
                                    "service",
                                    "Odoo's service does not run",
                                    Duration.ZERO,
                                    "look at its log, then start it"));
        } catch (FaultException e) {
            // That nobody can be asked says nothing of the service.
            return Optional.empty();
        }
    }

    private static Optional<Watch> health(Bindings bindings, Duration patience) {
        Health.Report report = new Health(bindings).once();
        if (!report.applicable()) {
            return Optional.empty();
        }
        return Optional.of(
                report.healthy()
                        ? Watch.well("health", patience)
                        : Watch.bad(
                                "health",
                                "Odoo's health or login page does not answer with 200",
                                patience,
                                "look at Odoo's log"));
    }

    private static Optional<Watch> database(Bindings bindings) {
        try {
            new DatabaseServer(bindings.database()).probe();
            return Optional.of(Watch.well("database", Duration.ZERO));
        } catch (FaultException e) {
            return e.fault().code() == FaultCode.DATABASE_UNREACHABLE
                    ? Optional.of(Watch.bad(
                            "database",
                            e.fault().message(),
                            Duration.ZERO,
                            "look at the server's log and at the way to it"))
                    : Optional.empty();
        }
    }

    private Map<String, Path> volumes(Bindings bindings) {
        var volumes = new LinkedHashMap<String, Path>();
        volumes.put("disk of the filestore", bindings.filestore());
        volumes.put("disk of Lifeboat's data", config.dataDir());
        bindings.stores().forEach(name -> Optional.ofNullable(config.stores().get(name))
                .flatMap(LifeboatConfig.Store::path)
                .ifPresent(path -> volumes.put("disk of store " + name, path)));
        return volumes;
    }

    private static Optional<Watch> disk(String name, Path folder, int most) {
        try {
            if (!Files.isDirectory(folder)) {
                return Optional.empty();
            }
            FileStore volume = Files.getFileStore(folder);
            return share(
                    name,
                    volume.getTotalSpace() - volume.getUsableSpace(),
                    volume.getTotalSpace(),
                    most,
                    "remove what is not needed, such as old logs; `lifeboat prune --dry-run` tells what retention keeps");
        } catch (IOException e) {
            // A volume that can't be asked tells nothing of its room.
            return Optional.empty();
        }
    }

    private static Optional<Watch> memory(int most) {
        try (Stream<String> lines = Files.lines(MEMORY)) {
            Map<String, Long> kilobytes = new LinkedHashMap<>();
            lines.map(line -> line.split("[: ]+", 3))
                    .filter(parts -> parts.length == 3)
                    .forEach(parts -> kilobytes.put(parts[0], Long.valueOf(parts[1])));
            Long total = kilobytes.get("MemTotal");
            Long available = kilobytes.get("MemAvailable");
            return total == null || available == null
                    ? Optional.empty()
                    : share(
                            "memory of this machine",
                            total - available,
                            total,
                            most,
                            "see what takes it; Odoo may want a restart");
        } catch (IOException e) {
            // Another system has no such file.
            return Optional.empty();
        }
    }

    private static Optional<Watch> share(String name, long used, long total, int most, String remedy) {
        if (total <= 0) {
            return Optional.empty();
        }
        long percent = used * PER_CENT / total;
        return Optional.of(
                percent <= most
                        ? Watch.well(name, Duration.ZERO)
                        : Watch.bad(name, percent + " % are used, more than " + most + " %", Duration.ZERO, remedy));
    }
}
