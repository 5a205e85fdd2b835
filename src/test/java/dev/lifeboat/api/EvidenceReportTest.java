package dev.lifeboat.api;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.testing.StateResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The auditor's report, from what the state holds. */
@QuarkusTest
@QuarkusTestResource(StateResource.class)
class EvidenceReportTest {
    @Inject
    DataSource state;

    /** A month of 2019, in which nothing else of the tests lies: one good backup, a failed one, a drill, a missed one. */
    @BeforeEach
    void remember() throws SQLException {
        try (Connection connection = state.getConnection();
                var statement = connection.createStatement()) {
            statement.execute("INSERT INTO ops.projects (project_id) VALUES ('acme') ON CONFLICT DO NOTHING;"
                    + " INSERT INTO ops.environments (environment_id, project_id, type) VALUES ('acme/shop', 'acme', 'dev')"
                    + " ON CONFLICT DO NOTHING;"
                    + " DELETE FROM ops.schedule_fires WHERE due_at < '2020-01-01';"
                    + " DELETE FROM ops.artifacts WHERE created_at < '2020-01-01';"
                    + " DELETE FROM ops.runs WHERE created_at < '2020-01-01'");
            statement.execute("""
                    INSERT INTO ops.runs (run_id, project_id, environment_id, operation_type, status, created_by, metadata,
                        evidence_dir, created_at, completed_at, fault, wake_at) VALUES
                    ('run_audit_1', 'acme', 'acme/shop', 'backup', 'success', 'system', '{"artifact_id": "bk_audit_1"}',
                     '/nowhere/1', '2019-03-02 02:00Z', '2019-03-02 02:01Z', NULL, NULL),
                    ('run_audit_2', 'acme', 'acme/shop', 'backup', 'failed', 'system', '{}',
                     '/nowhere/2', '2019-03-03 02:00Z', '2019-03-03 02:01Z',
                     '{"code": "STORE_FULL", "message": "the <b>disk</b> | is full", "facts": {}, "remedy": "Make room."}', NULL),
                    ('run_audit_3', 'acme', 'acme/shop', 'drill', 'success', 'system',
                     '{"artifact_id": "bk_audit_1", "recovery_seconds": 61.5, "recovery_point_seconds": 3600}',
                     '/nowhere/3', '2019-03-03 05:00Z', '2019-03-03 05:01Z', NULL, NULL)""");
            statement.execute("""
                    INSERT INTO ops.artifacts (artifact_id, project_id, environment_id, run_id, backup_type, purpose, uri,
                        checksums, sizes, size_bytes, created_at) VALUES
                    ('bk_audit_1', 'acme', 'acme/shop', 'run_audit_1', 'full', 'backup', 'x', '{}', '{}', 1, '2019-03-02 02:00Z')""");
            statement.execute("INSERT INTO ops.schedule_fires (environment_id, schedule, due_at, status, reason) VALUES"
                    + " ('acme/shop', 'drill', '2019-03-10 05:00Z', 'missed', 'no engine ran then')");
        }
    }

    private static Response report(String query) {
        return given().header("Authorization", "Bearer " + StateResource.TOKEN).get("/api/v1/evidence-report?" + query);
    }

    @Test
    void it_tells_policy_runs_drills_gaps_and_controls() {
        String text = report("from=2019-03-01&to=2019-03-10").jsonPath().getString("document");

        assertThat(text)
                .contains("ISO/IEC 27001:2022 A.8.13", "SOC 2 A1.2", "SOC 2 A1.3", "CP-9(1)")
                .contains("| retention | {\"daily\":7,\"weekly\":4,\"monthly\":3} |")
                .contains("run_audit_1", "run_audit_2", "| 2019-03-03T05:01:00Z | PASS | bk_audit_1 | 61.5 | 3600 |")
                .contains("| 2019-03-10T05:00:00Z | schedule drill did not run | no engine ran then |")
                .contains("no backup until 2019-03-11T00:00:00Z")
                .contains("no closed evidence of backup run_audit_1")
                .contains("backup run_audit_2: failed | the &lt;b>disk&lt;/b> \\| is full |")
                .doesNotContain("no drill passed in the period");
    }

    @Test
    void a_page_holds_the_same_and_takes_nothing_of_it_for_html() {
        String page =
                report("from=2019-03-01&to=2019-03-10&format=html").jsonPath().getString("document");
        assertThat(page).contains("the &lt;b&gt;disk&lt;/b&gt; | is full").doesNotContain("<b>disk");
        assertThat(page).startsWith("<!DOCTYPE html>").contains("A.8.13");
    }

    @Test
    void a_period_without_a_drill_is_a_gap_and_the_same_policy_has_the_same_version() {
        String one = report("from=2019-05-01&to=2019-05-02").jsonPath().getString("document");
        String other = report("from=2019-06-01&to=2019-06-02").jsonPath().getString("document");
        assertThat(one).contains("no drill passed in the period");
        assertThat(version(one)).isEqualTo(version(other));
    }

    private static String version(String document) {
        return document.lines()
                .filter(line -> line.contains("version "))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void what_is_no_period_or_no_form_is_refused() {
        assertThat(report("from=2019-05-02&to=2019-05-01").statusCode()).isEqualTo(400);
        assertThat(report("from=yesterday&to=2019-05-01").statusCode()).isEqualTo(400);
        assertThat(report("to=2019-05-01").statusCode()).isEqualTo(400);
        assertThat(report("from=2019-05-01&to=2019-05-01&format=pdf").statusCode())
                .isEqualTo(400);
    }
}
