package dev.lifeboat.notify;

import dev.lifeboat.environment.Bindings;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.monitor.Sight;
import dev.lifeboat.run.RunStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
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
        seen.add(database(bindings));
        volumes(bindings)
                .forEach((name, path) -> disk(name, path, bounds.disk()).ifPresent(seen::add));
        if (config.sidecar().url().isEmpty()) {
            memory(bounds.memory()).ifPresent(seen::add);
        }
        return seen;
    }

    private static Optional<Watch> service(Bindings bindings) {
        return Sight.serviceRuns(bindings)
                .map(runs -> runs
                        ? Watch.well("service", Duration.ZERO)
                        : Watch.bad(
                                "service",
                                "Odoo's service does not run",
                                Duration.ZERO,
                                "look at its log, then start it"));
    }

    private static Optional<Watch> health(Bindings bindings, Duration patience) {
        return Sight.healthy(bindings)
                .map(healthy -> healthy
                        ? Watch.well("health", patience)
                        : Watch.bad(
                                "health",
                                "Odoo's health or login page does not answer with 200",
                                patience,
                                "look at Odoo's log"));
    }

    private static Watch database(Bindings bindings) {
        return Sight.databaseTrouble(bindings)
                .map(fault -> Watch.bad("database", fault.message(), Duration.ZERO, fault.remedy()))
                .orElseGet(() -> Watch.well("database", Duration.ZERO));
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
        return Sight.volume(folder)
                .map(
                        use -> share(
                                name,
                                use,
                                most,
                                "remove what is not needed, such as old logs; `lifeboat prune --dry-run` tells what retention keeps"));
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
                    : Optional.of(share(
                            "memory of this machine",
                            new Sight.Use(total - available, total),
                            most,
                            "see what takes it; Odoo may want a restart"));
        } catch (IOException e) {
            // Another system has no such file.
            return Optional.empty();
        }
    }

    private static Watch share(String name, Sight.Use use, int most, String remedy) {
        long percent = use.used() * PER_CENT / use.total();
        return percent <= most
                ? Watch.well(name, Duration.ZERO)
                : Watch.bad(name, percent + " % are used, more than " + most + " %", Duration.ZERO, remedy);
    }
}
