package dev.lifeboat.functions;

import com.fasterxml.jackson.databind.node.ObjectNode;
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
import io.quarkus.funqy.Funq;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;

/** Reads every byte of an artifact and compares it with its manifest. */
@ApplicationScoped
public class VerifyArtifact implements StepFunction {
    static final String NAME = "verify-artifact";

    private final Heavy heavy;
    private final ArtifactCatalogue catalogue;

    VerifyArtifact(Heavy heavy, ArtifactCatalogue catalogue) {
        this.heavy = heavy;
        this.catalogue = catalogue;
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
        ArtifactId artifact = Inputs.artifact(request);
        Optional<String> store =
                Optional.ofNullable(request.inputs().path("store").textValue());
        StepResult result = heavy.step(
                name(),
                request,
                () -> new Task.VerifyArtifact(request.runId(), request.environmentId(), heavy.known(artifact), store));
        switch (result) {
            case StepResult.Done(ObjectNode outputs, var evidence) -> {
                catalogue.verified(artifact.id(), outputs.path("store").asText(), true);
                catalogue.proved(
                        artifact.id(), outputs.path("manifest_file_sha256").asText());
                outputs.path("damaged_stores")
                        .forEach(damaged -> catalogue.verified(artifact.id(), damaged.asText(), false));
            }
            case StepResult.Failed(Fault fault, var left, var evidence)
            when fault.code() == FaultCode.ARTIFACT_DAMAGED || fault.code() == FaultCode.MANIFEST_INVALID ->
                catalogue.verified(artifact.id(), fault.facts().get("store"), false);
            default -> {
                // Nothing was found out.
            }
        }
        return result;
    }
}
