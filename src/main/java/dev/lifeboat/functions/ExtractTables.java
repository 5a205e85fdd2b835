package dev.lifeboat.functions;

import dev.lifeboat.orchestrator.InProcessInvoker;
import dev.lifeboat.sidecar.Task;
import dev.lifeboat.step.StepFunction;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import io.quarkus.funqy.Funq;
import jakarta.enterprise.context.ApplicationScoped;

/** Loads chosen tables of an artifact beside the live database, and proves them. */
@ApplicationScoped
public class ExtractTables implements StepFunction {
    private final Heavy heavy;

    ExtractTables(Heavy heavy) {
        this.heavy = heavy;
    }

    /** The function. */
    @Funq("extract-tables")
    public StepResponse call(StepRequest request) {
        return StepResponse.of(InProcessInvoker.call(this, request));
    }

    @Override
    public String name() {
        return "extract-tables";
    }

    @Override
    public StepResult apply(StepRequest request) {
        return heavy.step(
                name(),
                request,
                () -> new Task.ExtractTables(
                        request.runId(),
                        request.environmentId(),
                        heavy.known(Inputs.artifact(request)),
                        Inputs.verifiedStore(request),
                        Inputs.tables(request)));
    }
}
