package dev.lifeboat.console;

import dev.lifeboat.access.Access;
import dev.lifeboat.access.Action;
import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.access.Needs;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.orchestrator.RollbackOrder;
import dev.lifeboat.orchestrator.RollbackPlan;
import dev.lifeboat.orchestrator.Rollbacks;
import dev.lifeboat.progress.Amounts;
import dev.lifeboat.run.Deployment;
import dev.lifeboat.run.DeploymentStore;
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
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.Operation;

/** The deployments of an environment, and the rollback of the newest, confirmed by the environment's name. */
@Path("/console/environments/{env}/deployments")
@Produces(MediaType.TEXT_HTML)
@RunOnVirtualThread
public class DeploymentPages {
    private static final int SHOWN = 50;

    private final Access access;
    private final CurrentCaller caller;
    private final EnvironmentCatalogue environments;
    private final DeploymentStore deployments;
    private final Rollbacks rollbacks;
    private final Frames frames;

    DeploymentPages(
            Access access,
            CurrentCaller caller,
            EnvironmentCatalogue environments,
            DeploymentStore deployments,
            Rollbacks rollbacks,
            Frames frames) {
        this.access = access;
        this.caller = caller;
        this.environments = environments;
        this.deployments = deployments;
        this.rollbacks = rollbacks;
        this.frames = frames;
    }

    @CheckedTemplate(basePath = "console")
    static final class Templates {
        private Templates() {}

        static native TemplateInstance deployments(
                Frame frame,
                String environment,
                String environmentPath,
                String name,
                String lastGood,
                String policy,
                RollbackPlan plan,
                String noPlan,
                boolean proposed,
                List<Views.DeploymentLine> lines);
    }

    @GET
    @Needs(Action.VIEW)
    @Operation(hidden = true)
    public TemplateInstance list(@PathParam("env") String env) {
        EnvironmentId id = environments.find(env);
        List<Deployment> all = deployments.list(id, SHOWN);
        RollbackPlan plan = null;
        String noPlan = "";
        if (access.may(caller.get(), Action.RESTORE, id.project())) {
            try {
                plan = rollbacks.plan(id, RollbackOrder.plain());
            } catch (FaultException e) {
                noPlan = e.fault().message() + ". " + e.fault().remedy();
            }
        }
        return Templates.deployments(
                frames.of("Deployments of " + id, "deployments"),
                id.toString(),
                Lines.path(id.toString()),
                id.name(),
                deployments.lastGood(id).orElse("none yet"),
                environments.configOf(id).deployment().rollback().name().toLowerCase(Locale.ROOT),
                plan,
                noPlan,
                !all.isEmpty() && "proposed".equals(all.getFirst().outcome),
                all.stream().map(DeploymentPages::line).toList());
    }

    static Views.DeploymentLine line(Deployment row) {
        Instant at = row.completedAt == null ? row.startingAt : row.completedAt;
        return new Views.DeploymentLine(
                row.environmentId,
                Lines.path(row.environmentId),
                row.version,
                text(row.versionBefore),
                at == null ? "" : Format.at(at),
                at == null ? "" : Format.ago(at, Instant.now()),
                text(row.operator),
                badge(text(row.outcome)),
                text(row.reason),
                text(row.checkRunId),
                text(row.rollbackRunId),
                row.rollbackEndedAt == null
                        ? ""
                        : Amounts.seconds(Duration.between(row.rollbackStartedAt, row.rollbackEndedAt)
                                        .toMillis()
                                / 1000.0));
    }

    private static Views.Badge badge(String outcome) {
        return switch (outcome) {
            case "good" -> new Views.Badge("good", "good");
            case "rolled_back" -> new Views.Badge("warn", "rolled back");
            case "proposed" -> new Views.Badge("bad", "rollback proposed");
            case "rolling_back", "" -> new Views.Badge("live", outcome.isEmpty() ? "not judged yet" : "rolling back");
            default -> new Views.Badge("bad", Format.words(outcome));
        };
    }

    private static String text(String value) {
        return value == null ? "" : value;
    }

    @POST
    @Path("rollback")
    @Needs(Action.RESTORE)
    @Operation(hidden = true)
    public Response rollBack(
            @PathParam("env") String env,
            @FormParam("level") int level,
            @FormParam("reason") String reason,
            @FormParam("confirm") String confirm) {
        String run = rollbacks.begin(
                environments.find(env),
                new RollbackOrder(
                        Optional.of(level),
                        Optional.empty(),
                        Optional.ofNullable(reason).map(String::strip).filter(said -> !said.isEmpty()),
                        Optional.ofNullable(confirm).map(String::strip)),
                caller.user());
        return Response.seeOther(URI.create("/console/runs/" + run)).build();
    }
}
