package dev.lifeboat.run;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.fault.Fault;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * A run as it was read in one transaction: all that is needed to decide what comes next.
 *
 * @param steps every attempt, in the order in which they began
 * @param now the database's time when it was read; all times of a run are the database's
 * @param cancellation the wish that it stops
 */
public record RunSnapshot(
        String runId,
        EnvironmentId environment,
        Operation operation,
        RunStatus status,
        String createdBy,
        ObjectNode metadata,
        Optional<String> evidenceDir,
        Instant createdAt,
        Optional<Instant> startedAt,
        Optional<Instant> completedAt,
        Optional<String> parentRunId,
        Optional<Fault> fault,
        int epoch,
        int recoveries,
        boolean parked,
        List<StepRecord> steps,
        Instant now,
        Optional<Cancellation> cancellation) {
    public RunSnapshot {
        steps = List.copyOf(steps);
    }

    /** The newest attempt at a step that still counts. */
    public Optional<StepRecord> latest(String step) {
        return steps.stream()
                .filter(record -> record.step().equals(step) && record.status() != StepStatus.VOID)
                .max(Comparator.comparingInt(StepRecord::attempt));
    }

    /** The highest attempt number that a step has had, void ones included; 0 where it never began. */
    public int attempts(String step) {
        return steps.stream()
                .filter(record -> record.step().equals(step))
                .mapToInt(StepRecord::attempt)
                .max()
                .orElse(0);
    }
}
