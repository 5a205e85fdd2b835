package dev.lifeboat.api;

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
    private final Doctor doctor;

    DoctorResource(Doctor doctor) {
        this.doctor = doctor;
    }

    @GET
    @Operation(summary = "Looks at tools, folders, databases and stores; changes nothing")
    public PreflightReport examine() {
        return doctor.examine(EnvironmentsResource.LOCAL_USER);
    }
}
