package dev.lifeboat.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.json.Json;
import dev.lifeboat.run.Cancellation;
import dev.lifeboat.run.Operation;
import dev.lifeboat.run.RunSnapshot;
import dev.lifeboat.run.RunStatus;
import dev.lifeboat.run.StepRecord;
import dev.lifeboat.run.StepStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeciderTest {
    private static final Instant NOW = Instant.parse("2026-11-20T02:00:00Z");
    private static final EnvironmentId SHOP = EnvironmentId.parse("acme/shop");

    @Test
    void steps_come_in_the_order_of_the_specification() {
        var run = new History(Operation.BACKUP, "full");
        var order = new ArrayList<String>();
        while (run.decide() instanceof Decision.Invoke(Step step, int attempt, var outcome)) {
            order.add(step.name());
            run.add(step.name(), attempt, StepStatus.DONE);
        }
        assertThat(order)
                .containsExactly(
                        "discover-bindings",
                        "quiesce",
                        "dump-db",
                        "archive-filestore",
                        "snapshot-config",
                        "register-artifact",
                        "prune",
                        "finalize");
        assertThat(run.decide()).isEqualTo(new Decision.Finish(RunStatus.SUCCESS, Optional.empty()));
    }

    @Test
    void what_refuses_to_begin_touching_the_environment_fails_the_run_and_nothing_is_put_back() {
        History run = restoreUpTo("quiesce")
                .add(
                        "quiesce",
                        1,
                        StepStatus.REFUSED,
                        Optional.of(Fault.of(FaultCode.SERVICE_FAILED, "it did not stop", "mend it")));
        assertThat(invoked(run.decide())).isEqualTo("finalize");
        run.add("finalize", 1, StepStatus.DONE);
        assertThat(run.decide()).isInstanceOfSatisfying(Decision.Finish.class, finish -> assertThat(finish.status())
                .isEqualTo(RunStatus.FAILED));
    }

    @Test
    void a_step_that_does_not_apply_is_skipped_with_its_reason() {
        var run = new History(Operation.BACKUP, "filestore_only")
                .add("discover-bindings", 1, StepStatus.DONE)
                .add("quiesce", 1, StepStatus.DONE);
        assertThat(run.decide())
                .isEqualTo(new Decision.Skip(
                        Workflows.of(Operation.BACKUP).step("dump-db"), 1, "the type is filestore_only"));
    }

    @Test
    void the_archive_may_start_while_the_dump_waits_but_nothing_later_may() {
        var run = new History(Operation.BACKUP, "full")
                .add("discover-bindings", 1, StepStatus.DONE)
                .add("quiesce", 1, StepStatus.DONE)
                .waiting("dump-db", 1);
        assertThat(invoked(run.decide())).isEqualTo("archive-filestore");
        run.waiting("archive-filestore", 1);
        assertThat(run.decide()).isInstanceOf(Decision.Wait.class);
    }

    @Test
    void a_lost_capture_voids_the_dump_that_was_done_in_it() {
        var run = new History(Operation.BACKUP, "full")
                .add("discover-bindings", 1, StepStatus.DONE)
                .add("quiesce", 1, StepStatus.DONE)
                .add("dump-db", 1, StepStatus.DONE)
                .failed("archive-filestore", 1, FaultCode.CAPTURE_LOST);
        run.now = NOW.plusSeconds(60);
        assertThat(run.decide()).isInstanceOfSatisfying(Decision.Restart.class, decision -> assertThat(decision.steps())
                .extracting(Step::name)
                .containsExactly("dump-db", "archive-filestore", "snapshot-config"));
        run.voidSteps("dump-db", "archive-filestore");
        assertThat(run.decide()).isInstanceOfSatisfying(Decision.Invoke.class, invoke -> {
            assertThat(invoke.step().name()).isEqualTo("dump-db");
            assertThat(invoke.attempt()).isEqualTo(2);
        });
        run.now = NOW;
        run.waiting("dump-db", 2);
        assertThat(run.decide()).isInstanceOfSatisfying(Decision.Invoke.class, invoke -> {
            assertThat(invoke.step().name()).isEqualTo("archive-filestore");
            assertThat(invoke.attempt()).isEqualTo(2);
        });
    }

    @Test
    void the_last_step_knows_how_the_run_went_also_when_it_is_asked_how_far_it_is() {
        var run = new History(Operation.DRILL, "full")
                .failed("verify-artifact", 1, FaultCode.ARTIFACT_DAMAGED)
                .waiting("finalize", 1);
        run.now = NOW.plusSeconds(10);
        assertThat(run.decide()).isInstanceOfSatisfying(Decision.Poll.class, poll -> {
            assertThat(poll.step().name()).isEqualTo("finalize");
            assertThat(poll.outcome().orElseThrow().status()).isEqualTo("failed");
        });
    }

    @Test
    void a_fault_that_is_not_retryable_ends_the_run_at_once() {
        var run =
                new History(Operation.BACKUP, "full").failed("discover-bindings", 1, FaultCode.DATABASE_LOGIN_REFUSED);
        assertThat(run.decide()).isInstanceOfSatisfying(Decision.Invoke.class, invoke -> {
            assertThat(invoke.step().name()).isEqualTo("finalize");
            assertThat(invoke.outcome().orElseThrow().status()).isEqualTo("failed");
        });
    }

    @Test
    void a_retryable_fault_is_tried_again_after_a_pause_and_only_so_often() {
        var run = new History(Operation.BACKUP, "full").failed("discover-bindings", 1, FaultCode.DATABASE_UNREACHABLE);
        assertThat(run.decide()).isInstanceOf(Decision.Wait.class);
        run.now = NOW.plusSeconds(60);
        assertThat(invoked(run.decide())).isEqualTo("discover-bindings");
        run.failed("discover-bindings", 2, FaultCode.DATABASE_UNREACHABLE)
                .failed("discover-bindings", 3, FaultCode.DATABASE_UNREACHABLE);
        assertThat(invoked(run.decide())).isEqualTo("finalize");
    }

    @Test
    void a_step_cut_off_by_the_end_of_the_program_is_done_again_even_where_it_has_one_attempt() {
        var run = restoreUpTo("restore-db").add("restore-db", 1, StepStatus.RUNNING);
        run.epoch = 2;
        assertThat(run.decide()).isInstanceOfSatisfying(Decision.GiveUp.class, giveUp -> assertThat(
                        giveUp.fault().code())
                .isEqualTo(FaultCode.TASK_LOST));
        run.replaceLast("restore-db", StepStatus.FAILED, FaultCode.TASK_LOST);
        assertThat(run.decide()).isInstanceOfSatisfying(Decision.Invoke.class, invoke -> {
            assertThat(invoke.step().name()).isEqualTo("restore-db");
            assertThat(invoke.attempt()).isEqualTo(2);
        });
    }

    @Test
    void a_restore_that_fails_after_it_touched_the_environment_is_rolled_back() {
        var run = restoreUpTo("restore-filestore").failed("restore-filestore", 1, FaultCode.EXTRACT_FAILED);
        assertThat(invoked(run.decide())).isEqualTo("roll-back");
        run.add("roll-back", 1, StepStatus.DONE);
        assertThat(run.decide()).isInstanceOfSatisfying(Decision.Invoke.class, invoke -> {
            assertThat(invoke.step().name()).isEqualTo("finalize");
            assertThat(invoke.outcome().orElseThrow().status()).isEqualTo("rolled_back");
        });
        run.add("finalize", 1, StepStatus.DONE);
        assertThat(run.decide()).isInstanceOfSatisfying(Decision.Finish.class, finish -> assertThat(finish.status())
                .isEqualTo(RunStatus.ROLLED_BACK));
    }

    @Test
    void a_restore_that_fails_before_it_touched_anything_needs_no_rollback() {
        var run = new History(Operation.RESTORE, "full").failed("verify-artifact", 1, FaultCode.ARTIFACT_DAMAGED);
        assertThat(invoked(run.decide())).isEqualTo("finalize");
    }

    @Test
    void a_rollback_that_is_not_wanted_is_not_done() {
        var run = restoreUpTo("restore-db").failed("restore-db", 1, FaultCode.LOAD_FAILED);
        run.metadata.put("rollback_on_failure", false);
        assertThat(invoked(run.decide())).isEqualTo("finalize");
    }

    @Test
    void a_step_that_takes_too_long_is_given_up() {
        var run = new History(Operation.BACKUP, "full").add("discover-bindings", 1, StepStatus.RUNNING);
        run.now = NOW.plus(Duration.ofHours(2));
        assertThat(run.decide()).isInstanceOfSatisfying(Decision.GiveUp.class, giveUp -> assertThat(
                        giveUp.fault().code())
                .isEqualTo(FaultCode.STEP_TIMED_OUT));
    }

    @Test
    void a_run_that_is_taken_over_again_and_again_is_parked() {
        var run = new History(Operation.BACKUP, "full");
        run.recoveries = 21;
        assertThat(run.decide()).isInstanceOf(Decision.Park.class);
    }

    @ParameterizedTest
    @EnumSource(
            value = FaultCode.class,
            names = {
                "TASK_LOST",
                "OUTCOME_UNKNOWN",
                "SIDECAR_UNREACHABLE",
                "SIDECAR_BUSY",
                "FUNCTION_UNREACHABLE",
                "STATE_UNAVAILABLE"
            })
    void a_step_that_did_not_come_through_is_done_again_though_it_has_one_attempt(FaultCode code) {
        var run = restoreUpTo("restore-db").failed("restore-db", 1, code);
        run.now = NOW.plusSeconds(60);
        assertThat(run.decide()).isInstanceOfSatisfying(Decision.Invoke.class, invoke -> {
            assertThat(invoke.step().name()).isEqualTo("restore-db");
            assertThat(invoke.attempt()).isEqualTo(2);
        });
    }

    @Test
    void a_step_that_loses_its_sidecar_again_and_again_is_given_up_and_rolled_back() {
        var run = restoreUpTo("restore-db");
        for (int attempt = 1; attempt <= 20; attempt++) {
            run.failed("restore-db", attempt, FaultCode.TASK_LOST);
        }
        assertThat(invoked(run.decide())).isEqualTo("restore-db");
        run.failed("restore-db", 21, FaultCode.TASK_LOST);
        assertThat(invoked(run.decide())).isEqualTo("roll-back");
    }

    @Test
    void a_run_that_is_asked_to_stop_ends_what_it_has_under_way_first() {
        var run = new History(Operation.BACKUP, "full")
                .add("discover-bindings", 1, StepStatus.DONE)
                .add("quiesce", 1, StepStatus.DONE)
                .waiting("dump-db", 1)
                .waiting("archive-filestore", 1)
                .stopped();
        assertThat(run.decide()).as("asked a moment ago").isInstanceOf(Decision.Wait.class);
        run.now = NOW.plusSeconds(5);
        assertThat(run.decide()).isInstanceOfSatisfying(Decision.Stop.class, stop -> assertThat(
                        stop.step().name())
                .isEqualTo("dump-db"));
        run.replaceLast("dump-db", StepStatus.FAILED, FaultCode.CAPTURE_LOST);
        assertThat(run.decide()).isInstanceOfSatisfying(Decision.Stop.class, stop -> assertThat(
                        stop.step().name())
                .isEqualTo("archive-filestore"));
        run.replaceLast("archive-filestore", StepStatus.DONE, FaultCode.CANCELLED);
        assertThat(run.decide()).isInstanceOfSatisfying(Decision.Invoke.class, invoke -> {
            assertThat(invoke.step().name()).isEqualTo("finalize");
            assertThat(invoke.outcome().orElseThrow().status()).isEqualTo("cancelled");
            assertThat(invoke.outcome().orElseThrow().fault().facts()).containsEntry("requested_by", "maria");
        });
        run.add("finalize", 1, StepStatus.DONE);
        assertThat(run.decide()).isInstanceOfSatisfying(Decision.Finish.class, finish -> {
            assertThat(finish.status()).isEqualTo(RunStatus.CANCELLED);
            assertThat(finish.fault().orElseThrow().message()).contains("maria");
        });
    }

    @Test
    void a_step_that_is_being_called_is_waited_for_before_a_run_stops() {
        var run = restoreUpTo("quiesce").add("quiesce", 1, StepStatus.RUNNING).stopped();
        assertThat(run.decide()).isInstanceOf(Decision.Wait.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"quiesce", "restore-db", "restore-filestore", "compare-config", "restart", "validate"})
    void a_restore_that_is_stopped_after_it_touched_the_environment_is_rolled_back(String begun) {
        var run = restoreUpTo(begun).add(begun, 1, StepStatus.DONE).stopped();
        run.metadata.put("rollback_on_failure", false);
        assertThat(invoked(run.decide())).isEqualTo("roll-back");
        run.add("roll-back", 1, StepStatus.DONE).add("finalize", 1, StepStatus.DONE);
        assertThat(run.decide()).isInstanceOfSatisfying(Decision.Finish.class, finish -> {
            assertThat(finish.status()).isEqualTo(RunStatus.ROLLED_BACK);
            assertThat(finish.fault().orElseThrow().code()).isEqualTo(FaultCode.CANCELLED);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"verify-artifact", "prepare-restore", "pre-restore-backup"})
    void a_restore_that_is_stopped_before_it_touched_the_environment_is_cancelled(String begun) {
        var run = restoreUpTo(begun).failed(begun, 1, FaultCode.CANCELLED).stopped();
        assertThat(run.decide()).isInstanceOfSatisfying(Decision.Invoke.class, invoke -> {
            assertThat(invoke.step().name()).isEqualTo("finalize");
            assertThat(invoke.outcome().orElseThrow().status()).isEqualTo("cancelled");
        });
    }

    @Test
    void a_validation_that_is_stopped_rolls_nothing_back() {
        var run = new History(Operation.RESTORE, "full");
        for (Step before : Workflows.of(Operation.RESTORE).steps()) {
            run.add(before.name(), 1, before.name().equals("validate") ? StepStatus.FAILED : StepStatus.SKIPPED);
        }
        assertThat(invoked(run.stopped().decide())).isEqualTo("finalize");
    }

    @Test
    void what_ends_a_run_or_destroys_is_not_stopped() {
        assertThat(Workflows.of(Operation.BACKUP).closing()).containsExactly("register-artifact", "finalize");
        assertThat(Workflows.of(Operation.RESTORE).closing()).containsExactly("roll-back", "finalize");
        assertThat(Workflows.of(Operation.PRUNE).closing()).containsExactly("prune", "finalize");
        assertThat(Workflows.of(Operation.DISCARD).closing()).containsExactly("drop-displaced", "finalize");
    }

    private static History restoreUpTo(String step) {
        var run = new History(Operation.RESTORE, "full");
        for (Step before : Workflows.of(Operation.RESTORE).steps()) {
            if (before.name().equals(step)) {
                break;
            }
            run.add(before.name(), 1, StepStatus.DONE);
        }
        return run;
    }

    private static String invoked(Decision decision) {
        return decision instanceof Decision.Invoke(Step step, int attempt, var outcome)
                ? step.name()
                : decision.toString();
    }

    /** A run's history, written by hand. */
    private static final class History {
        private final Operation operation;
        private final ObjectNode metadata;
        private final List<StepRecord> steps = new ArrayList<>();
        private Instant now = NOW;
        private int epoch = 1;
        private int recoveries;
        private Optional<Cancellation> cancellation = Optional.empty();

        History(Operation operation, String type) {
            this.operation = operation;
            this.metadata = Json.object().put(operation == Operation.BACKUP ? "backup_type" : "restore_type", type);
        }

        Decision decide() {
            return Decider.decide(
                    Workflows.of(operation),
                    new RunSnapshot(
                            "run_1",
                            SHOP,
                            operation,
                            RunStatus.RUNNING,
                            "local",
                            metadata,
                            Optional.empty(),
                            NOW,
                            Optional.of(NOW),
                            Optional.empty(),
                            Optional.empty(),
                            Optional.empty(),
                            epoch,
                            recoveries,
                            false,
                            steps,
                            now,
                            cancellation));
        }

        History add(String step, int attempt, StepStatus status) {
            return add(step, attempt, status, Optional.empty());
        }

        History failed(String step, int attempt, FaultCode code) {
            return add(step, attempt, StepStatus.FAILED, Optional.of(Fault.of(code, "it broke", "mend it")));
        }

        History waiting(String step, int attempt) {
            return add(step, attempt, StepStatus.WAITING, Optional.empty());
        }

        History stopped() {
            cancellation = Optional.of(new Cancellation(NOW, "maria"));
            return this;
        }

        void voidSteps(String... names) {
            steps.replaceAll(record ->
                    List.of(names).contains(record.step()) ? with(record, StepStatus.VOID, record.fault()) : record);
        }

        void replaceLast(String step, StepStatus status, FaultCode code) {
            steps.replaceAll(record -> record.step().equals(step)
                    ? with(record, status, Optional.of(Fault.of(code, "it broke", "mend it")))
                    : record);
        }

        private History add(String step, int attempt, StepStatus status, Optional<Fault> fault) {
            steps.add(new StepRecord(
                    step,
                    attempt,
                    status,
                    epoch,
                    status == StepStatus.WAITING ? Optional.of("task") : Optional.empty(),
                    NOW,
                    status == StepStatus.WAITING ? Optional.of(NOW.plusSeconds(5)) : Optional.empty(),
                    NOW.plusSeconds(3600),
                    status.isOpen() ? Optional.empty() : Optional.of(NOW),
                    Json.object(),
                    fault));
            return this;
        }

        private static StepRecord with(StepRecord record, StepStatus status, Optional<Fault> fault) {
            return new StepRecord(
                    record.step(),
                    record.attempt(),
                    status,
                    record.epoch(),
                    record.taskId(),
                    record.startedAt(),
                    record.checkAt(),
                    record.deadline(),
                    record.finishedAt(),
                    record.outputs(),
                    fault);
        }
    }
}
