package dev.lifeboat.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.access.Access;
import dev.lifeboat.access.Action;
import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.access.Needs;
import dev.lifeboat.artifact.Manifest;
import dev.lifeboat.artifact.ManifestCodec;
import dev.lifeboat.artifact.OpenArtifact;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.orchestrator.Operations;
import dev.lifeboat.preflight.CatalogueOpener;
import dev.lifeboat.run.Artifact;
import dev.lifeboat.run.ArtifactCatalogue;
import dev.lifeboat.run.ArtifactCopy;
import dev.lifeboat.sidecar.OdooZip;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
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
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponseSchema;

/** Artifacts: the backups that there are. */
@Path("/api/v1/artifacts")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class ArtifactsResource {
    private static final int MOST = 500;

    private final CurrentCaller caller;
    private final Begun begun;
    private final Access access;
    private final ArtifactCatalogue catalogue;
    private final CatalogueOpener opener;
    private final EnvironmentCatalogue environments;
    private final Operations operations;
    private final LifeboatConfig config;

    ArtifactsResource(
            ArtifactCatalogue catalogue,
            CatalogueOpener opener,
            EnvironmentCatalogue environments,
            Operations operations,
            CurrentCaller caller,
            Access access,
            Begun begun,
            LifeboatConfig config) {
        this.caller = caller;
        this.begun = begun;
        this.access = access;
        this.catalogue = catalogue;
        this.opener = opener;
        this.environments = environments;
        this.operations = operations;
        this.config = config;
    }

    /** A copy of an artifact in one store. */
    public record CopyView(String store, String uri, String status, Instant verifiedAt, String problem) {}

    /** Where to copy to. */
    public record CopyBody(String store) {}

    /** An artifact; size in bytes. {@code manifest} is there where one artifact was asked for. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record ArtifactView(
            String artifactId,
            String environment,
            String backupType,
            String purpose,
            Instant createdAt,
            long sizeBytes,
            String label,
            List<String> degraded,
            List<String> stores,
            List<CopyView> copies,
            String status,
            String runId,
            Manifest manifest) {}

    @GET
    @Needs(value = Action.VIEW, in = Needs.Where.SOME)
    @Operation(
            operationId = "listArtifacts",
            summary = "Lists the artifacts that can be restored, the newest first",
            description =
                    "Where there are more than 'limit' (at most 500), the header Link names the next page (rel=\"next\");"
                            + " 'before' goes on behind that artifact.")
    @APIResponseSchema(value = ArtifactView[].class, responseCode = "200")
    public Response list(
            @QueryParam("environment") String environment,
            @QueryParam("limit") @DefaultValue("500") int limit,
            @QueryParam("before") String before,
            @Context UriInfo uri) {
        Set<String> projects = access.projects(caller.get(), Action.VIEW);
        Stream<Artifact> visible =
                catalogue.available(Optional.ofNullable(environment).map(environments::find)).stream()
                        .filter(artifact -> projects.contains(artifact.projectId));
        if (before != null) {
            visible = visible.dropWhile(artifact -> !artifact.artifactId.equals(before))
                    .skip(1);
        }
        int most = Math.clamp(limit, 1, MOST);
        List<ArtifactView> page =
                visible.limit(most).map(artifact -> view(artifact, null)).toList();
        return Pages.of(page, page.size() == most ? Optional.of(page.getLast().artifactId()) : Optional.empty(), uri);
    }

    @GET
    @Path("{artifact}")
    @Needs(Action.VIEW)
    @Operation(operationId = "getArtifact", summary = "Shows an artifact with its manifest")
    public ArtifactView show(@PathParam("artifact") String id) {
        Artifact artifact = catalogue.get(id);
        return view(artifact, artifact.isAvailable() ? opener.open(artifact).manifest() : null);
    }

    @GET
    @Path("{artifact}/files/{file: .+}")
    @Produces(MediaType.APPLICATION_OCTET_STREAM)
    @Needs(Action.RESTORE)
    @Operation(
            operationId = "downloadArtifactFile",
            summary =
                    "Gives a file of an artifact, or a range of its bytes, as a restore would read it; its ETag is its SHA-256")
    public Response file(
            @PathParam("artifact") String id,
            @PathParam("file") String file,
            @HeaderParam("Range") String range,
            @HeaderParam("If-Range") String ifRange,
            @HeaderParam("If-None-Match") String known,
            @Context Request request) {
        OpenArtifact open = opener.open(catalogue.get(id));
        Manifest.FileEntry entry = ManifestCodec.files(open.manifest()).stream()
                .filter(listed -> listed.path().equals(file))
                .findFirst()
                .orElseThrow(() -> Fault.of(
                                FaultCode.UNKNOWN_ARTIFACT,
                                "artifact " + id + " has no such file",
                                "Its manifest at /api/v1/artifacts/" + id + " lists those that it has.")
                        .toException());
        return Download.of(
                new Download.Content(
                        entry.path().substring(entry.path().lastIndexOf('/') + 1),
                        entry.size(),
                        entry.sha256(),
                        MediaType.APPLICATION_OCTET_STREAM,
                        offset -> open.open(entry.path(), offset)),
                new Download.Asked(request.getMethod(), range, ifRange, known));
    }

    @POST
    @Path("{artifact}/verifications")
    @Needs(Action.VERIFY)
    @APIResponseSchema(value = RunView.class, responseCode = "202", responseDescription = Begun.ANSWER)
    @Operation(
            operationId = "startVerification",
            summary = "Starts reading every byte of an artifact to compare it with its manifest")
    public Response verify(@PathParam("artifact") String id, EnvironmentsResource.NoBody body) {
        return begun.by(body, () -> operations.verify(id, caller.user()));
    }

    @POST
    @Path("{artifact}/copies")
    @Needs(Action.REPLICATE)
    @APIResponseSchema(value = RunView.class, responseCode = "202", responseDescription = Begun.ANSWER)
    @Operation(operationId = "startCopy", summary = "Starts copying an artifact into a store")
    public Response replicate(@PathParam("artifact") String id, CopyBody body) {
        if (body == null || body.store() == null) {
            throw Fault.of(FaultCode.BAD_INPUT, "no store is named", "Send {\"store\": \"secondary\"}.")
                    .toException();
        }
        return begun.by(body, () -> operations.replicate(id, body.store(), caller.user()));
    }

    @GET
    @Path("{artifact}/odoo-zip")
    @Produces("application/zip")
    @Needs(Action.RESTORE)
    @Operation(
            operationId = "downloadOdooZip",
            summary = "Gives an artifact as a zip that Odoo's own database manager and `odoo db load` take")
    public Response odooZip(@PathParam("artifact") String id, @Context Request request) {
        OpenArtifact artifact = opener.open(catalogue.get(id));
        return Download.made(
                artifact.id().id() + ".zip", out -> OdooZip.write(artifact, config.pgBin(), out), request.getMethod());
    }

    private ArtifactView view(Artifact artifact, Manifest manifest) {
        List<ArtifactCopy> copies = catalogue.copies(artifact.artifactId);
        return new ArtifactView(
                artifact.artifactId,
                artifact.environmentId,
                artifact.backupType,
                artifact.purpose,
                artifact.createdAt,
                artifact.sizeBytes,
                artifact.label,
                artifact.degraded.valueStream().map(JsonNode::asText).toList(),
                copies.stream().filter(ArtifactCopy::isGood).map(c -> c.store).toList(),
                copies.stream()
                        .map(copy -> new CopyView(copy.store, copy.uri, copy.status, copy.verifiedAt, copy.problem))
                        .toList(),
                artifact.status,
                artifact.runId,
                manifest);
    }
}
