package dev.lifeboat.functions;

import dev.lifeboat.artifact.ArtifactId;
import dev.lifeboat.artifact.KnownArtifact;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.run.ArtifactCatalogue;
import dev.lifeboat.sidecar.ProgressSnapshot;
import dev.lifeboat.sidecar.Task;
import dev.lifeboat.sidecar.TaskRunner;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResult;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;

/** Has a heavy task done: the first call begins it, every later call asks how far it is. */
@ApplicationScoped
class Heavy {
    private static final long SOONEST_SECONDS = 1;
    private static final long LATEST_SECONDS = 15;

    private final TaskRunner runner;
    private final ArtifactCatalogue catalogue;

    Heavy(TaskRunner runner, ArtifactCatalogue catalogue) {
        this.runner = runner;
        this.catalogue = catalogue;
    }

    /** An artifact as a task is told of it: a sidecar has no catalogue. */
    KnownArtifact known(ArtifactId artifact) {
        return catalogue.known(artifact);
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
                    case TaskRunner.State.Running(ProgressSnapshot progress) ->
                        new StepResult.Pending(taskId, checkAfter(progress.startedAt()));
                    case TaskRunner.State.Finished(StepResult result) -> result;
                })
                .orElseGet(() -> new StepResult.Failed(
                        Fault.of(
                                FaultCode.TASK_LOST,
                                "the task of step " + function
                                        + " is lost: the program that did it ended, or does not answer any more",
                                "Nothing to do: the step is done again."),
                        "files that were not finished; they are collected",
                        List.of()));
    }

    /** A task is asked for again after a quarter of the time that it has taken so far, where it does not call back sooner. */
    private static Duration checkAfter(Instant startedAt) {
        long taken = Duration.between(startedAt, Instant.now()).toSeconds();
        return Duration.ofSeconds(Math.clamp(taken / 4, SOONEST_SECONDS, LATEST_SECONDS));
    }
}
