package dev.lifeboat.functions;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.json.Json;
import dev.lifeboat.orchestrator.InProcessInvoker;
import dev.lifeboat.run.RunStore;
import dev.lifeboat.sidecar.Task;
import dev.lifeboat.step.StepFunction;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import io.quarkus.funqy.Funq;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.List;

/** Drops the database and the filestore that an earlier, successful restore moved aside and kept. */
@ApplicationScoped
public class DropDisplaced implements StepFunction {
    private final Heavy heavy;
    private final RunStore runs;

    DropDisplaced(Heavy heavy, RunStore runs) {
        this.heavy = heavy;
        this.runs = runs;
    }

    /** The function. */
    @Funq("drop-displaced")
    public StepResponse call(StepRequest request) {
        return StepResponse.of(InProcessInvoker.call(this, request));
    }

    @Override
    public String name() {
        return "drop-displaced";
    }

    @Override
    public StepResult apply(StepRequest request) {
        String restore = request.inputs().path("of_run").asText();
        boolean known = runs.keepingDisplaced().contains(restore)
                && runs.load(restore).environment().equals(request.environmentId());
        if (!known) {
            return new StepResult.Refused(
                    List.of(Fault.of(
                            FaultCode.BAD_INPUT,
                            "run '" + restore + "' keeps nothing that was displaced in " + request.environment(),
                            "`lifeboat artifact displaced` lists what is kept.")),
                    List.of());
        }
        StepResult dropped =
                heavy.step(name(), request, () -> new Task.DropDisplaced(restore, request.environmentId()));
        return switch (dropped) {
            case StepResult.Done(ObjectNode outputs, var evidence) -> {
                runs.amend(
                        restore,
                        Json.object().put("displaced_dropped_at", Instant.now().toString()));
                yield new StepResult.Done(outputs.put("summary", "what " + restore + " displaced is gone"), evidence);
            }
            case StepResult other -> other;
        };
    }
}
