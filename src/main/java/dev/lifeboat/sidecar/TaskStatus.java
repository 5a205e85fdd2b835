package dev.lifeboat.sidecar;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.lifeboat.step.StepResponse;

/**
 * How a task stands, on the wire.
 *
 * @param instance the sidecar that knows the task: another one after each of its starts
 * @param taskId the task
 * @param finished whether it has ended
 * @param progress present until it has
 * @param result present when it has
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record TaskStatus(
        String instance, String taskId, boolean finished, ProgressSnapshot progress, StepResponse result) {
    static TaskStatus of(String instance, String taskId, TaskRunner.State state) {
        return switch (state) {
            case TaskRunner.State.Running(ProgressSnapshot progress) ->
                new TaskStatus(instance, taskId, false, progress, null);
            case TaskRunner.State.Finished(var result) ->
                new TaskStatus(instance, taskId, true, null, StepResponse.of(result));
        };
    }

    TaskRunner.State toState() {
        return finished ? new TaskRunner.State.Finished(result.toResult()) : new TaskRunner.State.Running(progress);
    }
}
