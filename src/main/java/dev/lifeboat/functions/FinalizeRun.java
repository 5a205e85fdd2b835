package dev.lifeboat.functions;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.json.Json;
import dev.lifeboat.orchestrator.InProcessInvoker;
import dev.lifeboat.run.Operation;
import dev.lifeboat.sidecar.Task;
import dev.lifeboat.step.EvidenceFile;
import dev.lifeboat.step.StepFunction;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import io.quarkus.funqy.Funq;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** Closes a run: tidies up after a restore, and states the outcome. */
@ApplicationScoped
public class FinalizeRun implements StepFunction {
    private final Heavy heavy;
    private final EnvironmentCatalogue environments;
    private final String version;

    FinalizeRun(
            Heavy heavy,
            EnvironmentCatalogue environments,
            @ConfigProperty(name = "quarkus.application.version") String version) {
        this.heavy = heavy;
        this.environments = environments;
        this.version = version;
    }

    /** The function. */
    @Funq("finalize")
    public StepResponse call(StepRequest request) {
        return StepResponse.of(InProcessInvoker.call(this, request));
    }

    @Override
    public String name() {
        return "finalize";
    }

    @Override
    public StepResult apply(StepRequest request) {
        StepResult tidied =
                switch (Operation.of(request.operation())) {
                    case RESTORE -> Inputs.isValidationOnly(request) ? nothing() : afterRestore(request);
                    case IMPORT -> abandon(request);
                    case BACKUP, VERIFY, VALIDATE, PRUNE, DISCARD, REPLICATE -> nothing();
                };
        return switch (tidied) {
            case StepResult.Done(ObjectNode outputs, var none) ->
                new StepResult.Done(outputs.put("summary", FinalStatus.of(request)), evidence(request, outputs));
            case StepResult other -> other;
        };
    }

    /** What was displaced is dropped or kept for a while; what was prepared in vain is removed. */
    private StepResult afterRestore(StepRequest request) {
        return switch (FinalStatus.of(request)) {
            case "success" -> {
                Duration keep =
                        Inputs.putsBack(request) ? Duration.ZERO : environments.keepsDisplaced(request.environmentId());
                yield keep.isZero()
                        ? heavy.step(
                                name(), request, () -> new Task.DropDisplaced(request.runId(), request.environmentId()))
                        : new StepResult.Done(kept(request, keep), List.of());
            }
            case "failed" -> abandon(request);
            default -> nothing();
        };
    }

    /** What was unpacked or prepared beside the environment goes; what was moved aside stays. */
    private StepResult abandon(StepRequest request) {
        return heavy.step(name(), request, () -> new Task.Abandon(request.runId(), request.environmentId()));
    }

    private static StepResult nothing() {
        return new StepResult.Done(Json.object(), List.of());
    }

    private static ObjectNode kept(StepRequest request, Duration keep) {
        ObjectNode outputs = Json.object();
        outputs.putObject("run")
                .put("displaced_until", Instant.now().plus(keep).toString())
                .put(
                        "displaced_database",
                        request.output("restore-db").path("displaced").textValue())
                .put(
                        "displaced_filestore",
                        request.output("restore-filestore").path("displaced").textValue());
        return outputs;
    }

    private List<EvidenceFile> evidence(StepRequest request, ObjectNode more) {
        ObjectNode closing = new FinalStatus(request, Instant.now(), version).document(more);
        return List.of(new EvidenceFile("final_status.json", Json.pretty(closing)));
    }
}
