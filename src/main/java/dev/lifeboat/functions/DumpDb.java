package dev.lifeboat.functions;

import dev.lifeboat.orchestrator.InProcessInvoker;
import dev.lifeboat.sidecar.Task;
import dev.lifeboat.step.StepFunction;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import io.quarkus.funqy.Funq;
import jakarta.enterprise.context.ApplicationScoped;

/** Dumps the database in the run's capture: {@code db.dump}, its checksum and its meta data. */
@ApplicationScoped
public class DumpDb implements StepFunction {
    private final Heavy heavy;

    DumpDb(Heavy heavy) {
        this.heavy = heavy;
    }

    /** The function. */
    @Funq("dump-db")
    public StepResponse call(StepRequest request) {
        return StepResponse.of(InProcessInvoker.call(this, request));
    }

    @Override
    public String name() {
        return "dump-db";
    }

    @Override
    public StepResult apply(StepRequest request) {
        return heavy.step(
                name(),
                request,
                () -> new Task.DumpDatabase(
                        request.runId(),
                        request.environmentId(),
                        Artifacts.ofRun(request),
                        Artifacts.capture(request)));
    }
}
