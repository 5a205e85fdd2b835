package dev.lifeboat.api;

import dev.lifeboat.access.Access;
import dev.lifeboat.access.Action;
import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.access.Needs;
import dev.lifeboat.orchestrator.Operations;
import dev.lifeboat.run.RunSnapshot;
import dev.lifeboat.run.RunStore;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Set;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponseSchema;

/** What successful restores displaced and keep for a while. */
@Path("/api/v1/displaced")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class DisplacedResource {
    private final CurrentCaller caller;
    private final Begun begun;
    private final Access access;
    private final RunStore runs;
    private final Operations operations;

    DisplacedResource(RunStore runs, Operations operations, CurrentCaller caller, Access access, Begun begun) {
        this.begun = begun;
        this.caller = caller;
        this.access = access;
        this.runs = runs;
        this.operations = operations;
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
    @Needs(value = Action.VIEW, in = Needs.Where.SOME)
    @Operation(operationId = "listDisplaced", summary = "Lists what restores displaced and keep for a while")
    public List<DisplacedView> list() {
        Set<String> projects = access.projects(caller.get(), Action.VIEW);
        return runs.keepingDisplaced().stream()
                .map(runs::load)
                .filter(run -> projects.contains(run.environment().project()))
                .map(DisplacedView::of)
                .toList();
    }

    @POST
    @Path("{run}/drop")
    @Needs(Action.RESTORE)
    @APIResponseSchema(value = RunView.class, responseCode = "202", responseDescription = Begun.ANSWER)
    @Operation(operationId = "startDropOfDisplaced", summary = "Drops what a restore displaced")
    public Response drop(@PathParam("run") String run, EnvironmentsResource.NoBody body) {
        return begun.by(body, () -> operations.discard(run, caller.user()));
    }
}
