package dev.lifeboat.api;

import dev.lifeboat.access.Action;
import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.access.Needs;
import dev.lifeboat.preflight.Doctor;
import dev.lifeboat.preflight.PreflightReport;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import org.eclipse.microprofile.openapi.annotations.Operation;

/** Everything that Lifeboat needs, looked at. */
@Path("/api/v1/doctor")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class DoctorResource {
    private final CurrentCaller caller;
    private final Doctor doctor;

    DoctorResource(Doctor doctor, CurrentCaller caller) {
        this.caller = caller;
        this.doctor = doctor;
    }

    @GET
    @Needs(value = Action.VIEW, in = Needs.Where.ALL)
    @Operation(operationId = "examine", summary = "Looks at tools, folders, databases and stores; changes nothing")
    public PreflightReport examine() {
        return doctor.examine(caller.user());
    }
}
