package dev.lifeboat.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.orchestrator.Workflows;
import dev.lifeboat.run.Operation;
import dev.lifeboat.testing.TestCluster;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The main job, from outside: an environment that Lifeboat did not make is backed up, lost, and brought back. */
class BackupAndRestoreIT {
    @TempDir
    Path folder;

    private Installation shop;

    @BeforeEach
    void install() throws IOException {
        shop = Installation.create(folder, "it_restore", 300);
    }

    @AfterEach
    void remove() throws IOException {
        shop.close();
    }

    @Test
    void what_was_backed_up_comes_back_row_for_row_and_file_for_file_with_all_its_evidence_and_no_secret()
            throws IOException {
        var tables = shop.tables();
        var tree = shop.tree();

        JsonNode backup = shop.lifeboat("backup", "shop", "--json").succeeded().json();
        assertThat(backup.path("status").asText()).isEqualTo("success");
        assertThat(backup.path("artifact_id").asText()).isNotBlank();
        shop.destroy();
        JsonNode restore =
                shop.lifeboat("restore", "shop", "latest", "--json").succeeded().json();

        assertThat(restore.path("status").asText()).isEqualTo("success");
        assertThat(shop.tables()).isEqualTo(tables);
        assertThat(shop.tree()).isEqualTo(tree);
        shop.lifeboat("validate", "shop").succeeded();
        hasEvidence(backup, Operation.BACKUP);
        hasEvidence(restore, Operation.RESTORE);
        JsonNode checked = shop.lifeboat(
                        "evidence", "verify", folder.resolve("docs/evidence").toString(), "--json")
                .succeeded()
                .json();
        assertThat(checked.at("/chains/0/first").asInt()).isEqualTo(1);
        assertThat(checked.at("/chains/0/last").asInt())
                .isEqualTo(checked.path("checked").asInt())
                .isGreaterThanOrEqualTo(3);
        holdsNoCanary();
    }

    @Test
    void a_table_that_inherits_and_what_a_reporting_role_may_read_come_back_and_the_content_is_known_as_the_artifacts()
            throws IOException {
        shop.addInheriting();
        TestCluster.execute(TestCluster.get().binding("postgres"), "CREATE ROLE it_reporting");
        try {
            TestCluster.execute(shop.database(), "GRANT SELECT ON res_partner TO it_reporting");
            var tables = shop.tables();
            shop.lifeboat("backup", "shop", "--json").succeeded();
            TestCluster.execute(
                    shop.database(), "DELETE FROM ir_act_window; REVOKE ALL ON res_partner FROM it_reporting");

            shop.lifeboat("restore", "shop", "latest", "--json").succeeded();

            assertThat(shop.tables()).isEqualTo(tables);
            assertThat(TestCluster.query(
                            shop.database(), "SELECT has_table_privilege('it_reporting', 'res_partner', 'SELECT')"))
                    .isEqualTo("t");
            String artifact = shop.lifeboat("artifacts", "shop", "--json")
                    .succeeded()
                    .json()
                    .valueStream()
                    .filter(one -> one.path("purpose").asText().equals("backup"))
                    .findFirst()
                    .orElseThrow()
                    .path("artifact_id")
                    .asText();
            // done again it only validates, and compares
            shop.lifeboat("restore", "shop", artifact, "--json").succeeded();
        } finally {
            TestCluster.drop("it_restore");
            TestCluster.execute(TestCluster.get().binding("postgres"), "DROP ROLE it_reporting");
        }
    }

    @Test
    void a_restore_over_a_present_environment_backs_it_up_first_and_leaves_nothing_aside() throws IOException {
        var tables = shop.tables();
        shop.lifeboat("backup", "shop", "--json").succeeded();
        TestCluster.execute(
                shop.database(), "DELETE FROM ir_attachment WHERE id % 2 = 0; DROP TABLE \"Products\" CASCADE");
        Path lost;
        try (var files = Files.walk(shop.filestore())) {
            lost = files.filter(Files::isRegularFile).findFirst().orElseThrow();
        }
        Files.delete(lost);

        JsonNode restore =
                shop.lifeboat("restore", "shop", "latest", "--json").succeeded().json();

        assertThat(restore.path("pre_restore_backup_id").asText()).isNotBlank();
        assertThat(shop.tables()).isEqualTo(tables);
        assertThat(lost).exists();
        assertThat(shop.lifeboat("artifacts", "shop", "--json").succeeded().json())
                .hasSize(2);
        assertThat(TestCluster.query(
                        shop.database(),
                        "SELECT string_agg(datname, ',') FROM pg_database WHERE datname LIKE 'lb\\_%'"))
                .isNull();
        try (var beside = Files.list(shop.filestore().getParent())) {
            assertThat(beside.map(path -> path.getFileName().toString())).containsExactly("it_restore");
        }
    }

    @Test
    void where_only_the_database_is_gone_it_comes_back_and_the_filestore_that_could_not_be_saved_is_kept_aside()
            throws IOException {
        var tables = shop.tables();
        var tree = shop.tree();
        shop.lifeboat("backup", "shop", "--json").succeeded();
        TestCluster.drop("it_restore");
        Path unsaved = Files.writeString(shop.filestore().resolve("unsaved"), "in no backup");

        shop.lifeboat("restore", "shop", "latest", "--json").succeeded();

        assertThat(shop.tables()).isEqualTo(tables);
        assertThat(shop.tree()).isEqualTo(tree);
        assertThat(unsaved).doesNotExist();
        JsonNode displaced =
                shop.lifeboat("artifact", "displaced", "--json").succeeded().json();
        assertThat(Path.of(displaced.at("/0/filestore").asText()).resolve("unsaved"))
                .hasContent("in no backup");
    }

    @Test
    void a_service_that_is_to_be_stopped_for_a_backup_runs_again_after_it() throws IOException {
        Path calls = folder.resolve("calls");
        String service = shop.service("echo start >>'" + calls + "'", "echo stop >>'" + calls + "'");
        shop.configure("staging", service + "  stop-for-backup: true\n", "", "");
        shop.lifeboat("backup", "shop").succeeded();
        assertThat(calls).hasContent("stop\nstart");
    }

    @Test
    void where_only_the_filestore_is_gone_it_comes_back() throws IOException {
        var tables = shop.tables();
        var tree = shop.tree();
        shop.lifeboat("backup", "shop", "--json").succeeded();
        Installation.deleteTree(shop.filestore());
        shop.lifeboat("restore", "shop", "latest", "--json").succeeded();
        assertThat(shop.tables()).isEqualTo(tables);
        assertThat(shop.tree()).isEqualTo(tree);
    }

    @Test
    void each_type_of_backup_leaves_all_evidence_files_and_a_restore_of_its_part() throws IOException {
        for (String type : List.of("db_only", "filestore_only")) {
            JsonNode backup = shop.lifeboat("backup", "shop", "--type", type, "--json")
                    .succeeded()
                    .json();
            hasEvidence(backup, Operation.BACKUP);
            JsonNode restore = shop.lifeboat(
                            "restore", "shop", backup.path("artifact_id").asText(), "--type", type, "--json")
                    .succeeded()
                    .json();
            hasEvidence(restore, Operation.RESTORE);
        }
    }

    @Test
    void a_changed_byte_in_an_artifact_is_found_before_anything_is_touched() throws IOException {
        shop.lifeboat("backup", "shop", "--json").succeeded();
        Path dump = shop.manifests().getFirst().resolveSibling("db.dump");
        byte[] bytes = Files.readAllBytes(dump);
        bytes[bytes.length / 2] ^= 0x10;
        Files.write(dump, bytes);
        var tables = shop.tables();

        var restore = shop.lifeboat("restore", "shop", "latest", "--json");

        assertThat(restore.exitCode()).isEqualTo(1);
        assertThat(restore.json().path("fault").path("code").asText()).isEqualTo("ARTIFACT_DAMAGED");
        assertThat(shop.tables()).isEqualTo(tables);
        assertThat(shop.lifeboat(
                                "verify",
                                shop.manifests()
                                        .getFirst()
                                        .getParent()
                                        .getFileName()
                                        .toString())
                        .exitCode())
                .isEqualTo(1);
    }

    @Test
    void where_odoo_conf_is_gone_the_environment_is_listed_with_the_reason_and_its_backups_can_be_read()
            throws IOException {
        String artifact = backupOfFiles();
        Files.delete(folder.resolve("odoo.conf"));
        assertThat(shop.lifeboat("env", "list").succeeded().output()).contains("shop", "odoo.conf");
        JsonNode listed = shop.lifeboat("env", "list", "--json").succeeded().json();
        assertThat(listed.at("/0/problem").asText()).contains("odoo.conf");
        assertThat(listed.at("/0/last_backup/artifact_id").asText()).isEqualTo(artifact);
        assertThat(shop.lifeboat("artifact", "show", artifact, "--json")
                        .succeeded()
                        .json()
                        .at("/manifest/artifact_id")
                        .asText())
                .isEqualTo(artifact);
    }

    @Test
    void a_damaged_backup_is_no_base_of_the_next_one_and_takes_no_good_ones_place() throws IOException {
        String damaged = backupOfFiles();
        flip(damaged, "filestore.tar.zst");
        assertThat(shop.lifeboat("verify", damaged).exitCode()).isEqualTo(1);

        shop.addAttachments(3);
        var tree = shop.tree();
        String next = backupOfFiles();
        assertThat(shop.lifeboat("artifact", "show", next, "--json")
                        .succeeded()
                        .json()
                        .at("/manifest/filestore/parts")
                        .toString())
                .contains(next)
                .doesNotContain(damaged);
        JsonNode prune = shop.lifeboat("prune", "shop", "--dry-run", "--json")
                .succeeded()
                .json();
        assertThat(verdict(prune, next)).startsWith("kept: newest of day");
        assertThat(verdict(prune, damaged)).startsWith("kept: not usable");

        Installation.deleteTree(shop.filestore());
        shop.lifeboat("restore", "shop", next, "--type", "filestore_only").succeeded();
        assertThat(shop.tree()).isEqualTo(tree);
    }

    private String backupOfFiles() {
        return shop.lifeboat("backup", "shop", "--type", "filestore_only", "--json")
                .succeeded()
                .json()
                .path("artifact_id")
                .asText();
    }

    private void flip(String artifact, String file) throws IOException {
        Path part = shop.manifests().stream()
                .filter(manifest -> manifest.toString().contains(artifact))
                .findFirst()
                .orElseThrow()
                .resolveSibling(file);
        byte[] bytes = Files.readAllBytes(part);
        bytes[bytes.length / 2] ^= 0x10;
        Files.write(part, bytes);
    }

    private static String verdict(JsonNode prune, String artifact) {
        for (JsonNode verdict : prune.findValue("verdicts")) {
            if (verdict.path("artifact_id").asText().equals(artifact)) {
                return verdict.path("reason").asText();
            }
        }
        throw new AssertionError(artifact + " is not in " + prune);
    }

    private static void hasEvidence(JsonNode run, Operation operation) throws IOException {
        Path evidence = Path.of(run.path("evidence_dir").asText());
        assertThat(evidence.toString())
                .contains("/" + operation.wireName() + "/" + run.path("run_id").asText());
        for (String name : Workflows.of(operation).requiredEvidence()) {
            assertThat(evidence.resolve(name)).isNotEmptyFile();
        }
        assertThat(evidence.resolve("SHA256SUMS")).isNotEmptyFile();
    }

    private void holdsNoCanary() throws IOException {
        var places = new ArrayList<String>();
        for (String where : List.of("data", "docs")) {
            try (var tree = Files.walk(folder.resolve(where))) {
                for (Path file : tree.filter(Files::isRegularFile)
                        .filter(path -> !path.startsWith(folder.resolve("data/postgres")))
                        .toList()) {
                    String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
                    Installation.CANARIES.forEach((name, canary) -> {
                        if (text.contains(canary)) {
                            places.add(name + " in " + folder.relativize(file));
                        }
                    });
                }
            }
        }
        assertThat(places).isEmpty();
    }
}
