package dev.lifeboat.functions;

import dev.lifeboat.orchestrator.InProcessInvoker;
import dev.lifeboat.sidecar.Task;
import dev.lifeboat.step.StepFunction;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import io.quarkus.funqy.Funq;
import jakarta.enterprise.context.ApplicationScoped;

/** Captures the redacted configuration, and closes the run's capture after proof that it held. */
@ApplicationScoped
public class SnapshotConfig implements StepFunction {
    private final Heavy heavy;

    SnapshotConfig(Heavy heavy) {
        this.heavy = heavy;
    }

    /** The function. */
    @Funq("snapshot-config")
    public StepResponse call(StepRequest request) {
        return StepResponse.of(InProcessInvoker.call(this, request));
    }

    @Override
    public String name() {
        return "snapshot-config";
    }

    @Override
    public StepResult apply(StepRequest request) {
        return heavy.step(
                name(),
                request,
                () -> new Task.SnapshotConfig(
                        request.runId(),
                        request.environmentId(),
                        Artifacts.ofRun(request),
                        Artifacts.capture(request),
                        Inputs.backupType(request)));
    }
}
