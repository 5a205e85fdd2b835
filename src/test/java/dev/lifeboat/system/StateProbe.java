package dev.lifeboat.system;

import dev.lifeboat.json.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;

/** Asks the running engine how far its newest run is, as any client could. */
final class StateProbe {
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private StateProbe() {}

    /** Whether a step of the newest run of an operation has begun; false while there is no engine that answers. */
    static boolean hasBegun(Installation installation, String operation, String step) {
        Path endpoint = installation.folder().resolve("data/endpoint");
        try {
            if (!Files.exists(endpoint)) {
                return false;
            }
            var at = Json.mapper().readTree(Files.readString(endpoint));
            var request = HttpRequest.newBuilder(URI.create(at.path("url").asText() + "/api/v1/runs?limit=5"))
                    .header("Authorization", "Bearer " + at.path("token").asText())
                    .build();
            String body =
                    HTTP.send(request, HttpResponse.BodyHandlers.ofString()).body();
            for (var run : Json.mapper().readTree(body)) {
                if (run.path("operation").asText().equals(operation)) {
                    return run.path("steps").findValuesAsText("name").contains(step);
                }
            }
            return false;
        } catch (IOException e) {
            // The engine is starting or going: there is nothing to see yet.
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
