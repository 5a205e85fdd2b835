package dev.lifeboat.api;

import dev.lifeboat.access.Open;
import dev.lifeboat.run.Artifact;
import dev.lifeboat.run.ArtifactCatalogue;
import dev.lifeboat.run.BreakGlassStore;
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
    /** A daily backup that is two hours late. */
    private static final Duration OLDEST = Duration.ofHours(26);

    private final ArtifactCatalogue catalogue;
    private final BreakGlassStore breakGlass;

    BackupHealthResource(ArtifactCatalogue catalogue, BreakGlassStore breakGlass) {
        this.catalogue = catalogue;
        this.breakGlass = breakGlass;
    }

    /**
     * The answer.
     *
     * @param status healthy or unhealthy
     * @param lastBackup the newest backup's snapshot (UTC); null: there is none
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
            summary = "Tells how old the newest backup is and whether restores work")
    @Transactional
    public Response health() {
        Optional<Artifact> newest = catalogue.available(Optional.empty()).stream()
                .filter(artifact -> artifact.purpose.equals("backup"))
                .findFirst();
        Boolean restored = Run.<Run>find(
                        "operationType in ('restore', 'drill') and completedAt is not null and status <> 'cancelled'",
                        Sort.by("completedAt").descending())
                .firstResultOptional()
                .map(run -> run.status.equals("success"))
                .orElse(null);
        Duration age = newest.map(artifact -> Duration.between(artifact.createdAt, Instant.now()))
                .orElse(null);
        boolean healthy = age != null && age.compareTo(OLDEST) < 0 && !Boolean.FALSE.equals(restored);
        var answer = new BackupHealth(
                healthy ? "healthy" : "unhealthy",
                newest.map(artifact -> artifact.createdAt).orElse(null),
                age == null ? null : age.toHours(),
                newest.map(artifact -> (int) catalogue.copies(artifact.artifactId).stream()
                                .filter(copy -> copy.status.equals("good"))
                                .count())
                        .orElse(0),
                restored,
                breakGlass.open().size());
        return Response.status(healthy ? 200 : 503).entity(answer).build();
    }
}
