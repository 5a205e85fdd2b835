package dev.lifeboat.api;

import dev.lifeboat.access.Open;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.EnvironmentType;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.run.Artifact;
import dev.lifeboat.run.ArtifactCatalogue;
import dev.lifeboat.run.BreakGlassStore;
import dev.lifeboat.run.Protection;
import dev.lifeboat.run.Run;
import io.quarkus.panache.common.Sort;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.transaction.Transactional;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponseSchema;

/**
 * The state of the backups in one answer, as the disaster recovery specification (5.2) wants it; 503 where it is not
 * healthy. Open to everybody who reaches the port: it names nothing.
 */
@Path("/backup/health")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class BackupHealthResource {
    private final EnvironmentCatalogue environments;
    private final ArtifactCatalogue catalogue;
    private final BreakGlassStore breakGlass;

    BackupHealthResource(EnvironmentCatalogue environments, ArtifactCatalogue catalogue, BreakGlassStore breakGlass) {
        this.environments = environments;
        this.catalogue = catalogue;
        this.breakGlass = breakGlass;
    }

    /**
     * The answer. It tells of the environment that stands worst, of those that are in production, have a schedule, or have backups.
     *
     * @param status healthy or unhealthy: an environment's newest backup that has a good copy is older than its recovery point
     *     allows, or a restore did not work
     * @param lastBackup the newest such backup's snapshot (UTC); null: there is none
     * @param backupAgeHours its age in whole hours
     * @param regionsSynced how many stores have a good copy of it
     * @param restoreTestPassed whether the newest restore or rehearsal of one succeeded; null: there was none
     * @param breakGlassWindows how many environments' schedules pause now
     */
    public record BackupHealth(
            String status,
            Instant lastBackup,
            Long backupAgeHours,
            int regionsSynced,
            Boolean restoreTestPassed,
            int breakGlassWindows) {}

    @GET
    @Open
    @APIResponseSchema(value = BackupHealth.class, responseCode = "200", responseDescription = "Healthy")
    @APIResponse(
            responseCode = "503",
            description = "Not healthy",
            content =
                    @Content(
                            mediaType = MediaType.APPLICATION_JSON,
                            schema = @Schema(implementation = BackupHealth.class)))
    @Operation(
            operationId = "getBackupHealth",
            summary =
                    "Tells how the environment stands that stands worst: how old its newest backup is, and whether restores work")
    @Transactional
    public Response health() {
        Instant now = Instant.now();
        List<Standing> standings = environments.all().stream()
                .map(this::standing)
                .filter(Standing::counts)
                .sorted(Comparator.comparing(Standing::overdueSince))
                .toList();
        Optional<Artifact> newest = standings.stream().findFirst().flatMap(Standing::newest);
        Boolean restored = Run.<Run>find(
                        "operationType in ('restore', 'drill') and completedAt is not null and status <> 'cancelled'",
                        Sort.by("completedAt").descending())
                .firstResultOptional()
                .map(run -> run.status.equals("success"))
                .orElse(null);
        Duration age = newest.map(artifact -> Duration.between(artifact.createdAt, now))
                .orElse(null);
        boolean healthy = !standings.isEmpty()
                && standings.stream().noneMatch(standing -> standing.isLate(now))
                && !Boolean.FALSE.equals(restored);
        var answer = new BackupHealth(
                healthy ? "healthy" : "unhealthy",
                newest.map(artifact -> artifact.createdAt).orElse(null),
                age == null ? null : age.toHours(),
                newest.map(artifact -> catalogue.goodStores(artifact.artifactId).size())
                        .orElse(0),
                restored,
                breakGlass.open().size());
        return Response.status(healthy ? 200 : 503).entity(answer).build();
    }

    private record Standing(LifeboatConfig.Environment settings, Optional<Artifact> newest) {
        boolean counts() {
            return newest.isPresent()
                    || settings.type() == EnvironmentType.PRODUCTION
                    || !settings.schedule().isEmpty();
        }

        Instant overdueSince() {
            return newest.map(artifact -> artifact.createdAt.plus(settings.recoveryPoint()))
                    .orElse(Instant.EPOCH);
        }

        boolean isLate(Instant now) {
            return Protection.isLate(newest.map(artifact -> artifact.createdAt), settings.recoveryPoint(), now);
        }
    }

    private Standing standing(EnvironmentId id) {
        return new Standing(environments.configOf(id), catalogue.newestGood(id));
    }
}
