package dev.lifeboat.functions;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.artifact.InstallationKey;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.json.Json;
import dev.lifeboat.run.Operation;
import dev.lifeboat.step.StepRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code final_status.json}: how a run went, with what auditors ask for. Every field is there in every run; what the run
 * does not know is null.
 */
final class FinalStatus {
    /** The steps that are done only where a check has passed, and the file of evidence that says what was expected and what was found. */
    private static final Map<String, String> CHECKS = checks();

    private final StepRequest request;
    private final Instant now;
    private final String version;

    /**
     * The status of a run that is being closed.
     *
     * @param version of this program
     */
    FinalStatus(StepRequest request, Instant now, String version) {
        this.request = request;
        this.now = now;
        this.version = version;
    }

    /** How the run went: success, failed, rolled_back or cancelled. */
    static String of(StepRequest request) {
        return request.outcome() == null ? "success" : request.outcome().status();
    }

    /** The document; {@code more} is what the last step itself adds. */
    ObjectNode document(ObjectNode more) {
        ObjectNode closing = Json.object()
                .put("run_id", request.runId())
                .put("operation", request.operation())
                .put("environment_id", request.environment())
                .put("status", of(request))
                .put("started_at", request.createdAt().toString())
                .put("completed_at", now.toString())
                .put("seconds", seconds())
                .put("triggered_by", request.createdBy())
                .put("artifact_id", text(request.inputs(), "artifact_id"))
                .put("pre_restore_backup_id", text(request.inputs(), "pre_restore_backup_id"));
        closing.set("degraded", request.inputs().path("degraded"));
        closing.set(
                "fault",
                Json.mapper()
                        .valueToTree(
                                request.outcome() == null
                                        ? null
                                        : request.outcome().fault()));
        closing.set("cancellation", cancellation());
        closing.set(
                "rollback", request.outputs().containsKey("roll-back") ? request.output("roll-back") : Json.object());
        closing.set("artifact", artifact());
        closing.set("recovery", recovery());
        closing.set("approval", approval());
        closing.set("checks", checked());
        closing.set("retention_policy", orNull(policy()));
        closing.set("integrity", integrity());
        closing.set("tool", tool());
        closing.setAll(more);
        ObjectNode steps = closing.putObject("steps");
        request.outputs()
                .forEach((step, outputs) ->
                        steps.put(step, outputs.path("summary").asText("done")));
        return closing;
    }

    /** Who asked the run to stop, and when; null where nobody did. */
    private JsonNode cancellation() {
        Fault fault = request.outcome() == null ? null : request.outcome().fault();
        if (fault == null || fault.code() != FaultCode.CANCELLED) {
            return Json.mapper().nullNode();
        }
        return Json.object()
                .put("requested_by", fault.facts().get("requested_by"))
                .put("requested_at", fault.facts().get("requested_at"));
    }

    private double seconds() {
        return Duration.between(request.createdAt(), now).toMillis() / 1000.0;
    }

    /** What the run made or used; its files, sizes and digests are known where this run wrote them. */
    private ObjectNode artifact() {
        JsonNode odoo = request.output("snapshot-config").path("odoo");
        ObjectNode artifact = Json.object()
                .put("artifact_id", text(request.inputs(), "artifact_id"))
                .put("type", request.inputs().path("backup_type").asText(text(request.inputs(), "restore_type")))
                .put("purpose", text(request.inputs(), "purpose"))
                .put("label", text(request.inputs(), "label"))
                .put("snapshot_at", text(odoo, "snapshot_at"))
                .put("store", text(request.output("verify-artifact"), "store"));
        var files = Json.mapper().createArrayNode();
        long bytes = 0;
        for (String step : List.of("dump-db", "archive-filestore", "snapshot-config")) {
            for (JsonNode file : request.output(step).path("files")) {
                files.add(file);
                bytes += file.path("size").asLong();
            }
        }
        artifact.put("size_bytes", files.isEmpty() ? null : bytes);
        artifact.set("files", files.isEmpty() ? Json.mapper().nullNode() : files);
        return artifact;
    }

    /** Measured from the order to here, so with the safety backup and the checks; the target is the environment's recovery time. */
    private ObjectNode recovery() {
        boolean restored =
                operation() == Operation.RESTORE && of(request).equals("success") && !Inputs.isValidationOnly(request);
        String safe = text(request.output("pre-restore-backup"), "snapshot_at");
        String stopped = text(request.output("quiesce"), "quiesced_at");
        JsonNode target = request.inputs().path("target_recovery_seconds");
        boolean measured = restored && target.isNumber();
        return Json.object()
                .put("safety_snapshot_at", safe)
                .put("quiesced_at", stopped)
                .put(
                        "seconds_from_safety_snapshot_to_quiesce",
                        safe == null || stopped == null
                                ? null
                                : Duration.between(Instant.parse(safe), Instant.parse(stopped))
                                                .toMillis()
                                        / 1000.0)
                .put("recovery_seconds", restored ? seconds() : null)
                .put("target_seconds", target.isNumber() ? target.asLong() : null)
                .put("met", measured ? Boolean.valueOf(seconds() <= target.asDouble()) : null)
                .put("safety_backup_id", text(request.inputs(), "pre_restore_backup_id"));
    }

    /** A run of a production environment is begun only after its name was typed; who else agreed is not asked. */
    private ObjectNode approval() {
        ObjectNode approval = Json.object().put("requested_by", request.createdBy());
        approval.set("skip_confirmation", orNull(request.inputs().path("skip_confirmation")));
        return approval.putNull("approved_by");
    }

    /** What has passed; of a check that has not, {@code fault} tells. */
    private ObjectNode checked() {
        ObjectNode checked = Json.object();
        CHECKS.forEach((step, file) -> {
            if (request.outputs().containsKey(step)) {
                checked.putObject(step)
                        .put("verdict", "passed")
                        .put("found", text(request.output(step), "summary"))
                        .put("details", file);
            }
        });
        return checked;
    }

    private JsonNode policy() {
        JsonNode ordered = request.inputs().path("retention_policy");
        return ordered.isObject() ? ordered : request.output("prune").path("policy");
    }

    private static ObjectNode integrity() {
        return Json.object()
                .put("files", "SHA-256 of every file in SHA256SUMS")
                .put("signature", InstallationKey.ALGORITHM + " over SHA256SUMS, in SHA256SUMS.sig")
                .put("chain", "record.json carries the SHA-256 of the SHA256SUMS of the environment's previous record");
    }

    private ObjectNode tool() {
        return Json.object()
                .put("name", "lifeboat")
                .put("version", version)
                .put("java", Runtime.version().toString())
                .put("host", host())
                .put("system", System.getProperty("os.name") + " " + System.getProperty("os.version"))
                .put("architecture", System.getProperty("os.arch"))
                .put("odoo", text(request.output("snapshot-config").path("odoo").path("odoo"), "odoo_version"));
    }

    /** As the kernel has it: a look-up by name could wait for a server. */
    private static String host() {
        try {
            return Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
        } catch (IOException e) {
            // Another system has no such file; the name is then not known.
            return null;
        }
    }

    private Operation operation() {
        return Operation.of(request.operation());
    }

    private static String text(JsonNode node, String field) {
        return node.path(field).textValue();
    }

    private static JsonNode orNull(JsonNode node) {
        return node.isMissingNode() ? Json.mapper().nullNode() : node;
    }

    private static Map<String, String> checks() {
        var checks = new LinkedHashMap<String, String>();
        checks.put("dump-db", "db.dump.meta.json");
        checks.put("verify-artifact", "artifact_verification.json");
        checks.put("restore-db", "db_restore_checksum_verification.json");
        checks.put("restore-filestore", "filestore_restore_checksum_verification.json");
        checks.put("validate", "validation_report.json");
        return checks;
    }
}
