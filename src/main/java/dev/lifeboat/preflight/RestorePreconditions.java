package dev.lifeboat.preflight;

import dev.lifeboat.artifact.BackupType;
import dev.lifeboat.artifact.Manifest;
import dev.lifeboat.artifact.ManifestCodec;
import dev.lifeboat.artifact.OpenArtifact;
import dev.lifeboat.environment.Bindings;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.environment.ServiceBinding;
import dev.lifeboat.environment.ServiceControl;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import dev.lifeboat.postgres.DatabaseFacts;
import dev.lifeboat.postgres.DatabaseServer;
import dev.lifeboat.postgres.PgTools;
import dev.lifeboat.postgres.TableMerge;
import dev.lifeboat.postgres.TableName;
import dev.lifeboat.postgres.TableOrder;
import dev.lifeboat.progress.Amounts;
import dev.lifeboat.run.Artifact;
import dev.lifeboat.run.ArtifactCatalogue;
import dev.lifeboat.run.Operation;
import dev.lifeboat.run.RunStore;
import dev.lifeboat.store.DurableFiles;
import dev.lifeboat.store.StoredObject;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

/** The nine preconditions of the restore specification, in its order; of the eighth, the service is told apart. */
@ApplicationScoped
public class RestorePreconditions {
    private final CommonChecks common;
    private final ArtifactCatalogue artifacts;
    private final CatalogueOpener opener;
    private final LifeboatConfig config;
    private final RunStore runs;

    RestorePreconditions(
            CommonChecks common,
            ArtifactCatalogue artifacts,
            CatalogueOpener opener,
            LifeboatConfig config,
            RunStore runs) {
        this.runs = runs;
        this.common = common;
        this.artifacts = artifacts;
        this.opener = opener;
        this.config = config;
    }

    /**
     * Evaluates all of them, whether or not one fails.
     *
     * @param bindings of the environment that is restored
     * @param source the environment whose artifact it has to be
     */
    public PreflightReport evaluate(
            Bindings bindings, EnvironmentId source, String artifactId, BackupType type, String user) {
        List<Check> checks = new ArrayList<>(common.evaluate(bindings, Operation.RESTORE, user));
        Optional<Artifact> row = visible(artifactId, source, user);
        checks.add(Probe.check("artifact exists and is of " + source, "ops.artifacts " + artifactId, () -> {
            belongs(row.orElseThrow(() -> ArtifactCatalogue.unknown(artifactId)), source, type);
            return row.orElseThrow().backupType + " of " + row.orElseThrow().createdAt;
        }));
        Optional<OpenArtifact> open = Optional.empty();
        Check manifest;
        if (row.isEmpty()) {
            manifest = Check.skipped("metadata readable", "artifact.json", "the artifact is not known");
        } else {
            try {
                open = Optional.of(opener.open(row.get()));
                manifest = Check.passed(
                        "metadata readable",
                        open.get().folder().store().location() + "/"
                                + open.get().id().file("artifact.json"),
                        "it parses and its digest and signature hold");
            } catch (FaultException e) {
                manifest = Check.failed("metadata readable", "artifact.json", e.fault());
            }
        }
        checks.add(integrity(open));
        checks.add(room(bindings, row, type));
        checks.add(reachable(bindings, open, type));
        checks.add(service(bindings));
        checks.add(manifest);
        return new PreflightReport(checks);
    }

    /**
     * What a rehearsal needs: room, and a server that takes another database. Whether the artifact is whole is what it finds
     * out.
     */
    public PreflightReport ofDrill(Bindings bindings, String artifactId, String user) {
        Optional<Artifact> row = visible(artifactId, bindings.environment(), user);
        BackupType type = row.map(Artifact::type).orElse(BackupType.FULL);
        return new PreflightReport(List.of(
                Probe.check("artifact exists", artifactId, () -> {
                    belongs(row.orElseThrow(() -> ArtifactCatalogue.unknown(artifactId)), bindings.environment(), type);
                    return type.wireName() + ", " + row.orElseThrow().createdAt;
                }),
                room(bindings, row, type),
                reachable(bindings, Optional.empty(), type)));
    }

    /**
     * What a restore of tables needs, and the order with the tables' full names.
     *
     * @param wanted makes the order, of the tables that the artifact has
     * @throws dev.lifeboat.fault.RefusedException where a precondition does not hold
     * @throws FaultException BAD_INPUT where a table can't be restored
     */
    public TableOrder ofTables(
            Bindings bindings, String artifactId, Function<List<TableName>, TableOrder> wanted, String user) {
        List<Check> checks = new ArrayList<>(common.evaluate(bindings, Operation.RESTORE, user));
        Optional<Artifact> row = visible(artifactId, bindings.environment(), user);
        checks.add(Probe.check("artifact exists and has a database", artifactId, () -> {
            belongs(
                    row.orElseThrow(() -> ArtifactCatalogue.unknown(artifactId)),
                    bindings.environment(),
                    BackupType.DB_ONLY);
            return artifactId;
        }));
        checks.add(reachable(bindings, Optional.empty(), BackupType.DB_ONLY));
        new PreflightReport(checks).orRefuse();
        OpenArtifact artifact = opener.open(artifacts.get(artifactId));
        TableOrder order = wanted.apply(
                TableName.of(artifact.manifest().database().orElseThrow().tables()));
        TableMerge.check(new DatabaseServer(bindings.database()), order);
        return order;
    }

    /** Of another environment's artifact only who may see that environment learns that it is there. */
    private Optional<Artifact> visible(String artifactId, EnvironmentId own, String user) {
        return artifacts
                .find(artifactId)
                .filter(artifact -> artifact.environmentId.equals(own.toString())
                        || runs.hasPermission(
                                user,
                                EnvironmentId.parse(artifact.environmentId).project(),
                                "view"));
    }

    private static void belongs(Artifact artifact, EnvironmentId source, BackupType type) {
        if (!artifact.environmentId.equals(source.toString())) {
            throw Fault.of(
                            FaultCode.WRONG_ENVIRONMENT,
                            "artifact " + artifact.artifactId + " is of " + artifact.environmentId + ", not of "
                                    + source,
                            "Name an artifact of " + source + " (`lifeboat artifacts " + source.name()
                                    + "` lists them), or say that another environment's is meant: --from-environment"
                                    + " (HTTP: from_environment).")
                    .toException();
        }
        if (!artifact.isAvailable()) {
            throw Fault.of(
                            FaultCode.UNKNOWN_ARTIFACT,
                            "artifact " + artifact.artifactId + " was removed by retention",
                            "`lifeboat artifacts` lists those that there are.")
                    .toException();
        }
        BackupType has = artifact.type();
        if ((type.coversDatabase() && !has.coversDatabase()) || (type.coversFilestore() && !has.coversFilestore())) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "artifact " + artifact.artifactId + " is " + has.wireName() + ": it can't give a "
                                    + type.wireName() + " restore",
                            "Ask for --type " + has.wireName() + ", or name another artifact.")
                    .toException();
        }
    }

    /** Presence and sizes here; every byte is hashed in the run's second step, before anything is touched. */
    private static Check integrity(Optional<OpenArtifact> open) {
        String name = "artifact whole";
        if (open.isEmpty()) {
            return Check.skipped(name, "the files that the manifest names", "the manifest can't be read");
        }
        OpenArtifact artifact = open.get();
        return Probe.check(name, "the files that the manifest names", () -> {
            for (Manifest.FileEntry file : ManifestCodec.files(artifact.manifest())) {
                long size = artifact.folder()
                        .find(file.path())
                        .map(StoredObject::size)
                        .orElse(-1L);
                if (size != file.size()) {
                    throw Fault.of(
                                    FaultCode.ARTIFACT_DAMAGED,
                                    file.path() + " of " + artifact.id()
                                            + (size < 0
                                                    ? " is missing"
                                                    : " has " + size + " bytes, not " + file.size()),
                                    "Restore another artifact, or from another store; `lifeboat verify " + artifact.id()
                                            + "` looks at every byte.")
                            .toException();
                }
            }
            return ManifestCodec.files(artifact.manifest()).size()
                    + " files of the right size; step verify-artifact hashes them";
        });
    }

    private static Check room(Bindings bindings, Optional<Artifact> artifact, BackupType type) {
        Path volume = existing(bindings.filestore());
        String lookedAt = "the volume of " + volume;
        String name = "room for twice the artifact";
        if (artifact.isEmpty()) {
            return Check.skipped(name, lookedAt, "the artifact is not known");
        }
        if (!type.coversFilestore()) {
            return Check.skipped(name, "the database server's disk", "its free room can't be seen from here");
        }
        return Probe.check(name, lookedAt, () -> {
            long free = usable(volume);
            long needed = 2 * artifact.get().sizeBytes;
            if (free < needed) {
                throw Fault.of(
                                FaultCode.DISK_SPACE_LOW,
                                volume + " has " + Amounts.bytes(free) + " free; twice the artifact are "
                                        + Amounts.bytes(needed),
                                "Free some room on that volume.")
                        .toException();
            }
            return Amounts.bytes(free) + " free, " + Amounts.bytes(needed)
                    + " wanted; the database server's disk can't be seen from here";
        });
    }

    private Check reachable(Bindings bindings, Optional<OpenArtifact> open, BackupType type) {
        var database = bindings.database();
        String lookedAt = database.server() + " and " + bindings.filestore();
        return Probe.check("target reachable", lookedAt, () -> {
            var found = new ArrayList<String>();
            if (type.coversDatabase()) {
                var server = new DatabaseServer(database);
                var info = server.probe();
                if (!withSidecar()) {
                    open.flatMap(artifact -> artifact.manifest().manifest().dbMajorVersion())
                            .ifPresent(dump -> PgTools.forRestore(info.major(), dump, config.pgBin()));
                }
                if (!info.createdb() && !info.superuser()) {
                    throw Fault.of(
                                    FaultCode.DATABASE_RIGHT_MISSING,
                                    "role " + database.user() + " may not create databases: the restored one is loaded"
                                            + " beside the present one",
                                    "As a superuser: ALTER ROLE " + DatabaseServer.quoteIdentifier(database.user())
                                            + " CREATEDB")
                            .toException();
                }
                open.filter(artifact -> artifact.manifest().dbDump().isPresent())
                        .flatMap(artifact -> facts(artifact).immutableUnaccent())
                        .ifPresent(unaccent -> unaccent.requireRight(server));
                found.add("server " + info.version() + ", database "
                        + (server.exists(database.name()) ? "present" : "missing"));
                List<DatabaseServer.Session> stay = server.sessionsOutOfReach(database.name());
                if (!stay.isEmpty()) {
                    found.add("these sessions can't be ended by role " + database.user()
                            + " and have to be gone before the databases are swapped: " + stay);
                }
            }
            if (type.coversFilestore() && withSidecar()) {
                found.add("filestore " + (Files.isDirectory(bindings.filestore()) ? "present" : "missing")
                        + "; the sidecar writes it, and finds out beside it whether it can");
            } else if (type.coversFilestore()) {
                Path parent = existing(bindings.filestore().getParent());
                if (!Files.isWritable(parent)) {
                    throw Fault.of(
                                    FaultCode.FILESTORE_UNWRITABLE,
                                    parent + " may not be written by this user: the restored filestore is built there",
                                    "Run Lifeboat as Odoo's user or as root.")
                            .toException();
                }
                provesRename(bindings.filestore());
                found.add("filestore " + (Files.isDirectory(bindings.filestore()) ? "present" : "missing")
                        + ", folders beside it can be renamed");
            }
            return String.join("; ", found);
        });
    }

    /** What stands between an Odoo that runs and databases that are swapped below it. */
    private static Check service(Bindings bindings) {
        String name = "service can be stopped and started";
        String lookedAt = "service.kind " + bindings.service().kind();
        return switch (bindings.service()) {
            case ServiceBinding.None none ->
                Check.skipped(name, lookedAt, ServiceControl.of(none).examine());
            case ServiceBinding.Systemd systemd -> examined(name, lookedAt, systemd);
            case ServiceBinding.Compose compose -> examined(name, lookedAt, compose);
            case ServiceBinding.Kubernetes kubernetes -> examined(name, lookedAt, kubernetes);
            case ServiceBinding.Command command -> examined(name, lookedAt, command);
        };
    }

    private static Check examined(String name, String lookedAt, ServiceBinding binding) {
        return Probe.check(name, lookedAt, () -> ServiceControl.of(binding).examine());
    }

    private static DatabaseFacts facts(OpenArtifact artifact) {
        try (InputStream in = artifact.open("db.dump.meta.json", 0)) {
            return Json.convert(Json.mapper().readTree(in).path("facts"), DatabaseFacts.class);
        } catch (IOException e) {
            throw Fault.of(
                            FaultCode.ARTIFACT_DAMAGED,
                            "db.dump.meta.json of " + artifact.id() + " can't be read: " + e.getMessage(),
                            "Restore another artifact, or from another store.")
                    .toException(e);
        }
    }

    /** Then this process may well see the filestore for reading only, and has no tools: prepare-restore, which touches nothing, tells. */
    private boolean withSidecar() {
        return config.sidecar().url().isPresent();
    }

    /** The swap is two renames: of a mount point, or across one, the system refuses them. */
    private static void provesRename(Path filestore) {
        Path parent = existing(filestore.getParent());
        Path probe = parent.resolve(".lifeboat-probe-" + UUID.randomUUID());
        Path renamed = probe.resolveSibling(probe.getFileName() + "-2");
        try {
            if (Files.isDirectory(filestore)
                    && !Files.getAttribute(filestore, "unix:dev").equals(Files.getAttribute(parent, "unix:dev"))) {
                throw Fault.of(
                                FaultCode.FILESTORE_UNWRITABLE,
                                filestore + " is a mount point, which can't be exchanged for the restored folder",
                                "Mount the volume on " + parent + " instead, with the filestore as a folder in it.")
                        .toException();
            }
            Files.createDirectory(probe);
            try {
                Files.move(probe, renamed, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(probe);
                Files.deleteIfExists(renamed);
            }
        } catch (IOException e) {
            throw Fault.of(
                            FaultCode.FILESTORE_UNWRITABLE,
                            "a folder can't be made and renamed in " + parent + ": " + DurableFiles.reason(e),
                            "Run Lifeboat as Odoo's user or as root, on a volume that is mounted for writing.")
                    .toException(e);
        }
    }

    private static Path existing(Path path) {
        Path at = path.toAbsolutePath();
        while (!Files.exists(at) && at.getParent() != null) {
            at = at.getParent();
        }
        return at;
    }

    private static long usable(Path volume) {
        try {
            return Files.getFileStore(volume).getUsableSpace();
        } catch (IOException e) {
            throw Fault.of(
                            FaultCode.FILESTORE_UNREADABLE,
                            "the free room of " + volume + " can't be read: " + e.getMessage(),
                            "Look at that volume.")
                    .toException(e);
        }
    }
}
