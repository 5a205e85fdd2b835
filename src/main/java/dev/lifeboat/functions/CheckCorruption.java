package dev.lifeboat.functions;

import dev.lifeboat.orchestrator.InProcessInvoker;
import dev.lifeboat.sidecar.Task;
import dev.lifeboat.step.StepFunction;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import io.quarkus.funqy.Funq;
import jakarta.enterprise.context.ApplicationScoped;

/** Looks for corruption in the pages of the database, where that was asked for. */
@ApplicationScoped
public class CheckCorruption implements StepFunction {
    private final Heavy heavy;

    CheckCorruption(Heavy heavy) {
        this.heavy = heavy;
    }

    /** The function. */
    @Funq("check-corruption")
    public StepResponse call(StepRequest request) {
        return StepResponse.of(InProcessInvoker.call(this, request));
    }

    @Override
    public String name() {
        return "check-corruption";
    }

    @Override
    public StepResult apply(StepRequest request) {
        return heavy.step(name(), request, () -> new Task.CheckCorruption(request.runId(), request.environmentId()));
    }
}
