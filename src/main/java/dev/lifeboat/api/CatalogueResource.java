package dev.lifeboat.api;

import dev.lifeboat.access.Action;
import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.access.Needs;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.orchestrator.CatalogueRebuild;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.Operation;

/** The catalogue as a whole. */
@Path("/api/v1/catalogue")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class CatalogueResource {
    private final CurrentCaller caller;
    private final CatalogueRebuild rebuild;

    CatalogueResource(CatalogueRebuild rebuild, CurrentCaller caller) {
        this.caller = caller;
        this.rebuild = rebuild;
    }

    /**
     * Which store to read.
     *
     * @param trustKey a key whose artifacts are taken, for this once: its fingerprint, or the public key in Base64; left out:
     *     those of this installation and of {@code lifeboat.trusted-keys} only
     */
    public record RebuildBody(String store, String trustKey) {}

    @POST
    @Path("rebuilds")
    @Needs(value = Action.ADMINISTER, in = Needs.Where.ALL)
    @Operation(
            operationId = "rebuildCatalogue",
            summary = "Enters every artifact that lies in a store into the catalogue")
    public CatalogueRebuild.Report rebuild(RebuildBody body) {
        if (body == null || body.store() == null || body.store().isBlank()) {
            throw Fault.of(FaultCode.BAD_INPUT, "no store is named", "Send {\"store\": \"secondary\"}.")
                    .toException();
        }
        return rebuild.from(body.store(), Optional.ofNullable(body.trustKey()), caller.user());
    }
}
