package dev.lifeboat.api;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.json.Json;
import dev.lifeboat.testing.StateResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds for the API as a whole. */
@QuarkusTest
@QuarkusTestResource(StateResource.class)
class ApiTest {
    private static final String ENVIRONMENT = "/api/v1/environments/acme.shop";

    @ParameterizedTest
    @ValueSource(strings = {"", "{} {}", "{}x", "{\"label\": \"a\"} trailing", "{}]"})
    void a_request_without_json_or_with_text_behind_it_is_refused(String body) {
        Response answer = caller().contentType("application/json").body(body).post(ENVIRONMENT + "/backups");
        assertThat(answer.statusCode()).as(answer.asString()).isEqualTo(400);
        assertThat(answer.jsonPath().getString("code")).isEqualTo("BAD_INPUT");
    }

    @Test
    void a_request_that_is_sent_again_under_its_key_begins_no_second_run() {
        String key = UUID.randomUUID().toString();
        Response first = validation(key, "{}");
        Response again = validation(key, "{}");
        assertThat(first.statusCode()).isEqualTo(202);
        assertThat(again.statusCode()).isEqualTo(202);
        assertThat(again.header("Location")).isEqualTo(first.header("Location"));
        assertThat(validation(UUID.randomUUID().toString(), "{}").header("Location"))
                .isNotEqualTo(first.header("Location"));

        Response other = caller().header("Idempotency-Key", key)
                .contentType("application/json")
                .body("{\"dry_run\": true}")
                .post(ENVIRONMENT + "/prunes");
        assertThat(other.statusCode()).isEqualTo(400);
        assertThat(other.jsonPath().getString("detail")).contains("another request");
        assertThat(validation("two words", "{}").statusCode()).isEqualTo(400);
    }

    private static Response validation(String key, String body) {
        return caller().header("Idempotency-Key", key)
                .contentType("application/json")
                .body(body)
                .post(ENVIRONMENT + "/validations");
    }

    @Test
    void runs_come_in_pages_that_hold_each_run_once() {
        for (int i = 0; i < 5; i++) {
            validation(UUID.randomUUID().toString(), "{}");
        }
        var seen = new ArrayList<String>();
        String next = "/api/v1/runs?operation=validate&limit=2";
        while (next != null) {
            Response page = caller().get(next);
            assertThat(page.statusCode()).as(page.asString()).isEqualTo(200);
            List<String> ids = page.jsonPath().getList("run_id");
            assertThat(ids).hasSizeLessThanOrEqualTo(2);
            assertThat(page.jsonPath().getList("operation", String.class)).allMatch("validate"::equals);
            seen.addAll(ids);
            String link = page.header("Link");
            next = link == null ? null : link.replaceFirst("<https?://[^/]*([^>]*)>.*", "$1");
        }
        assertThat(seen).hasSizeGreaterThanOrEqualTo(5).doesNotHaveDuplicates();
        assertThat(caller().get("/api/v1/runs?status=no-such").jsonPath().getList("$"))
                .isEmpty();
    }

    @Test
    void a_run_s_events_are_streamed_to_its_end_and_go_on_behind_one_that_is_known() {
        String run = validation(UUID.randomUUID().toString(), "{}").jsonPath().getString("run_id");
        Response whole = stream(run, "0");
        assertThat(whole.statusCode()).isEqualTo(200);
        assertThat(whole.contentType()).startsWith("text/event-stream");
        assertThat(whole.asString())
                .contains("event:run_created", "event:access_granted", "event:step_started", "event:end");
        List<String> ids = whole.asString()
                .lines()
                .filter(line -> line.startsWith("id:"))
                .map(line -> line.substring(3).strip())
                .toList();
        assertThat(stream(run, ids.get(1)).asString())
                .doesNotContain("event:run_created", "event:access_granted")
                .contains("event:end");
    }

    private static Response stream(String run, String after) {
        return caller().accept("text/event-stream")
                .header("Last-Event-ID", after)
                .get("/api/v1/runs/" + run + "/events/stream");
    }

    @Test
    void the_description_tells_every_operation_its_summary_its_caller_and_its_trouble() throws IOException {
        JsonNode description = description();
        assertThat(description.path("paths").size()).isGreaterThan(20);
        description.path("paths").properties().forEach(path -> {
            assertThat(path.getKey()).doesNotStartWith("/console");
            path.getValue().properties().forEach(operation -> {
                if (!List.of("get", "post", "put", "delete").contains(operation.getKey())) {
                    return;
                }
                String name = operation.getKey() + " " + path.getKey();
                assertThat(operation.getValue().path("summary").asText())
                        .as(name)
                        .isNotBlank();
                assertThat(operation
                                .getValue()
                                .path("responses")
                                .path("default")
                                .path("$ref")
                                .asText())
                        .as(name)
                        .isEqualTo("#/components/responses/Problem");
                if (!List.of("/backup/health", "/events/{source}").contains(path.getKey())) {
                    assertThat(operation.getValue().at("/security/0").has("token"))
                            .as(name)
                            .isTrue();
                }
            });
        });
    }

    @Test
    void every_body_has_an_example_of_fields_that_it_can_have() throws IOException {
        JsonNode description = description();
        description.path("paths").properties().forEach(path -> path.getValue()
                .properties()
                .forEach(operation -> operation
                        .getValue()
                        .at("/requestBody/content")
                        .forEach(body -> {
                            String name = operation.getKey() + " " + path.getKey();
                            String ref = body.at("/schema/$ref").asText();
                            assertThat(body.path("example").isObject()).as(name).isTrue();
                            if (ref.endsWith("NoBody")) {
                                return;
                            }
                            assertThat(body.path("example")).as(name).isNotEmpty();
                            if (ref.isEmpty()) {
                                // it is read as text
                                return;
                            }
                            JsonNode known = description.at(ref.substring(1) + "/properties");
                            body.path("example").fieldNames().forEachRemaining(field -> assertThat(known.has(field))
                                    .as(name + ": " + field)
                                    .isTrue());
                        })));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/api/v1/runs?limit=3", "/api/v1/artifacts", "/api/v1/environments", ENVIRONMENT})
    void who_asks_again_is_told_where_nothing_has_changed(String path) {
        String tag = caller().get(path).header("ETag");
        assertThat(tag).startsWith("W/\"");
        Response again = caller().header("If-None-Match", tag).get(path);
        assertThat(again.statusCode()).isEqualTo(304);
        assertThat(again.asString()).isEmpty();
        assertThat(again.header("ETag")).isEqualTo(tag);
        assertThat(caller().header("If-None-Match", "W/\"other\"").get(path).statusCode())
                .isEqualTo(200);
    }

    @Test
    void a_tag_is_another_one_when_there_is_something_new() {
        String path = "/api/v1/runs?limit=3";
        String before = caller().get(path).header("ETag");
        validation(UUID.randomUUID().toString(), "{}");
        assertThat(caller().header("If-None-Match", before).get(path).statusCode())
                .isEqualTo(200);
    }

    private static JsonNode description() throws IOException {
        if (described == null) {
            described = Json.mapper()
                    .readTree(caller().get("/q/openapi?format=json").asString());
        }
        return described;
    }

    private static JsonNode described;

    private static RequestSpecification caller() {
        return given().header("Authorization", "Bearer " + StateResource.TOKEN);
    }
}
