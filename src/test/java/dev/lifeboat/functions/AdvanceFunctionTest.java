package dev.lifeboat.functions;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.EnvironmentType;
import dev.lifeboat.json.Json;
import dev.lifeboat.run.NewRun;
import dev.lifeboat.run.Operation;
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
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** A process of its own that does, when it is called, what an engine does all the time. */
@QuarkusTest
@QuarkusTestResource(StateResource.class)
@TestProfile(AdvanceFunctionTest.Advances.class)
class AdvanceFunctionTest {
    /** As {@code lifeboat function advance} sets it; its callers show no token, as Knative's PingSource can't. */
    public static final class Advances implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.of(
                    "lifeboat.role",
                    "function",
                    "quarkus.funqy.export",
                    "advance",
                    "lifeboat.functions.sweep-without-token",
                    "true");
        }
    }

    @Inject
    RunStore runs;

    @Test
    void each_sweep_is_done_by_one_of_those_who_are_called_at_the_same_time_and_as_often_as_it_is_worth()
            throws Exception {
        var answers = new ArrayList<Future<Response>>();
        try (var callers = Executors.newFixedThreadPool(3)) {
            for (int i = 0; i < 3; i++) {
                answers.add(
                        callers.submit(() -> owner().body("{\"sweep\": true}").post("/advance")));
            }
        }
        var rare = List.of("old-copies", "displaced");
        var done = new ArrayList<String>();
        for (Future<Response> answer : answers) {
            assertThat(answer.get().statusCode()).as(answer.get().asString()).isEqualTo(200);
            done.addAll(answer.get().jsonPath().getList("sweeps", String.class));
        }
        assertThat(done).contains("schedules", "copies", "deployments", "incidents", "watches");
        assertThat(done.stream().filter(rare::contains)).containsExactlyInAnyOrderElementsOf(rare);
        Response next = owner().body("{\"sweep\": true}").post("/");
        assertThat(next.jsonPath().getList("sweeps", String.class)).doesNotContainAnyElementsOf(rare);
    }

    @Test
    void a_run_is_advanced_while_the_function_is_called_and_its_lease_is_given_back() {
        String run = validation();
        assertThat(runs.load(run).status()).isEqualTo(RunStatus.QUEUED);
        var seen = new HashSet<String>();
        for (int i = 0; i < 100 && !seen.contains("success"); i++) {
            Response answer =
                    owner().body(Json.object().put("run_id", run).toString()).post("/advance");
            assertThat(answer.statusCode()).as(answer.asString()).isEqualTo(200);
            assertThat(answer.jsonPath().getString("fault")).isNull();
            assertThat(answer.jsonPath().getList("sweeps")).isEmpty();
            seen.addAll(answer.jsonPath().getList("runs.status", String.class));
            if (runs.load(run).status() == RunStatus.RUNNING) {
                assertThat(runs.claim(run, "another", java.time.Duration.ZERO)).isPresent();
            }
        }
        assertThat(seen).contains("success");
    }

    @Test
    void who_shows_no_token_may_have_done_what_is_due_and_is_told_nothing() {
        String run = validation();
        Response answer = anonymous().body("{\"sweep\": true}").post("/");
        assertThat(answer.statusCode()).as(answer.asString()).isEqualTo(200);
        assertThat(answer.jsonPath().getList("runs")).isEmpty();
        assertThat(answer.jsonPath().getList("sweeps")).isEmpty();
        assertThat(runs.load(run).status()).isNotEqualTo(RunStatus.QUEUED);
        assertThat(anonymous()
                        .body(Json.object().put("run_id", run).toString())
                        .post("/")
                        .asString())
                .contains("PERMISSION_DENIED");
        assertThat(anonymous().get("/").statusCode()).isEqualTo(401);
        assertThat(anonymous().body("{\"sweep\": true}").post("/start").statusCode())
                .isEqualTo(401);
        assertThat(given().contentType("application/json")
                        .header("Authorization", "Bearer wrong")
                        .body("{\"sweep\": true}")
                        .post("/")
                        .statusCode())
                .isEqualTo(401);
    }

    @Test
    void what_is_not_said_rightly_does_nothing() {
        for (String body : List.of(
                "{}",
                "{\"sweep\": false}",
                "{\"sweeep\": true}",
                "{\"sweep\": true, \"run_id\": \"run_1\"}",
                "{\"sweep\": true, \"within_seconds\": 0}",
                "{\"sweep\": true, \"within_seconds\": 100000}")) {
            assertThat(owner().body(body).post("/advance").asString()).as(body).contains("BAD_INPUT");
        }
        assertThat(owner().body("{\"run_id\": \"run_nowhere\"}")
                        .post("/advance")
                        .asString())
                .contains("UNKNOWN_RUN");
        assertThat(owner().get("/advance").statusCode()).isEqualTo(405);
    }

    private String validation() {
        return runs.create(new NewRun(
                Operation.VALIDATE,
                new EnvironmentId("acme", "shop"),
                EnvironmentType.DEV,
                Json.object(),
                "local",
                Optional.empty()));
    }

    private static RequestSpecification anonymous() {
        return given().contentType("application/json");
    }

    private static RequestSpecification owner() {
        return anonymous().header("Authorization", "Bearer " + StateResource.TOKEN);
    }
}
