package dev.lifeboat.sample;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.postgres.DatabaseServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.sql.Connection;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SampleEnvironmentTest {
    @TempDir
    Path temp;

    @Test
    void it_is_shaped_like_odoo_can_be_destroyed_and_is_the_same_each_time() throws Exception {
        Path folder = temp.resolve("demo");
        Map<String, String> files;
        String census;
        int port;
        try (SampleEnvironment sample = SampleEnvironment.create(folder)) {
            files = tree(sample.filestore());
            census = sample.census();
            port = sample.database().port();
            assertThat(files).hasSizeGreaterThan(350);
            files.forEach((name, sha1) -> assertThat(name).isEqualTo(sha1.substring(0, 2) + "/" + sha1));
            assertThat(everyAttachmentHasItsFile(sample, files)).isEqualTo(files.size());
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(sample.odooConf())))
                    .isEqualTo("rw-------");
            assertThat(Files.readString(sample.odooConf()))
                    .contains(
                            "db_port = " + port,
                            "db_password = " + sample.database().password().value());

            sample.destroy();
            assertThat(sample.filestore()).doesNotExist();
            sample.reset();
            assertThat(sample.census()).isEqualTo(census);
            assertThat(tree(sample.filestore())).isEqualTo(files);
        }
        try (SampleEnvironment again = SampleEnvironment.create(folder)) {
            assertThat(again.census()).isEqualTo(census);
            assertThat(tree(again.filestore())).isEqualTo(files);
        }
        assertThat(folder.resolve("postgresql/data/postmaster.pid")).doesNotExist();
        try (var outside = Files.list(temp)) {
            assertThat(outside).containsExactly(folder);
        }
    }

    private static int everyAttachmentHasItsFile(SampleEnvironment sample, Map<String, String> files) throws Exception {
        int count = 0;
        try (Connection connection = new DatabaseServer(sample.database()).connect();
                var statement = connection.createStatement();
                var rows = statement.executeQuery("SELECT store_fname, checksum, file_size FROM ir_attachment WHERE"
                        + " store_fname IS NOT NULL")) {
            for (; rows.next(); count++) {
                assertThat(files).containsEntry(rows.getString(1), rows.getString(2));
                assertThat(Files.size(sample.filestore().resolve(rows.getString(1))))
                        .isEqualTo(rows.getLong(3));
            }
        }
        return count;
    }

    private static Map<String, String> tree(Path root) throws Exception {
        var names = new TreeMap<String, String>();
        try (var tree = Files.walk(root)) {
            for (Path file : tree.filter(Files::isRegularFile).toList()) {
                names.put(root.relativize(file).toString(), sha1(file));
            }
        }
        return names;
    }

    private static String sha1(Path file) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-1").digest(read(file)));
    }

    private static byte[] read(Path file) throws IOException {
        return Files.readAllBytes(file);
    }
}
