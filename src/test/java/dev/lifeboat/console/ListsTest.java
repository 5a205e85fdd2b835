package dev.lifeboat.console;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.testing.StateResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What pages tell of a long history. */
@QuarkusTest
@QuarkusTestResource(StateResource.class)
class ListsTest {
    @Inject
    AgroalDataSource state;

    @BeforeEach
    void aLongHistory() throws SQLException {
        execute(
                // what other tests of this application have left
                "UPDATE ops.artifacts SET status = 'pruned', pruned_at = now() WHERE environment_id = 'acme/shop'",
                "INSERT INTO ops.projects (project_id) VALUES ('acme'), ('zoo') ON CONFLICT DO NOTHING",
                "INSERT INTO ops.environments (environment_id, project_id, type) VALUES ('acme/shop', 'acme', 'dev'),"
                        + " ('zoo/lion', 'zoo', 'dev') ON CONFLICT DO NOTHING",
                """
                INSERT INTO ops.runs (run_id, project_id, environment_id, operation_type, status, created_by, wake_at,
                                      created_at, completed_at, metadata)
                SELECT 'run_lists_' || n, 'acme', 'acme/shop', CASE WHEN n % 10 = 0 THEN 'drill' ELSE 'backup' END,
                       CASE WHEN n = 7 THEN 'failed' ELSE 'success' END, 'local', NULL, now() - n * interval '1 day' - interval '1 hour',
                       now() - n * interval '1 day' - interval '58 minutes',
                       CASE WHEN n % 10 = 0 THEN jsonb_build_object('recovery_seconds', 90, 'target_recovery_seconds', 60) ELSE '{}' END
                FROM generate_series(1, 120) AS n""",
                """
                INSERT INTO ops.artifacts (artifact_id, project_id, environment_id, run_id, backup_type, purpose, uri,
                                           checksums, sizes, size_bytes, created_at, status)
                SELECT 'bk_lists_' || n, 'acme', 'acme/shop', 'run_lists_' || n, 'full', 'backup', 'file:///x', '{}', '{}',
                       1000 * n, now() - n * interval '1 day' - interval '1 hour', 'available'
                FROM generate_series(1, 120) AS n WHERE n % 10 <> 0 AND n <> 7""",
                """
                INSERT INTO ops.artifact_copies (artifact_id, store, uri, status)
                SELECT artifact_id, 'primary', 'file:///x', 'good' FROM ops.artifacts WHERE artifact_id LIKE 'bk_lists_%'""");
    }

    @AfterEach
    void forget() throws SQLException {
        execute(
                "DELETE FROM ops.artifact_copies WHERE artifact_id LIKE 'bk_lists_%'",
                "DELETE FROM ops.artifacts WHERE artifact_id LIKE 'bk_lists_%'",
                "DELETE FROM ops.runs WHERE run_id LIKE 'run_lists_%'");
    }

    @Test
    void every_run_is_on_some_page_and_the_pages_lead_to_each_other() {
        var seen = new TreeSet<String>();
        Optional<String> next = Optional.of("/console/runs?environment=acme/shop&operation=backup");
        int pages = 0;
        while (next.isPresent()) {
            String page = page(next.get());
            Pattern.compile("/console/runs/(run_lists_\\d+)\"")
                    .matcher(page)
                    .results()
                    .forEach(found -> seen.add(found.group(1)));
            next = Pattern.compile("rel=\"next\" href=\"([^\"]+)\"")
                    .matcher(page)
                    .results()
                    .map(found -> found.group(1).replace("&amp;", "&"))
                    .findFirst();
            assertThat(page.contains("rel=\"prev\"")).isEqualTo(pages > 0);
            pages++;
        }
        assertThat(seen).hasSize(108);
        assertThat(pages).isGreaterThanOrEqualTo(3);
        assertThat(page("/console/runs?page=99999999")).contains("Nothing was done yet");
    }

    @Test
    void runs_are_chosen_by_operation_and_result() {
        String failed = page("/console/runs?operation=backup&result=failed&environment=acme/shop");
        assertThat(failed).contains("run_lists_7\"").doesNotContain("run_lists_8\"", "run_lists_10\"");
        assertThat(page("/console/runs?operation=drill&environment=acme/shop"))
                .contains("run_lists_10\"")
                .doesNotContain("run_lists_7\"");
        assertThat(page("/console/runs?operation=%27%20OR%201%3D1")).contains("Nothing was done yet");
    }

    @Test
    void an_environment_that_is_not_there_is_refused_without_naming_those_that_are() {
        Response answer = given().header("Authorization", "Bearer " + StateResource.TOKEN)
                .get("/console/artifacts?environment=nowhere/else");
        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(answer.asString()).doesNotContain("acme/shop");
    }

    @Test
    void backups_say_what_they_are_kept_for() {
        String page = page("/console/artifacts?environment=acme/shop");
        assertThat(page).contains("month, week, day", "goes at the next prune", "page=2");
        String environment = page("/console/environments/acme.shop");
        assertThat(environment)
                .contains("class=\"day month\"", "class=\"day good\"", "class=\"day other\"", "class=\"day bad\"")
                .contains("all 107");
    }

    @Test
    void the_overview_tells_the_age_of_the_last_good_backup_and_what_is_late() throws SQLException {
        assertThat(page("/console")).contains("25 hours ago", "nothing is scheduled");
        execute("UPDATE ops.artifacts SET degraded = '[\"a file is missing\"]' WHERE artifact_id = 'bk_lists_1'");
        assertThat(page("/console")).contains("2 days ago", "one of 25 hours ago is degraded");
        execute(
                "UPDATE ops.artifacts SET created_at = created_at - interval '9 days' WHERE artifact_id LIKE 'bk_lists_%'");
        assertThat(page("/console")).contains("late", "0 of 1 environment is protected");
    }

    @Test
    void a_drill_is_measured_against_what_is_meant() {
        assertThat(page("/console/drills")).contains("1 min 30 s", "too long");
    }

    private static String page(String path) {
        Response answer = given().urlEncodingEnabled(false)
                .header("Authorization", "Bearer " + StateResource.TOKEN)
                .get(path);
        assertThat(answer.statusCode()).as(answer.asString()).isEqualTo(200);
        return answer.asString();
    }

    private void execute(String... statements) throws SQLException {
        try (Connection connection = state.getConnection();
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.executeUpdate(sql);
            }
        }
    }
}
