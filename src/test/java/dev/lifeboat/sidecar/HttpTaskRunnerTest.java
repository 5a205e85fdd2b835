package dev.lifeboat.sidecar;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.environment.Secret;
import dev.lifeboat.fault.FaultCode;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import jakarta.inject.Inject;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The client against a sidecar as it is served: without any state. */
@QuarkusTest
@TestProfile(HttpTaskRunnerTest.Sidecar.class)
class HttpTaskRunnerTest extends TaskRunnerContract {
    private static final String TOKEN = "sidecar-test-token";
    private static final int PLACES = 2;

    @TestHTTPResource("/")
    URI url;

    @Inject
    ScriptedHandler handler;

    private HttpTaskRunner runner;

    /** A sidecar without a database, whose tasks do what the test says. */
    public static final class Sidecar implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.of(
                    "lifeboat.role", "sidecar",
                    "lifeboat.sidecar.token", TOKEN,
                    "lifeboat.sidecar.tasks-at-once", Integer.toString(PLACES),
                    "quarkus.datasource.active", "false",
                    "quarkus.hibernate-orm.active", "false",
                    "quarkus.flyway.active", "false",
                    "quarkus.log.file.enabled", "false");
        }

        @Override
        public Set<Class<?>> getEnabledAlternatives() {
            return Set.of(ScriptedHandler.class);
        }
    }

    @BeforeEach
    void connect() {
        runner = new HttpTaskRunner(url, new Secret(TOKEN), Duration.ofSeconds(10), Duration.ofSeconds(10));
    }

    @Override
    TaskRunner runner() {
        return runner;
    }

    @Override
    ScriptedHandler handler() {
        return handler;
    }

    @Override
    int places() {
        return PLACES;
    }

    @Test
    void without_the_sidecars_own_token_nothing_is_done() {
        for (String wrong : List.of("of-the-api", "", "sidecar-test-toke", TOKEN + "n")) {
            var stranger = new HttpTaskRunner(url, new Secret(wrong), Duration.ofSeconds(10), Duration.ofSeconds(10));
            assertThat(faultOf(() -> stranger.submit(run + ".1", prepare(run))).code())
                    .isEqualTo(FaultCode.PERMISSION_DENIED);
            assertThat(faultOf(() -> stranger.state(run + ".1")).code()).isEqualTo(FaultCode.PERMISSION_DENIED);
        }
        assertThat(handler.begun(run)).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "null",
                "{}",
                "[]",
                "{\"kind\": \"shell\", \"command\": \"id\"}",
                "{\"kind\": \"roll_back\", \"run_id\": \"run_1\"}",
                "{\"kind\": \"roll_back\", \"run_id\": null, \"environment\": {\"project\": \"acme\", \"name\": \"shop\"}}",
                "{\"kind\": \"roll_back\", \"run_id\": \"run_1\", \"environment\": {\"project\": \"acme\", \"name\": \"shop\"}, \"path\": \"/\"}",
                "{\"kind\": \"roll_back\", \"run_id\": \"../../etc\", \"environment\": {\"project\": \"acme\", \"name\": \"shop\"}}",
                "{\"kind\": \"roll_back\", \"run_id\": \"run_1\", \"environment\": {\"project\": \"..\", \"name\": \"shop\"}}",
                "{\"kind\": \"verify_artifact\", \"run_id\": \"run_1\", \"environment\": {\"project\": \"acme\", \"name\": \"shop\"},"
                        + " \"artifact\": {\"id\": {\"environment\": {\"project\": \"acme\", \"name\": \"shop\"}, \"id\": \"../x\"},"
                        + " \"manifest_sha256\": null}, \"store\": null}"
            })
    void what_is_no_task_of_the_closed_set_is_refused_and_not_begun(String body) {
        Response answer = caller().contentType("application/json").body(body).put("/tasks/strange.1");
        assertThat(answer.statusCode()).as(answer.asString()).isEqualTo(400);
        assertThat(answer.jsonPath().getString("code")).isEqualTo("BAD_INPUT");
        assertThat(answer.asString()).doesNotContain("\tat ", "com.fasterxml");
        assertThat(caller().get("/tasks/strange.1").statusCode()).isEqualTo(404);
    }

    @Test
    void every_kind_of_task_is_read_as_it_was_written() {
        List<Task> tasks = List.of(
                dump(run, "c"),
                archive(run, "c"),
                new Task.Validate(run, SHOP, java.util.Optional.empty(), java.time.Instant.EPOCH, true, false),
                new Task.UnpackImport(run, SHOP, "odoo.zip"),
                new Task.RestoreDatabase(
                        run,
                        SHOP,
                        new dev.lifeboat.artifact.KnownArtifact(
                                new dev.lifeboat.artifact.ArtifactId(SHOP, "bk_1"),
                                java.util.Optional.of("0".repeat(64))),
                        java.util.Optional.of("primary"),
                        false,
                        true,
                        java.util.Optional.of(4711L)));
        for (Task task : tasks) {
            assertThat(TaskCodec.read(TaskCodec.write(task))).isEqualTo(task);
        }
        assertThat(Task.class.getPermittedSubclasses())
                .as("each has its name on the wire")
                .hasSameSizeAs(Task.class
                        .getAnnotation(com.fasterxml.jackson.annotation.JsonSubTypes.class)
                        .value());
    }

    @Test
    void a_task_leaves_a_log_of_what_it_did() {
        runner.submit(run + ".1", prepare(run));
        result(run + ".1");
        List<String> lines = caller().get("/tasks/" + run + ".1/log").jsonPath().getList("text");
        assertThat(lines).containsExactly("taken", "working", "done");
        assertThat(caller().get("/tasks/" + run + ".nowhere/log").statusCode()).isEqualTo(404);
    }

    @Test
    void only_a_put_or_a_delete_changes_anything() {
        for (String path : List.of("/tasks", "/tasks/" + run + ".1", "/tasks/" + run + ".1/log")) {
            caller().get(path);
            caller().contentType("application/json")
                    .body(TaskCodec.write(prepare(run)))
                    .post(path);
        }
        assertThat(handler.begun(run)).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/api/v1/runs", "/api/v1/environments", "/dump-db", "/restore-db", "/events"})
    void a_sidecar_serves_neither_the_interface_nor_functions(String path) {
        assertThat(caller().get(path).statusCode()).isEqualTo(404);
        assertThat(caller().contentType("application/json")
                        .body("{}")
                        .post(path)
                        .statusCode())
                .isEqualTo(404);
    }

    @Test
    void a_sidecar_says_that_it_is_healthy_without_a_database() {
        assertThat(given().get("/q/health/live").statusCode()).isEqualTo(200);
        assertThat(given().get("/q/health/ready").statusCode()).isEqualTo(200);
    }

    private static RequestSpecification caller() {
        return given().header("Authorization", "Bearer " + TOKEN);
    }
}
