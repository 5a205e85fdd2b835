package dev.lifeboat.api;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.json.Json;
import dev.lifeboat.testing.StateResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The API's description is one that programs can be made of; what is kept and served is what the program's resources say. */
@QuarkusTest
@QuarkusTestResource(StateResource.class)
class DescriptionTest {
    private static final Path KEPT = Path.of("docs", "openapi.yaml");
    private static final Path PAGE = Path.of("docs", "api.md");
    private static final String LIST = "## Every operation";

    /** Run with -Dreference=write to write it anew. */
    @Test
    void the_description_that_is_kept_is_the_one_that_the_resources_give() throws IOException {
        hold(KEPT, asked("/q/described?format=yaml"));
    }

    @Test
    void what_is_served_is_what_is_kept_in_the_form_that_is_asked_for() throws IOException {
        assertThat(asked("/q/openapi")).isEqualTo(Files.readString(KEPT));
        JsonNode json = Json.mapper().readTree(asked("/q/described?format=json"));
        assertThat(Json.mapper().readTree(asked("/q/openapi?format=json"))).isEqualTo(json);
        given().header("Authorization", "Bearer " + StateResource.TOKEN)
                .accept("application/json")
                .get("/q/openapi")
                .then()
                .statusCode(200)
                .contentType("application/json");
    }

    /** Run with -Dreference=write to write it anew. */
    @Test
    void the_page_about_the_interface_lists_every_operation() throws IOException {
        var list = new StringBuilder(LIST + "\n\nWritten by a test, from the description.\n\n| | | |\n|---|---|---|\n");
        operations().forEach(each -> list.append("| `")
                .append(each.method().toUpperCase(java.util.Locale.ROOT))
                .append(' ')
                .append(each.path())
                .append("` | `")
                .append(each.described().path("operationId").asText())
                .append("` | ")
                .append(each.described().path("summary").asText())
                .append(" |\n"));
        String page = Files.readString(PAGE);
        int at = page.indexOf(LIST);
        hold(PAGE, page.substring(0, at < 0 ? page.length() : at) + list);
    }

    private static void hold(Path file, String wanted) throws IOException {
        if ("write".equals(System.getProperty("reference"))) {
            Files.writeString(file, wanted);
        }
        assertThat(file).hasContent(wanted);
    }

    @Test
    void every_operation_has_a_name_of_its_own_a_group_and_an_answer_that_is_described() throws IOException {
        var names = new ArrayList<String>();
        operations().forEach(each -> {
            JsonNode operation = each.described();
            names.add(operation.path("operationId").asText());
            assertThat(operation.path("operationId").asText())
                    .as(each.path())
                    .matches("[a-z][A-Za-z]+")
                    .isNotEqualTo("list");
            assertThat(operation.path("tags")).as(each.path()).hasSize(1).allMatch(tag -> !tag.asText()
                    .endsWith("Resource"));
            assertThat(operation.path("responses").properties())
                    .as(each.path())
                    .filteredOn(answer -> answer.getKey().startsWith("2"))
                    .isNotEmpty()
                    .allSatisfy(answer -> answer.getValue().path("content").forEach(content -> assertThat(
                                    content.path("schema"))
                            .as(each.path())
                            .isNotEmpty()));
            operation.path("parameters").forEach(parameter -> assertThat(
                            parameter.path("in").asText())
                    .as(each.path())
                    .isIn("path", "query", "header"));
        });
        assertThat(names).doesNotHaveDuplicates();
    }

    @Test
    void every_path_parameter_says_what_it_is_and_stands_where_the_path_has_it() throws IOException {
        operations().forEach(each -> {
            var named = new ArrayList<String>();
            each.described().path("parameters").forEach(parameter -> {
                if (parameter.path("in").asText().equals("path")) {
                    named.add("{" + parameter.path("name").asText() + "}");
                    assertThat(parameter.path("description").asText())
                            .as(each.path())
                            .isNotBlank();
                }
            });
            assertThat(each.path().replaceAll("[^{}]*(\\{[a-z]+\\})[^{}]*", "$1"))
                    .isEqualTo(named.isEmpty() ? each.path() : String.join("", named));
        });
    }

    @Test
    void what_begins_a_run_can_be_sent_twice_and_says_where_the_run_is() throws IOException {
        List<Operation> begin = operations().stream()
                .filter(each -> each.described().path("operationId").asText().startsWith("start"))
                .toList();
        assertThat(begin).hasSizeGreaterThan(9).allSatisfy(each -> {
            JsonNode answer = each.described().at("/responses/202");
            assertThat(answer.at("/content/application~1json/schema/$ref").asText())
                    .endsWith("/RunView");
            assertThat(answer.path("headers").has("Location")).isTrue();
            assertThat(each.described().path("parameters").findValuesAsText("name"))
                    .contains(Begun.KEY);
        });
    }

    @Test
    void no_schema_is_one_of_the_program_s_own_inner_life_or_used_by_nobody() throws IOException {
        JsonNode description = description();
        var names = new TreeSet<String>();
        description.at("/components/schemas").fieldNames().forEachRemaining(names::add);
        assertThat(names)
                .noneMatch(name -> name.matches(".*\\d"))
                .doesNotContain("JsonNode", "MediaType", "OutboundSseEvent", "TaskStatus");
        String all = description.toString();
        assertThat(names).allSatisfy(name -> assertThat(all).contains("\"#/components/schemas/" + name + "\""));
        assertThat(description.at("/components/schemas/ObjectNode/type").asText())
                .isEqualTo("object");
    }

    /** An operation of the description. */
    private record Operation(String method, String path, JsonNode described) {}

    private static List<Operation> operations() throws IOException {
        var all = new ArrayList<Operation>();
        for (Map.Entry<String, JsonNode> path : description().path("paths").properties()) {
            for (Map.Entry<String, JsonNode> operation : path.getValue().properties()) {
                all.add(new Operation(operation.getKey(), path.getKey(), operation.getValue()));
            }
        }
        return all;
    }

    private static JsonNode description() throws IOException {
        return Json.mapper().readTree(asked("/q/described?format=json"));
    }

    private static String asked(String path) {
        return given().header("Authorization", "Bearer " + StateResource.TOKEN)
                .accept("*/*")
                .get(path)
                .asString();
    }
}
