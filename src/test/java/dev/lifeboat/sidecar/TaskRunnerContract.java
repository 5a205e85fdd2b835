package dev.lifeboat.sidecar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lifeboat.artifact.ArtifactId;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** What every task runner promises. */
abstract class TaskRunnerContract {
    static final EnvironmentId SHOP = EnvironmentId.parse("acme/shop");
    private static final AtomicInteger COUNT = new AtomicInteger();

    final String run = "run_" + getClass().getSimpleName() + "_" + COUNT.incrementAndGet();

    abstract TaskRunner runner();

    abstract ScriptedHandler handler();

    /** How many tasks it does at the same time. */
    abstract int places();

    static Task prepare(String run) {
        return new Task.RollBack(run, SHOP);
    }

    static Task dump(String run, String capture) {
        return new Task.DumpDatabase(run, SHOP, new ArtifactId(SHOP, "bk_1"), capture);
    }

    static Task archive(String run, String capture) {
        return new Task.ArchiveFilestore(run, SHOP, new ArtifactId(SHOP, "bk_1"), capture, List.of("bk_0"));
    }

    @Test
    void a_task_is_done_and_gives_its_result() {
        runner().submit(run + ".1", prepare(run));
        assertThat(result(run + ".1")).isEqualTo(ScriptedHandler.result(run));
    }

    @Test
    void a_task_tells_what_it_did_and_one_that_is_not_known_tells_nothing() {
        runner().submit(run + ".1", prepare(run));
        result(run + ".1");
        assertThat(runner().log(run + ".1")).extracting(LogLine::text).containsExactly("taken", "working", "done");
        assertThat(runner().log(run + ".nowhere")).isEmpty();
    }

    @Test
    void results_of_every_kind_come_back_as_they_were() {
        Fault fault = Fault.of(FaultCode.LOAD_FAILED, "it broke", "Mend it.").with("tool_output", "42");
        List<StepResult> kinds = List.of(
                new StepResult.Refused(List.of(fault), List.of()),
                new StepResult.Failed(fault, "a half", List.of()),
                new StepResult.OutcomeUnknown(fault, "look there", List.of()));
        for (int i = 0; i < kinds.size(); i++) {
            String each = run + "_" + i;
            handler().answer(each, kinds.get(i));
            runner().submit(each + ".1", prepare(each));
            assertThat(StepResponse.of(result(each + ".1"))).isEqualTo(StepResponse.of(kinds.get(i)));
        }
    }

    @Test
    void a_task_that_is_submitted_again_is_done_once() {
        for (int i = 0; i < 5; i++) {
            runner().submit(run + ".1", prepare(run));
        }
        result(run + ".1");
        runner().submit(run + ".1", prepare(run));
        assertThat(handler().begun(run)).isEqualTo(1);
    }

    @Test
    void another_task_under_an_id_that_is_known_is_refused() {
        runner().submit(run + ".1", prepare(run));
        assertThat(faultOf(() -> runner().submit(run + ".1", new Task.Abandon(run, SHOP)))
                        .code())
                .isEqualTo(FaultCode.BAD_INPUT);
        assertThat(result(run + ".1")).isEqualTo(ScriptedHandler.result(run));
    }

    @Test
    void a_task_that_is_not_known_is_lost() {
        assertThat(runner().state(run + ".nowhere")).isEmpty();
        assertThat(runner().progress(run + ".nowhere")).isEmpty();
    }

    @Test
    void a_task_under_way_tells_how_far_it_is() {
        handler().hold(run);
        Instant before = Instant.now().minusSeconds(1);
        runner().submit(run + ".1", prepare(run));
        await(() -> handler().begun(run) == 1);
        await(() -> runner().progress(run + ".1")
                .filter(now -> now.phase().equals("working") && now.bytesDone() == 40)
                .isPresent());
        ProgressSnapshot now = runner().progress(run + ".1").orElseThrow();
        assertThat(now.bytesTotal()).isEqualTo(100);
        assertThat(now.itemsDone()).isEqualTo(4);
        assertThat(now.startedAt()).isAfter(before);
        assertThat(runner().state(run + ".1")).get().isInstanceOf(TaskRunner.State.Running.class);
        handler().release(run);
        result(run + ".1");
        assertThat(runner().progress(run + ".1")).isEmpty();
    }

    @Test
    void a_task_that_is_cancelled_ends_with_a_fault() {
        handler().hold(run);
        runner().submit(run + ".1", prepare(run));
        await(() -> handler().begun(run) == 1);
        runner().cancel(run + ".1");
        assertThat(result(run + ".1")).isInstanceOfSatisfying(StepResult.Failed.class, failed -> assertThat(
                        failed.fault().code())
                .isEqualTo(FaultCode.CANCELLED));
    }

    @Test
    void cancelling_what_is_not_known_is_no_error() {
        assertThatCode(() -> runner().cancel(run + ".nowhere")).doesNotThrowAnyException();
    }

    @Test
    void a_newer_attempt_of_a_run_ends_the_older_one_before_it_begins() {
        handler().hold(run);
        runner().submit(run + ".1", prepare(run));
        await(() -> handler().begun(run) == 1);
        runner().submit(run + ".2", new Task.Abandon(run, SHOP));
        assertThat(result(run + ".1")).isInstanceOf(StepResult.Failed.class);
        await(() -> handler().begun(run) == 2);
        handler().release(run);
        assertThat(result(run + ".2")).isEqualTo(ScriptedHandler.result(run));
    }

    @Test
    void tasks_that_read_in_one_capture_go_side_by_side_and_those_of_another_capture_do_not() {
        handler().hold(run);
        runner().submit(run + ".dump.1", dump(run, run + "/1"));
        runner().submit(run + ".archive.1", archive(run, run + "/1"));
        await(() -> handler().begun(run) == 2);
        runner().submit(run + ".dump.2", dump(run, run + "/2"));
        assertThat(result(run + ".dump.1")).isInstanceOf(StepResult.Failed.class);
        assertThat(result(run + ".archive.1")).isInstanceOf(StepResult.Failed.class);
        await(() -> handler().begun(run) == 3);
        handler().release(run);
        assertThat(result(run + ".dump.2")).isInstanceOf(StepResult.Done.class);
    }

    @Test
    void no_more_tasks_are_done_at_once_than_there_are_places_and_all_are_done() {
        var runs = new ArrayList<String>();
        for (int i = 0; i < places() + 3; i++) {
            String each = run + "_" + i;
            runs.add(each);
            handler().hold(each);
            runner().submit(each + ".1", prepare(each));
        }
        await(() -> runs.stream().mapToInt(handler()::begun).sum() == places());
        runs.forEach(handler()::release);
        runs.forEach(each -> assertThat(result(each + ".1")).isInstanceOf(StepResult.Done.class));
        assertThat(handler().most()).isLessThanOrEqualTo(places());
    }

    StepResult result(String taskId) {
        await(() -> runner().state(taskId)
                .filter(TaskRunner.State.Finished.class::isInstance)
                .isPresent());
        return runner().state(taskId)
                .map(state -> switch (state) {
                    case TaskRunner.State.Finished(StepResult result) -> result;
                    case TaskRunner.State.Running running -> throw new AssertionError("it runs again");
                })
                .orElseThrow();
    }

    static Fault faultOf(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        return Optional.ofNullable(catchThrowableOfType(FaultException.class, call))
                .orElseThrow(() -> new AssertionError("no fault"))
                .fault();
    }

    static void await(BooleanSupplier condition) {
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("waited in vain");
            }
            try {
                TimeUnit.MILLISECONDS.sleep(5);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
