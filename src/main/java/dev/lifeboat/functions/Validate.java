package dev.lifeboat.functions;

import dev.lifeboat.orchestrator.InProcessInvoker;
import dev.lifeboat.sidecar.Task;
import dev.lifeboat.step.StepFunction;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import io.quarkus.funqy.Funq;
import jakarta.enterprise.context.ApplicationScoped;

/** Runs the seven validation checks of the restore specification. */
@ApplicationScoped
public class Validate implements StepFunction {
    private final Heavy heavy;

    Validate(Heavy heavy) {
        this.heavy = heavy;
    }

    /** The function. */
    @Funq("validate")
    public StepResponse call(StepRequest request) {
        return StepResponse.of(InProcessInvoker.call(this, request));
    }

    @Override
    public String name() {
        return "validate";
    }

    @Override
    public StepResult apply(StepRequest request) {
        return heavy.step(
                name(),
                request,
                () -> new Task.Validate(
                        request.runId(),
                        request.environmentId(),
                        Inputs.validatedArtifact(request).map(heavy::known),
                        Inputs.restarted(request),
                        Inputs.isValidationOnly(request),
                        Inputs.isDrill(request)));
    }
}
