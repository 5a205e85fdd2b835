package dev.lifeboat.odoo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.environment.RpcBinding;
import dev.lifeboat.json.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;

/**
 * Reads records through Odoo's external API, as any other program would: JSON-2 (Odoo documentation, "External JSON-2 API",
 * from 19.0 on), else JSON-RPC. Reads only.
 */
final class OdooRpc implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final String NAME = "display_name";
    private static final int MOST = 1024 * 1024;

    private final URI url;
    private final String database;
    private final RpcBinding user;
    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(LIMIT).build();

    OdooRpc(URI url, String database, RpcBinding user) {
        this.url = url;
        this.database = database;
        this.user = user;
    }

    /** What a read gave. */
    sealed interface Answer {
        /** How many of the records that were asked for came. */
        record Records(int count) implements Answer {}

        /** Odoo does not know the user or the key: nothing is said of its data. */
        record NotLetIn(String reason) implements Answer {}

        /** Nobody answered. */
        record Unreachable(String reason) implements Answer {}

        /** Odoo answered with an error. */
        record Refused(String reason) implements Answer {}
    }

    /** Reads the display names of some records; what is in them is not kept. */
    Answer read(String model, List<Long> ids) throws InterruptedException {
        return ask(
                model,
                "read",
                Json.object()
                        .<ObjectNode>set("ids", Json.mapper().valueToTree(ids))
                        .set("fields", Json.mapper().valueToTree(List.of(NAME))),
                List.of(ids, List.of(NAME)));
    }

    /** Looks for a record of a model: one is enough. */
    Answer search(String model) throws InterruptedException {
        return ask(
                model,
                "search",
                Json.object()
                        .<ObjectNode>set("domain", Json.mapper().createArrayNode())
                        .put("limit", 1),
                List.of(List.of(), 0, 1));
    }

    /** By names of arguments where Odoo is new enough, else by their places. */
    private Answer ask(String model, String method, JsonNode named, List<?> placed) throws InterruptedException {
        try {
            HttpResponse<byte[]> answer = send("json/2/" + model + "/" + method, named);
            return switch (answer.statusCode()) {
                case 200 -> new Answer.Records(body(answer).size());
                case 401, 403 -> new Answer.NotLetIn("HTTP status " + answer.statusCode());
                case 404 -> body(answer).has("name") ? refused(answer) : askByJsonRpc(model, method, placed);
                default -> refused(answer);
            };
        } catch (IOException e) {
            return new Answer.Unreachable(e.getClass().getSimpleName() + ": " + e.getMessage());
        }
    }

    private Answer askByJsonRpc(String model, String method, List<?> arguments)
            throws IOException, InterruptedException {
        JsonNode login = call(
                "common", "login", List.of(database, user.login(), user.key().value()));
        if (!login.path("result").isIntegralNumber()) {
            return login.has("error") ? refused(login) : new Answer.NotLetIn("login refused");
        }
        JsonNode answer = call(
                "object",
                "execute_kw",
                List.of(database, login.get("result").asLong(), user.key().value(), model, method, arguments));
        return answer.has("error")
                ? refused(answer)
                : new Answer.Records(answer.path("result").size());
    }

    private JsonNode call(String service, String method, List<?> arguments) throws IOException, InterruptedException {
        ObjectNode request = Json.object().put("jsonrpc", "2.0").put("method", "call");
        request.putObject("params")
                .put("service", service)
                .put("method", method)
                .set("args", Json.mapper().valueToTree(arguments));
        return body(send("jsonrpc", request));
    }

    private HttpResponse<byte[]> send(String path, JsonNode body) throws IOException, InterruptedException {
        String base = url.toString();
        return http.send(
                HttpRequest.newBuilder(URI.create((base.endsWith("/") ? base : base + "/") + path))
                        .timeout(LIMIT)
                        .header("Content-Type", "application/json")
                        .header("Authorization", "bearer " + user.key().value())
                        .header("X-Odoo-Database", database)
                        .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
                        .build(),
                HttpResponse.BodyHandlers.limiting(HttpResponse.BodyHandlers.ofByteArray(), MOST));
    }

    /** A page of a proxy, say, is no JSON: its status tells all there is to tell. */
    private static JsonNode body(HttpResponse<byte[]> answer) {
        try {
            return Json.mapper().readTree(answer.body());
        } catch (IOException e) {
            return Json.object();
        }
    }

    private static Answer refused(HttpResponse<byte[]> answer) {
        return new Answer.Refused("HTTP status " + answer.statusCode() + " "
                + body(answer).path("name").asText(""));
    }

    private static Answer refused(JsonNode answer) {
        JsonNode error = answer.path("error");
        return new Answer.Refused(
                error.path("data").path("name").asText(error.path("message").asText("an error")));
    }

    @Override
    public void close() {
        http.close();
    }
}
