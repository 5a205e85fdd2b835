package dev.lifeboat.functions;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.sidecar.Task;
import dev.lifeboat.sidecar.TaskRunner;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResult;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

/** Has a heavy task done: the first call begins it, every later call asks how far it is. */
@ApplicationScoped
class Heavy {
    private static final Duration CHECK_AFTER = Duration.ofSeconds(5);

    private final TaskRunner runner;

    Heavy(TaskRunner runner) {
        this.runner = runner;
    }

    StepResult step(String function, StepRequest request, Supplier<Task> task) {
        String taskId = request.isPoll()
                ? request.taskId()
                : "%s.%s.%d.%d".formatted(request.runId(), function, request.attempt(), request.epoch());
        if (!request.isPoll()) {
            runner.submit(taskId, task.get());
        }
        return runner.state(taskId)
                .map(state -> switch (state) {
                    case TaskRunner.State.Running running -> new StepResult.Pending(taskId, CHECK_AFTER);
                    case TaskRunner.State.Finished(StepResult result) -> result;
                })
                .orElseGet(() -> new StepResult.Failed(
                        Fault.of(
                                FaultCode.TASK_LOST,
                                "the task of step " + function
                                        + " is not known any more: the program that did it ended",
                                "Nothing to do: the step is done again."),
                        "files that were not finished; they are collected",
                        List.of()));
    }
}
