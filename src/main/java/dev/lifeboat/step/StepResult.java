package dev.lifeboat.step;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.fault.Fault;
import java.time.Duration;
import java.util.List;

/** What a step answers. Expected trouble is one of these values; an exception is a bug or broken infrastructure. */
public sealed interface StepResult {
    /** The evidence that the step has so far. */
    List<EvidenceFile> evidence();

    /** The step's effect is there. */
    record Done(ObjectNode outputs, List<EvidenceFile> evidence) implements StepResult {
        public Done {
            evidence = List.copyOf(evidence);
        }
    }

    /** The step's work goes on elsewhere under {@code taskId}; ask again after {@code checkAfter}, or when it calls back. */
    record Pending(String taskId, Duration checkAfter) implements StepResult {
        @Override
        public List<EvidenceFile> evidence() {
            return List.of();
        }
    }

    /** The step was not begun because something does not hold; nothing was touched. */
    record Refused(List<Fault> findings, List<EvidenceFile> evidence) implements StepResult {
        public Refused {
            findings = List.copyOf(findings);
            evidence = List.copyOf(evidence);
            if (findings.isEmpty()) {
                throw new IllegalArgumentException("a refusal needs a finding");
            }
        }
    }

    /** The step did not reach its effect. {@code leftBehind} says what it left, or that it left nothing. */
    record Failed(Fault fault, String leftBehind, List<EvidenceFile> evidence) implements StepResult {
        public Failed {
            evidence = List.copyOf(evidence);
        }
    }

    /** Nobody knows whether the step reached its effect; {@code probe} says how to find out before any retry. */
    record OutcomeUnknown(Fault fault, String probe, List<EvidenceFile> evidence) implements StepResult {
        public OutcomeUnknown {
            evidence = List.copyOf(evidence);
        }
    }
}
