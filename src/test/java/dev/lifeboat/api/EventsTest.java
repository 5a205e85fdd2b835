package dev.lifeboat.api;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.json.Json;
import dev.lifeboat.testing.StateResource;
import dev.lifeboat.testing.TestCluster;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Events of deployments, as a pipeline, a broker and EventBridge send them. */
@QuarkusTest
@QuarkusTestResource(StateResource.class)
class EventsTest {
    private static final String COMPLETED = "dev.lifeboat.deploy.completed";
    private static final String STARTING = "dev.lifeboat.deploy.starting";

    private final String id = UUID.randomUUID().toString();

    @Test
    void a_completed_deployment_is_looked_at_whichever_way_its_event_comes() {
        var runs = new HashSet<String>();
        for (Response answer : List.of(
                structured(id + "-1", COMPLETED, data("acme/shop")),
                binary(id + "-2", COMPLETED, data("acme/shop")),
                eventBridge(id + "-3", COMPLETED, data("acme/shop")))) {
            assertThat(answer.statusCode()).as(answer.asString()).isEqualTo(202);
            assertThat(answer.jsonPath().getString("status")).isEqualTo("accepted");
            runs.add(answer.jsonPath().getString("run_id"));
        }
        assertThat(runs).hasSize(3);
        for (String run : runs) {
            assertThat(caller().get("/api/v1/runs/" + run).jsonPath().getString("operation"))
                    .isEqualTo("deployment");
        }
    }

    @Test
    void an_event_that_is_delivered_three_times_makes_one_run() {
        int before = checks();
        Response first = eventBridge(id, COMPLETED, data("acme/shop"));
        assertThat(first.jsonPath().getString("status")).isEqualTo("accepted");
        for (int i = 0; i < 2; i++) {
            Response again = eventBridge(id, COMPLETED, data("acme/shop"));
            assertThat(again.statusCode()).isEqualTo(202);
            assertThat(again.jsonPath().getString("status")).isEqualTo("duplicate");
            assertThat(again.jsonPath().getString("run_id"))
                    .isEqualTo(first.jsonPath().getString("run_id"));
        }
        assertThat(checks()).isEqualTo(before + 1);
    }

    @Test
    void an_event_that_is_delivered_many_times_at_once_makes_one_run() throws Exception {
        int before = checks();
        var deliveries = new ArrayList<Future<Response>>();
        try (var senders = Executors.newFixedThreadPool(8)) {
            for (int i = 0; i < 8; i++) {
                deliveries.add(senders.submit(() -> binary(id, COMPLETED, data("acme/shop"))));
            }
        }
        var runs = new HashSet<String>();
        for (Future<Response> delivery : deliveries) {
            assertThat(delivery.get().statusCode())
                    .as(delivery.get().asString())
                    .isEqualTo(202);
            runs.add(delivery.get().jsonPath().getString("run_id"));
        }
        assertThat(runs).hasSize(1);
        assertThat(checks()).isEqualTo(before + 1);
    }

    @Test
    void before_a_deployment_a_backup_is_made_and_a_second_one_has_to_wait_for_it() {
        Response first = structured(id, STARTING, data("acme/shop"));
        assertThat(first.statusCode()).as(first.asString()).isEqualTo(202);
        String run = first.jsonPath().getString("run_id");
        Response backup = caller().get("/api/v1/runs/" + run);
        assertThat(backup.jsonPath().getString("operation")).isEqualTo("backup");
        assertThat(backup.jsonPath().getString("label")).isEqualTo("before deployment of 19.0.7");

        Response second = structured(id + "-next", STARTING, data("acme/shop"));
        assertThat(second.statusCode()).as(second.asString()).isIn(409, 412);
        end(run);
        Response again = structured(id + "-next", STARTING, data("acme/shop"));
        assertThat(again.statusCode()).as(again.asString()).isEqualTo(202);
        assertThat(again.jsonPath().getString("status")).isEqualTo("accepted");
        assertThat(again.jsonPath().getString("run_id")).isNotEqualTo(run);
        end(again.jsonPath().getString("run_id"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"com.example.order.placed", "dev.lifeboat.deploy.failed", "prune", "restore-db"})
    void events_of_other_kinds_are_answered_and_ignored(String type) {
        for (Response answer : List.of(
                structured(id, type, "{\"anything\": [1, 2]}"), binary(id, type, ""), eventBridge(id, type, "{}"))) {
            assertThat(answer.statusCode()).as(answer.asString()).isEqualTo(202);
            assertThat(answer.jsonPath().getString("status")).isEqualTo("ignored");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "[]",
                "null",
                "not json",
                "{\"specversion\": \"0.3\", \"id\": \"1\", \"source\": \"s\", \"type\": \"t\"}",
                "{\"specversion\": \"1.0\", \"source\": \"s\", \"type\": \"t\"}",
                "{\"specversion\": \"1.0\", \"id\": \"\", \"source\": \"s\", \"type\": \"t\"}",
                "{\"specversion\": \"1.0\", \"id\": 7, \"source\": \"s\", \"type\": \"t\"}",
                "{\"specversion\": \"1.0\", \"id\": \"1\", \"source\": \"s\", \"type\": \"dev.lifeboat.deploy.completed\"}",
                "{\"specversion\": \"1.0\", \"id\": \"1\", \"source\": \"s\", \"type\": \"dev.lifeboat.deploy.completed\","
                        + " \"data\": {\"environment\": \"acme/shop\"}}"
            })
    void what_is_no_event_is_refused_with_a_reason(String body) {
        Response answer =
                caller().contentType("application/cloudevents+json").body(body).post("/events");
        assertThat(answer.statusCode()).as(answer.asString()).isEqualTo(400);
        assertThat(answer.contentType()).startsWith("application/problem+json");
        assertThat(answer.jsonPath().getString("remedy")).isNotBlank();
    }

    @Test
    void an_environment_that_is_not_known_is_told() {
        Response answer = eventBridge(id, COMPLETED, data("acme/nowhere"));
        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(answer.jsonPath().getString("code")).isEqualTo("UNKNOWN_ENVIRONMENT");
    }

    @Test
    void no_event_is_taken_by_get_or_from_strangers() {
        assertThat(caller().get("/events").statusCode()).isEqualTo(405);
        assertThat(given().contentType("application/json")
                        .body("{}")
                        .post("/events")
                        .statusCode())
                .isEqualTo(401);
    }

    @Test
    void a_signed_event_needs_no_token_and_counts_once_however_often_it_is_sent() {
        String body = event(id, data("acme/shop"));
        Response first = signed("ci", now(), body, sign(now(), body));
        assertThat(first.statusCode()).as(first.asString()).isEqualTo(202);
        assertThat(first.jsonPath().getString("status")).isEqualTo("accepted");
        Response replayed = signed("ci", now(), body, "v1,bm90aGluZw== " + sign(now(), body));
        assertThat(replayed.jsonPath().getString("status")).isEqualTo("duplicate");
    }

    @Test
    void an_event_of_another_project_with_the_same_name_takes_none_away() {
        for (String source : List.of("/ci", "token//ci")) {
            TestCluster.execute(
                    TestCluster.get().binding("lifeboat_state"),
                    "INSERT INTO ops.events (source, event_id, event_type, environment_id, outcome) VALUES ('" + source
                            + "', '" + id + "', '" + COMPLETED + "', 'zoo/lion', 'accepted')");
        }
        assertThat(structured(id, COMPLETED, data("acme/shop")).jsonPath().getString("status"))
                .isEqualTo("accepted");
    }

    @Test
    void who_has_a_token_takes_no_event_from_a_source_that_signs() {
        String taken = caller().contentType("application/cloudevents+json")
                .body(event(id, data("acme/shop")).replace("\"/ci\"", "\"ci:/ci\""))
                .post("/events")
                .jsonPath()
                .getString("status");
        assertThat(taken).isEqualTo("accepted");
        String body = event(id, data("acme/shop"));
        assertThat(signed("ci", now(), body, sign(now(), body)).jsonPath().getString("status"))
                .isEqualTo("accepted");
    }

    @ParameterizedTest
    @ValueSource(strings = {"version", "version_before", "operator"})
    void a_text_that_would_steer_a_mail_or_a_terminal_is_refused(String field) {
        for (String text : List.of("1\r\nBcc: all@example.com", "1\u001b[2J", "1\u009b2J", "1\u202e2")) {
            var data = Json.object().put("environment", "acme/shop").put("version", "19.0.7");
            Response answer = structured(id, STARTING, data.put(field, text).toString());
            assertThat(answer.statusCode()).as(answer.asString()).isEqualTo(400);
            assertThat(answer.asString()).contains(field);
        }
        Response source = caller().contentType("application/cloudevents+json")
                .body(event(id, data("acme/shop")).replace("\"/ci\"", "\"/ci\\u001b[2J\""))
                .post("/events");
        assertThat(source.statusCode()).isEqualTo(400);
        Response label = caller().contentType("application/json")
                .body(Json.object().put("label", "x\nBcc: y").toString())
                .post("/api/v1/environments/acme.shop/backups");
        assertThat(label.statusCode()).as(label.asString()).isEqualTo(400);
    }

    @Test
    void a_signed_event_is_taken_about_the_environments_of_its_source_only() {
        String body = event(id, data("acme/shop"));
        Response answer = signed("elsewhere", now(), body, sign(now(), body));
        assertThat(answer.statusCode()).as(answer.asString()).isEqualTo(403);
        assertThat(answer.asString()).contains("not named for");
    }

    @Test
    void what_is_forged_late_or_not_whole_is_refused_and_nothing_is_begun() {
        int before = checks();
        String body = event(id, data("acme/shop"));
        long late = now() - 400;
        long early = now() + 400;
        for (Response answer : List.of(
                signed("ci", now(), body, "v1,bm90aGluZw=="),
                signed("ci", now(), body, ""),
                signed("ci", now(), body.replace("19.0.7", "19.0.8"), sign(now(), body)),
                signed("ci", late, body, sign(late, body)),
                signed("ci", early, body, sign(early, body)),
                signed("nobody", now(), body, sign(now(), body)),
                given().contentType("application/cloudevents+json").body(body).post("/events/ci"))) {
            assertThat(answer.statusCode()).as(answer.asString()).isEqualTo(403);
            assertThat(answer.asString()).doesNotContain("whsec", "acme");
        }
        Response binary = given().header("ce-specversion", "1.0")
                .header("ce-id", id)
                .header("ce-source", "/ci")
                .header("ce-type", COMPLETED)
                .header("webhook-id", "msg")
                .header("webhook-timestamp", now())
                .header("webhook-signature", sign(now(), data("acme/shop")))
                .contentType("application/json")
                .body(data("acme/shop"))
                .post("/events/ci");
        assertThat(binary.statusCode()).as("headers are not signed").isEqualTo(400);
        assertThat(given().get("/events/ci").statusCode()).isEqualTo(401);
        assertThat(checks()).isEqualTo(before);
    }

    private static long now() {
        return java.time.Instant.now().getEpochSecond();
    }

    private static String event(String id, String data) {
        return "{\"specversion\": \"1.0\", \"id\": \"%s\", \"source\": \"/ci\", \"type\": \"%s\", \"data\": %s}"
                .formatted(id, COMPLETED, data);
    }

    private static Response signed(String source, long timestamp, String body, String signature) {
        return given().header("webhook-id", "msg")
                .header("webhook-timestamp", timestamp)
                .header("webhook-signature", signature)
                .contentType("application/cloudevents+json")
                .body(body)
                .post("/events/" + source);
    }

    /** As the specification of Standard Webhooks says it, and not as the code does. */
    private static String sign(long timestamp, String body) {
        try {
            var mac = javax.crypto.Mac.getInstance("HmacSHA256");
            mac.init(new javax.crypto.spec.SecretKeySpec(
                    java.util.Base64.getDecoder().decode(StateResource.EVENT_SECRET.substring("whsec_".length())),
                    "HmacSHA256"));
            return "v1,"
                    + java.util.Base64.getEncoder()
                            .encodeToString(mac.doFinal(("msg." + timestamp + "." + body)
                                    .getBytes(java.nio.charset.StandardCharsets.UTF_8)));
        } catch (java.security.GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private static int checks() {
        return (int) caller().get("/api/v1/runs?limit=500").jsonPath().getList("operation").stream()
                .filter("deployment"::equals)
                .count();
    }

    /** Without the clock's help a run does not come to its end here. */
    private static void end(String run) {
        TestCluster.execute(
                TestCluster.get().binding("lifeboat_state"),
                "UPDATE ops.runs SET status = 'failed', completed_at = now() WHERE run_id = '" + run + "'");
    }

    private static String data(String environment) {
        return Json.object()
                .put("environment", environment)
                .put("version", "19.0.7")
                .toString();
    }

    private static Response structured(String id, String type, String data) {
        return caller().contentType("application/cloudevents+json; charset=utf-8")
                .body("{\"specversion\": \"1.0\", \"id\": \"%s\", \"source\": \"/ci\", \"type\": \"%s\", \"data\": %s}"
                        .formatted(id, type, data))
                .post("/events");
    }

    private static Response binary(String id, String type, String data) {
        RequestSpecification call = caller().header("ce-specversion", "1.0")
                .header("ce-id", id)
                .header("ce-source", "/ci")
                .header("ce-type", type)
                .contentType("application/json");
        return call.body(data.isEmpty() ? "{}" : data).post("/events");
    }

    private static Response eventBridge(String id, String type, String data) {
        return caller().contentType("application/json")
                .body("""
                        {"version": "0", "id": "%s", "detail-type": "%s", "source": "acme.pipeline", "account": "123456789012",
                         "time": "2026-11-21T12:00:00Z", "region": "eu-central-1", "resources": [], "detail": %s}
                        """.formatted(id, type, data))
                .post("/events");
    }

    private static RequestSpecification caller() {
        return given().header("Authorization", "Bearer " + StateResource.TOKEN);
    }
}
