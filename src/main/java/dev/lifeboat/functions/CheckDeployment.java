package dev.lifeboat.functions;

import dev.lifeboat.artifact.ArtifactId;
import dev.lifeboat.orchestrator.InProcessInvoker;
import dev.lifeboat.run.Operation;
import dev.lifeboat.sidecar.Task;
import dev.lifeboat.step.StepFunction;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import io.quarkus.funqy.Funq;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.Optional;

/**
 * Looks at an environment after a deployment or a rollback: service, pages, websocket, validation, record counts against the
 * backup before, and the site's own checks. What is wrong stands in its outputs; it does not fail of it.
 */
@ApplicationScoped
public class CheckDeployment implements StepFunction {
    static final String NAME = "check-deployment";

    private final Heavy heavy;

    CheckDeployment(Heavy heavy) {
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
                () -> new Task.CheckDeployment(
                        request.runId(),
                        request.environmentId(),
                        Optional.ofNullable(
                                        request.inputs().path("artifact_before").textValue())
                                .map(id -> heavy.known(new ArtifactId(request.environmentId(), id))),
                        Optional.ofNullable(
                                        request.inputs().path("deployed_from").textValue())
                                .map(Instant::parse)
                                .orElseGet(() -> Inputs.restarted(request)),
                        request.inputs().hasNonNull("normal_seconds")
                                ? Optional.of(
                                        request.inputs().get("normal_seconds").asDouble())
                                : Optional.empty(),
                        Operation.of(request.operation()) == Operation.DEPLOYMENT));
    }
}
