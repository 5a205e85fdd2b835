package dev.lifeboat.functions;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.artifact.ArtifactFolder;
import dev.lifeboat.artifact.ArtifactId;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.orchestrator.InProcessInvoker;
import dev.lifeboat.run.ArtifactCatalogue;
import dev.lifeboat.sidecar.Task;
import dev.lifeboat.step.StepFunction;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import dev.lifeboat.store.Stores;
import io.quarkus.funqy.Funq;
import jakarta.enterprise.context.ApplicationScoped;

/** Copies an artifact into a store that has none or a damaged copy, from any good one, and reads it back there. */
@ApplicationScoped
public class ReplicateArtifact implements StepFunction {
    private final Heavy heavy;
    private final ArtifactCatalogue catalogue;
    private final Stores stores;

    ReplicateArtifact(Heavy heavy, ArtifactCatalogue catalogue, Stores stores) {
        this.heavy = heavy;
        this.catalogue = catalogue;
        this.stores = stores;
    }

    /** The function. */
    @Funq("replicate-artifact")
    public StepResponse call(StepRequest request) {
        return StepResponse.of(InProcessInvoker.call(this, request));
    }

    @Override
    public String name() {
        return "replicate-artifact";
    }

    @Override
    public StepResult apply(StepRequest request) {
        ArtifactId artifact = Inputs.artifact(request);
        String store = request.inputs().path("store").asText();
        StepResult result = heavy.step(
                name(),
                request,
                () -> new Task.ReplicateArtifact(
                        request.runId(), request.environmentId(), heavy.known(artifact), store));
        return switch (result) {
            case StepResult.Done(ObjectNode outputs, var evidence) -> {
                if (catalogue.copied(artifact.id(), store, outputs.path("uri").asText(), true)) {
                    yield result;
                }
                new ArtifactFolder(stores.byName(store), artifact).remove();
                yield new StepResult.Failed(
                        Fault.of(
                                FaultCode.UNKNOWN_ARTIFACT,
                                artifact + " was pruned while it was copied; the copy was removed again",
                                "Nothing is to be done."),
                        "nothing",
                        evidence);
            }
            case StepResult.Failed failed -> {
                catalogue.copyFailed(artifact.id(), store, failed.fault().message());
                yield failed;
            }
            case StepResult other -> other;
        };
    }
}
