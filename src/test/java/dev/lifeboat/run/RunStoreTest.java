package dev.lifeboat.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.EnvironmentType;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import dev.lifeboat.testing.StateResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

@QuarkusTest
@QuarkusTestResource(StateResource.class)
class RunStoreTest {
    private static final Duration LONG = Duration.ofHours(1);
    /** Over as soon as it is given. */
    private static final Duration OVER = Duration.ZERO;

    private static final AtomicInteger COUNT = new AtomicInteger();

    @Inject
    RunStore runs;

    @Test
    void a_second_owner_does_not_get_a_live_lease() {
        String run = created();
        assertThat(runs.claim(run, "first", LONG)).contains(1);
        assertThat(runs.claim(run, "second", LONG)).isEmpty();
        assertThat(runs.claim(run, "first", LONG))
                .as("renewed under the same epoch")
                .contains(1);
    }

    @Test
    void a_lease_that_is_over_is_taken_under_a_higher_epoch() {
        String run = created();
        assertThat(runs.claim(run, "first", OVER)).contains(1);
        assertThat(runs.claim(run, "second", LONG)).contains(2);
        assertThat(runs.claim(run, "first", LONG)).isEmpty();
        assertThat(runs.load(run).epoch()).isEqualTo(2);
        assertThat(runs.load(run).recoveries()).isEqualTo(1);
    }

    @Test
    void a_step_whose_answer_its_owner_could_not_record_is_under_way_no_more_when_that_one_comes_back() {
        String run = created();
        int epoch = runs.claim(run, "first", LONG).orElseThrow();
        assertThat(runs.begin(run, epoch, "quiesce", 3, 1, LONG, false)).isTrue();
        assertThat(runs.claim(run, "first", LONG)).contains(epoch + 1);
        assertThat(runs.claim(run, "first", LONG)).as("once").contains(epoch + 1);
        assertThat(runs.load(run).recoveries()).isZero();
    }

    @Test
    void a_lease_that_is_given_back_is_the_next_ones_at_once_and_no_take_over() {
        String run = created();
        assertThat(runs.claim(run, "first", LONG)).contains(1);
        runs.release(run, "second");
        assertThat(runs.claim(run, "second", LONG)).as("it was not theirs").isEmpty();
        runs.release(run, "first");
        assertThat(runs.claim(run, "second", LONG)).contains(2);
        assertThat(runs.load(run).recoveries()).isZero();
    }

    @Test
    void a_run_that_waits_is_due_for_nobody_before_its_time_unless_it_is_woken() {
        String run = created();
        runs.claim(run, "first", LONG);
        RunSnapshot read = runs.load(run);
        runs.waitUntil(read, read.now().plus(LONG));
        runs.release(run, "first");
        assertThat(runs.due("second", 1000)).doesNotContain(run);
        runs.wake(run);
        assertThat(runs.due("second", 1000)).contains(run);
        runs.waitUntil(read, read.now().plus(LONG));
        assertThat(runs.due("second", 1000))
                .as("it was woken after it was read")
                .contains(run);
    }

    @Test
    void of_many_owners_at_once_one_gets_the_lease() throws Exception {
        for (int round = 0; round < 10; round++) {
            String run = created();
            var together = new CountDownLatch(1);
            var claims = new ArrayList<Future<Optional<Integer>>>();
            try (var owners = Executors.newFixedThreadPool(8)) {
                for (int i = 0; i < 8; i++) {
                    String owner = "owner-" + i;
                    claims.add(owners.submit(() -> {
                        together.await();
                        return runs.claim(run, owner, LONG);
                    }));
                }
                together.countDown();
            }
            int claimed = 0;
            for (Future<Optional<Integer>> claim : claims) {
                claimed += claim.get().isPresent() ? 1 : 0;
            }
            assertThat(claimed).isEqualTo(1);
        }
    }

    @Test
    void who_does_not_know_that_a_run_is_asked_to_stop_begins_nothing_in_it() {
        String run = created();
        int epoch = runs.claim(run, "first", LONG).orElseThrow();
        assertThat(runs.askToStop(run, "maria", List.of("finalize"))).isTrue();
        assertThat(runs.begin(run, epoch, "finalize", 9, 1, LONG, false)).isFalse();
        assertThat(runs.begin(run, epoch, "finalize", 9, 1, LONG, true)).isTrue();
        assertThat(runs.load(run).cancellation().orElseThrow().by()).isEqualTo("maria");
        assertThat(runs.askToStop(run, "peter", List.of("finalize")))
                .as("it is asked already")
                .isTrue();
        assertThat(runs.load(run).cancellation().orElseThrow().by()).isEqualTo("maria");
    }

    @Test
    void a_run_that_has_begun_to_close_or_is_over_is_not_asked_to_stop_any_more() {
        String run = created();
        int epoch = runs.claim(run, "first", LONG).orElseThrow();
        assertThat(runs.begin(run, epoch, "finalize", 9, 1, LONG, false)).isTrue();
        assertThat(runs.askToStop(run, "maria", List.of("finalize"))).isFalse();
        assertThat(runs.load(run).cancellation()).isEmpty();
        assertThat(runs.finish(run, epoch, RunStatus.CANCELLED, Optional.empty(), "run_ended", Json.object()))
                .isTrue();
        assertThat(runs.askToStop(run, "maria", List.of("register-artifact"))).isFalse();
    }

    @Test
    void a_parked_run_that_is_asked_to_stop_is_taken_up_again_and_its_take_overs_count_anew() {
        EnvironmentId environment = environment();
        String run = runs.create(run(Operation.BACKUP, environment, Optional.empty()));
        assertThat(runs.claim(run, "first", OVER)).isPresent();
        int epoch = runs.claim(run, "second", OVER).orElseThrow();
        assertThat(runs.park(run, epoch, "taken over 21 times")).isTrue();
        assertThat(runs.claim(run, "third", LONG)).as("parked").isEmpty();
        Fault told = runs.activeRun(environment).orElseThrow();
        assertThat(told.message()).contains(run, "parked");
        assertThat(told.remedy()).contains("lifeboat run cancel " + run);
        var refused = catchThrowableOfType(
                FaultException.class, () -> runs.create(run(Operation.RESTORE, environment, Optional.empty())));
        assertThat(refused.fault().remedy()).contains("lifeboat run cancel " + run);

        assertThat(runs.askToStop(run, "maria", List.of("finalize"))).isTrue();

        assertThat(runs.load(run).parked()).isFalse();
        assertThat(runs.load(run).recoveries()).isZero();
        assertThat(runs.load(run).cancellation().orElseThrow().by()).isEqualTo("maria");
        assertThat(runs.due("third", 1000)).contains(run);
        assertThat(runs.claim(run, "third", LONG)).isPresent();
        assertThat(runs.events(run)).extracting(event -> event.eventType).contains("run_unparked", "cancel_requested");
    }

    @Test
    void a_parked_run_that_can_not_be_stopped_any_more_or_was_asked_already_goes_on_to_its_end() {
        String closing = created();
        int epoch = runs.claim(closing, "first", OVER).orElseThrow();
        runs.begin(closing, epoch, "finalize", 9, 1, LONG, false);
        runs.park(closing, epoch, "taken over 21 times");
        assertThat(runs.askToStop(closing, "maria", List.of("finalize"))).isTrue();
        assertThat(runs.load(closing).cancellation()).isEmpty();
        assertThat(runs.claim(closing, "second", LONG)).isPresent();

        String asked = created();
        int before = runs.claim(asked, "first", OVER).orElseThrow();
        runs.askToStop(asked, "peter", List.of("finalize"));
        runs.park(asked, before, "taken over 21 times");
        assertThat(runs.askToStop(asked, "maria", List.of("finalize"))).isTrue();
        assertThat(runs.load(asked).cancellation().orElseThrow().by()).isEqualTo("peter");
        assertThat(runs.claim(asked, "second", LONG)).isPresent();
    }

    @Test
    void nothing_is_written_under_an_older_epoch() {
        String run = created();
        int old = runs.claim(run, "first", OVER).orElseThrow();
        assertThat(runs.begin(run, old, "quiesce", 3, 1, LONG, false)).isTrue();
        int current = runs.claim(run, "second", LONG).orElseThrow();
        RunSnapshot before = runs.load(run);

        assertThat(runs.record(run, old, "quiesce", 1, done("late"))).isFalse();
        assertThat(runs.begin(run, old, "dump-db", 4, 1, LONG, false)).isFalse();
        assertThat(runs.skip(run, old, "dump-db", 4, 1, "late")).isFalse();
        assertThat(runs.voidSteps(run, old, List.of("quiesce"), "late")).isFalse();
        assertThat(runs.park(run, old, "late")).isFalse();
        assertThat(runs.finish(run, old, RunStatus.FAILED, Optional.empty(), "run_failed", Json.object()))
                .isFalse();

        RunSnapshot after = runs.load(run);
        assertThat(after.steps()).isEqualTo(before.steps());
        assertThat(after.status()).isEqualTo(RunStatus.RUNNING);
        assertThat(after.parked()).isFalse();
        assertThat(runs.record(run, current, "quiesce", 1, done("in time"))).isTrue();
    }

    @Test
    void the_first_answer_wins() {
        String run = created();
        int epoch = runs.claim(run, "first", LONG).orElseThrow();
        runs.begin(run, epoch, "quiesce", 3, 1, LONG, false);
        assertThat(runs.record(run, epoch, "quiesce", 1, done("first"))).isTrue();
        assertThat(runs.record(run, epoch, "quiesce", 1, done("second"))).isFalse();
        assertThat(runs.record(run, epoch, "quiesce", 1, failed())).isFalse();
        StepRecord step = runs.load(run).latest("quiesce").orElseThrow();
        assertThat(step.status()).isEqualTo(StepStatus.DONE);
        assertThat(step.outputs().path("summary").asText()).isEqualTo("first");
    }

    @Test
    void an_answer_to_an_attempt_that_never_began_is_not_taken() {
        String run = created();
        int epoch = runs.claim(run, "first", LONG).orElseThrow();
        assertThat(runs.record(run, epoch, "quiesce", 1, done("of nothing"))).isFalse();
    }

    @Test
    void a_waiting_step_may_still_answer() {
        String run = created();
        int epoch = runs.claim(run, "first", LONG).orElseThrow();
        runs.begin(run, epoch, "dump-db", 4, 1, LONG, false);
        var pending = StepResponse.of(new StepResult.Pending("task-1", Duration.ofSeconds(5)));
        assertThat(runs.record(run, epoch, "dump-db", 1, pending)).isTrue();
        assertThat(runs.load(run).latest("dump-db").orElseThrow().taskId()).contains("task-1");
        assertThat(runs.record(run, epoch, "dump-db", 1, failed())).isTrue();
        StepRecord step = runs.load(run).latest("dump-db").orElseThrow();
        assertThat(step.status()).isEqualTo(StepStatus.FAILED);
        assertThat(step.fault().orElseThrow().code()).isEqualTo(FaultCode.DUMP_FAILED);
    }

    @Test
    void a_run_that_is_over_is_not_claimed() {
        String run = created();
        int epoch = runs.claim(run, "first", LONG).orElseThrow();
        assertThat(runs.finish(run, epoch, RunStatus.SUCCESS, Optional.empty(), "run_completed", Json.object()))
                .isTrue();
        assertThat(runs.claim(run, "first", LONG)).isEmpty();
        assertThat(runs.finish(run, epoch, RunStatus.FAILED, Optional.empty(), "run_failed", Json.object()))
                .isFalse();
        assertThat(runs.load(run).status()).isEqualTo(RunStatus.SUCCESS);
    }

    @Test
    void a_heartbeat_keeps_a_lease() {
        String run = created();
        runs.claim(run, "beating " + run, OVER);
        runs.heartbeat("beating " + run, LONG);
        assertThat(runs.claim(run, "second", LONG)).isEmpty();
    }

    @Test
    void a_second_exclusive_run_of_an_environment_is_refused_and_the_first_named() {
        EnvironmentId environment = environment();
        String active = runs.create(run(Operation.BACKUP, environment, Optional.empty()));
        var refused = catchThrowableOfType(
                FaultException.class, () -> runs.create(run(Operation.RESTORE, environment, Optional.empty())));
        assertThat(refused.fault().code()).isEqualTo(FaultCode.RUN_ACTIVE);
        assertThat(refused.fault().message()).contains(active);
        assertThat(runs.activeRun(environment).orElseThrow().message()).contains(active);

        String child = runs.create(run(Operation.BACKUP, environment, Optional.of(active)));
        assertThat(runs.child(active, Operation.BACKUP)).contains(child);
        assertThat(runs.create(run(Operation.VERIFY, environment, Optional.empty())))
                .isNotEqualTo(active);
    }

    @Test
    void of_many_records_that_want_the_same_place_one_gets_it_and_the_others_are_told() throws Exception {
        EnvironmentId environment = environment();
        var all = new ArrayList<String>();
        for (int i = 0; i < 8; i++) {
            String run = runs.create(run(Operation.VERIFY, environment, Optional.empty()));
            assertThat(runs.claim(run, "first", LONG)).contains(1);
            all.add(run);
        }
        assertThat(runs.lastRecord(environment)).isEmpty();
        var together = new CountDownLatch(1);
        var answers = new ArrayList<Future<RunStore.Chaining>>();
        try (var owners = Executors.newFixedThreadPool(8)) {
            all.forEach(run -> answers.add(owners.submit(() -> {
                together.await();
                return runs.addRecord(1, new ChainLink(1, run, "sha of " + run));
            })));
            together.countDown();
        }
        int winner = -1;
        for (int i = 0; i < 8; i++) {
            if (answers.get(i).get() == RunStore.Chaining.ADDED) {
                assertThat(winner).as("only one").isNegative();
                winner = i;
            } else {
                assertThat(answers.get(i).get()).isEqualTo(RunStore.Chaining.OVERTAKEN);
                assertThat(runs.recordOf(all.get(i))).isEmpty();
            }
        }
        var first = new ChainLink(1, all.get(winner), "sha of " + all.get(winner));
        assertThat(runs.lastRecord(environment)).contains(first);
        assertThat(runs.recordOf(first.runId())).contains(first);
        var second = new ChainLink(2, all.get((winner + 1) % 8), "sha");
        assertThat(runs.addRecord(1, second)).isEqualTo(RunStore.Chaining.ADDED);
        assertThat(runs.lastRecord(environment)).contains(second);
    }

    @Test
    void a_run_has_one_record_and_only_who_holds_its_lease_adds_it() {
        EnvironmentId environment = environment();
        String run = runs.create(run(Operation.BACKUP, environment, Optional.empty()));
        int old = runs.claim(run, "first", OVER).orElseThrow();
        int current = runs.claim(run, "second", LONG).orElseThrow();
        assertThat(runs.addRecord(old, new ChainLink(1, run, "late"))).isEqualTo(RunStore.Chaining.LEASE_LOST);
        assertThat(runs.lastRecord(environment)).isEmpty();
        assertThat(runs.addRecord(current, new ChainLink(2, run, "a gap"))).isEqualTo(RunStore.Chaining.OVERTAKEN);
        assertThat(runs.addRecord(current, new ChainLink(1, run, "one"))).isEqualTo(RunStore.Chaining.ADDED);
        assertThat(runs.addRecord(current, new ChainLink(2, run, "two"))).isEqualTo(RunStore.Chaining.OVERTAKEN);
        assertThat(runs.lastRecord(environment)).contains(new ChainLink(1, run, "one"));
    }

    @Test
    void a_run_that_is_not_there_is_a_fault_that_names_it() {
        var fault = catchThrowableOfType(FaultException.class, () -> runs.load("run_nowhere"));
        assertThat(fault.fault().code()).isEqualTo(FaultCode.UNKNOWN_RUN);
        assertThat(fault.fault().message()).contains("run_nowhere");
    }

    private String created() {
        return runs.create(run(Operation.BACKUP, environment(), Optional.empty()));
    }

    private static EnvironmentId environment() {
        return new EnvironmentId("store", "env-" + COUNT.incrementAndGet());
    }

    private static NewRun run(Operation operation, EnvironmentId environment, Optional<String> parent) {
        return new NewRun(
                operation, environment, EnvironmentType.DEV, Json.object().put("backup_type", "full"), "local", parent);
    }

    private static StepResponse done(String summary) {
        return StepResponse.of(new StepResult.Done(Json.object().put("summary", summary), List.of()));
    }

    private static StepResponse failed() {
        return StepResponse.of(new StepResult.Failed(
                Fault.of(FaultCode.DUMP_FAILED, "the dump failed", "Try again."), "nothing", List.of()));
    }
}
