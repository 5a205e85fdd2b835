package dev.lifeboat.api;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.testing.StateResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
@QuarkusTestResource(StateResource.class)
class AccessTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "/api/v1/environments",
                "/api/v1/environments/acme.shop",
                "/api/v1/runs",
                "/api/v1/runs/run_1/evidence/inputs.json",
                "/api/v1/artifacts",
                "/api/v1/nowhere",
                "/nowhere",
                "//api/v1/runs",
                "/api/../api/v1/runs",
                "/backup/health/../../api/v1/runs",
                "/q/health/../../api/v1/runs",
                "/q/openapi",
                "/q/metrics",
                "/console/assets/../../api/v1/runs",
                "/api/v1/runs;x=1",
                "/api;/v1;x/runs",
                "/api/v1/runs;/backup/health",
                ";/api/v1/runs",
                "/;x/api/v1/runs"
            })
    void without_a_token_nothing_is_answered(String path) {
        for (RequestSpecification caller : List.of(
                given(),
                given().header("Authorization", "Bearer wrong"),
                given().header("Authorization", StateResource.TOKEN),
                given().header("Authorization", "Bearer "))) {
            Response answer = caller.urlEncodingEnabled(false).get(path);
            assertProblem(answer, 401, "PERMISSION_DENIED");
        }
        assertThat(given().contentType("application/json").body("{}").post(path).statusCode())
                .isEqualTo(401);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/q/health/..;/..;/api/v1/runs",
                "/console/assets/..;/..;/..;/api/v1/runs",
                "/console/assets/;/../../../api/v1/runs",
                "/backup/health;/../../api/v1/runs",
                "/events/..;/api/v1/runs"
            })
    void no_way_through_what_is_open_leads_to_what_is_not(String path) {
        Response answer = given().urlEncodingEnabled(false).get(path);
        assertThat(answer.statusCode()).as(answer.asString()).isIn(401, 404);
    }

    @ParameterizedTest
    @MethodSource("functions")
    void no_function_is_called_without_a_token_or_by_get(String function) {
        assertProblem(
                given().contentType("application/json").body("{}").post("/" + function), 401, "PERMISSION_DENIED");
        assertProblem(given().get("/" + function), 401, "PERMISSION_DENIED");
        Response get = caller().get("/" + function);
        assertProblem(get, 405, "BAD_INPUT");
        assertThat(get.header("Allow")).isEqualTo("POST");
    }

    @Test
    void no_event_is_taken_without_a_token() {
        assertThat(given().header("ce-id", "1")
                        .header("ce-source", "test")
                        .header("ce-specversion", "1.0")
                        .header("ce-type", "prune")
                        .contentType("application/json")
                        .body("{}")
                        .post("/")
                        .statusCode())
                .isEqualTo(401);
    }

    @Test
    void health_is_open() {
        assertThat(given().get("/q/health").statusCode()).isEqualTo(200);
        assertThat(given().get("/q/health/live").statusCode()).isEqualTo(200);
        assertThat(given().get("/q/health/ready").statusCode()).isEqualTo(200);
    }

    @Test
    void with_the_token_environments_are_shown_without_secrets() {
        Response answer = caller().get("/api/v1/environments");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.jsonPath().getString("[0].environment")).isEqualTo("shop");
        assertThat(answer.asString()).doesNotContain("odoo's word").doesNotContain("password");
    }

    @ParameterizedTest
    @ValueSource(strings = {"backups", "restores", "prunes", "preflight", "validations"})
    void a_field_that_is_not_known_is_refused(String operation) {
        Response answer = caller().contentType("application/json")
                .body("{\"misspelt_field\": true}")
                .post("/api/v1/environments/acme.shop/" + operation);
        assertProblem(answer, 400, "BAD_INPUT");
        assertThat(answer.jsonPath().getString("detail")).contains("misspelt_field");
        assertThat(caller().get("/api/v1/runs?environment=acme.shop").jsonPath().getList("$"))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"{", "[]", "{\"type\": 7}", "{\"type\": \"everything\"}", "\"full\""})
    void json_that_is_not_right_is_refused(String body) {
        Response answer =
                caller().contentType("application/json").body(body).post("/api/v1/environments/acme.shop/backups");
        assertProblem(answer, 400, "BAD_INPUT");
    }

    @Test
    void an_environment_that_is_not_known_is_answered_with_those_that_are() {
        for (Response answer : List.of(
                caller().get("/api/v1/environments/nowhere"),
                caller().contentType("application/json").body("{}").post("/api/v1/environments/nowhere/backups"),
                caller().get("/api/v1/runs?environment=nowhere"))) {
            assertProblem(answer, 404, "UNKNOWN_ENVIRONMENT");
            assertThat(answer.jsonPath().getString("detail")).contains("nowhere");
            assertThat(answer.jsonPath().getString("remedy")).contains("acme/shop");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/tasks", "/tasks/one", "/tasks/one/log"})
    void an_engine_takes_no_tasks_from_outside(String path) {
        assertProblem(caller().get(path), 404, "BAD_INPUT");
        assertProblem(caller().contentType("application/json").body("{}").put(path), 404, "BAD_INPUT");
        assertProblem(caller().delete(path), 404, "BAD_INPUT");
    }

    @Test
    void a_run_or_a_page_that_is_not_there_is_a_problem() {
        assertProblem(caller().get("/api/v1/runs/run_nowhere"), 404, "UNKNOWN_RUN");
        assertProblem(caller().get("/api/v1/runs/run_nowhere/events"), 404, "UNKNOWN_RUN");
        assertThat(caller().get("/api/v1/nowhere").statusCode()).isEqualTo(404);
    }

    static Stream<String> functions() throws IOException {
        try (Stream<Path> folders = Files.list(Path.of("functions"))) {
            return folders.map(folder -> folder.getFileName().toString()).sorted().toList().stream();
        }
    }

    private static RequestSpecification caller() {
        return given().header("Authorization", "Bearer " + StateResource.TOKEN);
    }

    private static void assertProblem(Response answer, int status, String code) {
        assertThat(answer.statusCode()).as(answer.asString()).isEqualTo(status);
        assertThat(answer.contentType()).startsWith("application/problem+json");
        assertThat(answer.jsonPath().getInt("status")).isEqualTo(status);
        assertThat(answer.jsonPath().getString("code")).isEqualTo(code);
        assertThat(answer.jsonPath().getString("detail")).isNotBlank();
        assertThat(answer.jsonPath().getString("remedy")).isNotBlank();
        assertThat(answer.asString()).doesNotContain("\tat ", "Exception", "stack", ".java:");
    }

    @Test
    void a_request_in_several_parts_is_refused_at_once() throws Exception {
        try (var http = HttpClient.newHttpClient()) {
            for (String path : List.of("/events/shop", "/api/v1/runs/run_1/cancel")) {
                var request = HttpRequest.newBuilder(URI.create("http://localhost:" + RestAssured.port + path))
                        .timeout(Duration.ofSeconds(10))
                        .header("Content-Type", "multipart/form-data; boundary=x")
                        .POST(HttpRequest.BodyPublishers.ofString("--x\r\n"))
                        .build();
                assertThat(http.send(request, HttpResponse.BodyHandlers.ofString())
                                .statusCode())
                        .isEqualTo(415);
            }
        }
    }
}
