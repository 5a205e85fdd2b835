package dev.lifeboat.console;

import dev.lifeboat.access.Action;
import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.access.Needs;
import dev.lifeboat.run.Escalation;
import dev.lifeboat.run.EscalationStore;
import dev.lifeboat.run.RunStore;
import io.quarkus.qute.CheckedTemplate;
import io.quarkus.qute.TemplateInstance;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.FormParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.net.URI;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.Operation;

/** Where the link of a notice leads. A mail program that follows links takes nothing: only the button acknowledges. */
@Path("/console/runs/{run}/acknowledge")
@Produces(MediaType.TEXT_HTML)
@RunOnVirtualThread
public class AcknowledgePages {
    private final CurrentCaller caller;
    private final RunStore runs;
    private final EscalationStore escalations;
    private final Frames frames;

    AcknowledgePages(CurrentCaller caller, RunStore runs, EscalationStore escalations, Frames frames) {
        this.frames = frames;
        this.caller = caller;
        this.runs = runs;
        this.escalations = escalations;
    }

    @CheckedTemplate(basePath = "console")
    static final class Templates {
        private Templates() {}

        static native TemplateInstance acknowledge(
                Frame frame, String run, String environment, String reason, String raised, String taken);
    }

    @GET
    @Needs(Action.VIEW)
    @Operation(hidden = true)
    public TemplateInstance show(@PathParam("run") String run) {
        String environment = runs.load(run).environment().toString();
        Optional<Escalation> escalation = escalations.find(run);
        return Templates.acknowledge(
                frames.of("Take care of " + environment, "runs"),
                run,
                environment,
                escalation.map(row -> row.reason).orElse(""),
                escalation.map(row -> Format.at(row.raisedAt)).orElse(""),
                escalation
                        .filter(row -> row.acknowledgedAt != null)
                        .map(row -> row.acknowledgedBy + ", " + Format.at(row.acknowledgedAt))
                        .orElse(""));
    }

    @POST
    @Needs(Action.VALIDATE)
    @Operation(hidden = true)
    public Response take(@PathParam("run") String run, @FormParam("note") String note) {
        escalations.acknowledge(
                run, caller.user(), Optional.ofNullable(note).map(String::strip).filter(text -> !text.isEmpty()));
        return Response.seeOther(URI.create("/console/runs/" + run + "/acknowledge"))
                .build();
    }
}
