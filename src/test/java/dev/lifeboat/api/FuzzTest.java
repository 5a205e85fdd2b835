package dev.lifeboat.api;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.lifeboat.json.Json;
import dev.lifeboat.testing.StateResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import io.restassured.RestAssured;
import io.restassured.specification.RequestSpecification;
import jakarta.inject.Inject;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever is sent to any place of the API: no answer is a fault of the server, each refusal says what is wrong, and nothing is
 * written. {@code -Dfuzz.seed=…} sends again what was sent.
 */
@QuarkusTest
@QuarkusTestResource(StateResource.class)
@TestProfile(FuzzTest.OwnState.class)
class FuzzTest {
    private static final Duration LIMIT = Duration.ofSeconds(50);
    private static final String CANARY_FILE = "/tmp/lifeboat-was-here";
    private static final String AS_IT_IS = " as it is";

    /** What leads out of folders, statements, shells, headers and templates, where it is let; and what is no text at all. */
    private static final List<String> HOSTILE = List.of(
            "",
            " ",
            "null",
            "-1",
            "0",
            "9".repeat(40),
            "1e400",
            "*",
            "%",
            "%00",
            "\u0000",
            "a\u0000b",
            "\u0001\u001f\u007f",
            "\u202e\ufeff\ud83d\ude00",
            "../../../../etc/passwd",
            "..%2f..%2f..%2fetc%2fpasswd",
            "..\\..\\windows",
            "/etc/passwd",
            "file:///etc/passwd",
            "'; DROP TABLE ops.runs; --",
            "x' OR '1'='1",
            "$(touch " + CANARY_FILE + ")",
            "`touch " + CANARY_FILE + "`",
            "; touch " + CANARY_FILE,
            "x\r\nX-Injected: yes",
            "x\nX-Injected: yes",
            "{7*7}",
            "${7*7}",
            "{cdi:accounts}",
            "${jndi:ldap://127.0.0.1:9/x}",
            "<script>alert(1)</script>",
            "a".repeat(5000));

    private static final List<String> BODIES = List.of(
            "",
            " ",
            "[]",
            "null",
            "7",
            "\"x\"",
            "{",
            "{\"a\":}",
            "{} {}",
            "{}x",
            "{\"a\": 1, \"a\": 2}",
            "{\"\\u0000\": 1}",
            "\u0000",
            "[".repeat(100_000),
            "{\"a\":".repeat(100_000),
            "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><x>&e;</x>",
            "a=b&c=d");

    private static final List<String> CONTENT_TYPES = List.of(
            "text/plain",
            "application/xml",
            "multipart/form-data",
            "application/x-www-form-urlencoded",
            "application/json; charset=utf-16",
            "no type",
            "/",
            "*/*");

    /** A state of its own, in which nothing goes on. */
    public static final class OwnState implements QuarkusTestProfile {
        @Override
        public String getConfigProfile() {
            return "test";
        }
    }

    @Inject
    AgroalDataSource state;

    @ConfigProperty(name = "lifeboat.data-dir")
    Path dataDir;

    @ConfigProperty(name = "lifeboat.evidence-dir")
    Path evidenceDir;

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();

    /** A request, and what of it is hostile. */
    private record Sent(String method, String path, Map<String, String> headers, Optional<byte[]> body, String told) {}

    @Test
    void whatever_is_sent_is_refused_with_a_reason_and_changes_nothing() throws Exception {
        long seed = Long.getLong("fuzz.seed", new Random().nextLong());
        Map<String, String> valid = valid();
        List<Sent> plan = plan(valid, new Random(seed));
        Collections.shuffle(plan, new Random(seed));
        // what nobody tampered with is asked in any case
        plan.sort(Comparator.comparing(each -> !each.told().endsWith(AS_IT_IS)));
        SortedMap<String, String> before = everything();
        var bad = new ArrayList<String>();
        var reached = new TreeSet<String>();
        long end = System.nanoTime() + LIMIT.toNanos();
        int sent = 0;
        for (Sent each : plan) {
            if (System.nanoTime() > end) {
                break;
            }
            sent++;
            reached.add(each.told().replaceFirst(" .*", ""));
            complaint(each).ifPresent(bad::add);
        }
        System.getLogger(FuzzTest.class.getName())
                .log(System.Logger.Level.INFO, "fuzz.seed=" + seed + ": " + sent + " of " + plan.size() + " requests");
        assertThat(bad).as("-Dfuzz.seed=" + seed).isEmpty();
        assertThat(sent).isGreaterThan(1000);
        assertThat(reached).as("-Dfuzz.seed=" + seed).hasSizeGreaterThan(30);
        assertThat(everything()).as("-Dfuzz.seed=" + seed).isEqualTo(before);
        assertThat(Path.of(CANARY_FILE)).doesNotExist();
    }

    /** What is there: a finished backup of the one environment. */
    private Map<String, String> valid() throws InterruptedException {
        String run = caller().contentType("application/json")
                .body("{}")
                .post("/api/v1/environments/acme.shop/backups")
                .jsonPath()
                .getString("run_id");
        long end = System.nanoTime() + Duration.ofMinutes(2).toNanos();
        String artifact = null;
        while (artifact == null && System.nanoTime() < end) {
            TimeUnit.MILLISECONDS.sleep(50);
            var seen = caller().get("/api/v1/runs/" + run).jsonPath();
            artifact = seen.getString("completed_at") == null ? null : seen.getString("artifact_id");
        }
        assertThat(artifact).isNotNull();
        return Map.of(
                "env",
                "acme.shop",
                "run",
                run,
                "artifact",
                artifact,
                "file",
                "db.dump",
                "token",
                "tok_none",
                "store",
                "primary",
                "source",
                "ci");
    }

    private List<Sent> plan(Map<String, String> valid, Random random) throws IOException {
        JsonNode description =
                Json.mapper().readTree(caller().get("/q/openapi?format=json").asString());
        var plan = new ArrayList<Sent>();
        for (var path : description.path("paths").properties()) {
            for (var operation : path.getValue().properties()) {
                plan(description, path.getKey(), operation.getKey(), operation.getValue(), valid, random, plan);
            }
        }
        return plan;
    }

    private static void plan(
            JsonNode description,
            String path,
            String method,
            JsonNode operation,
            Map<String, String> valid,
            Random random,
            List<Sent> plan) {
        String name = operation.path("operationId").asText();
        boolean asks = method.equals("get");
        Optional<byte[]> nothing = asks ? Optional.empty() : Optional.of(bytes("{}"));
        for (JsonNode parameter : operation.path("parameters")) {
            String named = parameter.path("name").asText();
            for (String value : HOSTILE) {
                String told = name + " " + named + "=" + shown(value);
                switch (parameter.path("in").asText()) {
                    case "path" -> {
                        var hostile = new HashMap<>(valid);
                        hostile.put(named, value.isEmpty() ? " " : value);
                        plan.add(new Sent(method, filled(path, hostile), Map.of(), nothing, told));
                    }
                    case "query" ->
                        plan.add(new Sent(
                                method,
                                filled(path, valid) + "?" + named + "=" + encoded(value),
                                Map.of(),
                                nothing,
                                told));
                    default -> {
                        // a client of any language refuses others before they are sent
                        String header = value.replaceAll("[^\\x20-\\x7e]", "?");
                        plan.add(new Sent(
                                method,
                                filled(path, asks ? valid : unknown(valid)),
                                Map.of(named, header),
                                nothing,
                                told));
                    }
                }
            }
        }
        if (asks) {
            plan.add(new Sent(method, filled(path, valid), Map.of(), nothing, name + AS_IT_IS));
            return;
        }
        for (String body : BODIES) {
            if (name.equals("createLogin") && List.of(" ", "null").contains(body)) {
                continue;
            }
            plan.add(new Sent(
                    method, filled(path, valid), Map.of(), Optional.of(bytes(body)), name + " body=" + shown(body)));
        }
        byte[] noise = new byte[200];
        random.nextBytes(noise);
        plan.add(new Sent(method, filled(path, valid), Map.of(), Optional.of(noise), name + " body=noise"));
        if (name.equals("createLogin")) {
            // whoever may, gets a link for whatever is no other wish
            return;
        }
        plan.add(new Sent(
                method, filled(path, unknown(valid)), Map.of(), Optional.of(bytes("\ufeff{}")), name + " body=BOM"));
        for (String type : CONTENT_TYPES) {
            plan.add(new Sent(
                    method,
                    filled(path, unknown(valid)),
                    Map.of("Content-Type", type),
                    Optional.of(bytes("{}")),
                    name + " content-type=" + type));
        }
        members(description, operation).forEach((member, schema) -> values().forEach(value -> {
            boolean canBe = canBe(schema, value);
            plan.add(new Sent(
                    method,
                    filled(path, canBe ? unknown(valid) : valid),
                    Map.of(),
                    Optional.of(bytes(Json.object().set(member, value).toString())),
                    name + " " + member + "=" + shown(value.toString())));
        }));
    }

    private static Stream<JsonNode> values() {
        JsonNodeFactory json = JsonNodeFactory.instance;
        Stream<JsonNode> others = Stream.of(
                json.nullNode(),
                json.booleanNode(true),
                json.numberNode(-1),
                json.numberNode(Long.MAX_VALUE),
                json.numberNode(1.5),
                json.numberNode(new BigDecimal("1e400")),
                json.arrayNode(),
                json.arrayNode().add(json.arrayNode()),
                json.arrayNode().add("x").add(7),
                json.arrayNode().addNull(),
                json.objectNode(),
                json.objectNode().put("a", "b"),
                json.textNode("b".repeat(1 << 20)));
        return Stream.concat(others, HOSTILE.stream().map(json::textNode));
    }

    /** Whether it is of the form that the description wants: then it is sent to what there is not, so that nothing is begun. */
    private static boolean canBe(JsonNode schema, JsonNode value) {
        if (value.isNull()) {
            return true;
        }
        return switch (schema.path("type").asText()) {
            case "string" -> value.isTextual();
            case "boolean" -> value.isBoolean();
            case "integer" -> value.isIntegralNumber();
            case "array" -> value.isArray();
            default -> false;
        };
    }

    private static Map<String, JsonNode> members(JsonNode description, JsonNode operation) {
        String ref = operation
                .at("/requestBody/content/application~1json/schema/$ref")
                .asText();
        var members = new TreeMap<String, JsonNode>();
        members.put("no_such_member", Json.object());
        if (!ref.isEmpty()) {
            description.at(ref.substring(1) + "/properties").properties().forEach(member -> {
                String to = member.getValue().path("$ref").asText();
                members.put(member.getKey(), to.isEmpty() ? member.getValue() : Json.object());
            });
        }
        return members;
    }

    private static Map<String, String> unknown(Map<String, String> valid) {
        var none = new HashMap<>(valid);
        none.replaceAll((name, value) -> name.equals("env") ? "acme.nowhere" : "none");
        return none;
    }

    private static String filled(String path, Map<String, String> values) {
        String filled = path;
        for (var value : values.entrySet()) {
            filled = filled.replace("{" + value.getKey() + "}", encoded(value.getValue()));
        }
        return filled;
    }

    private static String encoded(String value) {
        return URLEncoder.encode(value, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String shown(String value) {
        String plain = value.replaceAll("[^\\x20-\\x7e]", "?");
        return plain.length() > 60 ? plain.substring(0, 60) + "… (" + plain.length() + ")" : plain;
    }

    /** What is wrong with the answer; empty: nothing. */
    private Optional<String> complaint(Sent sent) throws InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create("http://localhost:" + RestAssured.port + sent.path()))
                .timeout(Duration.ofSeconds(20))
                .header("Authorization", "Bearer " + StateResource.TOKEN)
                .method(
                        sent.method().toUpperCase(Locale.ROOT),
                        sent.body()
                                .map(HttpRequest.BodyPublishers::ofByteArray)
                                .orElseGet(HttpRequest.BodyPublishers::noBody));
        if (sent.body().isPresent()) {
            request.setHeader("Content-Type", "application/json");
        }
        sent.headers().forEach(request::setHeader);
        HttpResponse<String> answer;
        try {
            answer = answered(request.build());
        } catch (IOException e) {
            return Optional.of("no answer (" + e.getMessage() + ") to " + sent.told());
        }
        int status = answer.statusCode();
        String said = status + " to " + sent.told() + ": " + shown(answer.body().replaceAll("\\s+", " "));
        if (answer.headers().firstValue("X-Injected").isPresent()) {
            return Optional.of("a header was injected; " + said);
        }
        if (sent.method().equals("post") && status < 300 && !sent.told().startsWith("preflight ")) {
            return Optional.of("accepted: " + said);
        }
        if (status == 414) {
            // of the HTTP server itself, before anything of Lifeboat's sees it
            return Optional.empty();
        }
        boolean unhealthy = sent.path().startsWith("/backup/health") && status == 503;
        if (status >= 500 && !unhealthy) {
            return Optional.of(said);
        }
        return status >= 400 && !unhealthy && !isProblem(answer)
                ? Optional.of("no problem: " + said)
                : Optional.empty();
    }

    /** A connection that the server has closed behind its last answer shows only when it is used again. */
    private HttpResponse<String> answered(HttpRequest request) throws IOException, InterruptedException {
        try {
            return http.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            return http.send(request, HttpResponse.BodyHandlers.ofString());
        }
    }

    private static boolean isProblem(HttpResponse<String> answer) {
        if (!answer.headers().firstValue("Content-Type").orElse("").startsWith("application/problem+json")) {
            return false;
        }
        try {
            JsonNode problem = Json.mapper().readTree(answer.body());
            return problem.path("status").asInt() == answer.statusCode()
                    && !problem.path("detail").asText().isBlank()
                    && !problem.path("remedy").asText().isBlank()
                    && !answer.body().contains("\\tat ");
        } catch (IOException e) {
            return false;
        }
    }

    /** Every row of the state, but for what is written of decisions, and every file, but for the log. */
    private SortedMap<String, String> everything() throws SQLException, IOException {
        var all = new TreeMap<String, String>();
        try (Connection connection = state.getConnection();
                var statement = connection.createStatement()) {
            var tables = new ArrayList<String>();
            try (var rows = statement.executeQuery(
                    "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'ops' AND tablename <> 'access_events'")) {
                while (rows.next()) {
                    tables.add(rows.getString(1));
                }
            }
            assertThat(tables).hasSizeGreaterThan(10);
            for (String table : tables) {
                try (var row = statement.executeQuery(
                        "SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, '' ORDER BY t::text)), '') FROM ops."
                                + table + " AS t")) {
                    row.next();
                    all.put("ops." + table, row.getString(1));
                }
            }
        }
        for (Path root : List.of(dataDir, evidenceDir)) {
            try (Stream<Path> tree = Files.walk(root)) {
                for (Path file : tree.filter(Files::isRegularFile)
                        .filter(path -> !path.startsWith(dataDir.resolve("logs")))
                        .toList()) {
                    all.put(file.toString(), Files.size(file) + " " + Files.getLastModifiedTime(file));
                }
            }
        }
        return all;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'; DROP TABLE ops.members; --",
                "$(touch " + CANARY_FILE + ")",
                "<script>alert(1)</script>",
                "{cdi:accounts}",
                "x\r\nX-Injected: yes",
                "\u202etxt.exe",
                "a\u0000b"
            })
    void text_that_is_taken_is_kept_as_it_came_and_nothing_is_made_of_it(String text) {
        var answer = caller().contentType("application/json")
                .body(Json.object().put("user", text).put("project", "acme").put("role", "viewer"))
                .post("/api/v1/members");
        if (answer.statusCode() < 300) {
            assertThat(caller().get("/api/v1/members").jsonPath().getList("user_id", String.class))
                    .contains(text);
        } else {
            assertThat(answer.statusCode()).as(answer.asString()).isEqualTo(400);
        }
        assertThat(answer.header("X-Injected")).isNull();
        assertThat(Path.of(CANARY_FILE)).doesNotExist();
        assertThat(caller().get("/api/v1/members").statusCode()).isEqualTo(200);
    }

    private static RequestSpecification caller() {
        return given().header("Authorization", "Bearer " + StateResource.TOKEN);
    }
}
