package dev.lifeboat.api;

import dev.lifeboat.orchestrator.Operations;
import dev.lifeboat.run.RunSnapshot;
import dev.lifeboat.run.RunStore;
import dev.lifeboat.sidecar.TaskRunner;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.net.URI;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;

/** What successful restores displaced and keep for a while. */
@Path("/api/v1/displaced")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class DisplacedResource {
    private final RunStore runs;
    private final Operations operations;
    private final TaskRunner tasks;

    DisplacedResource(RunStore runs, Operations operations, TaskRunner tasks) {
        this.runs = runs;
        this.operations = operations;
        this.tasks = tasks;
    }

    /**
     * What one restore displaced.
     *
     * @param runId the restore
     * @param environment its environment
     * @param database the hidden database; null: the restore left the database alone
     * @param filestore the folder; null: the restore left the filestore alone
     * @param until when it is dropped, RFC 3339, UTC
     */
    public record DisplacedView(String runId, String environment, String database, String filestore, String until) {
        static DisplacedView of(RunSnapshot restore) {
            return new DisplacedView(
                    restore.runId(),
                    restore.environment().toString(),
                    restore.metadata().path("displaced_database").textValue(),
                    restore.metadata().path("displaced_filestore").textValue(),
                    restore.metadata().path("displaced_until").textValue());
        }
    }

    @GET
    @Operation(summary = "Lists what restores displaced and keep for a while")
    public List<DisplacedView> list() {
        return runs.keepingDisplaced().stream()
                .map(runs::load)
                .map(DisplacedView::of)
                .toList();
    }

    @POST
    @Path("{run}/drop")
    @Operation(summary = "Drops what a restore displaced")
    public Response drop(@PathParam("run") String run, EnvironmentsResource.NoBody body) {
        String runId = operations.discard(run, EnvironmentsResource.LOCAL_USER);
        return Response.accepted(RunView.of(runs.load(runId), tasks))
                .location(URI.create("/api/v1/runs/" + runId))
                .build();
    }
}
