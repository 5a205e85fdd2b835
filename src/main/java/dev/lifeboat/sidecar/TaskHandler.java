package dev.lifeboat.sidecar;

import dev.lifeboat.progress.Progress;
import dev.lifeboat.step.StepResult;

/** Does a task, in the calling thread, to its end. */
interface TaskHandler {
    /** Does it; a {@link dev.lifeboat.fault.FaultException} that leaves it counts as a failed step. */
    StepResult perform(Task task, Progress progress);
}
