package dev.lifeboat.functions;

import com.fasterxml.jackson.annotation.JsonAnySetter;
import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.access.Access;
import dev.lifeboat.access.Caller;
import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.digest.Hashes;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.fault.RefusedException;
import dev.lifeboat.json.Json;
import dev.lifeboat.orchestrator.OncePerRequest;
import dev.lifeboat.orchestrator.RunOrders;
import dev.lifeboat.run.Operation;
import dev.lifeboat.run.RequestKey;
import dev.lifeboat.run.StateFaults;
import io.quarkus.funqy.Context;
import io.quarkus.funqy.Funq;
import io.quarkus.funqy.knative.events.CloudEvent;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Begins a run, as the API's POST of the same operation does: the same checks, permissions, confirmations and keys. */
public class Start {
    private final RunOrders orders;
    private final OncePerRequest once;
    private final Access access;
    private final CurrentCaller callers;

    Start(RunOrders orders, OncePerRequest once, Access access, CurrentCaller callers) {
        this.orders = orders;
        this.once = once;
        this.access = access;
        this.callers = callers;
    }

    /**
     * What to begin.
     *
     * @param operation backup, restore, restore_tables, drill, validate, prune or rollback
     * @param environment the environment
     * @param order the members of the API's body for the operation; left out: everything has its default
     * @param idempotencyKey sent again under the same one, the request finds the run that it has begun. An event is known by its source and
     *     id, and needs none
     * @param unknown must stay empty: a misspelt field is refused, not dropped
     */
    public record Request(
            String operation,
            String environment,
            ObjectNode order,
            String idempotencyKey,
            @JsonAnySetter @JsonIgnore Map<String, Object> unknown) {}

    /**
     * What was begun.
     *
     * @param runId the run; null: none was begun
     * @param findings the preconditions that do not hold
     * @param fault what else was wrong
     */
    public record Answer(String runId, List<Fault> findings, Fault fault) {}

    /** The function. */
    @Funq(LifeboatConfig.Functions.START)
    public Answer call(Request request, @Context CloudEvent<?> event) {
        try {
            return new Answer(begin(checked(request), Optional.ofNullable(event)), List.of(), null);
        } catch (RefusedException e) {
            return new Answer(null, e.findings(), null);
        } catch (FaultException e) {
            return new Answer(null, List.of(), e.fault());
        } catch (RuntimeException e) {
            return new Answer(null, List.of(), StateFaults.of(e).orElseThrow(() -> e));
        }
    }

    private String begin(Request request, Optional<CloudEvent<?>> event) {
        Operation operation = RunOrders.operation(request.operation());
        Caller caller = callers.ofFunction().orElseThrow(Start::anonymous);
        EnvironmentId environment = access.environment(caller, request.environment());
        access.require(caller, Access.toBegin(operation), environment.project(), "start " + operation.wireName());
        ObjectNode order = Optional.ofNullable(request.order()).orElseGet(Json::object);
        Optional<RequestKey> key = Optional.ofNullable(request.idempotencyKey())
                .or(() -> callers.header("Idempotency-Key"))
                .or(() -> event.map(known -> "event." + Hashes.sha256(known.source() + "\n" + known.id())))
                .map(text -> new RequestKey(
                        text, Hashes.sha256(operation.wireName() + "\n" + environment + "\n" + Json.pretty(order))));
        return once.begin(caller.user(), key, () -> orders.begin(operation, environment, order, caller.user()));
    }

    private static Request checked(Request request) {
        if (request == null
                || request.environment() == null
                || request.operation() == null
                || (request.unknown() != null && !request.unknown().isEmpty())) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "the function's input is not right: 'operation' and 'environment' are wanted, 'order' and"
                                    + " 'idempotency_key' may be there, nothing else; nothing was begun",
                            "See functions/start/request.example.json for the form.")
                    .toException();
        }
        return request;
    }

    private static FaultException anonymous() {
        return Fault.of(
                        FaultCode.PERMISSION_DENIED,
                        "nobody may begin a run without a token; nothing was begun",
                        "Send 'Authorization: Bearer TOKEN'.")
                .toException();
    }
}
