package dev.lifeboat.step;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.fault.Fault;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** {@link StepResult} on the wire: one flat object, {@code status} says which of the other members are there. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record StepResponse(
        Status status,
        ObjectNode outputs,
        List<EvidenceFile> evidence,
        String taskId,
        Long checkAfterSeconds,
        List<Fault> findings,
        Fault fault,
        String leftBehind,
        String probe) {
    /** Which kind of result it is. */
    public enum Status {
        DONE,
        PENDING,
        REFUSED,
        FAILED,
        UNKNOWN;

        /** The name in the state and on the wire. */
        @com.fasterxml.jackson.annotation.JsonValue
        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** The wire form of a result. */
    public static StepResponse of(StepResult result) {
        return switch (result) {
            case StepResult.Done done ->
                new StepResponse(Status.DONE, done.outputs(), done.evidence(), null, null, null, null, null, null);
            case StepResult.Pending pending ->
                new StepResponse(
                        Status.PENDING,
                        null,
                        null,
                        pending.taskId(),
                        pending.checkAfter().toSeconds(),
                        null,
                        null,
                        null,
                        null);
            case StepResult.Refused refused ->
                new StepResponse(
                        Status.REFUSED, null, refused.evidence(), null, null, refused.findings(), null, null, null);
            case StepResult.Failed failed ->
                new StepResponse(
                        Status.FAILED,
                        null,
                        failed.evidence(),
                        null,
                        null,
                        null,
                        failed.fault(),
                        failed.leftBehind(),
                        null);
            case StepResult.OutcomeUnknown unknown ->
                new StepResponse(
                        Status.UNKNOWN,
                        null,
                        unknown.evidence(),
                        null,
                        null,
                        null,
                        unknown.fault(),
                        null,
                        unknown.probe());
        };
    }

    /** The result that this is the wire form of. */
    public StepResult toResult() {
        List<EvidenceFile> files = evidence == null ? List.of() : evidence;
        return switch (status) {
            case DONE -> new StepResult.Done(outputs, files);
            case PENDING -> new StepResult.Pending(taskId, Duration.ofSeconds(checkAfterSeconds));
            case REFUSED -> new StepResult.Refused(findings, files);
            case FAILED -> new StepResult.Failed(fault, leftBehind, files);
            case UNKNOWN -> new StepResult.OutcomeUnknown(fault, probe, files);
        };
    }
}
