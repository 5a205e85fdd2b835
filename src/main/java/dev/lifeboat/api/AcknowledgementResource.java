package dev.lifeboat.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.lifeboat.access.Action;
import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.access.Needs;
import dev.lifeboat.run.Escalation;
import dev.lifeboat.run.EscalationStore;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.time.Instant;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.Operation;

/** Somebody takes a run's trouble. */
@Path("/api/v1/runs/{run}/acknowledgement")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class AcknowledgementResource {
    private final EscalationStore escalations;
    private final CurrentCaller caller;

    AcknowledgementResource(EscalationStore escalations, CurrentCaller caller) {
        this.escalations = escalations;
        this.caller = caller;
    }

    /** Who has taken care of what, and when (UTC). */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record EscalationView(
            String runId, String reason, Instant raisedAt, Instant acknowledgedAt, String acknowledgedBy, String note) {
        static EscalationView of(Escalation row) {
            return new EscalationView(
                    row.runId, row.reason, row.raisedAt, row.acknowledgedAt, row.acknowledgedBy, row.note);
        }
    }

    /** What is said with it; may be left out. */
    public record AcknowledgementBody(String note) {}

    @POST
    @Needs(Action.VALIDATE)
    @Operation(
            operationId = "acknowledgeRun",
            summary = "Takes a run's trouble: no further level of escalation is told")
    public EscalationView acknowledge(@PathParam("run") String run, AcknowledgementBody body) {
        return EscalationView.of(escalations.acknowledge(
                run, caller.user(), Optional.ofNullable(body).map(AcknowledgementBody::note)));
    }
}
