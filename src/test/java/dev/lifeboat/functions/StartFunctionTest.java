package dev.lifeboat.functions;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.access.Accounts;
import dev.lifeboat.access.Action;
import dev.lifeboat.access.Role;
import dev.lifeboat.json.Json;
import dev.lifeboat.run.RunSnapshot;
import dev.lifeboat.run.RunStatus;
import dev.lifeboat.run.RunStore;
import dev.lifeboat.testing.StateResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import jakarta.inject.Inject;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A process of its own that begins runs, and advances none. */
@QuarkusTest
@QuarkusTestResource(StateResource.class)
@TestProfile(StartFunctionTest.Starts.class)
class StartFunctionTest {
    /** As {@code lifeboat function start} sets it. */
    public static final class Starts implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.of("lifeboat.role", "function", "quarkus.funqy.export", "start");
        }
    }

    @Inject
    Accounts accounts;

    @Inject
    RunStore runs;

    @BeforeEach
    void project() {
        accounts.setMember("olga", "*", Role.OPERATOR);
        accounts.setMember("victor", "*", Role.VIEWER);
    }

    @Test
    void a_request_that_is_sent_again_under_its_key_finds_the_run_that_it_began() {
        ObjectNode request = validation().put("idempotency_key", "once");
        Response first = owner().body(request.toString()).post("/start");
        String run = begun(first);
        assertThat(begun(owner().body(request.toString()).post("/start"))).isEqualTo(run);
        RunSnapshot read = runs.load(run);
        assertThat(read.status()).isEqualTo(RunStatus.QUEUED);
        assertThat(read.metadata().path("deep").asBoolean()).isTrue();
        assertThat(runs.due("whoever comes first", 1000)).contains(run);

        request.putObject("order").put("deep", false);
        assertThat(owner().body(request.toString()).post("/start").asString())
                .contains("BAD_INPUT", "was used for another request", run);
    }

    @Test
    void a_key_may_stand_in_the_header_as_in_the_interface() {
        String run = begun(owner().header("Idempotency-Key", "in-the-header")
                .body(validation().toString())
                .post("/start"));
        assertThat(begun(owner().header("Idempotency-Key", "in-the-header")
                        .body(validation().toString())
                        .post("/")))
                .isEqualTo(run);
    }

    @Test
    void an_event_that_is_delivered_twice_begins_one_run_in_either_form() {
        String run = begun(event("7").body(validation().toString()).post("/"));
        assertThat(begun(event("7").body(validation().toString()).post("/"))).isEqualTo(run);
        ObjectNode structured = Json.object()
                .put("specversion", "1.0")
                .put("id", "7")
                .put("source", "/clock")
                .put("type", "start")
                .put("datacontenttype", "application/json");
        structured.set("data", validation());
        Response again = owner().contentType("application/cloudevents+json")
                .body(structured.toString())
                .post("/");
        assertThat(again.asString()).contains(run);
        assertThat(begun(event("8").body(validation().toString()).post("/"))).isNotEqualTo(run);
    }

    @Test
    void who_may_not_begin_such_a_run_by_the_interface_may_not_here() {
        assertThat(bearer("olga").body(validation().toString()).post("/start").asString())
                .contains("run_");
        assertThat(bearer("victor").body(validation().toString()).post("/start").asString())
                .contains("PERMISSION_DENIED")
                .doesNotContain("run_2");
        String restore = Json.object()
                .put("operation", "restore")
                .put("environment", "acme/shop")
                .toString();
        assertThat(bearer("olga").body(restore).post("/start").asString()).contains("PERMISSION_DENIED");
        assertThat(given().contentType("application/json")
                        .body(validation().toString())
                        .post("/start")
                        .statusCode())
                .isEqualTo(401);
    }

    @Test
    void who_may_not_see_everything_is_not_told_which_environments_there_are() {
        ObjectNode elsewhere = validation().put("environment", "acme/elsewhere");
        assertThat(bearer("zoe").body(elsewhere.toString()).post("/start").asString())
                .contains("UNKNOWN_ENVIRONMENT")
                .doesNotContain("acme/shop");
    }

    @Test
    void what_is_misspelt_or_wrong_begins_nothing() {
        assertRefused(validation().put("enviroment", "acme/shop"), "see functions/start/request.example.json");
        ObjectNode misspelt = validation();
        misspelt.putObject("order").put("deeep", true);
        assertRefused(misspelt, "deeep");
        assertRefused(validation().put("operation", "register"), "register");
        assertRefused(validation().put("operation", "discard"), "discard");
        ObjectNode restore = validation().put("operation", "restore");
        restore.remove("order");
        assertRefused(restore, "no artifact is named");
    }

    @Test
    void it_is_not_called_by_get() {
        assertThat(owner().get("/start").statusCode()).isEqualTo(405);
        assertThat(owner().get("/").statusCode()).isEqualTo(405);
    }

    private void assertRefused(ObjectNode request, String told) {
        Response answer = owner().body(request.toString()).post("/start");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.jsonPath().getString("run_id")).isNull();
        assertThat(answer.asString()).contains("BAD_INPUT").containsIgnoringCase(told);
    }

    private static ObjectNode validation() {
        ObjectNode request = Json.object().put("operation", "validate").put("environment", "acme/shop");
        request.putObject("order").put("deep", true);
        return request;
    }

    private static String begun(Response answer) {
        assertThat(answer.statusCode()).as(answer.asString()).isEqualTo(200);
        assertThat(answer.jsonPath().getString("run_id")).as(answer.asString()).startsWith("run_");
        return answer.jsonPath().getString("run_id");
    }

    private static RequestSpecification event(String id) {
        return owner().header("ce-id", id)
                .header("ce-source", "/clock")
                .header("ce-specversion", "1.0")
                .header("ce-type", "start");
    }

    private static RequestSpecification owner() {
        return given().header("Authorization", "Bearer " + StateResource.TOKEN).contentType("application/json");
    }

    private RequestSpecification bearer(String user) {
        Accounts.NewToken token = accounts.newToken(
                user, user, "*", List.of(Action.values()), Instant.now().plusSeconds(3600), "local");
        return given().header("Authorization", "Bearer " + token.secret()).contentType("application/json");
    }
}
