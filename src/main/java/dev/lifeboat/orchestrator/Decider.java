package dev.lifeboat.orchestrator;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.run.Cancellation;
import dev.lifeboat.run.RunSnapshot;
import dev.lifeboat.run.RunStatus;
import dev.lifeboat.run.StepRecord;
import dev.lifeboat.run.StepStatus;
import dev.lifeboat.step.StepRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Decides what comes next in a run, from what is recorded of it and nothing else. */
public final class Decider {
    private static final int MOST_RECOVERIES = 20;

    private Decider() {}

    /** What comes next. The caller holds the run's lease under {@code run.epoch()}. */
    public static Decision decide(Workflow workflow, RunSnapshot run) {
        if (run.recoveries() > MOST_RECOVERIES) {
            return new Decision.Park("taken over " + run.recoveries() + " times");
        }
        return tooLate(workflow, run)
                .or(() -> run.cancellation().map(asked -> stopping(workflow, run, asked)))
                .orElseGet(() -> onward(workflow, run));
    }

    /** An attempt whose caller is gone or whose time is over ends first, wherever it stands. */
    private static Optional<Decision> tooLate(Workflow workflow, RunSnapshot run) {
        for (Step step : workflow.all().toList()) {
            var latest = run.latest(step.name());
            if (latest.isEmpty() || !latest.get().status().isOpen()) {
                continue;
            }
            StepRecord attempt = latest.get();
            if (attempt.status() == StepStatus.RUNNING && attempt.epoch() < run.epoch()) {
                return Optional.of(new Decision.GiveUp(step, attempt.attempt(), lost(step)));
            }
            if (!attempt.deadline().isAfter(run.now())) {
                return Optional.of(new Decision.GiveUp(step, attempt.attempt(), late(step)));
            }
        }
        return Optional.empty();
    }

    private static Decision onward(Workflow workflow, RunSnapshot run) {
        var waits = new ArrayList<Instant>();
        for (Step step : workflow.steps()) {
            if (!waits.isEmpty() && !step.overlaps()) {
                break;
            }
            switch (next(workflow, run, step)) {
                case Next.Passed() -> {
                    // on to the step after
                }
                case Next.Until(Instant until) -> waits.add(until);
                case Next.Now(Decision decision) -> {
                    return decision;
                }
                case Next.Broken(Fault fault) -> {
                    return stillWaiting(workflow, run, step).orElseGet(() -> afterFailure(workflow, run, step, fault));
                }
            }
        }
        if (!waits.isEmpty()) {
            return new Decision.Wait(waits.stream().min(Instant::compareTo).orElseThrow());
        }
        return last(workflow, run, RunStatus.SUCCESS, Optional.empty());
    }

    /** What is under way is ended; then the environment is put back where it was touched, whatever else was wished for. */
    private static Decision stopping(Workflow workflow, RunSnapshot run, Cancellation asked) {
        var waits = new ArrayList<Instant>();
        for (Step step : workflow.steps()) {
            var latest = run.latest(step.name());
            if (latest.isEmpty() || !latest.get().status().isOpen()) {
                continue;
            }
            StepRecord attempt = latest.get();
            if (attempt.status() == StepStatus.WAITING && due(attempt, run)) {
                return new Decision.Stop(step, attempt);
            }
            waits.add(attempt.checkAt().orElse(attempt.deadline()));
        }
        if (!waits.isEmpty()) {
            return new Decision.Wait(waits.stream().min(Instant::compareTo).orElseThrow());
        }
        boolean touched = workflow.pointOfNoReturn()
                .flatMap(step -> run.latest(step.name()))
                .filter(step -> step.status() != StepStatus.SKIPPED)
                .isPresent();
        return touched
                ? rollingBack(workflow, run, stopped(asked))
                : last(workflow, run, RunStatus.CANCELLED, Optional.of(stopped(asked)));
    }

    /** Before a run fails, the steps that go on beside the broken one are seen to their end. */
    private static Optional<Decision> stillWaiting(Workflow workflow, RunSnapshot run, Step broken) {
        for (Step other : workflow.steps()) {
            if (!other.equals(broken)) {
                var latest = run.latest(other.name());
                if (latest.isPresent() && latest.get().status() == StepStatus.WAITING) {
                    return Optional.of(
                            due(latest.get(), run)
                                    ? new Decision.Poll(other, latest.get(), Optional.empty())
                                    : new Decision.Wait(latest.get().checkAt().orElse(run.now())));
                }
            }
        }
        return Optional.empty();
    }

    private static Decision afterFailure(Workflow workflow, RunSnapshot run, Step broken, Fault fault) {
        boolean wanted = run.metadata().path("rollback_on_failure").asBoolean(true);
        if (workflow.rollback().isEmpty() || !broken.needsRollback() || !wanted || isUntouched(workflow, run, broken)) {
            return last(workflow, run, RunStatus.FAILED, Optional.of(fault));
        }
        return rollingBack(workflow, run, fault);
    }

    /** What refuses has touched nothing; where nothing before it has either, there is nothing to put back. */
    private static boolean isUntouched(Workflow workflow, RunSnapshot run, Step broken) {
        return workflow.pointOfNoReturn().filter(broken::equals).isPresent()
                && run.latest(broken.name())
                        .filter(attempt -> attempt.status() == StepStatus.REFUSED)
                        .isPresent();
    }

    private static Decision rollingBack(Workflow workflow, RunSnapshot run, Fault fault) {
        Step rollback = workflow.rollback().orElseThrow();
        return switch (next(workflow, run, rollback)) {
            case Next.Passed() -> last(workflow, run, RunStatus.ROLLED_BACK, Optional.of(fault));
            case Next.Until(Instant until) -> new Decision.Wait(until);
            case Next.Now(Decision decision) -> decision;
            case Next.Broken(Fault worse) ->
                last(
                        workflow,
                        run,
                        RunStatus.FAILED,
                        Optional.of(worse.with("first_fault", fault.code() + ": " + fault.message())));
        };
    }

    private static Decision last(Workflow workflow, RunSnapshot run, RunStatus status, Optional<Fault> fault) {
        var outcome = new StepRequest.Outcome(status.wireName(), fault.orElse(null));
        return switch (next(workflow, run, workflow.last())) {
            case Next.Passed() -> new Decision.Finish(status, fault);
            case Next.Until(Instant until) -> new Decision.Wait(until);
            case Next.Now(Decision.Invoke(Step step, int attempt, var unused)) ->
                new Decision.Invoke(step, attempt, Optional.of(outcome));
            case Next.Now(Decision.Poll(Step step, var waiting, var unused)) ->
                new Decision.Poll(step, waiting, Optional.of(outcome));
            case Next.Now(Decision decision) -> decision;
            case Next.Broken(Fault broken) ->
                new Decision.Finish(RunStatus.FAILED, fault.or(() -> Optional.of(broken)));
        };
    }

    /** How one step stands. */
    private sealed interface Next {
        record Passed() implements Next {}

        record Until(Instant until) implements Next {}

        record Now(Decision decision) implements Next {}

        record Broken(Fault fault) implements Next {}
    }

    private static Next next(Workflow workflow, RunSnapshot run, Step step) {
        var latest = run.latest(step.name());
        if (latest.isEmpty()) {
            int attempt = workflow.groupOf(step).stream()
                            .filter(other -> run.latest(other.name()).isEmpty())
                            .mapToInt(other -> run.attempts(other.name()))
                            .max()
                            .orElse(0)
                    + 1;
            int ofGroup = workflow.groupOf(step).stream()
                    .flatMap(other -> run.latest(other.name()).stream())
                    .mapToInt(StepRecord::attempt)
                    .max()
                    .orElse(attempt);
            return new Next.Now(step.skip()
                    .apply(run.metadata())
                    .<Decision>map(why -> new Decision.Skip(step, ofGroup, why))
                    .orElse(new Decision.Invoke(step, ofGroup, Optional.empty())));
        }
        StepRecord attempt = latest.get();
        return switch (attempt.status()) {
            case DONE, SKIPPED -> new Next.Passed();
            case RUNNING -> new Next.Until(attempt.deadline());
            case WAITING ->
                due(attempt, run)
                        ? new Next.Now(new Decision.Poll(step, attempt, Optional.empty()))
                        : new Next.Until(attempt.checkAt().orElse(attempt.deadline()));
            case REFUSED -> new Next.Broken(attempt.fault().orElseThrow());
            case FAILED, UNKNOWN -> again(workflow, run, step, attempt);
            case VOID -> throw new IllegalStateException("a void attempt is never the latest");
        };
    }

    private static Next again(Workflow workflow, RunSnapshot run, Step step, StepRecord failed) {
        Fault fault = failed.fault().orElseThrow();
        // A step that was cut off, that did not reach who does it, or of which nobody knows how it ended, is done again
        // whatever it was: steps are idempotent for a run. But what takes its sidecar down each time must end some day.
        boolean cutOff = isCutOff(fault);
        long losses = run.steps().stream()
                .filter(record -> record.step().equals(step.name()))
                .filter(record -> record.fault().filter(Decider::isCutOff).isPresent())
                .count();
        long tries = run.steps().stream()
                .filter(record -> record.step().equals(step.name()))
                .filter(record ->
                        record.fault().filter(other -> !isCutOff(other)).isPresent())
                .count();
        boolean spent = !fault.code().retryable() || tries >= step.attempts();
        if (cutOff ? losses > MOST_RECOVERIES : spent) {
            return new Next.Broken(fault);
        }
        Instant when = fault.code() == FaultCode.TASK_LOST
                ? run.now()
                : failed.finishedAt().orElse(run.now()).plus(backOff(failed.attempt()));
        if (when.isAfter(run.now())) {
            return new Next.Until(when);
        }
        List<Step> group = workflow.groupOf(step);
        if (group.size() == 1) {
            return new Next.Now(new Decision.Invoke(step, failed.attempt() + 1, Optional.empty()));
        }
        return new Next.Now(new Decision.Restart(group, step.name() + ": " + fault.message()));
    }

    private static boolean isCutOff(Fault fault) {
        return switch (fault.code()) {
            case TASK_LOST,
                    OUTCOME_UNKNOWN,
                    SIDECAR_UNREACHABLE,
                    SIDECAR_BUSY,
                    FUNCTION_UNREACHABLE,
                    STATE_UNAVAILABLE -> true;
            default -> false;
        };
    }

    private static boolean due(StepRecord waiting, RunSnapshot run) {
        return waiting.epoch() < run.epoch()
                || waiting.checkAt().map(at -> !at.isAfter(run.now())).orElse(true);
    }

    private static Duration backOff(int attempt) {
        return Duration.ofSeconds(Math.min(60, 1L << Math.min(attempt, 6)));
    }

    private static Fault stopped(Cancellation asked) {
        return Fault.of(FaultCode.CANCELLED, asked.by() + " asked the run to stop", "Start it again when it is wanted.")
                .with("requested_by", asked.by())
                .with("requested_at", asked.at());
    }

    private static Fault lost(Step step) {
        return Fault.of(
                FaultCode.TASK_LOST,
                "the program ended while step " + step.name() + " was under way",
                "Nothing to do: the step is done again.");
    }

    private static Fault late(Step step) {
        return Fault.of(
                FaultCode.STEP_TIMED_OUT,
                "step " + step.name() + " did not end within " + step.limit().toMinutes() + " minutes",
                "Look at the run's events and at the load of the database and the stores, then start the run again.");
    }
}
