package dev.lifeboat.functions;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.ServiceControl;
import dev.lifeboat.environment.VersionControl;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.json.Json;
import dev.lifeboat.orchestrator.InProcessInvoker;
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

/** Sets the version of an environment's Odoo back. */
@ApplicationScoped
public class SwitchVersion implements StepFunction {
    static final String NAME = "switch-version";

    private final EnvironmentCatalogue environments;

    SwitchVersion(EnvironmentCatalogue environments) {
        this.environments = environments;
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
        String wanted = request.inputs().path("version_to").asText("");
        VersionControl control = VersionControl.of(environments.version(request.environmentId()));
        if (wanted.isEmpty() || !control.isControlled()) {
            String why = wanted.isEmpty() ? "no version to go back to is known" : "Lifeboat does not set the version";
            return new StepResult.Done(
                    Json.object().put("summary", why),
                    evidence(Json.object().put("switched", false).put("reason", why), why));
        }
        Instant begin = Instant.now();
        ServiceControl.Outcome set = control.set(wanted);
        ObjectNode result = Json.object()
                .put("switched", set.succeeded())
                .put("from", request.inputs().path("version_from").textValue())
                .put("to", wanted)
                .put("seconds", Duration.between(begin, Instant.now()).toMillis() / 1000.0);
        if (!set.succeeded()) {
            return new StepResult.Failed(
                    Fault.of(
                                    FaultCode.SERVICE_FAILED,
                                    "version " + wanted + " could not be set",
                                    "version_switch.log in the evidence has what was run and what it said; mend it, and call"
                                            + " the rollback again.")
                            .with("tool_output", set.log()),
                    "perhaps the version that was there, perhaps a part of the new one",
                    evidence(result, set.log()));
        }
        return new StepResult.Done(Json.object().put("summary", "version " + wanted), evidence(result, set.log()));
    }

    private static List<EvidenceFile> evidence(ObjectNode result, String log) {
        return List.of(
                new EvidenceFile("version_switch.json", Json.pretty(result)),
                new EvidenceFile("version_switch.log", log + "\n"));
    }
}
