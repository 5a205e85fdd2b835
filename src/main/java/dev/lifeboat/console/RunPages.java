package dev.lifeboat.console;

import dev.lifeboat.access.Access;
import dev.lifeboat.access.Action;
import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.access.Needs;
import dev.lifeboat.orchestrator.Orchestrator;
import dev.lifeboat.orchestrator.RunEvidence;
import dev.lifeboat.progress.Amounts;
import dev.lifeboat.run.Run;
import dev.lifeboat.run.RunSnapshot;
import dev.lifeboat.run.RunStatus;
import dev.lifeboat.run.RunStore;
import io.quarkus.qute.CheckedTemplate;
import io.quarkus.qute.TemplateInstance;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.eclipse.microprofile.openapi.annotations.Operation;

/** Runs, one run as it goes on, and its evidence. */
@Path("/console/runs")
@Produces(MediaType.TEXT_HTML)
@RunOnVirtualThread
public class RunPages {
    /** So much of a file of evidence is shown; all of it can be had from the API. */
    private static final int MOST_SHOWN = 256 * 1024;

    private final Access access;
    private final CurrentCaller caller;
    private final Orchestrator orchestrator;
    private final RunStore runs;
    private final RunEvidence evidence;
    private final History history;
    private final Lines lines;
    private final Choice choice;
    private final Frames frames;

    RunPages(
            Access access,
            CurrentCaller caller,
            Orchestrator orchestrator,
            RunStore runs,
            RunEvidence evidence,
            History history,
            Lines lines,
            Choice choice,
            Frames frames) {
        this.access = access;
        this.caller = caller;
        this.orchestrator = orchestrator;
        this.runs = runs;
        this.evidence = evidence;
        this.history = history;
        this.lines = lines;
        this.choice = choice;
        this.frames = frames;
    }

    @CheckedTemplate(basePath = "console")
    static final class Templates {
        private Templates() {}

        static native TemplateInstance runs(
                Frame frame,
                List<String> environments,
                String chosen,
                List<Views.Option> operations,
                List<Views.Option> results,
                List<Views.RunLine> runs,
                Paging paging);

        static native TemplateInstance run(
                Frame frame, Views.RunDetails run, boolean mayStop, List<Views.FileLine> evidence);

        static native TemplateInstance live(Views.RunDetails run);

        static native TemplateInstance evidence(
                Frame frame, String run, String file, String text, boolean cut, String raw);
    }

    @GET
    @Needs(value = Action.VIEW, in = Needs.Where.SOME)
    @Operation(hidden = true)
    public TemplateInstance list(
            @QueryParam("environment") String environment,
            @QueryParam("operation") @DefaultValue("") String operation,
            @QueryParam("result") @DefaultValue("") String result,
            @QueryParam("page") @DefaultValue("1") int page) {
        Choice.Chosen chosen = choice.of(environment);
        int index = Paging.index(page);
        List<Run> found = history.runs(
                new History.Asked(chosen.projects(), chosen.environment(), asked(operation), asked(result)), index);
        return Templates.runs(
                frames.of("Runs", "runs"),
                chosen.names(),
                chosen.name(),
                Stream.of(dev.lifeboat.run.Operation.values())
                        .map(of -> Views.Option.of(of.wireName(), operation))
                        .toList(),
                Stream.of(RunStatus.values())
                        .map(of -> Views.Option.of(of.wireName(), result))
                        .toList(),
                found.stream().limit(Paging.SIZE).map(lines::run).toList(),
                Paging.of(
                        index,
                        found,
                        "/console/runs",
                        Map.of("environment", chosen.name(), "operation", operation, "result", result)));
    }

    private static Optional<String> asked(String text) {
        return Optional.of(text).filter(value -> !value.isEmpty());
    }

    @GET
    @Path("{run}")
    @Needs(Action.VIEW)
    @Operation(hidden = true)
    public TemplateInstance show(@PathParam("run") String id) {
        RunSnapshot run = runs.load(id);
        List<Views.FileLine> files = evidence.list(run).entrySet().stream()
                .map(file -> new Views.FileLine(
                        file.getKey(),
                        Amounts.bytes(file.getValue()),
                        "",
                        "/console/runs/" + run.runId() + "/evidence/" + file.getKey()))
                .toList();
        return Templates.run(
                frames.of(Format.sentence(run.operation().wireName()) + " of " + run.environment(), "runs"),
                lines.details(run),
                mayStop(run),
                files);
    }

    private boolean mayStop(RunSnapshot run) {
        return run.completedAt().isEmpty()
                && (run.cancellation().isEmpty() || run.parked())
                && run.parentRunId().isEmpty()
                && access.may(
                        caller.get(),
                        Access.toBegin(run.operation()),
                        run.environment().project());
    }

    @POST
    @Path("{run}/cancel")
    @Needs(value = Action.VIEW, in = Needs.Where.RUN)
    @Operation(hidden = true)
    public Response cancel(@PathParam("run") String id) {
        orchestrator.cancel(id, caller.user());
        return Response.seeOther(URI.create("/console/runs/" + id)).build();
    }

    @GET
    @Path("{run}/live")
    @Needs(Action.VIEW)
    @Operation(hidden = true)
    public TemplateInstance live(@PathParam("run") String id) {
        return Templates.live(lines.details(runs.load(id)));
    }

    @GET
    @Path("{run}/evidence/{file}")
    @Needs(Action.VIEW)
    @Operation(hidden = true)
    public TemplateInstance evidence(@PathParam("run") String id, @PathParam("file") String file) throws IOException {
        RunSnapshot run = runs.load(id);
        byte[] shown;
        try (InputStream in = evidence.read(run, file)) {
            shown = in.readNBytes(MOST_SHOWN + 1);
        }
        boolean cut = shown.length > MOST_SHOWN;
        return Templates.evidence(
                frames.of(file, "runs"),
                run.runId(),
                file,
                new String(shown, 0, Math.min(shown.length, MOST_SHOWN), StandardCharsets.UTF_8),
                cut,
                "/api/v1/runs/" + run.runId() + "/evidence/" + file);
    }
}
