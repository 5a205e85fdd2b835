package dev.lifeboat.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.postgres.DatabaseServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.sql.Connection;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes wrong around a backup, injected for real, and what is left of it. */
class FaultsIT {
    @TempDir
    Path folder;

    private Installation shop;

    @BeforeEach
    void install() throws IOException {
        shop = Installation.create(folder, "it_faults", 300);
    }

    @AfterEach
    void remove() throws IOException {
        shop.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "discover-bindings",
                "quiesce",
                "dump-db",
                "archive-filestore",
                "snapshot-config",
                "register-artifact",
                "prune",
                "finalize"
            })
    void a_backup_that_is_killed_in_a_step_is_taken_up_again_and_leaves_no_half_backup(String step) throws Exception {
        Process backup = shop.start("backup", "shop", "--json");
        Installation.await(step + " to begin", () -> !backup.isAlive() || StateProbe.hasBegun(shop, "backup", step));
        backup.destroyForcibly().waitFor();

        JsonNode run = shop.newestRun("backup");
        for (int i = 0;
                i < 600
                        && List.of("queued", "running")
                                .contains(run.path("status").asText());
                i++) {
            run = shop.lifeboat("run", "show", run.path("run_id").asText(), "--follow", "--json")
                    .json();
        }

        assertThat(run.path("status").asText()).isIn("success", "failed");
        if (run.path("status").asText().equals("failed")) {
            assertThat(run.path("fault").path("remedy").asText()).isNotBlank();
        }
        for (Path manifest : shop.manifests()) {
            String id = manifest.getParent().getFileName().toString();
            shop.lifeboat("verify", id).succeeded();
        }
        shop.lifeboat("backup", "shop", "--json").succeeded();
    }

    @Test
    void twenty_artifacts_out_of_twenty_are_closed_though_attachments_come_and_go_and_the_garbage_collector_runs()
            throws Exception {
        shop.serve();
        for (int round = 1; round <= 20; round++) {
            var busy = new AtomicBoolean(true);
            Thread collector = Thread.ofPlatform().start(() -> collectGarbage(busy));
            Thread writer = Thread.ofPlatform().start(this::upload);
            JsonNode backup;
            try {
                backup = shop.lifeboat("backup", "shop", "--json").succeeded().json();
            } finally {
                busy.set(false);
                collector.join();
                writer.join();
            }
            assertThat(backup.path("degraded")).as("round %d", round).isEmpty();
            shop.lifeboat("restore", "shop", backup.path("artifact_id").asText(), "--json")
                    .succeeded();
            Set<String> files = shop.tree().keySet();
            assertThat(files).as("round %d", round).containsAll(referredFiles());
        }
    }

    private Set<String> referredFiles() throws java.sql.SQLException {
        var referred = new java.util.HashSet<String>();
        try (Connection connection = new DatabaseServer(shop.database()).connect();
                var statement = connection.createStatement();
                var rows =
                        statement.executeQuery("SELECT store_fname FROM ir_attachment WHERE store_fname IS NOT NULL")) {
            while (rows.next()) {
                referred.add(rows.getString(1));
            }
        }
        return referred;
    }

    /** Deletes 200 attachments and does what Odoo's autovacuum does: its lock, its look, its unlink. */
    private void collectGarbage(AtomicBoolean busy) {
        try (Connection connection = new DatabaseServer(shop.database()).connect();
                var statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("SET lock_timeout = '200ms'");
            connection.commit();
            for (int deleted = 0; busy.get(); deleted += 20) {
                if (deleted < 200) {
                    statement.execute(
                            "DELETE FROM ir_attachment WHERE id IN (SELECT id FROM ir_attachment WHERE store_fname IS"
                                    + " NOT NULL ORDER BY random() LIMIT 20)");
                }
                connection.commit();
                try {
                    statement.execute("LOCK TABLE ir_attachment IN SHARE MODE");
                } catch (java.sql.SQLException e) {
                    connection.rollback();
                    continue;
                }
                var referred = new java.util.HashSet<String>();
                try (var rows =
                        statement.executeQuery("SELECT store_fname FROM ir_attachment WHERE store_fname IS NOT NULL")) {
                    while (rows.next()) {
                        referred.add(rows.getString(1));
                    }
                }
                try (var tree = Files.walk(shop.filestore())) {
                    for (Path file : tree.filter(Files::isRegularFile).toList()) {
                        if (!referred.contains(shop.filestore().relativize(file).toString())) {
                            Files.delete(file);
                        }
                    }
                }
                connection.commit();
            }
        } catch (java.sql.SQLException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Uploads 200 files as Odoo does: the file is written plainly, then the row is committed. */
    private void upload() {
        try (Connection connection = new DatabaseServer(shop.database()).connect();
                var insert = connection.prepareStatement("INSERT INTO ir_attachment (name, type, store_fname, checksum,"
                        + " file_size) VALUES ('up', 'binary', ?, ?, ?)")) {
            connection.setAutoCommit(false);
            for (int n = 0; n < 200; n++) {
                byte[] content =
                        ("upload " + n + " " + System.nanoTime()).repeat(100).getBytes(StandardCharsets.UTF_8);
                String sha1 = HexFormat.of()
                        .formatHex(MessageDigest.getInstance("SHA-1").digest(content));
                String name = sha1.substring(0, 2) + "/" + sha1;
                insert.setString(1, name);
                insert.setString(2, sha1);
                insert.setInt(3, content.length);
                insert.execute();
                Path file = shop.filestore().resolve(name);
                Files.createDirectories(file.getParent());
                Files.write(file, content);
                connection.commit();
            }
        } catch (java.sql.SQLException | IOException | java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void of_two_backups_at_the_same_time_one_runs_and_the_other_is_refused() throws Exception {
        Path dumping = folder.resolve("dumping");
        Path goOn = folder.resolve("go-on");
        shop.wrap("pg_dump", """
                touch '%s'
                for ((i = 0; i < 1200; i++)); do [ -e '%s' ] && break; sleep 0.05; done
                exec "$real" "$@"
                """.formatted(dumping, goOn));
        Process first = shop.start("backup", "shop", "--json");
        Installation.await("the first run's dump", () -> !first.isAlive() || Files.exists(dumping));

        var second = shop.lifeboat("backup", "shop", "--json");

        Files.createFile(goOn);
        first.waitFor();
        assertThat(second.exitCode()).isEqualTo(3);
        assertThat(second.errors()).contains("active run");
        assertThat(first.exitValue()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"killed half way", "writes nothing", "cut short"})
    void a_pg_dump_that_does_not_do_its_work_leaves_a_failed_run_and_no_artifact(String kind) throws IOException {
        String body =
                switch (kind) {
                    case "killed half way" -> "\"$real\" \"$@\" | head -c 20000; echo 'about to die' >&2; kill -9 $$";
                    case "writes nothing" -> "exit 0";
                    default -> "\"$real\" \"$@\" | head -c 20000; exit 0";
                };
        shop.wrap("pg_dump", body);

        var backup = shop.lifeboat("backup", "shop", "--json");

        assertThat(backup.exitCode()).isEqualTo(1);
        assertThat(backup.json().path("status").asText()).isEqualTo("failed");
        assertThat(backup.json().path("fault").path("code").asText()).startsWith("DUMP_");
        assertThat(shop.manifests()).isEmpty();
    }

    @Test
    void bad_input_is_refused_with_its_name_and_remedy_and_changes_nothing() throws IOException {
        refused(3, "nowhere", "backup", "nowhere");
        refused(3, "bk_none", "restore", "shop", "bk_none");
        refused(2, "sideways", "backup", "shop", "--type", "sideways");
        for (String name : List.of("a b", "../shop", "shop;rm", "sh'op", "$(id)")) {
            assertThat(shop.lifeboat("backup", name).exitCode()).isIn(2, 3);
        }
        Path filestore = shop.filestore();
        Path away = filestore.resolveSibling("away");
        Files.move(filestore, away);
        refused(3, filestore.toString(), "backup", "shop");
        Files.move(away, filestore);
        String conf = Files.readString(folder.resolve("odoo.conf"));
        Files.writeString(folder.resolve("odoo.conf"), "this is [no conf");
        refused(3, "odoo.conf", "backup", "shop");
        Files.writeString(folder.resolve("odoo.conf"), conf.replaceFirst("db_password = .*", "db_password = wrong"));
        refused(3, "odoo", "backup", "shop");
        Files.writeString(folder.resolve("odoo.conf"), conf.replaceFirst("db_port = .*", "db_port = 1"));
        refused(3, "127.0.0.1", "backup", "shop");
        Files.writeString(folder.resolve("odoo.conf"), conf);
        shop.configure("pg-bin: " + folder.resolve("no-such-folder") + "\n");
        refused(3, "pg_dump", "backup", "shop");
        assertThat(shop.manifests()).isEmpty();
    }

    @Test
    void a_store_that_cannot_be_written_is_told_before_a_run_begins() throws IOException {
        shop.configure("""
                stores:
                  primary:
                    kind: folder
                    path: /proc/lifeboat
                """);
        refused(3, "/proc/lifeboat", "backup", "shop");
    }

    private void refused(int exitCode, String named, String... command) {
        var ended = shop.lifeboat(Map.of(), command);
        assertThat(ended.exitCode()).as(ended.errors()).isEqualTo(exitCode);
        assertThat(ended.errors()).contains(named).doesNotContain("Exception").doesNotContain("\tat ");
        if (exitCode == 3) {
            assertThat(ended.errors()).contains("what to do");
        }
    }
}
