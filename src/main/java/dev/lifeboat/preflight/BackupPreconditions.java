package dev.lifeboat.preflight;

import dev.lifeboat.artifact.BackupType;
import dev.lifeboat.environment.Bindings;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.environment.OdooConf;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.postgres.DatabaseServer;
import dev.lifeboat.postgres.PgTools;
import dev.lifeboat.progress.Amounts;
import dev.lifeboat.run.Artifact;
import dev.lifeboat.run.ArtifactCatalogue;
import dev.lifeboat.run.Operation;
import dev.lifeboat.store.ArtifactStore;
import dev.lifeboat.store.Stores;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The six preconditions of the backup specification; the fifth and sixth are told apart into what each looks at. */
@ApplicationScoped
public class BackupPreconditions {
    private final CommonChecks common;
    private final ArtifactCatalogue artifacts;
    private final Stores stores;
    private final LifeboatConfig config;

    BackupPreconditions(CommonChecks common, ArtifactCatalogue artifacts, Stores stores, LifeboatConfig config) {
        this.common = common;
        this.artifacts = artifacts;
        this.stores = stores;
        this.config = config;
    }

    /** Evaluates all of them, whether or not one fails. */
    public PreflightReport evaluate(Bindings bindings, BackupType type, String user) {
        List<Check> checks = new ArrayList<>(common.evaluate(bindings, Operation.BACKUP, user));
        if (type.coversDatabase()) {
            checks.add(database(bindings));
        }
        if (type.coversFilestore()) {
            checks.add(filestore(bindings));
        }
        bindings.odooConf()
                .ifPresent(conf -> checks.add(Probe.check("configuration readable", conf.toString(), () -> {
                    OdooConf.read(conf);
                    return "it parses";
                })));
        checks.addAll(rooms(bindings));
        return new PreflightReport(checks);
    }

    private Check database(Bindings bindings) {
        var database = bindings.database();
        String lookedAt = database.user() + "@" + database.server() + "/" + database.name();
        return Probe.check("database reachable, tools fit", lookedAt, () -> {
            var server = new DatabaseServer(database);
            var info = server.probe();
            server.size(database.name());
            if (config.sidecar().url().isPresent()) {
                return "server " + info.version() + "; the tools are the sidecar's, which finds out when it begins";
            }
            PgTools tools = PgTools.forServer(info.major(), config.pgBin());
            return "server " + info.version() + ", pg_dump " + tools.version().text();
        });
    }

    private static Check filestore(Bindings bindings) {
        String folder = bindings.filestore().toString();
        return Probe.check("filestore readable", folder, () -> {
            if (!Files.isDirectory(bindings.filestore())) {
                throw Fault.of(
                                FaultCode.FILESTORE_MISSING,
                                "the filestore " + folder + " of " + bindings.environment() + " is not there",
                                "Set 'filestore' of the environment, or data_dir in its odoo.conf; a database without"
                                        + " attachments is backed up with --type db_only.")
                        .toException();
            }
            if (!Files.isReadable(bindings.filestore()) || !Files.isExecutable(bindings.filestore())) {
                throw Fault.of(
                                FaultCode.FILESTORE_UNREADABLE,
                                "the filestore " + folder + " may not be read by this user",
                                "Run Lifeboat as Odoo's user or as root.")
                        .toException();
            }
            return "it can be read";
        });
    }

    /** One store that can be written is enough: the others get their copies later. */
    private List<Check> rooms(Bindings bindings) {
        List<ArtifactStore> all = stores.of(bindings);
        var checks = new ArrayList<Check>();
        try (var probing = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Check>> running = all.stream()
                    .map(store -> probing.submit(() -> room(bindings, store)))
                    .toList();
            for (int i = 0; i < running.size(); i++) {
                checks.add(result(running.get(i), all.get(i)));
            }
            probing.shutdownNow();
        }
        if (checks.stream().noneMatch(check -> check.status() == Check.Status.PASSED)) {
            return checks;
        }
        return checks.stream()
                .map(check -> check.status() == Check.Status.FAILED
                        ? Check.skipped(check.name(), check.lookedAt(), check.found() + "; it gets its copy later")
                        : check)
                .toList();
    }

    private Check result(Future<Check> probe, ArtifactStore store) {
        try {
            return probe.get(config.storePatience().toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } catch (TimeoutException e) {
            return Check.failed(
                    nameOf(store),
                    store.location(),
                    Fault.of(
                            FaultCode.STORE_UNREACHABLE,
                            "store '" + store.name() + "' did not answer within "
                                    + config.storePatience().toSeconds() + " s",
                            "See the way to it, and its state."));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Fault.of(FaultCode.CANCELLED, "the preconditions were not looked at to the end", "Start again.")
                    .toException(e);
        }
    }

    private static String nameOf(ArtifactStore store) {
        return "store '" + store.name() + "' writable, with room";
    }

    private Check room(Bindings bindings, ArtifactStore store) {
        return Probe.check(nameOf(store), store.location(), () -> {
            store.probe();
            OptionalLong free = store.freeBytes();
            long needed = artifacts
                    .latest(bindings.environment(), any -> true)
                    .map((Artifact last) -> last.sizeBytes + last.sizeBytes / 10)
                    .orElse(0L);
            if (free.isPresent() && free.getAsLong() < needed) {
                throw Fault.of(
                                FaultCode.DISK_SPACE_LOW,
                                "store '" + store.name() + "' has " + Amounts.bytes(free.getAsLong())
                                        + " free; the last backup and a tenth need " + Amounts.bytes(needed),
                                "Free some room, or lower the retention (`lifeboat prune "
                                        + bindings.environment().name() + " --dry-run` shows what would go).")
                        .toException();
            }
            return (free.isPresent() ? Amounts.bytes(free.getAsLong()) + " free" : "it does not tell its free room")
                    + (needed > 0 ? ", " + Amounts.bytes(needed) + " needed by the last backup's size" : "");
        });
    }
}
