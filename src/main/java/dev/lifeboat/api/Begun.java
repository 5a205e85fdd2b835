package dev.lifeboat.api;

import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.digest.Hashes;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.json.Json;
import dev.lifeboat.orchestrator.OncePerRequest;
import dev.lifeboat.run.RequestKey;
import dev.lifeboat.run.RunStore;
import dev.lifeboat.sidecar.TaskRunner;
import io.quarkus.vertx.http.runtime.CurrentVertxRequest;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.ws.rs.core.Response;
import java.net.URI;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Begins runs for requests: one run a request, also where it is sent again under the same {@code Idempotency-Key} because no
 * answer came. The answer is 202 with the run and its place.
 */
@ApplicationScoped
class Begun {
    static final String KEY = "Idempotency-Key";
    /** What the API's description says of the answer. */
    static final String ANSWER = "The run that was begun; under the same key, the one that was begun before";

    private final OncePerRequest once;
    private final RunStore runs;
    private final TaskRunner tasks;
    private final CurrentCaller caller;
    private final CurrentVertxRequest request;

    Begun(OncePerRequest once, RunStore runs, TaskRunner tasks, CurrentCaller caller, CurrentVertxRequest request) {
        this.once = once;
        this.runs = runs;
        this.tasks = tasks;
        this.caller = caller;
        this.request = request;
    }

    /**
     * Begins a run, or finds the one that was begun.
     *
     * @param body what was sent; null, where only blanks or {@code null} were, is refused: nobody begins a run by saying nothing
     * @param begin begins it; gives the run's id
     * @throws dev.lifeboat.fault.FaultException BAD_INPUT where nothing was sent; what {@code begin} throws
     */
    Response by(Object body, Supplier<String> begin) {
        requireSaid(body);
        var call = request.getCurrent().request();
        Optional<RequestKey> key = Optional.ofNullable(call.getHeader(KEY))
                .map(sent -> new RequestKey(sent, Hashes.sha256(call.path() + "\n" + Json.pretty(body))));
        String runId = once.begin(caller.user(), key, begin);
        return Response.accepted(RunView.of(runs.load(runId), tasks))
                .location(URI.create("/api/v1/runs/" + runId))
                .build();
    }

    /**
     * Refuses a request of which the body holds nothing but blanks or {@code null}.
     *
     * @throws dev.lifeboat.fault.FaultException BAD_INPUT
     */
    static void requireSaid(Object body) {
        if (body == null) {
            throw noBody().toException();
        }
    }

    /** What a request is told that has no body where one is wanted. */
    static Fault noBody() {
        return Fault.of(FaultCode.BAD_INPUT, "the request has no body", "Send JSON; {} where there is nothing to say.");
    }
}
