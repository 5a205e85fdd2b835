package dev.lifeboat.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.artifact.InstallationKey;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.EnvironmentType;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.evidence.EvidenceChain;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import dev.lifeboat.run.NewRun;
import dev.lifeboat.run.Operation;
import dev.lifeboat.run.RunSnapshot;
import dev.lifeboat.run.RunStore;
import dev.lifeboat.step.EvidenceFile;
import dev.lifeboat.testing.StateResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The chain of records as runs end, are killed while they end, and end at once. */
@QuarkusTest
@QuarkusTestResource(StateResource.class)
class RunEvidenceTest {
    private static final List<String> REQUIRED = List.of("inputs.json");
    private static final Duration LONG = Duration.ofHours(1);
    private static final AtomicInteger COUNT = new AtomicInteger();

    @Inject
    RunStore runs;

    @Inject
    RunEvidence evidence;

    @Inject
    InstallationKey key;

    @Inject
    LifeboatConfig config;

    private final EnvironmentId environment = new EnvironmentId("records", "env-" + COUNT.incrementAndGet());

    private final List<String> mine = new ArrayList<>();

    @AfterEach
    void all_evidence_is_clean() {
        // other tests of this application have runs that go on
        assertThat(EvidenceChain.verify(config.evidenceDir(), List.of(key.publicKey()))
                        .findings())
                .filteredOn(finding -> finding.toString().contains(environment.toString())
                        || mine.stream().anyMatch(finding.toString()::contains))
                .isEmpty();
    }

    @Test
    void each_record_carries_the_one_before_it() throws IOException {
        RunSnapshot first = begun();
        RunSnapshot second = begun();
        close(second);
        close(first);
        JsonNode record = recordOf(first);
        assertThat(record.path("sequence").asInt())
                .as("the order is that of ending")
                .isEqualTo(2);
        assertThat(record.path("previous_run_id").asText()).isEqualTo(second.runId());
        assertThat(record.path("previous_sha256").asText())
                .isEqualTo(runs.recordOf(second.runId()).orElseThrow().sha256());
        assertThat(record.path("environment_id").asText()).isEqualTo(environment.toString());
        assertThat(record.path("signer").asText()).isEqualTo(key.keyId());
        assertThat(recordOf(second).path("previous_run_id").isNull()).isTrue();
    }

    @Test
    void a_run_that_was_killed_after_its_record_was_added_keeps_it_also_where_others_have_ended_since()
            throws IOException {
        RunSnapshot killed = begun();
        close(killed);
        JsonNode record = recordOf(killed);
        close(runs.load(killed.runId()));
        assertThat(recordOf(killed)).isEqualTo(record);
        close(begun());
        close(runs.load(killed.runId()));
        assertThat(recordOf(killed)).isEqualTo(record);
        assertThat(runs.lastRecord(environment).orElseThrow().sequence()).isEqualTo(2);
    }

    @Test
    void a_run_that_was_killed_before_its_record_was_added_takes_the_place_that_is_free_then() throws IOException {
        RunSnapshot killed = begun();
        close(outOfDate(killed));
        assertThat(recordOf(killed).path("sequence").asInt()).isEqualTo(1);
        assertThat(runs.lastRecord(environment)).isEmpty();
        close(begun());
        close(runs.load(killed.runId()));
        assertThat(recordOf(killed).path("sequence").asInt()).isEqualTo(2);
    }

    @Test
    void of_many_runs_that_end_at_once_each_gets_a_place() throws Exception {
        var open = new ArrayList<RunSnapshot>();
        for (int i = 0; i < 6; i++) {
            open.add(begun());
        }
        var together = new CountDownLatch(1);
        var closed = new ArrayList<Future<?>>();
        try (var ends = Executors.newFixedThreadPool(6)) {
            open.forEach(run -> closed.add(ends.submit(() -> {
                together.await();
                close(run);
                return null;
            })));
            together.countDown();
        }
        for (Future<?> end : closed) {
            end.get();
        }
        assertThat(open)
                .extracting(run -> runs.recordOf(run.runId()).orElseThrow().sequence())
                .containsExactlyInAnyOrder(1, 2, 3, 4, 5, 6);
    }

    @Test
    void what_a_step_did_not_hand_in_fails_the_run_also_when_it_is_closed_again() {
        RunSnapshot run = begun();
        for (int i = 0; i < 2; i++) {
            var fault = catchThrowableOfType(
                    FaultException.class,
                    () -> evidence.close(run, List.of("inputs.json", "final_status.json"), Optional.empty()));
            assertThat(fault.fault().code()).isEqualTo(FaultCode.EVIDENCE_MISSING);
            assertThat(fault.fault().message()).contains("final_status.json").doesNotContain("inputs.json");
        }
    }

    @Test
    void a_failed_run_has_a_record_too() throws IOException {
        RunSnapshot run = begun();
        evidence.close(
                run,
                List.of("inputs.json", "final_status.json"),
                Optional.of(Fault.of(FaultCode.DUMP_FAILED, "the dump failed", "Try again.")));
        assertThat(recordOf(run).path("sequence").asInt()).isEqualTo(1);
    }

    private RunSnapshot begun() {
        String run = runs.create(new NewRun(
                Operation.VERIFY, environment, EnvironmentType.DEV, Json.object(), "local", Optional.empty()));
        mine.add(run);
        assertThat(runs.claim(run, "owner", LONG)).isPresent();
        RunSnapshot begun = runs.load(run);
        evidence.write(begun, new EvidenceFile("inputs.json", "{}"));
        return begun;
    }

    private void close(RunSnapshot run) {
        evidence.close(run, REQUIRED, Optional.empty());
    }

    private JsonNode recordOf(RunSnapshot run) throws IOException {
        Path folder = evidence.open(run);
        return Json.mapper().readTree(Files.readString(folder.resolve("record.json")));
    }

    /** As somebody has it whose lease was taken over: the folder is written, the chain is not. */
    private static RunSnapshot outOfDate(RunSnapshot run) {
        return new RunSnapshot(
                run.runId(),
                run.environment(),
                run.operation(),
                run.status(),
                run.createdBy(),
                run.metadata(),
                run.evidenceDir(),
                run.createdAt(),
                run.startedAt(),
                run.completedAt(),
                run.parentRunId(),
                run.fault(),
                run.epoch() - 1,
                run.recoveries(),
                run.parked(),
                run.steps(),
                run.now(),
                run.cancellation());
    }
}
