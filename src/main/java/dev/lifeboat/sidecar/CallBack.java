package dev.lifeboat.sidecar;

import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.json.Json;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.ObservesAsync;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * Tells the function that advances runs that a task has ended, where its address is configured beside a sidecar. Nothing depends on it:
 * who is not told asks.
 */
@ApplicationScoped
class CallBack {
    private static final Logger LOG = Logger.getLogger(CallBack.class);

    private final Optional<URI> address;
    private final String token;
    private final Duration limit;
    private final HttpClient http;

    CallBack(LifeboatConfig config) {
        this.address = Optional.ofNullable(config.functions().urls().get(LifeboatConfig.Functions.ADVANCE))
                .filter(configured -> config.role() == LifeboatConfig.Role.SIDECAR);
        this.token = config.token().orElse("");
        this.limit = config.functions().limit();
        this.http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(config.sidecar().limit())
                .build();
    }

    /** It answers when the run waits again: nothing here waits for that. */
    void onTaskFinished(@ObservesAsync TaskFinished finished) {
        address.ifPresent(
                to -> Thread.ofVirtual().name("call-back-" + finished.taskId()).start(() -> tell(to, finished)));
    }

    private void tell(URI to, TaskFinished finished) {
        var news = HttpRequest.newBuilder(to)
                .timeout(limit)
                .header("Authorization", "Bearer " + token)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(
                        Json.object().put("run_id", finished.runId()).toString()))
                .build();
        try {
            int status = http.send(news, HttpResponse.BodyHandlers.discarding()).statusCode();
            if (status != 200) {
                notTold(to, finished, "HTTP status " + status);
            }
        } catch (IOException e) {
            notTold(to, finished, e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void notTold(URI to, TaskFinished finished, String why) {
        LOG.warnf("%s was not told that task %s has ended (%s); the next sweep asks", to, finished.taskId(), why);
    }
}
