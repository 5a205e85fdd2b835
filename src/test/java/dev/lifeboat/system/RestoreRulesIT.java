package dev.lifeboat.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.evidence.EvidenceContract;
import dev.lifeboat.json.Json;
import dev.lifeboat.testing.TestCluster;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The rules of a restore, from outside: when it restores, when it only validates, and how it puts things back. */
class RestoreRulesIT {
    private static final String CHANGE = "UPDATE res_partner SET name = 'changed ' || id";

    @TempDir
    Path folder;

    private Installation shop;

    @BeforeEach
    void install() throws Exception {
        shop = Installation.create(folder, "it_rules", 60);
    }

    @AfterEach
    void remove() throws Exception {
        shop.close();
    }

    @Test
    void an_artifact_that_was_restored_already_is_only_validated_until_it_is_asked_for_again() throws Exception {
        shop.serve();
        String artifact = backUp();
        var tables = shop.tables();
        JsonNode first = restore(0, artifact);
        assertThat(first.path("mode").asText()).isEqualTo("restore");

        JsonNode unchanged = restore(0, artifact);
        assertThat(unchanged.path("mode").asText()).isEqualTo("validation_only");
        assertThat(unchanged.path("restored_by").asText())
                .isEqualTo(first.path("run_id").asText());
        hasEvidence(unchanged);
        assertThat(evidence(unchanged, "pre_restore_backup.json").path("reason").asText())
                .contains(first.path("run_id").asText());

        TestCluster.execute(shop.database(), CHANGE);
        JsonNode changed = restore(3, artifact);
        assertThat(changed.path("fault").path("code").asText()).isEqualTo("CONTENT_DIFFERS");
        assertThat(changed.path("fault").path("remedy").asText()).contains("--again");
        assertThat(evidence(changed, "validation_report.json")
                        .path("compared_with_artifact")
                        .path("tables")
                        .toString())
                .contains("res_partner");
        hasEvidence(changed);
        assertThat(shop.tables()).isNotEqualTo(tables);

        JsonNode again = restore(0, artifact, "--again");
        assertThat(again.path("mode").asText()).isEqualTo("restore");
        assertThat(shop.tables()).isEqualTo(tables);
        assertThat(restore(0, artifact, "--type", "db_only").path("mode").asText())
                .as("a full restore is a marker for a part of it")
                .isEqualTo("validation_only");
    }

    @Test
    void a_service_that_does_not_start_brings_everything_back_and_the_run_says_rolled_back() throws Exception {
        shop.configure(
                "staging",
                shop.service("[ -e '%s/broken' ] && rm '%1$s/broken' && exit 1; exit 0".formatted(folder), "exit 0"),
                "",
                "");
        String artifact = backUp();
        TestCluster.execute(shop.database(), CHANGE);
        Path lost = aFile();
        Files.delete(lost);
        var tables = shop.tables();
        var tree = shop.tree();
        Files.createFile(folder.resolve("broken"));

        JsonNode run = restore(4, artifact);

        assertThat(run.path("status").asText()).isEqualTo("rolled_back");
        assertThat(run.path("fault").path("code").asText()).isEqualTo("SERVICE_FAILED");
        assertThat(shop.tables()).isEqualTo(tables);
        assertThat(shop.tree()).isEqualTo(tree);
        assertThat(shop.leftBeside()).isEmpty();
        hasEvidence(run);
        JsonNode second = restore(0, artifact);
        assertThat(second.path("mode").asText())
                .as("what was rolled back is no marker")
                .isEqualTo("restore");
        assertThat(lost).exists();
    }

    @Test
    void a_service_that_there_is_not_is_told_before_a_restore_begins() throws Exception {
        String artifact = backUp();
        shop.configure(
                "staging",
                "service: {kind: command, start: [\"/nowhere/start-odoo\"], stop: [\"/nowhere/stop-odoo\"]}\n",
                "",
                "");

        JsonNode refused = restore(3, artifact);

        assertThat(refused.path("findings").toString()).contains("SERVICE_FAILED", "/nowhere/stop-odoo", "kind: none");
        assertThat(shop.lifeboat("preflight", "shop", artifact).output())
                .contains("service can be stopped and started");
        assertThat(shop.lifeboat("runs", "--json").succeeded().json()).hasSize(1);
    }

    @Test
    void a_service_that_does_not_stop_ends_a_restore_before_anything_is_swapped() throws Exception {
        Path calls = folder.resolve("calls");
        shop.configure(
                "staging", shop.service("echo started >> '" + calls + "'", "echo 'Access denied' >&2; exit 4"), "", "");
        String artifact = backUp();
        TestCluster.execute(shop.database(), CHANGE);
        var tables = shop.tables();
        var tree = shop.tree();

        JsonNode run = restore(1, artifact);

        assertThat(run.path("status").asText()).isEqualTo("failed");
        assertThat(run.path("fault").path("code").asText()).isEqualTo("SERVICE_FAILED");
        assertThat(run.path("fault").path("facts").path("tool_output").asText()).contains("Access denied");
        assertThat(shop.tables()).isEqualTo(tables);
        assertThat(shop.tree()).isEqualTo(tree);
        assertThat(shop.leftBeside()).isEmpty();
        assertThat(run.path("steps").findValuesAsText("name"))
                .contains("quiesce")
                .doesNotContain("restore-db", "restore-filestore", "roll-back");
        assertThat(Files.readAllLines(calls))
                .as("what was stopped of it runs again")
                .containsExactly("started");
        hasEvidence(run);
    }

    @Test
    void where_the_displaced_database_is_gone_the_safety_backup_is_restored() throws Exception {
        String drop = """
                [ -e '%s/broken' ] || exit 0
                rm '%1$s/broken'
                export PGPASSWORD='%s'
                q() { '%s/psql' -X -At -h '%s' -p %d -U '%s' -d postgres -c "$1"; }
                for db in $(q "SELECT datname FROM pg_database WHERE datname LIKE 'lb\\_old\\_%%'"); do
                  q "ALTER DATABASE $db IS_TEMPLATE false" && q "DROP DATABASE $db"
                done
                exit 1
                """.formatted(
                        folder,
                        shop.database().password().value().replace("'", "'\\''"),
                        TestCluster.get().binaries(),
                        shop.database().host(),
                        shop.database().port(),
                        shop.database().user());
        shop.configure("staging", shop.service(drop, "exit 0"), "", "");
        String artifact = backUp();
        TestCluster.execute(shop.database(), CHANGE);
        var tables = shop.tables();
        var tree = shop.tree();
        Files.createFile(folder.resolve("broken"));

        JsonNode run = restore(4, artifact);

        assertThat(run.path("status").asText()).isEqualTo("rolled_back");
        assertThat(shop.tables()).isEqualTo(tables);
        assertThat(shop.tree()).isEqualTo(tree);
        assertThat(shop.leftBeside()).isEmpty();
        JsonNode rollback = evidence(run, "final_status.json").path("rollback");
        assertThat(rollback.path("method").asText()).contains("safety backup");
        assertThat(Path.of(rollback.path("rollback_evidence_dir").asText()).resolve("final_status.json"))
                .exists();
    }

    @Test
    void without_rollback_the_failed_state_stays_and_what_was_displaced_is_named() throws Exception {
        shop.configure("staging", shop.service("exit 1", "exit 0"), "", "");
        String artifact = backUp();
        var tables = shop.tables();
        TestCluster.execute(shop.database(), CHANGE);

        JsonNode run = restore(1, artifact, "--no-rollback");

        assertThat(run.path("status").asText()).isEqualTo("failed");
        assertThat(shop.tables()).as("the artifact is in place").isEqualTo(tables);
        assertThat(shop.leftBeside()).as("what was there is kept").hasSize(2);
        assertThat(evidence(run, "final_status.json").path("left_behind").asText())
                .contains("lb_old_");
    }

    @Test
    void production_wants_its_name_and_keeps_for_a_day_what_a_restore_displaced() throws Exception {
        shop.configure("production", "", "", "");
        shop.serve();
        String artifact = backUp();
        assertThat(shop.lifeboat("restore", "shop", artifact, "--json").exitCode())
                .isEqualTo(3);

        JsonNode run = restore(0, artifact, "--confirm", "shop");

        assertThat(shop.leftBeside()).hasSize(2);
        JsonNode displaced =
                shop.lifeboat("artifact", "displaced", "--json").succeeded().json();
        assertThat(displaced).hasSize(1);
        assertThat(displaced.path(0).path("run_id").asText())
                .isEqualTo(run.path("run_id").asText());
        shop.lifeboat("artifact", "displaced", "--drop", run.path("run_id").asText(), "--json")
                .succeeded();
        assertThat(shop.leftBeside()).isEmpty();
        assertThat(shop.lifeboat("artifact", "displaced", "--json").succeeded().json())
                .isEmpty();
    }

    @Test
    void another_environments_artifact_comes_in_only_when_asked_for_and_production_data_is_neutralised()
            throws Exception {
        shop.configure(
                "production",
                "",
                """
                copy:
                  type: staging
                  odoo-conf: %s
                  database: {name: it_rules_copy}
                  filestore: %s
                """.formatted(folder.resolve("odoo.conf"), folder.resolve("odoo-data/filestore/it_rules_copy")),
                "");
        shop.serve();
        String artifact = backUp();
        var copy = TestCluster.get().binding("it_rules_copy");
        try {
            assertThat(shop.lifeboat("restore", "copy", artifact, "--json").errors())
                    .contains("--from-environment");

            JsonNode run = run(0, "restore", "copy", artifact, "--from-environment", "shop", "--json");

            assertThat(run.path("status").asText()).isEqualTo("success");
            assertThat(TestCluster.query(copy, "SELECT count(*)::text FROM res_partner"))
                    .isEqualTo(TestCluster.query(shop.database(), "SELECT count(*)::text FROM res_partner"));
            assertThat(TestCluster.query(
                            copy, "SELECT value FROM ir_config_parameter WHERE key = 'database.is_neutralized'"))
                    .isEqualTo("true");
            assertThat(evidence(run, "neutralization.json").size()).isPositive();
        } finally {
            TestCluster.drop("it_rules_copy");
        }
    }

    @Test
    void a_preflight_tells_all_nine_preconditions_and_begins_nothing() throws Exception {
        JsonNode none = Json.mapper()
                .readTree(
                        shop.lifeboat("preflight", "shop", "bk_none", "--json").output());
        assertThat(none.path("ok").asBoolean()).isFalse();
        assertThat(none.path("checks"))
                .as("the eighth tells of the service apart")
                .hasSize(10);
        for (JsonNode check : none.path("checks")) {
            assertThat(check.path("looked_at").asText()).isNotBlank();
            if (check.path("status").asText().equals("failed")) {
                assertThat(check.path("fault").path("remedy").asText()).isNotBlank();
            }
        }
        assertThat(shop.lifeboat("runs", "--json").succeeded().json()).isEmpty();
    }

    private String backUp() {
        return shop.lifeboat("backup", "shop", "--json")
                .succeeded()
                .json()
                .path("artifact_id")
                .asText();
    }

    private JsonNode restore(int exitCode, String artifact, String... more) {
        var command = new java.util.ArrayList<>(java.util.List.of("restore", "shop", artifact, "--json"));
        command.addAll(java.util.List.of(more));
        return run(exitCode, command.toArray(String[]::new));
    }

    private JsonNode run(int exitCode, String... command) {
        var ended = shop.lifeboat(command);
        assertThat(ended.exitCode())
                .as("%s%n%s", ended.output(), ended.errors())
                .isEqualTo(exitCode);
        return ended.json();
    }

    private Path aFile() throws Exception {
        try (var files = Files.walk(shop.filestore())) {
            return files.filter(Files::isRegularFile).findFirst().orElseThrow();
        }
    }

    private static JsonNode evidence(JsonNode run, String file) throws Exception {
        return Json.mapper()
                .readTree(
                        Path.of(run.path("evidence_dir").asText()).resolve(file).toFile());
    }

    private static void hasEvidence(JsonNode run) {
        for (String name : EvidenceContract.RESTORE) {
            assertThat(Path.of(run.path("evidence_dir").asText()).resolve(name)).isNotEmptyFile();
        }
    }
}
