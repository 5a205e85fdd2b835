package dev.lifeboat.orchestrator;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * One step of a workflow.
 *
 * @param name the step, and the function that does it
 * @param limit how long one attempt may take
 * @param attempts how often it may be tried where its fault is retryable
 * @param group steps of one group share a capture: a lost one voids all, and they are done again together
 * @param overlaps whether it may start while the step before still waits for its task
 * @param skip from the run's inputs: why the step does not apply; empty where it does
 * @param evidence the evidence files that it hands in
 * @param needsRollback whether its failure leaves an environment that has to be put back
 * @param toTheEnd whether a run that has begun it can't be stopped any more
 */
public record Step(
        String name,
        Duration limit,
        int attempts,
        Optional<String> group,
        boolean overlaps,
        Function<ObjectNode, Optional<String>> skip,
        List<String> evidence,
        boolean needsRollback,
        boolean toTheEnd) {
    /** A step that is tried once, for at most {@code limit}. */
    static Step step(String name, Duration limit) {
        return new Step(name, limit, 1, Optional.empty(), false, inputs -> Optional.empty(), List.of(), false, false);
    }

    /** Tried up to {@code n} times where its fault is retryable. */
    Step attempts(int n) {
        return new Step(name, limit, n, group, overlaps, skip, evidence, needsRollback, toTheEnd);
    }

    /** Shares a capture with the other steps of the group. */
    Step sharing(String capture) {
        return new Step(name, limit, attempts, Optional.of(capture), overlaps, skip, evidence, needsRollback, toTheEnd);
    }

    /** May start while the step before waits. */
    Step overlapping() {
        return new Step(name, limit, attempts, group, true, skip, evidence, needsRollback, toTheEnd);
    }

    /** Does not apply where the function gives a reason. */
    Step unless(Function<ObjectNode, Optional<String>> reason) {
        return new Step(name, limit, attempts, group, overlaps, reason, evidence, needsRollback, toTheEnd);
    }

    /** Hands in these evidence files. */
    Step evidence(String... files) {
        return new Step(name, limit, attempts, group, overlaps, skip, List.of(files), needsRollback, toTheEnd);
    }

    /** Its failure has to be rolled back. */
    Step orRollBack() {
        return new Step(name, limit, attempts, group, overlaps, skip, evidence, true, toTheEnd);
    }

    /** Ends what a run is for, or destroys: a run that has begun it goes on to its end. */
    Step notStopped() {
        return new Step(name, limit, attempts, group, overlaps, skip, evidence, needsRollback, true);
    }
}
