package dev.lifeboat.functions;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.json.Json;
import dev.lifeboat.orchestrator.InProcessInvoker;
import dev.lifeboat.run.Operation;
import dev.lifeboat.sidecar.Task;
import dev.lifeboat.step.EvidenceFile;
import dev.lifeboat.step.StepFunction;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import io.quarkus.funqy.Funq;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.List;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** Closes a run: drops what a successful restore moved aside, and states the outcome. */
@ApplicationScoped
public class FinalizeRun implements StepFunction {
    private final Heavy heavy;
    private final String version;

    FinalizeRun(Heavy heavy, @ConfigProperty(name = "quarkus.application.version") String version) {
        this.heavy = heavy;
        this.version = version;
    }

    /** The function. */
    @Funq("finalize")
    public StepResponse call(StepRequest request) {
        return StepResponse.of(InProcessInvoker.call(this, request));
    }

    @Override
    public String name() {
        return "finalize";
    }

    @Override
    public StepResult apply(StepRequest request) {
        boolean success =
                request.outcome() == null || request.outcome().status().equals("success");
        boolean restored = Operation.of(request.operation()) == Operation.RESTORE && success;
        if (!restored) {
            return new StepResult.Done(
                    Json.object().put("summary", FinalStatus.of(request)), evidence(request, Json.object()));
        }
        StepResult dropped =
                heavy.step(name(), request, () -> new Task.DropDisplaced(request.runId(), request.environmentId()));
        return switch (dropped) {
            case StepResult.Done(ObjectNode outputs, var none) ->
                new StepResult.Done(outputs.put("summary", FinalStatus.of(request)), evidence(request, outputs));
            case StepResult other -> other;
        };
    }

    private List<EvidenceFile> evidence(StepRequest request, ObjectNode more) {
        ObjectNode closing = new FinalStatus(request, Instant.now(), version).document(more);
        return List.of(new EvidenceFile("final_status.json", Json.pretty(closing)));
    }
}
