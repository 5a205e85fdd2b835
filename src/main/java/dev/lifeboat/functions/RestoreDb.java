package dev.lifeboat.functions;

import dev.lifeboat.orchestrator.InProcessInvoker;
import dev.lifeboat.sidecar.Task;
import dev.lifeboat.step.StepFunction;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import io.quarkus.funqy.Funq;
import jakarta.enterprise.context.ApplicationScoped;

/** Loads the artifact's dump under a hidden name, proves it, and swaps it with the present database. */
@ApplicationScoped
public class RestoreDb implements StepFunction {
    private final Heavy heavy;

    RestoreDb(Heavy heavy) {
        this.heavy = heavy;
    }

    /** The function. */
    @Funq("restore-db")
    public StepResponse call(StepRequest request) {
        return StepResponse.of(InProcessInvoker.call(this, request));
    }

    @Override
    public String name() {
        return "restore-db";
    }

    @Override
    public StepResult apply(StepRequest request) {
        return heavy.step(
                name(),
                request,
                () -> new Task.RestoreDatabase(
                        request.runId(),
                        request.environmentId(),
                        heavy.known(Inputs.artifact(request)),
                        Inputs.verifiedStore(request),
                        Inputs.neutralize(request),
                        Inputs.isChecked(request),
                        Inputs.given(request, PrepareRestore.NAME, PrepareRestore.DATABASE)));
    }
}
