package dev.lifeboat.console;

import dev.lifeboat.access.Action;
import dev.lifeboat.access.Needs;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.run.Deployment;
import io.quarkus.qute.CheckedTemplate;
import io.quarkus.qute.TemplateInstance;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.Operation;

/** The deployments of all environments. */
@Path("/console/deployments")
@Produces(MediaType.TEXT_HTML)
@RunOnVirtualThread
public class DeploymentListPages {
    private final History history;
    private final Choice choice;
    private final Frames frames;

    DeploymentListPages(History history, Choice choice, Frames frames) {
        this.history = history;
        this.choice = choice;
        this.frames = frames;
    }

    @CheckedTemplate(basePath = "console")
    static final class Templates {
        private Templates() {}

        static native TemplateInstance deploymentlist(
                Frame frame, List<String> environments, String chosen, List<Views.DeploymentLine> lines, Paging paging);
    }

    @GET
    @Needs(value = Action.VIEW, in = Needs.Where.SOME)
    @Operation(hidden = true)
    public TemplateInstance list(
            @QueryParam("environment") String environment, @QueryParam("page") @DefaultValue("1") int page) {
        Choice.Chosen chosen = choice.of(environment);
        int index = Paging.index(page);
        List<Deployment> found = history.deployments(
                chosen.environment().map(EnvironmentId::toString).map(List::of).orElse(chosen.names()), index);
        return Templates.deploymentlist(
                frames.of("Deployments", "deployments"),
                chosen.names(),
                chosen.name(),
                found.stream().limit(Paging.SIZE).map(DeploymentPages::line).toList(),
                Paging.of(index, found, "/console/deployments", Map.of("environment", chosen.name())));
    }
}
