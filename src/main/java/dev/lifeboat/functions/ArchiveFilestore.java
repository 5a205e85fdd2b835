package dev.lifeboat.functions;

import dev.lifeboat.orchestrator.InProcessInvoker;
import dev.lifeboat.sidecar.Task;
import dev.lifeboat.step.StepFunction;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import io.quarkus.funqy.Funq;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;

/** Archives the filestore in the run's capture: {@code filestore.tar.zst}, its index, checksum and meta data. */
@ApplicationScoped
public class ArchiveFilestore implements StepFunction {
    private final Heavy heavy;

    ArchiveFilestore(Heavy heavy) {
        this.heavy = heavy;
    }

    /** The function. */
    @Funq("archive-filestore")
    public StepResponse call(StepRequest request) {
        return StepResponse.of(InProcessInvoker.call(this, request));
    }

    @Override
    public String name() {
        return "archive-filestore";
    }

    @Override
    public StepResult apply(StepRequest request) {
        return heavy.step(
                name(),
                request,
                () -> new Task.ArchiveFilestore(
                        request.runId(),
                        request.environmentId(),
                        Artifacts.ofRun(request),
                        Artifacts.capture(request),
                        Optional.empty()));
    }
}
