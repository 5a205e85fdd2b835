package dev.lifeboat.functions;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.deployment.Finding;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.json.Json;
import dev.lifeboat.orchestrator.InProcessInvoker;
import dev.lifeboat.run.Operation;
import dev.lifeboat.step.EvidenceFile;
import dev.lifeboat.step.StepFunction;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import io.quarkus.funqy.Funq;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Fails where the checks before found something wrong: of a deployment whatever it is, of a rollback only what must not wait,
 * because going forward again to what was broken mends nothing that people still have to weigh.
 */
@ApplicationScoped
public class JudgeDeployment implements StepFunction {
    /** The function. */
    @Funq("judge-deployment")
    public StepResponse call(StepRequest request) {
        return StepResponse.of(InProcessInvoker.call(this, request));
    }

    @Override
    public String name() {
        return "judge-deployment";
    }

    @Override
    public StepResult apply(StepRequest request) {
        boolean rollback = Operation.of(request.operation()) == Operation.ROLLBACK;
        List<Finding> all = findings(request.output(CheckDeployment.NAME));
        List<Finding> decisive = all.stream()
                .filter(finding -> !rollback || finding.weight() == Finding.Weight.IMMEDIATE)
                .toList();
        ObjectNode verdict = Json.object()
                .put("verdict", decisive.isEmpty() ? "good" : "bad")
                .put("decides", rollback ? "what must not wait" : "every finding");
        verdict.set("findings", Json.mapper().valueToTree(all));
        var evidence = List.of(new EvidenceFile("deployment_verdict.json", Json.pretty(verdict)));
        if (decisive.isEmpty()) {
            return new StepResult.Done(
                    Json.object().put("summary", all.isEmpty() ? "good" : "good; to be weighed: " + told(all)),
                    evidence);
        }
        return new StepResult.Failed(
                Fault.of(
                        FaultCode.DEPLOYMENT_BROKEN,
                        (rollback ? "after the rollback: " : "after the deployment: ") + told(decisive),
                        rollback
                                ? "deployment_checks.json in the evidence says what was expected; people have to look now."
                                : "`lifeboat deployments "
                                        + request.environmentId().name()
                                        + "` tells what follows; `lifeboat rollback "
                                        + request.environmentId().name() + " --dry-run` what a rollback would do."),
                rollback ? "the environment as the rollback left it" : "the environment as the deployment left it",
                evidence);
    }

    private static List<Finding> findings(ObjectNode outputs) {
        var findings = new ArrayList<Finding>();
        for (JsonNode finding : outputs.path("findings")) {
            findings.add(Json.convert(finding, Finding.class));
        }
        return findings;
    }

    private static String told(List<Finding> findings) {
        return findings.stream().map(Finding::told).collect(Collectors.joining("; "));
    }
}
