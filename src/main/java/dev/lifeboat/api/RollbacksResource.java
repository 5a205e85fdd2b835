package dev.lifeboat.api;

import dev.lifeboat.access.Action;
import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.access.Needs;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.orchestrator.RollbackOrder;
import dev.lifeboat.orchestrator.RollbackPlan;
import dev.lifeboat.orchestrator.Rollbacks;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponseSchema;

/** Rollbacks of an environment behind a deployment. */
@Path("/api/v1/environments/{env}/rollbacks")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class RollbacksResource {
    private final EnvironmentCatalogue environments;
    private final Rollbacks rollbacks;
    private final Begun begun;
    private final CurrentCaller caller;

    RollbacksResource(EnvironmentCatalogue environments, Rollbacks rollbacks, Begun begun, CurrentCaller caller) {
        this.environments = environments;
        this.rollbacks = rollbacks;
        this.begun = begun;
        this.caller = caller;
    }

    /** What a rollback is asked to be; everything has a default. The members are those of {@link RollbackOrder}. */
    public record RollbackBody(Integer level, String to, String reason, String confirm) {
        RollbackOrder order() {
            return new RollbackOrder(
                    Optional.ofNullable(level),
                    Optional.ofNullable(to),
                    Optional.ofNullable(reason),
                    Optional.ofNullable(confirm));
        }
    }

    @POST
    @Needs(Action.RESTORE)
    @APIResponseSchema(value = RunView.class, responseCode = "202", responseDescription = Begun.ANSWER)
    @Operation(operationId = "startRollback", summary = "Starts a rollback: of the version, or of version and data")
    public Response begin(@PathParam("env") String env, RollbackBody body) {
        return begun.by(
                body,
                () -> rollbacks.begin(
                        environments.find(env), body == null ? RollbackOrder.plain() : body.order(), caller.user()));
    }

    @GET
    @Path("plan")
    @Needs(Action.VIEW)
    @Operation(operationId = "planRollback", summary = "Tells what a rollback would do; starts nothing")
    public RollbackPlan plan(
            @PathParam("env") String env, @QueryParam("level") Integer level, @QueryParam("to") String to) {
        return rollbacks.plan(
                environments.find(env),
                new RollbackOrder(
                        Optional.ofNullable(level), Optional.ofNullable(to), Optional.empty(), Optional.empty()));
    }
}
