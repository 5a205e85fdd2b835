package dev.lifeboat.functions;

import dev.lifeboat.orchestrator.InProcessInvoker;
import dev.lifeboat.sidecar.Task;
import dev.lifeboat.step.StepFunction;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import io.quarkus.funqy.Funq;
import jakarta.enterprise.context.ApplicationScoped;

/** Puts database and filestore back as they were before a restore that failed, and starts the service. */
@ApplicationScoped
public class RollBack implements StepFunction {
    private final Heavy heavy;

    RollBack(Heavy heavy) {
        this.heavy = heavy;
    }

    /** The function. */
    @Funq("roll-back")
    public StepResponse call(StepRequest request) {
        return StepResponse.of(InProcessInvoker.call(this, request));
    }

    @Override
    public String name() {
        return "roll-back";
    }

    @Override
    public StepResult apply(StepRequest request) {
        return heavy.step(name(), request, () -> new Task.RollBack(request.runId(), request.environmentId()));
    }
}
