package dev.lifeboat.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.lifeboat.access.Action;
import dev.lifeboat.access.Needs;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.run.Deployment;
import dev.lifeboat.run.DeploymentStore;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.eclipse.microprofile.openapi.annotations.Operation;

/** The deployments of an environment. */
@Path("/api/v1/environments/{env}/deployments")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class DeploymentsResource {
    private static final int MOST = 100;

    private final EnvironmentCatalogue environments;
    private final DeploymentStore deployments;

    DeploymentsResource(EnvironmentCatalogue environments, DeploymentStore deployments) {
        this.environments = environments;
        this.deployments = deployments;
    }

    /**
     * A deployment. Times are UTC; what is not known or did not happen is left out.
     *
     * @param outcome good, failed, proposed, rolling_back, rolled_back or rollback_failed; left out: not judged yet
     * @param level of the rollback that its trouble asks for: 1 the version, 2 the data too
     * @param rollbackSeconds how long the rollback took
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record DeploymentView(
            long id,
            String version,
            String versionBefore,
            String operator,
            Instant startingAt,
            Instant completedAt,
            String backupRunId,
            String checkRunId,
            String outcome,
            String reason,
            Integer level,
            String rollbackRunId,
            String rolledBackTo,
            Double rollbackSeconds) {
        static DeploymentView of(Deployment row) {
            return new DeploymentView(
                    row.id,
                    row.version,
                    row.versionBefore,
                    row.operator,
                    row.startingAt,
                    row.completedAt,
                    row.backupRunId,
                    row.checkRunId,
                    row.outcome,
                    row.reason,
                    row.level,
                    row.rollbackRunId,
                    row.rolledBackTo,
                    row.rollbackEndedAt == null
                            ? null
                            : Duration.between(row.rollbackStartedAt, row.rollbackEndedAt)
                                            .toMillis()
                                    / 1000.0);
        }
    }

    /**
     * The deployments, the newest first, at most a hundred.
     *
     * @param lastGoodVersion the last version of which the checks found nothing wrong; null: none yet
     * @param policy off, propose or automatic
     */
    public record DeploymentsView(String lastGoodVersion, String policy, List<DeploymentView> deployments) {}

    @GET
    @Needs(Action.VIEW)
    @Operation(operationId = "listDeployments", summary = "Lists an environment's deployments and what became of them")
    public DeploymentsView list(@PathParam("env") String env) {
        EnvironmentId id = environments.find(env);
        return new DeploymentsView(
                deployments.lastGood(id).orElse(null),
                environments.configOf(id).deployment().rollback().name().toLowerCase(Locale.ROOT),
                deployments.list(id, MOST).stream().map(DeploymentView::of).toList());
    }
}
