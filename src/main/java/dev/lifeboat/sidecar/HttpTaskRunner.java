package dev.lifeboat.sidecar;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.environment.Secret;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Has tasks done by a sidecar. Every call can be repeated: a task's id makes its submission harmless the second time. It keeps
 * nothing between calls, so that any function may ask for a task that another one submitted.
 */
public final class HttpTaskRunner implements TaskRunner {
    private static final Logger LOG = Logger.getLogger(HttpTaskRunner.class);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

    private final URI tasks;
    private final Secret token;
    private final Duration limit;
    private final Duration lostAfter;
    private final HttpClient http;

    /**
     * A client of one sidecar.
     *
     * @param url where it answers
     * @param limit how long one request may take
     * @param lostAfter how long a sidecar that does not answer is tried again within one call
     */
    public HttpTaskRunner(URI url, Secret token, Duration limit, Duration lostAfter) {
        this.tasks = URI.create(url.toString().replaceFirst("/+$", "") + "/tasks/");
        this.token = token;
        this.limit = limit;
        this.lostAfter = lostAfter;
        this.http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(limit)
                .build();
    }

    /** What came of a request. */
    private sealed interface Answer {
        record Status(TaskStatus status) implements Answer {}

        record Accepted() implements Answer {}

        record Refused(Fault fault) implements Answer {}

        record Silent(String why) implements Answer {}
    }

    @Override
    public void submit(String taskId, Task task) {
        var body = HttpRequest.BodyPublishers.ofString(TaskCodec.write(task));
        switch (persistently(
                request(taskId).header("Content-Type", "application/json").PUT(body))) {
            case Answer.Status(TaskStatus taken) -> LOG.debugf("task %s is with %s", taskId, taken.instance());
            case Answer.Accepted() -> throw unreachable("an answer without a body");
            case Answer.Refused(Fault fault) -> throw fault.toException();
            case Answer.Silent(String why) -> throw unreachable(why);
        }
    }

    @Override
    public Optional<State> state(String taskId) {
        return switch (persistently(request(taskId).GET())) {
            case Answer.Status(TaskStatus status) -> Optional.of(status.toState());
            case Answer.Accepted() -> throw unreachable("an answer without a body");
            case Answer.Refused(Fault fault) -> {
                if (fault.code() != FaultCode.UNKNOWN_TASK) {
                    throw fault.toException();
                }
                yield Optional.empty();
            }
            case Answer.Silent(String why) -> {
                LOG.warnf("task %s is given up: %s for %d s", taskId, why, lostAfter.toSeconds());
                yield Optional.empty();
            }
        };
    }

    @Override
    public Optional<ProgressSnapshot> progress(String taskId) {
        return switch (once(request(taskId).GET())) {
            case Answer.Status(TaskStatus status) -> Optional.ofNullable(status.progress());
            case Answer.Accepted accepted -> Optional.empty();
            case Answer.Refused refused -> Optional.empty();
            case Answer.Silent silent -> Optional.empty();
        };
    }

    @Override
    public List<LogLine> log(String taskId) {
        try {
            HttpResponse<String> response =
                    http.send(request(taskId + "/log").GET().build(), HttpResponse.BodyHandlers.ofString());
            return response.statusCode() == 200
                    ? List.of(Json.mapper().readValue(response.body(), LogLine[].class))
                    : List.of();
        } catch (IOException e) {
            LOG.debugf(e, "the log of task %s could not be read", taskId);
            return List.of();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw cancelled(e);
        }
    }

    @Override
    public void cancel(String taskId) {
        if (once(request(taskId).DELETE()) instanceof Answer.Silent(String why)) {
            // the next attempt of its run ends it before it begins itself
            LOG.warnf("task %s was not told to end: %s", taskId, why);
        }
    }

    private HttpRequest.Builder request(String taskId) {
        return HttpRequest.newBuilder(tasks.resolve(taskId))
                .timeout(limit)
                .header("Authorization", "Bearer " + token.value());
    }

    /** Asks until there is an answer, for as long as a sidecar that is silent is waited for. */
    private Answer persistently(HttpRequest.Builder request) {
        long end = System.nanoTime() + lostAfter.toNanos();
        Duration pause = FIRST_PAUSE;
        Answer answer = once(request);
        while (answer instanceof Answer.Silent && System.nanoTime() + pause.toNanos() < end) {
            sleep(pause);
            pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
            answer = once(request);
        }
        return answer;
    }

    private Answer once(HttpRequest.Builder request) {
        try {
            HttpResponse<String> response = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
            return read(response);
        } catch (IOException e) {
            return new Answer.Silent(
                    e.getClass().getSimpleName() + (e.getMessage() == null ? "" : " " + e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw cancelled(e);
        }
    }

    private static Answer read(HttpResponse<String> response) {
        int status = response.statusCode();
        try {
            if (status == 200 || status == 202) {
                return response.body().isEmpty()
                        ? new Answer.Accepted()
                        : new Answer.Status(Json.mapper().readValue(response.body(), TaskStatus.class));
            }
            JsonNode problem = Json.mapper().readTree(response.body());
            Optional<FaultCode> code = Arrays.stream(FaultCode.values())
                    .filter(known -> known.name().equals(problem.path("code").asText()))
                    .findFirst();
            if (code.isPresent()) {
                return new Answer.Refused(Fault.of(
                        code.get(),
                        "the sidecar: " + problem.path("detail").asText(),
                        problem.path("remedy").asText("Look at the sidecar's log.")));
            }
        } catch (JsonProcessingException e) {
            LOG.debugf(e, "no JSON with status %d", status);
        }
        // whatever stands between here and the sidecar answered for it
        return new Answer.Silent("HTTP status " + status + " that is not the sidecar's");
    }

    private static void sleep(Duration pause) {
        try {
            TimeUnit.NANOSECONDS.sleep(pause.toNanos());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw cancelled(e);
        }
    }

    private static FaultException cancelled(InterruptedException e) {
        return Fault.of(
                        FaultCode.CANCELLED,
                        "the sidecar was not waited for any longer: this program was told to stop",
                        "Nothing to do: the step is asked for again by who takes the run over.")
                .toException(e);
    }

    private FaultException unreachable(String why) {
        return Fault.of(
                        FaultCode.SIDECAR_UNREACHABLE,
                        "the sidecar at " + tasks.resolve("/") + " did not answer for " + lostAfter.toSeconds()
                                + " s; whether the task was begun there is not known, and does not matter: it is sent again"
                                + " under the same name or ended by the next one",
                        "See that the sidecar runs and can be reached from here (lifeboat.sidecar.url).")
                .with("last_answer", why)
                .toException();
    }
}
