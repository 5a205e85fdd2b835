package dev.lifeboat.functions;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.json.Json;
import dev.lifeboat.step.StepRequest;
import java.time.Duration;
import java.time.Instant;

/**
 * What a rehearsal gave (disaster recovery specification, 2.2 and 1.1): PASS or FAIL, how long it took until the data was proved
 * beside the environment, how much of what was done since the backup would be lost, and both against their targets.
 */
final class DrillResult {
    private final StepRequest request;
    private final boolean passed;
    private final double recovery;
    private final double point;

    /**
     * The result of a run that is being closed.
     *
     * @param now the end of the rehearsal (UTC)
     */
    DrillResult(StepRequest request, Instant now) {
        this.request = request;
        this.passed = FinalStatus.of(request).equals("success");
        this.recovery = seconds(request.createdAt(), now);
        this.point = seconds(Instant.parse(request.inputs().path("snapshot_at").asText()), request.createdAt());
    }

    String summary() {
        return (passed ? "PASS" : "FAIL")
                + (passed ? ", recovered in %.1f s, recovery point %.1f h old".formatted(recovery, point / 3600) : "");
    }

    /** What is kept of it as a trend; seconds. */
    ObjectNode measured() {
        ObjectNode measured = Json.object();
        if (passed) {
            measured.put("recovery_seconds", recovery).put("recovery_point_seconds", point);
        }
        return measured;
    }

    /** {@code drill_result.json}. */
    ObjectNode document() {
        ObjectNode document = Json.object()
                .put("result", passed ? "PASS" : "FAIL")
                .put("artifact_id", request.inputs().path("artifact_id").asText())
                .put("store", request.output(VerifyArtifact.NAME).path("store").textValue())
                .put("environment_touched", false);
        document.set("recovery_time", against(passed ? recovery : null, "target_recovery_seconds"));
        document.set("recovery_point", against(point, "target_recovery_point_seconds"));
        document.put(
                "what_it_is",
                "the artifact was read whole, loaded and laid out beside the environment, compared with its"
                        + " digests, checked, and removed again; the swap into place, which takes seconds, and Odoo's own stop and start"
                        + " are not in the time");
        return document;
    }

    private ObjectNode against(Double measured, String target) {
        double limit = request.inputs().path(target).asDouble();
        ObjectNode document = Json.object().put("seconds", measured).put("target_seconds", limit);
        return measured == null ? document.putNull("met") : document.put("met", measured <= limit);
    }

    private static double seconds(Instant from, Instant to) {
        return Duration.between(from, to).toMillis() / 1000.0;
    }
}
