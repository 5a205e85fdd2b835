package dev.lifeboat.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.lifeboat.access.Action;
import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.access.Needs;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.run.BreakGlass;
import dev.lifeboat.run.BreakGlassStore;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** The break-glass window of an environment: while it is open, schedules and automatic rollbacks pause there. */
@Path("/api/v1/environments/{env}/break-glass")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class BreakGlassResource {
    private final EnvironmentCatalogue environments;
    private final BreakGlassStore windows;
    private final CurrentCaller caller;

    BreakGlassResource(EnvironmentCatalogue environments, BreakGlassStore windows, CurrentCaller caller) {
        this.environments = environments;
        this.windows = windows;
        this.caller = caller;
    }

    /**
     * A window. Times are UTC.
     *
     * @param until when it ends by itself
     * @param closedAt when somebody ended it sooner; left out: nobody did
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    @Schema(name = "BreakGlassWindow")
    public record WindowView(
            String environment,
            String openedBy,
            String reason,
            Instant openedAt,
            Instant until,
            Instant closedAt,
            String closedBy) {
        static WindowView of(BreakGlass row) {
            return new WindowView(
                    row.environmentId, row.openedBy, row.reason, row.openedAt, row.until, row.closedAt, row.closedBy);
        }
    }

    /** Whether a window is open, and which. */
    @Schema(name = "BreakGlassState")
    public record StateView(boolean open, Optional<WindowView> window) {}

    /** Why, and for how many seconds, or until when (UTC). */
    public record WindowBody(String reason, Long seconds, Instant until) {}

    @GET
    @Needs(Action.VIEW)
    @Operation(operationId = "getBreakGlass", summary = "Tells whether a break-glass window is open")
    public StateView show(@PathParam("env") String env) {
        Optional<WindowView> open = windows.current(environments.find(env)).map(WindowView::of);
        return new StateView(open.isPresent(), open);
    }

    @POST
    @Needs(Action.RESTORE)
    @Operation(
            operationId = "openBreakGlass",
            summary = "Opens a break-glass window: schedules and automatic rollbacks pause until it ends")
    public WindowView open(@PathParam("env") String env, WindowBody body) {
        if (body == null || (body.seconds() == null) == (body.until() == null)) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "a break-glass window wants its length in seconds, or its end, and not both",
                            "Send {\"reason\": \"why\", \"seconds\": 7200}; the command line: --for 2h, --until TIME.")
                    .toException();
        }
        Duration length = body.seconds() != null
                ? Duration.ofSeconds(Math.min(body.seconds(), BreakGlassStore.LONGEST.toSeconds() + 1))
                : Duration.between(Instant.now(), body.until());
        return WindowView.of(windows.open(environments.find(env), caller.user(), body.reason(), length));
    }

    @POST
    @Path("end")
    @Needs(Action.RESTORE)
    @Operation(operationId = "endBreakGlass", summary = "Ends the break-glass window that is open")
    public WindowView end(@PathParam("env") String env, EnvironmentsResource.NoBody body) {
        Begun.requireSaid(body);
        return WindowView.of(windows.end(environments.find(env), caller.user()));
    }
}
