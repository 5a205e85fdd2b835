package dev.lifeboat.functions;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.json.Json;
import dev.lifeboat.testing.StateResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Functions called one by one over HTTP, with the requests that their folders show. */
@QuarkusTest
@QuarkusTestResource(StateResource.class)
class FunctionHttpTest {
    @Test
    void preflight_of_a_backup_reports_every_check() throws IOException {
        ObjectNode request = example("preflight").put("operation", "backup");
        request.remove("artifact");
        Response answer = post("preflight", request);
        assertThat(answer.statusCode()).as(answer.asString()).isEqualTo(200);
        assertThat(answer.jsonPath().getBoolean("ok")).as(answer.asString()).isTrue();
        assertThat(answer.jsonPath().getList("checks")).hasSizeGreaterThanOrEqualTo(6);
        assertSnakeCase(answer);
    }

    @Test
    void preflight_of_a_restore_without_an_artifact_says_so() throws IOException {
        Response answer = post("preflight", example("preflight"));
        assertThat(answer.statusCode()).as(answer.asString()).isEqualTo(200);
        assertThat(answer.jsonPath().getBoolean("ok")).isFalse();
        assertSnakeCase(answer);
    }

    @Test
    void preflight_refuses_a_field_that_it_does_not_know() throws IOException {
        Response answer = post("preflight", example("preflight").put("artefact", "latest"));
        assertRefused(answer);
    }

    @Test
    void discover_bindings_proves_what_is_there_and_shows_no_secret() throws IOException {
        Response answer = post("discover-bindings", example("discover-bindings"));
        assertThat(answer.statusCode()).as(answer.asString()).isEqualTo(200);
        assertThat(answer.jsonPath().getString("status")).as(answer.asString()).isEqualTo("done");
        assertThat(answer.jsonPath().getString("outputs.summary")).contains("state_resource_shop");
        assertThat(answer.jsonPath().getString("evidence[0].name")).isEqualTo("runtime_bindings_redacted.json");
        assertThat(answer.asString()).contains("[REDACTED]").doesNotContain("odoo's word");
        assertSnakeCase(answer);
    }

    @Test
    void a_step_refuses_a_field_that_it_does_not_know() throws IOException {
        Response answer = post("discover-bindings", example("discover-bindings").put("enviroment", "acme/shop"));
        assertRefused(answer);
        assertThat(answer.asString()).contains("enviroment");
    }

    @Test
    void a_step_refuses_a_request_without_what_it_needs() throws IOException {
        ObjectNode request = example("discover-bindings");
        request.remove("run_id");
        Response answer = post("discover-bindings", request);
        assertRefused(answer);
        assertThat(answer.asString()).contains("run_id");
    }

    @Test
    void a_step_of_an_environment_that_is_not_known_fails_and_says_which_are() throws IOException {
        Response answer = post("discover-bindings", example("discover-bindings").put("environment", "acme/nowhere"));
        assertThat(answer.asString()).contains("UNKNOWN_ENVIRONMENT").doesNotContain("\"done\"");
    }

    private static ObjectNode example(String function) throws IOException {
        ObjectNode request = (ObjectNode)
                Json.mapper().readTree(Files.readString(Path.of("functions", function, "request.example.json")));
        return request.put("environment", "acme/shop");
    }

    private static Response post(String function, ObjectNode request) {
        return given().header("Authorization", "Bearer " + StateResource.TOKEN)
                .contentType("application/json")
                .body(request.toString())
                .post("/" + function);
    }

    private static void assertRefused(Response answer) {
        assertThat(answer.asString()).contains("BAD_INPUT").doesNotContain("\tat ", "\"done\"");
    }

    private static void assertSnakeCase(Response answer) throws IOException {
        assertSnakeCase(Json.mapper().readTree(answer.asString()));
    }

    private static void assertSnakeCase(JsonNode node) {
        node.fieldNames().forEachRemaining(name -> assertThat(name).matches("[a-z0-9_]+"));
        node.forEach(FunctionHttpTest::assertSnakeCase);
    }
}
