package dev.lifeboat.testing;

import dev.lifeboat.environment.DatabaseBinding;
import dev.lifeboat.environment.Secret;
import dev.lifeboat.postgres.DatabaseServer;
import dev.lifeboat.postgres.PostgresCluster;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;

/**
 * One PostgreSQL server for all tests of a JVM, of the machine's own server package: started when first asked for, stopped
 * and removed when the JVM ends. Its role {@code odoo} may log in and create databases, as Odoo's does.
 */
public final class TestCluster {
    public static final String ODOO = "odoo";
    public static final Secret ODOO_PASSWORD = new Secret("odoo's word");

    private TestCluster() {}

    /** A file of the filestore: its name as in {@code ir_attachment.store_fname}, and its text, stored as UTF-8. */
    public record Attachment(String storeFname, String text) {}

    private static final class Holder {
        static final Path FOLDER = folder();
        static final PostgresCluster CLUSTER = start(FOLDER);

        private static Path folder() {
            try {
                return Files.createTempDirectory("lifeboat-test-cluster");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static PostgresCluster start(Path folder) {
            PostgresCluster cluster = PostgresCluster.at(folder).durable(false).start();
            cluster.createRole(ODOO, ODOO_PASSWORD, true);
            Runtime.getRuntime().addShutdownHook(new Thread(() -> remove(cluster, folder), "stop-test-cluster"));
            return cluster;
        }

        private static void remove(PostgresCluster cluster, Path folder) {
            cluster.stop();
            try (var tree = Files.walk(folder)) {
                for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** The running server. */
    public static PostgresCluster get() {
        return Holder.CLUSTER;
    }

    /** Kills the server (kill -9) and starts it again where it was. */
    public static void crash() throws IOException, InterruptedException {
        ServerCrash.of(Holder.FOLDER, get());
    }

    /** How Odoo's role reaches a database of the server, which need not exist. */
    public static DatabaseBinding binding(String database) {
        return get().binding(database, ODOO, ODOO_PASSWORD);
    }

    /** An empty database of Odoo's role; one of that name that was there is dropped. */
    public static DatabaseBinding createDatabase(String name) {
        drop(name);
        get().createDatabase(name, ODOO);
        return binding(name);
    }

    /** A database shaped and filled like one of Odoo, without files in its filestore. */
    public static DatabaseBinding createOdooDatabase(String name) {
        DatabaseBinding binding = createDatabase(name);
        try (var in = TestCluster.class.getResourceAsStream("/sample/odoo.sql")) {
            execute(binding, new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return binding;
    }

    /** Adds attachments with files to a database made by {@link #createOdooDatabase}; the files themselves are the caller's to write. */
    public static List<Attachment> addAttachments(DatabaseBinding binding, int count) {
        var added = new ArrayList<Attachment>();
        int from = Integer.parseInt(query(binding, "SELECT count(*)::text FROM ir_attachment"));
        try (Connection connection = new DatabaseServer(binding).connect();
                var insert = connection.prepareStatement(
                        "INSERT INTO ir_attachment (name, type, store_fname, checksum, file_size, mimetype) VALUES"
                                + " (?, 'binary', ?, ?, ?, 'text/plain')")) {
            for (int i = from; i < from + count; i++) {
                String text = ("attachment " + i + " of " + binding.name() + "\n").repeat(1 + i % 50);
                byte[] content = text.getBytes(StandardCharsets.UTF_8);
                String sha1 = HexFormat.of()
                        .formatHex(MessageDigest.getInstance("SHA-1").digest(content));
                String storeFname = sha1.substring(0, 2) + "/" + sha1;
                insert.setString(1, "file-" + i + ".txt");
                insert.setString(2, storeFname);
                insert.setString(3, sha1);
                insert.setInt(4, content.length);
                insert.addBatch();
                added.add(new Attachment(storeFname, text));
            }
            insert.executeBatch();
        } catch (SQLException | NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
        return added;
    }

    /** Runs statements in a database. */
    public static void execute(DatabaseBinding binding, String sql) {
        try (Connection connection = new DatabaseServer(binding).connect();
                var statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Drops every database that a restore has loaded or moved aside. */
    public static void dropHidden() {
        DatabaseBinding maintenance = get().binding("postgres");
        String names =
                query(maintenance, "SELECT string_agg(datname, ',') FROM pg_database WHERE datname ~ '^lb_(new|old)_'");
        if (names != null) {
            for (String name : names.split(",", -1)) {
                execute(maintenance, "ALTER DATABASE " + name + " IS_TEMPLATE false");
                drop(name);
            }
        }
    }

    /** The first column of the first row that a query gives, as text. */
    public static String query(DatabaseBinding binding, String sql) {
        try (Connection connection = new DatabaseServer(binding).connect();
                var statement = connection.createStatement();
                var row = statement.executeQuery(sql)) {
            return row.next() ? row.getString(1) : null;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Drops a database with its sessions, a hidden one too. */
    public static void drop(String name) {
        DatabaseBinding maintenance = get().binding("postgres");
        if (new DatabaseServer(maintenance).exists(name)) {
            String quoted = DatabaseServer.quoteIdentifier(name);
            execute(maintenance, "ALTER DATABASE " + quoted + " IS_TEMPLATE false");
            execute(maintenance, "DROP DATABASE " + quoted + " WITH (FORCE)");
        }
    }
}
