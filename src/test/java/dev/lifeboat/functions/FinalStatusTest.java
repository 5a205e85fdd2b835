package dev.lifeboat.functions;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.json.Json;
import dev.lifeboat.step.StepRequest;
import java.io.IOException;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FinalStatusTest {
    private static final Instant CREATED = Instant.parse("2026-11-20T02:00:00Z");
    private static final Instant NOW = CREATED.plusMillis(90_500);

    @Test
    void a_backup_says_what_was_made_by_whom_and_with_what() throws IOException {
        ObjectNode status = status(
                "backup",
                """
                {"backup_type": "full", "label": "before upgrade", "purpose": "backup", "artifact_id": "bk_1",
                 "retention_policy": {"daily": 7, "weekly": 4, "monthly": 3}, "degraded": []}""",
                Map.of("dump-db", object("""
                        {"summary": "312 MB", "files": [{"path": "db.dump", "size": 300, "sha256": "aa"}]}"""), "snapshot-config", object("""
                        {"files": [{"path": "config_snapshot.json", "size": 12, "sha256": "bb"}],
                         "odoo": {"snapshot_at": "2026-11-20T02:00:03Z", "odoo": {"odoo_version": "19.0"}}}""")),
                new StepRequest.Outcome("success", null));
        assertThat(status.path("triggered_by").asText()).isEqualTo("anna");
        assertThat(status.at("/artifact/size_bytes").asLong()).isEqualTo(312);
        assertThat(status.at("/artifact/files/0/sha256").asText()).isEqualTo("aa");
        assertThat(status.at("/artifact/snapshot_at").asText()).isEqualTo("2026-11-20T02:00:03Z");
        assertThat(status.at("/artifact/label").asText()).isEqualTo("before upgrade");
        assertThat(status.at("/checks/dump-db/verdict").asText()).isEqualTo("passed");
        assertThat(status.at("/retention_policy/weekly").asInt()).isEqualTo(4);
        assertThat(status.at("/recovery/recovery_seconds").isNull()).isTrue();
        assertThat(status.at("/tool/version").asText()).isEqualTo("1.2.3");
        assertThat(status.at("/tool/odoo").asText()).isEqualTo("19.0");
        assertThat(status.at("/steps/dump-db").asText()).isEqualTo("312 MB");
    }

    @Test
    void a_restore_says_how_long_it_took_what_was_checked_and_who_asked() throws IOException {
        ObjectNode status = status(
                "restore",
                """
                {"artifact_id": "bk_1", "restore_type": "db_only", "pre_restore_backup_id": "bk_0",
                 "skip_confirmation": false, "target_recovery_seconds": 60}""",
                Map.of(
                        "verify-artifact", object("{\"summary\": \"4 files\", \"store\": \"primary\"}"),
                        "validate", object("{\"summary\": \"7 of 7 passed\"}")),
                new StepRequest.Outcome("success", null));
        assertThat(status.at("/recovery/recovery_seconds").asDouble()).isEqualTo(90.5);
        assertThat(status.at("/recovery/target_seconds").asInt()).isEqualTo(60);
        assertThat(status.at("/recovery/met").asBoolean(true)).isFalse();
        assertThat(status.at("/recovery/safety_backup_id").asText()).isEqualTo("bk_0");
        assertThat(status.at("/artifact/type").asText()).isEqualTo("db_only");
        assertThat(status.at("/artifact/store").asText()).isEqualTo("primary");
        assertThat(status.at("/approval/requested_by").asText()).isEqualTo("anna");
        assertThat(status.at("/approval/skip_confirmation").asBoolean(true)).isFalse();
        assertThat(status.at("/checks/validate/found").asText()).isEqualTo("7 of 7 passed");
        assertThat(status.at("/checks/validate/details").asText()).isEqualTo("validation_report.json");
    }

    @Test
    void what_a_failed_run_does_not_know_is_null_and_not_left_out() throws IOException {
        ObjectNode status = status(
                "restore",
                "{}",
                Map.of(),
                new StepRequest.Outcome("failed", Fault.of(FaultCode.LOAD_FAILED, "the load failed", "Look.")));
        assertThat(status.at("/fault/code").asText()).isEqualTo("LOAD_FAILED");
        for (String field : new String[] {
            "/artifact_id",
            "/artifact/size_bytes",
            "/artifact/files",
            "/artifact/snapshot_at",
            "/artifact/type",
            "/recovery/recovery_seconds",
            "/approval/approved_by",
            "/approval/skip_confirmation",
            "/retention_policy",
            "/tool/odoo"
        }) {
            assertThat(status.at(field).isNull()).as(field).isTrue();
        }
        assertThat(status.path("checks")).isEmpty();
    }

    private static ObjectNode status(
            String operation, String inputs, Map<String, ObjectNode> outputs, StepRequest.Outcome outcome)
            throws IOException {
        var request = new StepRequest(
                "run_1",
                operation,
                "acme/prod",
                CREATED,
                "anna",
                1,
                1,
                object(inputs),
                outputs,
                null,
                outcome,
                Map.of());
        return new FinalStatus(request, NOW, "1.2.3").document(Json.object());
    }

    private static ObjectNode object(String json) throws IOException {
        return (ObjectNode) Json.mapper().readTree(json);
    }
}
