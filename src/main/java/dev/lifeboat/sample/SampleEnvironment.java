package dev.lifeboat.sample;

import dev.lifeboat.digest.Hashes;
import dev.lifeboat.environment.DatabaseBinding;
import dev.lifeboat.environment.Secret;
import dev.lifeboat.filestore.Trees;
import dev.lifeboat.postgres.DatabaseServer;
import dev.lifeboat.postgres.PostgresCluster;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HexFormat;
import java.util.Random;

/**
 * An environment shaped like Odoo's: a PostgreSQL server of the distribution with a filled database, a content-addressed
 * filestore and an odoo.conf. Everything is below one folder; nothing else of the machine is touched.
 */
public final class SampleEnvironment implements AutoCloseable {
    private static final String DATABASE = "odoo_demo";
    private static final String ROLE = "odoo";
    private static final int FILES = 400;

    private final Path folder;
    private final PostgresCluster cluster;
    private final DatabaseBinding database;

    private SampleEnvironment(Path folder, PostgresCluster cluster, DatabaseBinding database) {
        this.folder = folder;
        this.cluster = cluster;
        this.database = database;
    }

    /** Makes the environment anew below {@code folder}, and starts its server. */
    public static SampleEnvironment create(Path folder) throws IOException, SQLException {
        PostgresCluster cluster =
                PostgresCluster.at(folder.resolve("postgresql")).start();
        var password = new Secret("demo-" + Long.toHexString(new java.security.SecureRandom().nextLong()));
        var sample = new SampleEnvironment(folder, cluster, cluster.binding(DATABASE, ROLE, password));
        try {
            cluster.createRole(ROLE, password, true);
            sample.reset();
            sample.writeConf(password);
            return sample;
        } catch (IOException | SQLException | RuntimeException e) {
            cluster.close();
            throw e;
        }
    }

    /** Makes database and filestore anew, with the same content each time. */
    public void reset() throws IOException, SQLException {
        dropDatabase();
        cluster.createDatabase(DATABASE, ROLE);
        fill();
    }

    /** The environment's odoo.conf. */
    public Path odooConf() {
        return folder.resolve("odoo.conf");
    }

    /** The environment's filestore. */
    public Path filestore() {
        return folder.resolve("odoo-data").resolve("filestore").resolve(DATABASE);
    }

    /** The environment's database, as Odoo's role reaches it. */
    public DatabaseBinding database() {
        return database;
    }

    /** What can be counted: partners, invoices, attachments. */
    public String census() throws SQLException {
        try (Connection connection = new DatabaseServer(database).connect();
                var statement = connection.createStatement();
                var row = statement.executeQuery("SELECT (SELECT count(*) FROM res_partner) || ' partners, '"
                        + " || (SELECT count(*) FROM account_move) || ' invoices, '"
                        + " || (SELECT count(*) FROM ir_attachment) || ' attachments'")) {
            row.next();
            return row.getString(1);
        }
    }

    /** The disaster: the database dropped, the filestore deleted. */
    public void destroy() throws IOException, SQLException {
        dropDatabase();
        Trees.remove(filestore());
    }

    /** Stops the environment's server; a second call does nothing. */
    @Override
    public void close() {
        cluster.close();
    }

    private void dropDatabase() throws SQLException {
        try (Connection connection = new DatabaseServer(cluster.binding("postgres")).connect();
                var statement = connection.createStatement()) {
            statement.execute("DROP DATABASE IF EXISTS " + DATABASE + " WITH (FORCE)");
        }
    }

    private void fill() throws IOException, SQLException {
        Trees.remove(filestore());
        var random = new Random(19);
        try (InputStream sql = SampleEnvironment.class.getResourceAsStream("/sample/odoo.sql");
                Connection connection = new DatabaseServer(database).connect()) {
            connection.setAutoCommit(false);
            try (var statement = connection.createStatement()) {
                statement.execute(new String(sql.readAllBytes(), StandardCharsets.UTF_8));
            }
            try (var insert = connection.prepareStatement("INSERT INTO ir_attachment"
                    + " (name, type, store_fname, checksum, file_size, mimetype) VALUES (?, 'binary', ?, ?, ?, ?)")) {
                for (int i = 0; i < FILES; i++) {
                    byte[] content = content(random, i);
                    String sha1 = HexFormat.of().formatHex(Hashes.sha1().digest(content));
                    String name = sha1.substring(0, 2) + "/" + sha1;
                    Path file = filestore().resolve(name);
                    Files.createDirectories(file.getParent());
                    Files.write(file, content);
                    insert.setString(1, i % 2 == 0 ? "scan-" + i + ".jpg" : "note-" + i + ".txt");
                    insert.setString(2, name);
                    insert.setString(3, sha1);
                    insert.setInt(4, content.length);
                    insert.setString(5, i % 2 == 0 ? "image/jpeg" : "text/plain");
                    insert.addBatch();
                }
                insert.executeBatch();
            }
            connection.commit();
        }
        Files.createDirectories(filestore().resolve("checklist"));
    }

    /** Half of the files do not compress, as scans and pictures do not; the others are text. */
    private static byte[] content(Random random, int i) {
        if (i % 2 == 0) {
            byte[] content = new byte[2_000 + random.nextInt(120_000)];
            random.nextBytes(content);
            return content;
        }
        return ("Note " + i + ": the customer called about order " + random.nextInt(1000) + ".\n")
                .repeat(1 + random.nextInt(400))
                .getBytes(StandardCharsets.UTF_8);
    }

    private void writeConf(Secret password) throws IOException {
        Files.deleteIfExists(odooConf());
        Files.createFile(
                odooConf(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(odooConf(), """
                [options]
                admin_passwd = not-for-anybody
                db_host = %s
                db_port = %d
                db_user = %s
                db_password = %s
                db_name = %s
                data_dir = %s
                """.formatted(
                        database.host(),
                        database.port(),
                        ROLE,
                        password.value(),
                        DATABASE,
                        folder.resolve("odoo-data").toAbsolutePath()));
    }
}
