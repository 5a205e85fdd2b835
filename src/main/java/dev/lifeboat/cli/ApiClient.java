package dev.lifeboat.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.RefusedException;
import dev.lifeboat.host.Endpoint;
import dev.lifeboat.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Speaks with the engine. */
final class ApiClient {
    private static final Duration ANSWER_LIMIT = Duration.ofMinutes(2);
    private static final Duration LOOK_AFTER = Duration.ofSeconds(20);
    private static final int MOST_SILENCES = 3;
    private static final int PROBLEM_MOST = 64 * 1024;

    private boolean askedForChange;
    private final Endpoint endpoint;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();

    ApiClient(Endpoint endpoint) {
        this.endpoint = endpoint;
    }

    /** The address of a path there. */
    URI url(String path) {
        return endpoint.url().resolve(path);
    }

    /** Whether the engine answers there and lets this client in. */
    boolean answers() throws InterruptedException {
        try {
            return send(request("/api/v1/runs?limit=1")
                                    .timeout(Duration.ofSeconds(10))
                                    .GET())
                            .statusCode()
                    == 200;
        } catch (IOException e) {
            // No answer is the answer to this question.
            return false;
        }
    }

    JsonNode get(String path) throws IOException, InterruptedException {
        return accept(send(request(path).GET()));
    }

    /**
     * Opens a stream of messages.
     *
     * @param after the id of the last message that was heard; empty: from the first one on
     * @return empty where none is given: the engine is an older one, or something between does not let it through
     */
    Optional<MessageStream> messages(String path, String after) throws IOException, InterruptedException {
        HttpRequest.Builder request =
                request(path).header("Accept", "text/event-stream").GET();
        if (!after.isEmpty()) {
            request.header("Last-Event-ID", after);
        }
        HttpResponse<InputStream> response = http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        boolean given = response.statusCode() == 200
                && response.headers()
                        .firstValue("Content-Type")
                        .filter(type -> type.startsWith("text/event-stream"))
                        .isPresent();
        if (!given) {
            response.body().close();
            return Optional.empty();
        }
        return Optional.of(new MessageStream(response.body()));
    }

    /** Writes an answer into a file that is not there yet; where it does not come whole, nothing is left. Gives its bytes. */
    long download(String path, java.nio.file.Path file) throws IOException, InterruptedException {
        java.nio.file.Path partial = file.resolveSibling(file.getFileName() + ".partial");
        try {
            HttpResponse<InputStream> response =
                    http.send(request(path).GET().build(), HttpResponse.BodyHandlers.ofInputStream());
            try (InputStream in = response.body()) {
                if (response.statusCode() >= 300) {
                    accept(response.statusCode(), new String(in.readNBytes(PROBLEM_MOST), StandardCharsets.UTF_8));
                }
                long bytes = Files.copy(in, partial);
                Files.createLink(file, partial);
                return bytes;
            }
        } finally {
            Files.deleteIfExists(partial);
        }
    }

    /** Whether something other than a question was sent: it may have been done although no answer came. */
    boolean hasAskedForChange() {
        return askedForChange;
    }

    /** Like {@link #get}, for what may take long: given up only where the engine does not live any more. */
    JsonNode getPatiently(String path) throws IOException, InterruptedException {
        return accept(await(unlimited(path).GET().build()));
    }

    /** Like {@link #post}, for what may take long: given up only where the engine does not live any more. */
    JsonNode postPatiently(String path, Object body) throws IOException, InterruptedException {
        askedForChange = true;
        return accept(await(unlimited(path)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(Json.pretty(body)))
                .build()));
    }

    private HttpResponse<String> await(HttpRequest request) throws IOException, InterruptedException {
        var answer = http.sendAsync(request, HttpResponse.BodyHandlers.ofString());
        try {
            for (int silent = 0; silent < MOST_SILENCES; ) {
                try {
                    return answer.get(LOOK_AFTER.toMillis(), TimeUnit.MILLISECONDS);
                } catch (TimeoutException e) {
                    silent = answers() ? 0 : silent + 1;
                }
            }
            throw new HttpTimeoutException("the engine does not answer any more");
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException failed ? failed : new IOException(e.getCause());
        } finally {
            answer.cancel(true);
        }
    }

    JsonNode post(String path, Object body) throws IOException, InterruptedException {
        askedForChange = true;
        return accept(send(request(path)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(Json.pretty(body)))));
    }

    /** A value as one segment of a path. */
    static String segment(String value) {
        return URLEncoder.encode(value.replace('/', '.'), StandardCharsets.UTF_8)
                .replace("+", "%20");
    }

    /** A value in a query. */
    static String query(String value) {
        return URLEncoder.encode(value, StandardCharsets.UTF_8);
    }

    private HttpRequest.Builder request(String path) {
        return unlimited(path).timeout(ANSWER_LIMIT);
    }

    private HttpRequest.Builder unlimited(String path) {
        return HttpRequest.newBuilder(endpoint.url().resolve(path))
                .header("Authorization", "Bearer " + endpoint.token());
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static JsonNode read(int status, String text) throws IOException {
        try {
            return text.isBlank() ? Json.object() : Json.mapper().readTree(text);
        } catch (JsonProcessingException e) {
            if (status >= 300) {
                // a page of an intermediary, say: the status tells all there is to tell
                return Json.object();
            }
            throw e;
        }
    }

    private static JsonNode accept(HttpResponse<String> response) throws IOException {
        return accept(response.statusCode(), response.body());
    }

    private static JsonNode accept(int status, String text) throws IOException {
        JsonNode body = read(status, text);
        if (status < 300) {
            return body;
        }
        List<Fault> findings = new ArrayList<>();
        body.path("findings").forEach(finding -> findings.add(Faults.read(finding, "message")));
        if (!findings.isEmpty()) {
            throw new RefusedException(findings);
        }
        Fault fault = body.hasNonNull("code")
                ? Faults.read(body, "detail")
                : Fault.of(
                        FaultCode.INTERNAL,
                        "the engine answered with HTTP status " + status,
                        "The log file in the data folder has the details; please report it.");
        throw fault.toException();
    }
}
