package dev.lifeboat.functions;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.json.Json;
import dev.lifeboat.testing.StateResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A process that serves one function serves that one only, however it is asked. */
@QuarkusTest
@QuarkusTestResource(StateResource.class)
@TestProfile(OneFunctionTest.Discover.class)
class OneFunctionTest {
    private static final String SERVED = "discover-bindings";

    /** As {@code lifeboat function discover-bindings} sets it. */
    public static final class Discover implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.of("lifeboat.role", "function", "quarkus.funqy.export", SERVED);
        }
    }

    static Stream<String> others() throws IOException {
        try (Stream<Path> folders = Files.list(Path.of("functions"))) {
            return folders
                    .map(folder -> folder.getFileName().toString())
                    .filter(name -> !name.equals(SERVED))
                    .toList()
                    .stream();
        }
    }

    @ParameterizedTest
    @MethodSource("others")
    void every_other_function_is_not_there(String other) throws IOException {
        Response answer = caller().body(example(other)).post("/" + other);
        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(answer.jsonPath().getString("detail")).contains(SERVED);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"/api/v1/runs", "/api/v1/environments", "/events", "/tasks", "/backup", "/discover-bindings/x"})
    void neither_is_the_interface(String path) {
        assertThat(caller().get(path).statusCode()).isEqualTo(404);
        assertThat(caller().body("{}").post(path).statusCode()).isEqualTo(404);
    }

    @Test
    void the_function_answers_at_its_name_and_at_the_root() throws IOException {
        for (String path : List.of("/" + SERVED, "/")) {
            Response answer = caller().body(example(SERVED)).post(path);
            assertThat(answer.statusCode()).as(answer.asString()).isEqualTo(200);
            assertThat(answer.jsonPath().getString("status")).isEqualTo("done");
        }
    }

    @Test
    void an_event_that_names_another_function_gets_to_this_one_or_nowhere() throws IOException {
        Response answer = caller().header("ce-id", "1")
                .header("ce-source", "test")
                .header("ce-specversion", "1.0")
                .header("ce-type", "prune")
                .body(example(SERVED))
                .post("/");
        assertThat(answer.statusCode()).as(answer.asString()).isEqualTo(200);
        assertThat(answer.asString()).contains("state_resource_shop").doesNotContain("retention");
    }

    @Test
    void it_is_not_called_by_get_nor_without_the_token() {
        assertThat(caller().get("/" + SERVED).statusCode()).isEqualTo(405);
        assertThat(given().contentType("application/json")
                        .body("{}")
                        .post("/" + SERVED)
                        .statusCode())
                .isEqualTo(401);
    }

    private static String example(String function) throws IOException {
        ObjectNode request = (ObjectNode)
                Json.mapper().readTree(Files.readString(Path.of("functions", function, "request.example.json")));
        return request.put("environment", "acme/shop").toString();
    }

    private static RequestSpecification caller() {
        return given().header("Authorization", "Bearer " + StateResource.TOKEN).contentType("application/json");
    }
}
