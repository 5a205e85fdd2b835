package dev.lifeboat.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.EnvironmentType;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.guardrail.Guardrail;
import dev.lifeboat.guardrail.Guardrails;
import dev.lifeboat.json.Json;
import dev.lifeboat.preflight.Check;
import dev.lifeboat.run.NewRun;
import dev.lifeboat.run.Operation;
import dev.lifeboat.run.RunSnapshot;
import dev.lifeboat.run.RunStore;
import dev.lifeboat.step.EvidenceFile;
import dev.lifeboat.testing.StateResource;
import dev.lifeboat.testing.TestCluster;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusMock;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each guardrail holds because its function's file says so, and no longer where the file does not. */
@QuarkusTest
@QuarkusTestResource(StateResource.class)
@TestProfile(GuardrailsTest.WithProduction.class)
class GuardrailsTest {
    private static final EnvironmentId SHOP = EnvironmentId.parse("acme/shop");
    private static final EnvironmentId LIVE = EnvironmentId.parse("acme/live");

    @Inject
    Operations operations;

    @Inject
    RunStore runs;

    @Inject
    RunEvidence evidence;

    @TempDir
    Path folder;

    /** Adds a production environment. */
    public static final class WithProduction implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            String live = "lifeboat.projects.acme.environments.live.";
            return Map.of(
                    live + "type", "production",
                    live + "filestore", "/nonexistent/live",
                    live + "database.name", "live",
                    live + "database.user", "odoo",
                    live + "database.password", "canary-live-51aa");
        }
    }

    @ParameterizedTest
    @EnumSource(Guardrail.class)
    void a_guardrail_holds_and_switched_off_in_its_file_it_does_not(Guardrail guardrail) throws IOException {
        promise(guardrail);
        QuarkusMock.installMockForType(without(guardrail), Guardrails.class);
        assertThatThrownBy(() -> promise(guardrail)).isInstanceOf(AssertionError.class);
    }

    @Test
    void all_six_are_declared_and_none_is_off() {
        assertThat(Guardrail.values()).hasSize(6);
        assertThat(Guardrails.of(Path.of("functions")).missing()).isEmpty();
        assertThat(new Guardrails().missing()).isEmpty();
    }

    private void promise(Guardrail guardrail) {
        switch (guardrail) {
            case FORBID_PARALLEL_DEPLOY_RESTORE -> nothing_begins_beside_a_run_that_is_active();
            case PROD_REQUIRES_HUMAN_CONFIRMATION -> production_is_not_restored_without_its_name();
            case PRE_RESTORE_BACKUP_MANDATORY -> the_safety_backup_is_not_skipped();
            case REDACT_SECRETS_IN_EVIDENCE -> a_secret_in_evidence_is_redacted();
            case INTEGRITY_CHECKS_REQUIRED -> the_artifact_is_verified_before_a_restore();
            case ROLLBACK_ON_FAILURE_DEFAULT -> a_restore_that_fails_is_rolled_back_unless_that_is_refused();
        }
    }

    private void nothing_begins_beside_a_run_that_is_active() {
        String active = active();
        try {
            assertThat(operations
                            .preflight(SHOP, "backup", Optional.empty(), "local")
                            .checks())
                    .filteredOn(check -> check.name().equals("no other run is active"))
                    .extracting(Check::status)
                    .containsExactly(Check.Status.FAILED);
        } finally {
            end(active);
        }
    }

    private void production_is_not_restored_without_its_name() {
        assertThat(catchThrowable(() -> operations.restore(LIVE, RestoreOrder.of("bk_1"), "local")))
                .isInstanceOfSatisfying(
                        FaultException.class,
                        e -> assertThat(e.fault().code()).isEqualTo(FaultCode.CONFIRMATION_MISSING));
    }

    private void the_safety_backup_is_not_skipped() {
        assertThat(skipOf("pre-restore-backup")).isEmpty();
    }

    private void the_artifact_is_verified_before_a_restore() {
        assertThat(skipOf("verify-artifact")).isEmpty();
    }

    private void a_restore_that_fails_is_rolled_back_unless_that_is_refused() {
        assertThat(operations
                        .restoreInputs(SHOP, RestoreOrder.of("bk_1"), "bk_1", false)
                        .path("rollback_on_failure")
                        .asBoolean())
                .isTrue();
    }

    private void a_secret_in_evidence_is_redacted() {
        String run = active();
        try {
            RunSnapshot snapshot = runs.load(run);
            Throwable refused = catchThrowable(() ->
                    evidence.write(snapshot, new EvidenceFile("inputs.json", "{\"password\": \"odoo's word\"}\n")));
            assertThat(refused).isNull();
            try (var in = evidence.read(snapshot, "inputs.json")) {
                assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8))
                        .contains("[REDACTED]")
                        .doesNotContain("odoo's word");
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        } finally {
            end(run);
        }
    }

    private Optional<String> skipOf(String step) {
        ObjectNode inputs = operations.restoreInputs(SHOP, RestoreOrder.of("bk_1"), "bk_1", false);
        return Workflows.of(Operation.RESTORE).step(step).skip().apply(inputs);
    }

    private String active() {
        return runs.create(
                new NewRun(Operation.BACKUP, SHOP, EnvironmentType.DEV, Json.object(), "somebody", Optional.empty()));
    }

    private static void end(String run) {
        TestCluster.execute(
                TestCluster.get().binding("lifeboat_state"),
                "UPDATE ops.runs SET status = 'failed', completed_at = now() WHERE run_id = '" + run + "'");
    }

    /** The functions' files as they are, but for one line. */
    private Guardrails without(Guardrail guardrail) throws IOException {
        for (Guardrail each : Guardrail.values()) {
            Path file = Path.of(each.function(), "function.yaml");
            String text = Files.readString(Path.of("functions").resolve(file));
            String on = each.wireName() + ": true";
            assertThat(text).contains(on);
            Files.createDirectories(folder.resolve(each.function()));
            Files.writeString(
                    folder.resolve(file), each == guardrail ? text.replace(on, each.wireName() + ": false") : text);
        }
        return Guardrails.of(folder);
    }
}
