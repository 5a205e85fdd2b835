package dev.lifeboat.orchestrator;

import dev.lifeboat.run.Operation;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a run does: its steps in their mandatory order, what puts the environment back where one fails, and the step that
 * always comes last.
 *
 * @param operation the run's operation
 * @param opening evidence that the creation of the run leaves
 * @param steps in order
 * @param rollback done where a step that {@link Step#needsRollback} fails
 * @param last done whatever happened
 */
public record Workflow(
        Operation operation, List<String> opening, List<Step> steps, Optional<Step> rollback, Step last) {
    public Workflow {
        opening = List.copyOf(opening);
        steps = List.copyOf(steps);
        boolean danger = false;
        for (Step step : steps) {
            danger |= step.needsRollback();
            if (danger && rollback.isEmpty()) {
                throw new IllegalArgumentException(operation + ": " + step.name() + " needs a rollback step");
            }
            if (danger && !step.needsRollback()) {
                throw new IllegalArgumentException(
                        operation + ": " + step.name() + " comes after the point of no return but is not rolled back");
            }
        }
    }

    /** Every step that a run of this workflow can have. */
    public Stream<Step> all() {
        return Stream.of(steps.stream(), rollback.stream(), Stream.of(last)).flatMap(s -> s);
    }

    /** The steps of which none may have begun where a run is asked to stop: afterwards it goes on to its end. */
    public List<String> closing() {
        return Stream.concat(steps.stream().filter(Step::toTheEnd), Stream.concat(rollback.stream(), Stream.of(last)))
                .map(Step::name)
                .toList();
    }

    /** The first step that touches the environment, in a workflow that does. */
    Optional<Step> pointOfNoReturn() {
        return steps.stream().filter(Step::needsRollback).findFirst();
    }

    /** The place of a step in the order, from 1; the creation of the run is the first. */
    public int position(Step step) {
        return all().toList().indexOf(step) + 2;
    }

    /** The step of that name. */
    public Step step(String name) {
        return all().filter(step -> step.name().equals(name)).findFirst().orElseThrow();
    }

    /** Every evidence file that a run must leave. */
    public List<String> requiredEvidence() {
        return Stream.concat(
                        opening.stream(),
                        Stream.concat(steps.stream(), Stream.of(last)).flatMap(step -> step.evidence().stream()))
                .toList();
    }

    /** The steps that share a capture with this one, itself among them; only itself where it shares none. */
    public List<Step> groupOf(Step step) {
        return step.group().isEmpty()
                ? List.of(step)
                : steps.stream()
                        .filter(other -> other.group().equals(step.group()))
                        .toList();
    }
}
