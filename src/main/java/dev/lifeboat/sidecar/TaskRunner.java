package dev.lifeboat.sidecar;

import dev.lifeboat.step.StepResult;
import java.util.Optional;

/** How a function has a heavy task done. */
public interface TaskRunner {
    /** Begins a task. One that was begun before under the same id is not begun again. */
    void submit(String taskId, Task task);

    /** How a task stands; empty where no task is known under that id (its sidecar has gone). */
    Optional<State> state(String taskId);

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
