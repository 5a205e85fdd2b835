package dev.lifeboat.api;

import dev.lifeboat.access.Action;
import dev.lifeboat.access.Needs;
import dev.lifeboat.orchestrator.Incidents;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** The report of an incident. */
@Path("/api/v1/runs/{run}/incident")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class IncidentResource {
    private final Incidents incidents;

    IncidentResource(Incidents incidents) {
        this.incidents = incidents;
    }

    /** The report, in Markdown. */
    @Schema(name = "IncidentReport")
    public record ReportView(String runId, String markdown) {}

    @GET
    @Needs(Action.VIEW)
    @Operation(
            operationId = "getIncidentReport",
            summary = "Gives the report of the incident that a run belongs to, with blanks for what only people know")
    public ReportView report(@PathParam("run") String run) {
        return new ReportView(run, incidents.report(run));
    }
}
