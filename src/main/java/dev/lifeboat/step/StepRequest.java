package dev.lifeboat.step;

import com.fasterxml.jackson.annotation.JsonAnySetter;
import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.json.Json;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a function is given: the same in process, over HTTP and as an event. A function does nothing on its own memory:
 * everything it needs is here, in the configuration and in the stores.
 *
 * @param runId the run; names what the step leaves behind
 * @param operation backup, restore, verify, validate or prune
 * @param environment {@code project/environment}
 * @param createdAt when the run was created (UTC)
 * @param createdBy who asked for it
 * @param attempt from 1; the attempts of steps that share a capture are the same number
 * @param epoch the orchestrator's fencing number
 * @param inputs what the run was asked to do
 * @param outputs what the steps before gave, by step
 * @param taskId present where the step is already under way under that id and is only asked how far it is
 * @param outcome present for the last step: how the run went
 * @param unknown must stay empty: a misspelt field is refused, not dropped
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record StepRequest(
        String runId,
        String operation,
        String environment,
        Instant createdAt,
        String createdBy,
        int attempt,
        int epoch,
        ObjectNode inputs,
        Map<String, ObjectNode> outputs,
        String taskId,
        Outcome outcome,
        @JsonAnySetter @JsonIgnore Map<String, Object> unknown) {
    /** How a run went until its last step. */
    public record Outcome(String status, Fault fault) {}

    public StepRequest {
        inputs = inputs == null ? Json.object() : inputs;
        outputs = outputs == null ? Map.of() : new LinkedHashMap<>(outputs);
        unknown = unknown == null ? Map.of() : Map.copyOf(unknown);
    }

    /**
     * Checks what came in from outside.
     *
     * @throws dev.lifeboat.fault.FaultException BAD_INPUT that names every field that is missing or not known
     */
    public StepRequest checked() {
        var wrong = new java.util.ArrayList<String>();
        unknown.keySet().forEach(field -> wrong.add("'" + field + "' is not known"));
        if (runId == null || !runId.matches("[A-Za-z0-9_-]{1,100}")) {
            wrong.add("'run_id' must be 1–100 letters, digits, dashes and underscores");
        }
        if (environment == null) {
            wrong.add("'environment' is missing");
        }
        if (operation == null) {
            wrong.add("'operation' is missing");
        }
        if (createdAt == null) {
            wrong.add("'created_at' is missing");
        }
        if (attempt < 1) {
            wrong.add("'attempt' counts from 1");
        }
        if (!wrong.isEmpty()) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "the function's input is not right: " + String.join("; ", wrong),
                            "See functions/<name>/request.example.json for the form.")
                    .toException();
        }
        return this;
    }

    /** The environment's name. */
    @JsonIgnore
    public EnvironmentId environmentId() {
        return EnvironmentId.parse(environment);
    }

    /** What the step of that name gave; an empty object where it did not run. */
    public ObjectNode output(String step) {
        return outputs.getOrDefault(step, Json.object());
    }

    /** Whether this call only asks how far a task is. */
    @JsonIgnore
    public boolean isPoll() {
        return taskId != null;
    }
}
