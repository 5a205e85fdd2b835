package dev.lifeboat.functions;

import dev.lifeboat.orchestrator.InProcessInvoker;
import dev.lifeboat.sidecar.Task;
import dev.lifeboat.step.StepFunction;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import io.quarkus.funqy.Funq;
import jakarta.enterprise.context.ApplicationScoped;

/** Brings rows of the tables that were loaded back into the live database, in one transaction. */
@ApplicationScoped
public class MergeTables implements StepFunction {
    private final Heavy heavy;

    MergeTables(Heavy heavy) {
        this.heavy = heavy;
    }

    /** The function. */
    @Funq("merge-tables")
    public StepResponse call(StepRequest request) {
        return StepResponse.of(InProcessInvoker.call(this, request));
    }

    @Override
    public String name() {
        return "merge-tables";
    }

    @Override
    public StepResult apply(StepRequest request) {
        return heavy.step(
                name(),
                request,
                () -> new Task.MergeTables(
                        request.runId(),
                        request.environmentId(),
                        heavy.known(Inputs.artifact(request)),
                        Inputs.tables(request),
                        true));
    }
}
