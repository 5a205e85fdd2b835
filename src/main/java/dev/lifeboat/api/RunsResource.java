package dev.lifeboat.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.access.Access;
import dev.lifeboat.access.Action;
import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.access.Needs;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.orchestrator.RunEvidence;
import dev.lifeboat.run.Run;
import dev.lifeboat.run.RunEvent;
import dev.lifeboat.run.RunStore;
import dev.lifeboat.sidecar.TaskRunner;
import io.quarkus.panache.common.Sort;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.transaction.Transactional;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.InputStream;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.Operation;

/** Runs: what was done, what is being done, and the evidence of it. */
@Path("/api/v1/runs")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class RunsResource {
    private static final int MOST = 500;

    private final CurrentCaller caller;
    private final Access access;
    private final RunStore runs;
    private final TaskRunner tasks;
    private final RunEvidence evidence;
    private final EnvironmentCatalogue environments;

    RunsResource(
            RunStore runs,
            TaskRunner tasks,
            RunEvidence evidence,
            EnvironmentCatalogue environments,
            CurrentCaller caller,
            Access access) {
        this.caller = caller;
        this.access = access;
        this.runs = runs;
        this.tasks = tasks;
        this.evidence = evidence;
        this.environments = environments;
    }

    /** An event of a run. */
    public record EventView(long id, String type, ObjectNode payload, Instant createdAt) {}

    /** A file of a run's evidence; size in bytes. */
    public record EvidenceView(String name, long size) {}

    @GET
    @Needs(value = Action.VIEW, in = Needs.Where.SOME)
    @Operation(summary = "Lists runs, the newest first")
    @Transactional
    public List<RunView> list(
            @QueryParam("environment") String environment,
            @QueryParam("active") @DefaultValue("false") boolean active,
            @QueryParam("limit") @DefaultValue("50") int limit) {
        var where = new StringBuilder("projectId in :projects");
        Map<String, Object> values = new HashMap<>();
        values.put("projects", access.projects(caller.get(), Action.VIEW));
        if (environment != null) {
            where.append(" and environmentId = :environment");
            values.put("environment", environments.find(environment).toString());
        }
        if (active) {
            where.append(" and status in ('queued', 'running') and parkedAt is null");
        }
        return Run.<Run>find(where.toString(), Sort.by("createdAt").descending(), values)
                .page(0, Math.clamp(limit, 1, MOST))
                .list()
                .stream()
                .map(run -> RunView.of(runs.load(run.runId), tasks))
                .toList();
    }

    @GET
    @Path("{run}")
    @Needs(Action.VIEW)
    @Operation(summary = "Shows a run with its steps and how far they are")
    public RunView show(@PathParam("run") String id) {
        return RunView.of(runs.load(id), tasks);
    }

    @GET
    @Path("{run}/events")
    @Needs(Action.VIEW)
    @Operation(summary = "Lists what happened in a run, in order; 'after' skips the events up to that id")
    @Transactional
    public List<EventView> events(@PathParam("run") String id, @QueryParam("after") @DefaultValue("0") long after) {
        runs.load(id);
        return RunEvent.<RunEvent>list("runId = ?1 and eventId > ?2", Sort.by("eventId"), id, after).stream()
                .map(event -> new EventView(event.eventId, event.eventType, event.payload, event.createdAt))
                .toList();
    }

    @GET
    @Path("{run}/evidence")
    @Needs(Action.VIEW)
    @Operation(summary = "Lists the files of a run's evidence")
    public List<EvidenceView> evidence(@PathParam("run") String id) {
        return evidence.list(runs.load(id)).entrySet().stream()
                .map(file -> new EvidenceView(file.getKey(), file.getValue()))
                .toList();
    }

    @GET
    @Path("{run}/evidence/{file}")
    @Needs(Action.VIEW)
    @Operation(summary = "Gives one file of a run's evidence")
    public Response evidenceFile(@PathParam("run") String id, @PathParam("file") String file) {
        InputStream content = evidence.read(runs.load(id), file);
        return Response.ok(content)
                .type(file.endsWith(".json") ? "application/json" : "text/plain; charset=utf-8")
                .build();
    }
}
