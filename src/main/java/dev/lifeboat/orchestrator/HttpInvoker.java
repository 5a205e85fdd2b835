package dev.lifeboat.orchestrator;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.environment.Secret;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.json.Json;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jboss.logging.Logger;

/** Calls functions over plain HTTP, as Knative and {@code lifeboat function} answer. */
public final class HttpInvoker extends RemoteInvoker {
    private static final Logger LOG = Logger.getLogger(HttpInvoker.class);

    /** What stands before a function (Knative's activator, a load balancer) answers so where it could not reach it. */
    private static final Set<Integer> NOT_DELIVERED = Set.of(404, 429, 503);

    private final Function<String, URI> addresses;
    private final Secret token;
    private final Duration limit;

    /**
     * A caller.
     *
     * @param addresses a function's name to where it answers
     * @param token what lets callers in there
     * @param limit how long one call may take
     * @param patience how long a function that can't be reached is tried again
     */
    public HttpInvoker(Function<String, URI> addresses, Secret token, Duration limit, Duration patience) {
        super(patience);
        this.addresses = addresses;
        this.token = token;
        this.limit = limit;
    }

    @Override
    HttpRequest call(String name, StepRequest request) {
        try {
            return HttpRequest.newBuilder(addresses.apply(name))
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

    @Override
    Try read(String name, HttpResponse<String> response) {
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
                return refused(Fault.of(
                        code.get(),
                        "the function's process refused the call: "
                                + problem.path("detail").asText(),
                        problem.path("remedy").asText("Look at the log of the function's process.")));
            }
        } catch (JsonProcessingException e) {
            LOG.debugf(e, "no JSON of ours with status %d", status);
        }
        String why = "HTTP status " + status + " that is not the function's";
        return NOT_DELIVERED.contains(status) ? new Try.NotDelivered(why) : new Try.Unknown(why);
    }

    @Override
    String place(String name) {
        return addresses.apply(name).toString();
    }
}
