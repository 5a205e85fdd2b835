package dev.lifeboat.orchestrator;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.environment.Secret;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.json.Json;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jboss.logging.Logger;

/**
 * Calls functions that other processes serve: plain HTTP, as Knative and {@code lifeboat function} answer. Within one call only
 * that is repeated which did not reach the function, and the question how far a task is. A call of which nobody knows how it
 * ended is answered as such; the step is then done again as a new attempt, which finds what the one before it has done.
 */
public final class HttpInvoker implements StepInvoker {
    private static final Logger LOG = Logger.getLogger(HttpInvoker.class);
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(5);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);
    private static final Duration ASK_AGAIN = Duration.ofSeconds(10);
    private static final long LARGEST_ANSWER = 64L << 20;

    /** What stands before a function (Knative's activator, a load balancer) answers so where it could not reach it. */
    private static final Set<Integer> NOT_DELIVERED = Set.of(404, 429, 503);

    private final Function<String, URI> addresses;
    private final Secret token;
    private final Duration limit;
    private final Duration patience;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_LIMIT)
            .build();

    /**
     * A caller.
     *
     * @param addresses a function's name to where it answers
     * @param token what lets callers in there
     * @param limit how long one call may take
     * @param patience how long a function that can't be reached is tried again
     */
    public HttpInvoker(Function<String, URI> addresses, Secret token, Duration limit, Duration patience) {
        this.addresses = addresses;
        this.token = token;
        this.limit = limit;
        this.patience = patience;
    }

    /** What came of one try. */
    private sealed interface Try {
        record Answered(StepResponse answer) implements Try {}

        record NotDelivered(String why) implements Try {}

        record Unknown(String why) implements Try {}
    }

    @Override
    public StepResponse invoke(String name, StepRequest request) {
        URI address = addresses.apply(name);
        HttpRequest call = call(address, name, request);
        long end = System.nanoTime() + patience.toNanos();
        Duration pause = FIRST_PAUSE;
        Try came = once(call);
        while (isWorthRepeating(came, request) && System.nanoTime() + pause.toNanos() < end) {
            sleep(pause);
            pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
            came = once(call);
        }
        return switch (came) {
            case Try.Answered(StepResponse answer) -> answer;
            case Try.NotDelivered(String why) -> withoutAnswer(request, unreachable(name, address, why));
            case Try.Unknown(String why) -> withoutAnswer(request, unknown(name, address, why));
        };
    }

    private static boolean isWorthRepeating(Try came, StepRequest request) {
        return switch (came) {
            case Try.Answered answered -> false;
            case Try.NotDelivered notDelivered -> true;
            case Try.Unknown unknown -> request.isPoll();
        };
    }

    /** The task that was asked for goes on whoever can't be reached: it is asked for again. */
    private static StepResponse withoutAnswer(StepRequest request, Fault fault) {
        if (request.isPoll()) {
            LOG.warnf("%s; task %s is asked for again later", fault.message(), request.taskId());
            return StepResponse.of(new StepResult.Pending(request.taskId(), ASK_AGAIN));
        }
        return StepResponse.of(
                fault.code() == FaultCode.OUTCOME_UNKNOWN
                        ? new StepResult.OutcomeUnknown(
                                fault, "the next attempt of the step finds what this one has done", List.of())
                        : new StepResult.Failed(fault, "nothing: the function was not reached", List.of()));
    }

    private HttpRequest call(URI address, String name, StepRequest request) {
        try {
            return HttpRequest.newBuilder(address)
                    .timeout(limit)
                    .header("Authorization", "Bearer " + token.value())
                    .header("Content-Type", "application/json")
                    .header("Idempotency-Key", request.runId() + "." + name + "." + request.attempt())
                    .POST(HttpRequest.BodyPublishers.ofString(Json.mapper().writeValueAsString(request)))
                    .build();
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("no JSON form of a step's request", e);
        }
    }

    private Try once(HttpRequest call) {
        try {
            return read(http.send(call, BodyHandlers.limiting(BodyHandlers.ofString(), LARGEST_ANSWER)));
        } catch (ConnectException | HttpConnectTimeoutException e) {
            return new Try.NotDelivered(told(e));
        } catch (IOException e) {
            return new Try.Unknown(told(e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw stopped(e);
        }
    }

    private static Try read(HttpResponse<String> response) {
        int status = response.statusCode();
        try {
            if (status == 200) {
                return new Try.Answered(Json.mapper().readValue(response.body(), StepResponse.class));
            }
            JsonNode problem = Json.mapper().readTree(response.body());
            Optional<FaultCode> code = Arrays.stream(FaultCode.values())
                    .filter(known -> known.name().equals(problem.path("code").asText()))
                    .findFirst();
            if (code.isPresent()) {
                Fault fault = Fault.of(
                        code.get(),
                        "the function's process refused the call: "
                                + problem.path("detail").asText(),
                        problem.path("remedy").asText("Look at the log of the function's process."));
                return new Try.Answered(StepResponse.of(
                        new StepResult.Failed(fault, "nothing: the function was not called", List.of())));
            }
        } catch (JsonProcessingException e) {
            LOG.debugf(e, "no JSON of ours with status %d", status);
        }
        String why = "HTTP status " + status + " that is not the function's";
        return NOT_DELIVERED.contains(status) ? new Try.NotDelivered(why) : new Try.Unknown(why);
    }

    private static String told(IOException e) {
        return e.getClass().getSimpleName() + (e.getMessage() == null ? "" : " " + e.getMessage());
    }

    private static void sleep(Duration pause) {
        try {
            TimeUnit.NANOSECONDS.sleep(pause.toNanos());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw stopped(e);
        }
    }

    private static RuntimeException stopped(InterruptedException e) {
        return Fault.of(
                        FaultCode.CANCELLED,
                        "the function was not waited for any longer: this program was told to stop",
                        "Nothing to do: the step is done again by who takes the run over.")
                .toException(e);
    }

    private static Fault unreachable(String name, URI address, String why) {
        return Fault.of(
                        FaultCode.FUNCTION_UNREACHABLE,
                        "function " + name + " can't be reached at " + address + "; it was not called",
                        "See that it runs and that lifeboat.functions.url leads there; the step is tried again.")
                .with("last_answer", why);
    }

    private static Fault unknown(String name, URI address, String why) {
        return Fault.of(
                        FaultCode.OUTCOME_UNKNOWN,
                        "function " + name + " at " + address + " was called and gave no answer; how far it came is not"
                                + " known",
                        "Nothing to do: the step is done again, and finds what was done.")
                .with("last_answer", why);
    }
}
