package dev.lifeboat.console;

import dev.lifeboat.access.Access;
import dev.lifeboat.access.Action;
import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.access.Needs;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.orchestrator.Orchestrator;
import dev.lifeboat.orchestrator.RunEvidence;
import dev.lifeboat.run.RunSnapshot;
import dev.lifeboat.run.RunStore;
import io.quarkus.qute.CheckedTemplate;
import io.quarkus.qute.TemplateInstance;
import io.smallrye.common.annotation.RunOnVirtualThread;
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
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.Operation;

/** Runs, one run as it goes on, and its evidence. */
@Path("/console/runs")
@Produces(MediaType.TEXT_HTML)
@RunOnVirtualThread
public class RunPages {
    private static final int MOST_RUNS = 100;
    /** So much of a file of evidence is shown; all of it can be had from the API. */
    private static final int MOST_SHOWN = 256 * 1024;

    private final Access access;
    private final CurrentCaller caller;
    private final EnvironmentCatalogue environments;
    private final Orchestrator orchestrator;
    private final RunStore runs;
    private final RunEvidence evidence;
    private final History history;
    private final Lines lines;

    RunPages(
            Access access,
            CurrentCaller caller,
            EnvironmentCatalogue environments,
            Orchestrator orchestrator,
            RunStore runs,
            RunEvidence evidence,
            History history,
            Lines lines) {
        this.access = access;
        this.caller = caller;
        this.environments = environments;
        this.orchestrator = orchestrator;
        this.runs = runs;
        this.evidence = evidence;
        this.history = history;
        this.lines = lines;
    }

    @CheckedTemplate(basePath = "console")
    static final class Templates {
        private Templates() {}

        static native TemplateInstance runs(
                Frame frame, List<String> environments, String chosen, List<Views.RunLine> runs);

        static native TemplateInstance run(
                Frame frame, Views.RunDetails run, boolean mayStop, List<Views.FileLine> evidence);

        static native TemplateInstance live(Views.RunDetails run);

        static native TemplateInstance evidence(
                Frame frame, String run, String file, String text, boolean cut, String raw);
    }

    @GET
    @Needs(value = Action.VIEW, in = Needs.Where.SOME)
    @Operation(hidden = true)
    public TemplateInstance list(@QueryParam("environment") String environment) {
        Optional<EnvironmentId> chosen =
                Optional.ofNullable(environment).filter(text -> !text.isBlank()).map(environments::find);
        return Templates.runs(
                Frame.of("Runs", "runs", caller.get()),
                access.environments(caller.get()).stream()
                        .map(EnvironmentId::toString)
                        .toList(),
                chosen.map(EnvironmentId::toString).orElse(""),
                history.runs(access.projects(caller.get(), Action.VIEW), chosen, MOST_RUNS).stream()
                        .map(lines::run)
                        .toList());
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
                        Format.bytes(file.getValue()),
                        "",
                        "/console/runs/" + run.runId() + "/evidence/" + file.getKey()))
                .toList();
        return Templates.run(
                Frame.of(Format.sentence(run.operation().wireName()) + " " + run.runId(), "runs", caller.get()),
                lines.details(run),
                mayStop(run),
                files);
    }

    private boolean mayStop(RunSnapshot run) {
        return run.cancellation().isEmpty()
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
                Frame.of(file, "runs", caller.get()),
                run.runId(),
                file,
                new String(shown, 0, Math.min(shown.length, MOST_SHOWN), StandardCharsets.UTF_8),
                cut,
                "/api/v1/runs/" + run.runId() + "/evidence/" + file);
    }
}
