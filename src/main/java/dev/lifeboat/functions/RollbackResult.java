package dev.lifeboat.functions;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.json.Json;
import dev.lifeboat.step.StepRequest;
import java.time.Duration;
import java.time.Instant;

/** What a rollback came to, and how long it took against its target (rollback specification, "Recovery Time Objective"). */
final class RollbackResult {
    private final StepRequest request;
    private final double seconds;

    /**
     * The result of a run that is being closed.
     *
     * @param now the end of the rollback (UTC)
     */
    RollbackResult(StepRequest request, Instant now) {
        this.request = request;
        this.seconds = Duration.between(request.createdAt(), now).toMillis() / 1000.0;
    }

    /** What the run itself keeps of it; seconds. */
    ObjectNode measured() {
        return Json.object().put("rollback_seconds", seconds).put("target_met", met());
    }

    String summary() {
        return "%s, level %d, %.1f s of %.0f min"
                .formatted(
                        FinalStatus.of(request).replace('_', ' '),
                        request.inputs().path("level").asInt(),
                        seconds,
                        target() / 60);
    }

    /** {@code rollback_result.json}. */
    ObjectNode document() {
        ObjectNode document = Json.object()
                .put("status", FinalStatus.of(request))
                .put("level", request.inputs().path("level").asInt())
                .put("version_from", request.inputs().path("version_from").textValue())
                .put("version_to", request.inputs().path("version_to").textValue())
                .put("artifact_id", request.inputs().path("artifact_id").textValue())
                .put("reason", request.inputs().path("reason").textValue())
                .put("triggered_by", request.createdBy());
        document.putObject("recovery_time")
                .put("seconds", seconds)
                .put("target_seconds", target())
                .put("maximum_seconds", request.inputs().path("maximum_seconds").asDouble())
                .put("met", met());
        document.set("counts_before", request.output(CheckDeployment.NAME).path("counts_before"));
        document.set("counts_after", request.output(CheckDeployment.NAME).path("counts"));
        return document;
    }

    private double target() {
        return request.inputs().path("target_seconds").asDouble();
    }

    private boolean met() {
        return seconds <= target();
    }
}
