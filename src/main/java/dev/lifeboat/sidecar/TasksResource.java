package dev.lifeboat.sidecar;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;
import org.eclipse.microprofile.openapi.annotations.Operation;

/** The tasks of a sidecar. Who may call, and that only a sidecar answers here, is the access filter's. */
@Path("/tasks")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class TasksResource {
    private static final Pattern TASK_ID = Pattern.compile("[A-Za-z0-9._-]{1,200}");

    private final String instance = UUID.randomUUID().toString();
    private final InProcessTaskRunner runner;

    TasksResource(InProcessTaskRunner runner) {
        this.runner = runner;
    }

    @GET
    @Operation(summary = "Lists the tasks that this sidecar knows")
    public List<TaskStatus> list() {
        return runner.all().entrySet().stream()
                .map(task -> TaskStatus.of(instance, task.getKey(), task.getValue()))
                .toList();
    }

    @PUT
    @Path("{id}")
    @Consumes(MediaType.APPLICATION_JSON)
    @Operation(summary = "Begins a task, once for each id, and says how it stands")
    public Response submit(@PathParam("id") String id, String body) {
        if (!TASK_ID.matcher(id).matches()) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "the task's id is not right",
                            "Use 1–200 letters, digits, dots, dashes and underscores.")
                    .toException();
        }
        runner.submit(id, TaskCodec.read(body));
        return Response.accepted(status(id)).build();
    }

    @GET
    @Path("{id}")
    @Operation(summary = "Says how a task stands")
    public TaskStatus status(@PathParam("id") String id) {
        return runner.state(id).map(state -> TaskStatus.of(instance, id, state)).orElseThrow(() -> unknown(id));
    }

    @GET
    @Path("{id}/log")
    @Operation(summary = "Tells what a task did and when")
    public List<LogLine> log(@PathParam("id") String id) {
        return runner.find(id).orElseThrow(() -> unknown(id));
    }

    @DELETE
    @Path("{id}")
    @Operation(summary = "Ends a task as soon as it can be ended; one that is not known is ended already")
    public Response cancel(@PathParam("id") String id) {
        runner.cancel(id);
        return Response.accepted().build();
    }

    private static FaultException unknown(String id) {
        return Fault.of(
                        FaultCode.UNKNOWN_TASK,
                        "this sidecar knows no task " + id,
                        "A sidecar forgets its tasks when it ends; the step is done again by itself.")
                .toException();
    }
}
