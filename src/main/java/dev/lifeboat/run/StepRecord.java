package dev.lifeboat.run;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.fault.Fault;
import java.time.Instant;
import java.util.Optional;

/**
 * One attempt at one step, as it was read.
 *
 * @param checkAt when to ask a waiting step again
 * @param deadline when the attempt has taken too long
 * @param finishedAt when it ended
 */
public record StepRecord(
        String step,
        int attempt,
        StepStatus status,
        int epoch,
        Optional<String> taskId,
        Instant startedAt,
        Optional<Instant> checkAt,
        Instant deadline,
        Optional<Instant> finishedAt,
        ObjectNode outputs,
        Optional<Fault> fault) {}
