package dev.lifeboat.testing;

import dev.lifeboat.environment.DatabaseBinding;
import dev.lifeboat.environment.Secret;
import dev.lifeboat.postgres.PostgresCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * A PostgreSQL server as a distribution installs it beside an Odoo: who comes through its UNIX socket is let in by the name
 * of the system's user, without a password. The user of this process is let in as role {@code odoo}, and as nobody else.
 */
public final class SocketCluster implements AutoCloseable {
    private final PostgresCluster cluster;
    private final Path sockets;

    private SocketCluster(PostgresCluster cluster, Path sockets) {
        this.cluster = cluster;
        this.sockets = sockets;
    }

    /** Makes one in a folder and starts it. */
    public static SocketCluster start(Path folder) throws IOException {
        // The path of a socket has at most 107 bytes, and the server has a user of its own.
        Path sockets = Files.createTempDirectory("lb-socket");
        Files.setPosixFilePermissions(sockets, PosixFilePermissions.fromString("rwxrwxrwx"));
        try (PostgresCluster first = PostgresCluster.at(folder).durable(false).start()) {
            first.createRole(TestCluster.ODOO, TestCluster.ODOO_PASSWORD, true);
            TestCluster.execute(
                    first.binding("postgres"), "ALTER SYSTEM SET unix_socket_directories = '" + sockets + "'");
        }
        Path rules = folder.resolve("data/pg_hba.conf");
        Files.writeString(rules, "local all all peer map=here\n" + Files.readString(rules));
        // Root's server runs in a user namespace of its own (PostgresCluster), where everybody else is nobody.
        Files.writeString(
                folder.resolve("data/pg_ident.conf"),
                "here " + System.getProperty("user.name") + " odoo\nhere nobody odoo\n");
        return new SocketCluster(PostgresCluster.at(folder).durable(false).start(), sockets);
    }

    /** An empty database of Odoo's role. */
    public DatabaseBinding createDatabase(String name) {
        cluster.createDatabase(name, TestCluster.ODOO);
        return binding(name, TestCluster.ODOO);
    }

    /** How a role reaches a database through the socket. */
    public DatabaseBinding binding(String database, String role) {
        return new DatabaseBinding(sockets.toString(), cluster.port(), database, role, Secret.NONE, "prefer");
    }

    @Override
    public void close() throws IOException {
        cluster.close();
        try (var left = Files.list(sockets)) {
            for (Path file : left.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(sockets);
    }
}
