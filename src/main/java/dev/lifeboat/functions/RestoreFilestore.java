package dev.lifeboat.functions;

import dev.lifeboat.orchestrator.InProcessInvoker;
import dev.lifeboat.sidecar.Task;
import dev.lifeboat.step.StepFunction;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import io.quarkus.funqy.Funq;
import jakarta.enterprise.context.ApplicationScoped;

/** Builds the artifact's filestore beside the present one, proves it, and swaps the two. */
@ApplicationScoped
public class RestoreFilestore implements StepFunction {
    private final Heavy heavy;

    RestoreFilestore(Heavy heavy) {
        this.heavy = heavy;
    }

    /** The function. */
    @Funq("restore-filestore")
    public StepResponse call(StepRequest request) {
        return StepResponse.of(InProcessInvoker.call(this, request));
    }

    @Override
    public String name() {
        return "restore-filestore";
    }

    @Override
    public StepResult apply(StepRequest request) {
        return heavy.step(
                name(),
                request,
                () -> new Task.RestoreFilestore(
                        request.runId(),
                        request.environmentId(),
                        heavy.known(Inputs.artifact(request)),
                        Inputs.verifiedStore(request),
                        Inputs.given(request, PrepareRestore.NAME, PrepareRestore.FILESTORE)));
    }
}
