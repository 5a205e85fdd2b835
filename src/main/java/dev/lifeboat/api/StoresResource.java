package dev.lifeboat.api;

import dev.lifeboat.access.Action;
import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.access.Needs;
import dev.lifeboat.orchestrator.Rekeying;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import org.eclipse.microprofile.openapi.annotations.Operation;

/** The stores. */
@Path("/api/v1/stores")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class StoresResource {
    private final CurrentCaller caller;
    private final Rekeying rekeying;

    StoresResource(Rekeying rekeying, CurrentCaller caller) {
        this.caller = caller;
        this.rekeying = rekeying;
    }

    @POST
    @Path("{store}/rekeyings")
    @Needs(value = Action.ADMINISTER, in = Needs.Where.ALL)
    @Operation(
            operationId = "rekeyStore",
            summary = "Has every artifact of an encrypted store opened by the first key of its key file")
    public Rekeying.Report rekey(@PathParam("store") String store, EnvironmentsResource.NoBody body) {
        Begun.requireSaid(body);
        return rekeying.rekey(store, caller.user());
    }
}
