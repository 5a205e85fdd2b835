package dev.lifeboat.orchestrator;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.run.RunStatus;
import dev.lifeboat.run.StepRecord;
import dev.lifeboat.step.StepRequest;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What comes next in a run. */
public sealed interface Decision {
    /** Call the step's function for the first time in this attempt. */
    record Invoke(Step step, int attempt, Optional<StepRequest.Outcome> outcome) implements Decision {}

    /**
     * Ask the step's function how far its task is.
     *
     * @param outcome how the run went, where this is its last step
     */
    record Poll(Step step, StepRecord waiting, Optional<StepRequest.Outcome> outcome) implements Decision {}

    /** The run was asked to stop: end the step's task, and ask how far that is. */
    record Stop(Step step, StepRecord waiting) implements Decision {}

    /** Record that the step does not apply. */
    record Skip(Step step, int attempt, String why) implements Decision {}

    /** The attempt has taken too long, or its caller is gone: record that it failed so. */
    record GiveUp(Step step, int attempt, Fault fault) implements Decision {}

    /** Take these steps back out of the count: they have to be done again together. */
    record Restart(List<Step> steps, String why) implements Decision {}

    /** Nothing to do before {@code until}, or before a task calls back. */
    record Wait(Instant until) implements Decision {}

    /** The run is over. */
    record Finish(RunStatus status, Optional<Fault> fault) implements Decision {}

    /** The run was taken over too often: a person has to look. */
    record Park(String why) implements Decision {}
}
