package dev.lifeboat.orchestrator;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.evidence.Redactor;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.json.Json;
import dev.lifeboat.step.StepResponse;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Takes secrets out of what steps, and the tools behind them, say of a run, before it is recorded where everybody who may see the
 * run reads it.
 */
final class Redaction {
    /** What is said to people among outputs; the others are values that later steps work with, and stay as they are. */
    private static final List<String> SAID = List.of("summary", "reason", "left_behind", "degraded");

    private Redaction() {}

    static Fault fault(Fault fault, Redactor redactor) {
        Map<String, String> facts = new LinkedHashMap<>();
        ObjectNode tree = (ObjectNode) redactor.json(Json.tree(fault.facts()));
        tree.properties()
                .forEach(fact -> facts.put(fact.getKey(), fact.getValue().asText()));
        return new Fault(fault.code(), redactor.sentence(fault.message()), facts, redactor.sentence(fault.remedy()));
    }

    static StepResponse answer(StepResponse answer, Redactor redactor) {
        return new StepResponse(
                answer.status(),
                changed(answer.outputs(), outputs -> outputs(outputs, redactor)),
                answer.evidence(),
                answer.taskId(),
                answer.checkAfterSeconds(),
                changed(answer.findings(), findings -> findings.stream()
                        .map(finding -> fault(finding, redactor))
                        .toList()),
                changed(answer.fault(), fault -> fault(fault, redactor)),
                changed(answer.leftBehind(), redactor::text),
                changed(answer.probe(), redactor::text));
    }

    private static ObjectNode outputs(ObjectNode outputs, Redactor redactor) {
        ObjectNode clean = outputs.deepCopy();
        said(clean, redactor);
        if (clean.get("run") instanceof ObjectNode ofRun) {
            said(ofRun, redactor);
        }
        return clean;
    }

    private static void said(ObjectNode outputs, Redactor redactor) {
        SAID.stream().filter(outputs::has).forEach(name -> outputs.set(name, redactor.json(outputs.get(name))));
    }

    private static <T> T changed(T value, Function<T, T> change) {
        return Optional.ofNullable(value).map(change).orElse(null);
    }
}
