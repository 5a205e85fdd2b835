package dev.lifeboat.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.testing.StateResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The specifications' own SQL, as they write it, against the schema. */
@QuarkusTest
@QuarkusTestResource(StateResource.class)
class OpsSchemaTest {
    private static final String ENVIRONMENT = "schema/shop";

    @Inject
    AgroalDataSource state;

    @BeforeEach
    void environment() throws SQLException {
        execute("INSERT INTO ops.projects (project_id) VALUES ('schema') ON CONFLICT DO NOTHING");
        execute(
                "INSERT INTO ops.environments (environment_id, project_id, type) VALUES (?, 'schema', 'dev')"
                        + " ON CONFLICT DO NOTHING",
                ENVIRONMENT);
        execute("DELETE FROM ops.run_events WHERE run_id IN (SELECT run_id FROM ops.runs WHERE project_id = 'schema')");
        execute("DELETE FROM ops.runs WHERE project_id = 'schema' AND parent_run_id IS NOT NULL");
        execute("DELETE FROM ops.runs WHERE project_id = 'schema'");
        execute("DELETE FROM ops.artifacts WHERE project_id = 'schema'");
    }

    @Test
    void the_restore_specification_creates_finds_and_ends_a_run() throws SQLException {
        execute("""
                INSERT INTO ops.runs (run_id, project_id, environment_id, operation_type, status, created_by, metadata)
                VALUES (gen_run_id(), ?, ?, 'restore', 'running', ?, jsonb_build_object(
                  'artifact_id', ?::text,
                  'restore_type', ?::text,
                  'verify_post_restore', ?::boolean,
                  'rollback_on_failure', ?::boolean
                ))""", "schema", ENVIRONMENT, "local", "bk_1", "full", "true", "true");
        String run = one("SELECT run_id FROM ops.runs WHERE environment_id = ?", ENVIRONMENT);
        assertThat(run).matches("run_\\d{8}T\\d{6}Z_[0-9a-f]{8}");
        String marker = """
                SELECT run_id FROM ops.runs
                WHERE environment_id = ?
                  AND operation_type = 'restore'
                  AND status = 'success'
                  AND metadata->>'artifact_id' = ?
                LIMIT 1""";
        assertThat(one(marker, ENVIRONMENT, "bk_1")).isNull();

        execute("""
                UPDATE ops.runs SET status = 'success', completed_at = NOW(), evidence_dir = ?
                WHERE run_id = ?""", "docs/evidence/x", run);

        assertThat(one(marker, ENVIRONMENT, "bk_1")).isEqualTo(run);
        assertThat(one("""
                SELECT run_id FROM ops.runs
                WHERE environment_id = ?
                  AND operation_type = 'restore'
                  AND status = 'rolled_back'
                  AND metadata->>'original_run_id' = ?
                LIMIT 1""", ENVIRONMENT, run)).isNull();
    }

    @Test
    void the_backup_specification_s_names_are_columns() throws SQLException {
        execute(
                "INSERT INTO ops.runs (run_id, project_id, environment_id, operation_type, created_by, metadata)"
                        + " VALUES (gen_run_id(), 'schema', ?, 'backup', 'local', '{\"backup_type\": \"full\"}')",
                ENVIRONMENT);
        assertThat(one(
                        "SELECT type || ' ' || status || ' ' || (payload->>'backup_type') FROM ops.runs"
                                + " WHERE environment_id = ?",
                        ENVIRONMENT))
                .isEqualTo("backup_environment queued full");
        execute(
                "INSERT INTO ops.run_events (run_id, event_type, payload) SELECT run_id, 'backup_completed',"
                        + " '{\"artifact_id\": \"bk_1\", \"status\": \"success\", \"degraded_mode\": false}'"
                        + " FROM ops.runs WHERE environment_id = ?",
                ENVIRONMENT);
        execute(
                "INSERT INTO ops.artifacts (artifact_id, project_id, environment_id, run_id, backup_type, purpose, uri,"
                        + " checksums, sizes, size_bytes, created_at) VALUES ('bk_schema', 'schema', ?, 'run_x', 'full',"
                        + " 'backup', 'file:///x', '{}', '{}', 5000000, now())",
                ENVIRONMENT);
        assertThat(one(
                        "SELECT uri FROM ops.artifacts WHERE artifact_id = 'bk_schema' AND environment_id = ?",
                        ENVIRONMENT))
                .isEqualTo("file:///x");
    }

    @Test
    void the_monitor_s_queries_answer_as_they_are_written() throws SQLException {
        String daily = """
                SELECT COUNT(*) FROM backup_manifests
                WHERE created_at > NOW() - INTERVAL '26 hours'""";
        String size = """
                SELECT size_bytes FROM backup_manifests
                ORDER BY created_at DESC LIMIT 1""";
        String tested = """
                SELECT status FROM restore_test_results
                ORDER BY created_at DESC LIMIT 1""";
        int before = Integer.parseInt(one(daily));
        execute(
                "INSERT INTO ops.artifacts (artifact_id, project_id, environment_id, run_id, backup_type, purpose, uri,"
                        + " checksums, sizes, size_bytes, created_at) VALUES ('bk_monitor', 'schema', ?, 'run_x', 'full',"
                        + " 'backup', 'file:///x', '{}', '{}', 5000000, now() + interval '1 minute')",
                ENVIRONMENT);
        execute(
                "INSERT INTO ops.runs (run_id, project_id, environment_id, operation_type, status, created_by, created_at,"
                        + " completed_at) VALUES (gen_run_id(), 'schema', ?, 'restore', 'success', 'local',"
                        + " now() + interval '1 minute', now())",
                ENVIRONMENT);

        assertThat(Integer.parseInt(one(daily))).isEqualTo(before + 1);
        assertThat(one(size)).isEqualTo("5000000");
        assertThat(one(tested)).isEqualTo("PASS");

        execute("UPDATE ops.artifacts SET status = 'pruned' WHERE artifact_id = 'bk_monitor'");
        execute("UPDATE ops.runs SET status = 'rolled_back' WHERE environment_id = ?", ENVIRONMENT);
        assertThat(Integer.parseInt(one(daily))).isEqualTo(before);
        assertThat(one(tested)).isEqualTo("FAIL");
    }

    @Test
    void run_ids_differ() throws SQLException {
        assertThat(one("SELECT count(DISTINCT gen_run_id()) FROM generate_series(1, 2000)"))
                .isEqualTo("2000");
    }

    @ParameterizedTest
    @CsvSource({
        "viewer, view",
        "operator, view backup verify validate",
        "restorer, view backup verify validate restore",
        "admin, view backup verify validate restore prune"
    })
    void a_role_may_do_what_it_is_for_and_nothing_else(String role, String allowed) throws SQLException {
        execute(
                "INSERT INTO ops.memberships VALUES (?, 'schema', ?)"
                        + " ON CONFLICT (user_id, project_id) DO UPDATE SET role = excluded.role",
                "u-" + role,
                role);
        var may = new ArrayList<String>();
        for (String action : List.of("view", "backup", "verify", "validate", "restore", "prune", "own", "")) {
            if (permitted("u-" + role, "schema", action)) {
                may.add(action);
            }
            assertThat(permitted("u-" + role, "another", action)).isFalse();
            assertThat(permitted("nobody", "schema", action)).isFalse();
        }
        assertThat(may).containsExactly(allowed.split(" "));
    }

    @Test
    void the_machine_s_owner_may_do_everything_in_every_project() throws SQLException {
        assertThat(permitted("local", "any project", "prune")).isTrue();
    }

    @Test
    void a_second_active_exclusive_run_is_refused_by_the_database() throws SQLException {
        insert("run_a", "backup", "running", null);
        for (String operation : List.of("backup", "restore")) {
            assertThatThrownBy(() -> insert("run_b", operation, "queued", null))
                    .isInstanceOf(SQLException.class)
                    .hasMessageContaining("runs_one_active");
        }
        insert("run_child", "backup", "running", "run_a");
        insert("run_verify", "verify", "running", null);
        execute("UPDATE ops.runs SET status = 'failed' WHERE run_id = ?", "run_a");
        insert("run_c", "restore", "queued", null);
        assertThat(one("SELECT count(*) FROM ops.runs WHERE environment_id = ?", ENVIRONMENT))
                .isEqualTo("4");
    }

    private void insert(String run, String operation, String status, String parent) throws SQLException {
        execute(
                "INSERT INTO ops.runs (run_id, project_id, environment_id, operation_type, status, created_by,"
                        + " parent_run_id) VALUES (?, 'schema', ?, ?, ?, 'local', ?)",
                run,
                ENVIRONMENT,
                operation,
                status,
                parent);
    }

    private boolean permitted(String user, String project, String action) throws SQLException {
        return "t"
                .equals(one(
                        "SELECT user_has_permission(p_user_id => ?, p_project_id => ?, p_action => ?)",
                        user,
                        project,
                        action));
    }

    private Connection connect() throws SQLException {
        Connection connection = state.getConnection();
        try (var statement = connection.createStatement()) {
            statement.execute("SET search_path = ops");
        }
        return connection;
    }

    private void execute(String sql, String... values) throws SQLException {
        try (Connection connection = connect();
                var statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setString(i + 1, values[i]);
            }
            statement.execute();
        }
    }

    private String one(String sql, String... values) throws SQLException {
        try (Connection connection = connect();
                var statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setString(i + 1, values[i]);
            }
            try (var row = statement.executeQuery()) {
                return row.next() ? row.getString(1) : null;
            }
        }
    }
}
