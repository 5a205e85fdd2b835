package dev.lifeboat.sidecar;

import dev.lifeboat.step.StepResult;
import java.util.List;
import java.util.Optional;

/** How a function has a heavy task done. */
public interface TaskRunner {
    /**
     * Begins a task. One that was begun before under the same id is not begun again. A task of the same run that is still
     * under way is ended first, unless both read in one capture: it is an attempt that was given up.
     *
     * @throws dev.lifeboat.fault.FaultException SIDECAR_UNREACHABLE, SIDECAR_BUSY; BAD_INPUT where another task has that id
     */
    void submit(String taskId, Task task);

    /**
     * How a task stands; empty where it is lost: no task is known under that id, because its sidecar has gone, or the sidecar
     * has not answered for as long as that is waited for.
     */
    Optional<State> state(String taskId);

    /** How far a task is; empty where that can't be told at once. */
    Optional<ProgressSnapshot> progress(String taskId);

    /** The newest lines of what a task did, the oldest first; none where they can't be told at once. */
    List<LogLine> log(String taskId);

    /** Ends a task as soon as it can be ended; one that is not known is no error. */
    void cancel(String taskId);

    /** How a task stands. */
    sealed interface State {
        /** Under way. */
        record Running(ProgressSnapshot progress) implements State {}

        /** Ended, with the step's result. */
        record Finished(StepResult result) implements State {}
    }
}
