package dev.lifeboat.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.access.Access;
import dev.lifeboat.access.Action;
import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.access.Needs;
import dev.lifeboat.digest.Hashes;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.orchestrator.Orchestrator;
import dev.lifeboat.orchestrator.RunEvidence;
import dev.lifeboat.run.Run;
import dev.lifeboat.run.RunSnapshot;
import dev.lifeboat.run.RunStatus;
import dev.lifeboat.run.RunStore;
import dev.lifeboat.sidecar.TaskRunner;
import io.quarkus.panache.common.Sort;
import io.smallrye.common.annotation.Blocking;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.smallrye.mutiny.Multi;
import jakarta.transaction.Transactional;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Request;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import jakarta.ws.rs.sse.OutboundSseEvent;
import jakarta.ws.rs.sse.Sse;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponseSchema;

/** Runs: what was done, what is being done, and the evidence of it. */
@Path("/api/v1/runs")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class RunsResource {
    private static final int MOST = 500;

    private final CurrentCaller caller;
    private final Access access;
    private final Orchestrator orchestrator;
    private final RunStore runs;
    private final TaskRunner tasks;
    private final RunEvidence evidence;
    private final EventStream stream;
    private final EnvironmentCatalogue environments;

    RunsResource(
            Orchestrator orchestrator,
            RunStore runs,
            TaskRunner tasks,
            RunEvidence evidence,
            EnvironmentCatalogue environments,
            CurrentCaller caller,
            Access access,
            EventStream stream) {
        this.orchestrator = orchestrator;
        this.stream = stream;
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
    @Operation(
            operationId = "listRuns",
            summary = "Lists runs, the newest first",
            description =
                    "Where there are more than 'limit' (at most 500), the header Link names the next page (rel=\"next\");"
                            + " 'before' goes on behind that run. 'operation' and 'status' choose.")
    @APIResponseSchema(value = RunView[].class, responseCode = "200")
    @Transactional
    public Response list(
            @QueryParam("environment") String environment,
            @Parameter(schema = @Schema(implementation = dev.lifeboat.run.Operation.class)) @QueryParam("operation")
                    String operation,
            @Parameter(schema = @Schema(implementation = RunStatus.class)) @QueryParam("status") String status,
            @QueryParam("active") @DefaultValue("false") boolean active,
            @QueryParam("limit") @DefaultValue("50") int limit,
            @QueryParam("before") String before,
            @Context UriInfo uri) {
        var where = new StringBuilder("projectId in :projects");
        Map<String, Object> values = new HashMap<>();
        values.put("projects", access.projects(caller.get(), Action.VIEW));
        if (environment != null) {
            where.append(" and environmentId = :environment");
            values.put("environment", environments.find(environment).toString());
        }
        if (operation != null) {
            where.append(" and operationType = :operation");
            values.put("operation", operation);
        }
        if (status != null) {
            where.append(" and status = :status");
            values.put("status", status);
        }
        if (active) {
            where.append(" and status in ('queued', 'running') and parkedAt is null");
        }
        if (before != null) {
            where.append(" and (createdAt, runId) < (:time, :before)");
            values.put("time", runs.load(before).createdAt());
            values.put("before", before);
        }
        int most = Math.clamp(limit, 1, MOST);
        List<Run> page = Run.<Run>find(where.toString(), Sort.descending("createdAt", "runId"), values)
                .page(0, most)
                .list();
        return Pages.of(
                page.stream()
                        .map(run -> RunView.of(runs.load(run.runId), tasks))
                        .toList(),
                page.size() == most ? Optional.of(page.getLast().runId) : Optional.empty(),
                uri);
    }

    @GET
    @Path("{run}")
    @Needs(Action.VIEW)
    @Operation(operationId = "getRun", summary = "Shows a run with its steps and how far they are")
    public RunView show(@PathParam("run") String id) {
        return RunView.of(runs.load(id), tasks);
    }

    @POST
    @Path("{run}/cancel")
    @Needs(value = Action.VIEW, in = Needs.Where.RUN)
    @Operation(
            operationId = "cancelRun",
            summary = "Asks a run to stop",
            description =
                    "Wants the right that beginning it wants. A run that has not touched its environment ends as cancelled; a"
                            + " restore that has is rolled back. 409 (TOO_LATE) where the run is over or about to be. Asking again"
                            + " changes nothing. A parked run (interrupted too often) is taken up again and comes to its end.")
    @APIResponseSchema(value = RunView.class, responseCode = "202")
    public Response cancel(@PathParam("run") String id, EnvironmentsResource.NoBody body) {
        Begun.requireSaid(body);
        orchestrator.cancel(id, caller.user());
        return Response.accepted(RunView.of(runs.load(id), tasks)).build();
    }

    @GET
    @Path("{run}/events")
    @Needs(Action.VIEW)
    @Operation(
            operationId = "listRunEvents",
            summary = "Lists what happened in a run, in order; 'after' skips the events up to that id")
    public List<EventView> events(@PathParam("run") String id, @QueryParam("after") @DefaultValue("0") long after) {
        runs.load(id);
        return stream.after(id, after);
    }

    @GET
    @Path("{run}/events/stream")
    @Produces(MediaType.SERVER_SENT_EVENTS)
    @Needs(Action.VIEW)
    @Operation(
            operationId = "streamRunEvents",
            summary = "Sends what happens in a run as it happens (server-sent events), until the run is over",
            description =
                    "Each message has the event's id, its type as the event's name, and its JSON as data; the last one is"
                            + " named 'end' and holds the run. Last-Event-ID goes on behind an event. With state=true there"
                            + " are messages without an id besides: 'run' holds the run, now and whenever it has changed, and"
                            + " 'progress' how far the steps under way are. Where nothing happens, a comment comes every 10"
                            + " seconds: who hears nothing for longer has lost the connection.")
    @Blocking
    public Multi<OutboundSseEvent> stream(
            @PathParam("run") String id,
            @QueryParam("state") @DefaultValue("false") boolean state,
            @HeaderParam("Last-Event-ID") @DefaultValue("0") long after,
            @Context Sse sse) {
        return stream.of(id, after, state, caller.get(), sse);
    }

    @GET
    @Path("{run}/evidence")
    @Needs(Action.VIEW)
    @Operation(operationId = "listEvidence", summary = "Lists the files of a run's evidence")
    public List<EvidenceView> evidence(@PathParam("run") String id) {
        return evidence.list(runs.load(id)).entrySet().stream()
                .map(file -> new EvidenceView(file.getKey(), file.getValue()))
                .toList();
    }

    @GET
    @Path("{run}/evidence/{file}")
    @Produces(MediaType.APPLICATION_OCTET_STREAM)
    @Needs(Action.VIEW)
    @Operation(
            operationId = "downloadEvidence",
            summary = "Gives one file of a run's evidence, of a run that is over also a range of its bytes",
            description =
                    "Sent as what it is, application/json or text/plain. The ETag is its SHA-256; while the run goes on"
                            + " its files still change, and have none.")
    public Response evidenceFile(
            @PathParam("run") String id,
            @PathParam("file") String file,
            @HeaderParam("Range") String range,
            @HeaderParam("If-Range") String ifRange,
            @HeaderParam("If-None-Match") String known,
            @Context Request request)
            throws IOException {
        RunSnapshot run = runs.load(id);
        String type = file.endsWith(".json") ? MediaType.APPLICATION_JSON : "text/plain; charset=utf-8";
        if (run.completedAt().isEmpty()) {
            return Response.ok(evidence.read(run, file)).type(type).build();
        }
        MessageDigest sha256 = Hashes.sha256();
        long size;
        try (var content = new DigestInputStream(evidence.read(run, file), sha256)) {
            size = content.transferTo(OutputStream.nullOutputStream());
        }
        return Download.of(
                new Download.Content(
                        file,
                        size,
                        HexFormat.of().formatHex(sha256.digest()),
                        type,
                        offset -> from(evidence.read(run, file), offset)),
                new Download.Asked(request.getMethod(), range, ifRange, known));
    }

    private static InputStream from(InputStream file, long offset) throws IOException {
        try {
            file.skipNBytes(offset);
            return file;
        } catch (IOException e) {
            file.close();
            throw e;
        }
    }
}
