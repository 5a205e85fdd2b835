package dev.lifeboat.functions;

import dev.lifeboat.orchestrator.InProcessInvoker;
import dev.lifeboat.sidecar.Task;
import dev.lifeboat.step.StepFunction;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import io.quarkus.funqy.Funq;
import jakarta.enterprise.context.ApplicationScoped;

/** Reads every byte of an artifact and compares it with its manifest. */
@ApplicationScoped
public class VerifyArtifact implements StepFunction {
    static final String NAME = "verify-artifact";

    private final Heavy heavy;

    VerifyArtifact(Heavy heavy) {
        this.heavy = heavy;
    }

    /** The function. */
    @Funq(NAME)
    public StepResponse call(StepRequest request) {
        return StepResponse.of(InProcessInvoker.call(this, request));
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public StepResult apply(StepRequest request) {
        return heavy.step(
                name(),
                request,
                () -> new Task.VerifyArtifact(request.runId(), request.environmentId(), Inputs.artifact(request)));
    }
}
