package dev.lifeboat.functions;

import dev.lifeboat.orchestrator.InProcessInvoker;
import dev.lifeboat.sidecar.Task;
import dev.lifeboat.step.StepFunction;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import io.quarkus.funqy.Funq;
import jakarta.enterprise.context.ApplicationScoped;

/** Unpacks a backup that Odoo itself has made, beside the environment, so that the steps of a backup can read it. */
@ApplicationScoped
public class UnpackImport implements StepFunction {
    static final String NAME = "unpack-import";

    private final Heavy heavy;

    UnpackImport(Heavy heavy) {
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
                () -> new Task.UnpackImport(
                        request.runId(),
                        request.environmentId(),
                        request.inputs().path("file").asText()));
    }
}
