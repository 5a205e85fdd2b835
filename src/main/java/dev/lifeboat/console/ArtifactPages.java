package dev.lifeboat.console;

import dev.lifeboat.access.Access;
import dev.lifeboat.access.Action;
import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.access.Needs;
import dev.lifeboat.artifact.Manifest;
import dev.lifeboat.artifact.ManifestCodec;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.orchestrator.Operations;
import dev.lifeboat.preflight.CatalogueOpener;
import dev.lifeboat.run.Artifact;
import dev.lifeboat.run.ArtifactCatalogue;
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
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.eclipse.microprofile.openapi.annotations.Operation;

/** Backups, and what is in one. */
@Path("/console/artifacts")
@Produces(MediaType.TEXT_HTML)
@RunOnVirtualThread
public class ArtifactPages {
    private static final int MOST = 200;

    private final Access access;
    private final CurrentCaller caller;
    private final EnvironmentCatalogue environments;
    private final ArtifactCatalogue artifacts;
    private final CatalogueOpener opener;
    private final Operations operations;
    private final Lines lines;

    ArtifactPages(
            Access access,
            CurrentCaller caller,
            EnvironmentCatalogue environments,
            ArtifactCatalogue artifacts,
            CatalogueOpener opener,
            Operations operations,
            Lines lines) {
        this.access = access;
        this.caller = caller;
        this.environments = environments;
        this.artifacts = artifacts;
        this.opener = opener;
        this.operations = operations;
        this.lines = lines;
    }

    @CheckedTemplate(basePath = "console")
    static final class Templates {
        private Templates() {}

        static native TemplateInstance artifacts(
                Frame frame, List<String> environments, String chosen, List<Views.ArtifactLine> artifacts);

        static native TemplateInstance artifact(
                Frame frame,
                Views.ArtifactLine artifact,
                String environmentPath,
                boolean available,
                boolean mayVerify,
                boolean mayRestore,
                List<Views.Fact> facts,
                List<String> degraded,
                List<Views.FileLine> files,
                List<Views.FileLine> parts,
                List<String> modules,
                List<Views.Fact> tables);
    }

    @GET
    @Needs(value = Action.VIEW, in = Needs.Where.SOME)
    @Operation(hidden = true)
    public TemplateInstance list(@QueryParam("environment") String environment) {
        Optional<EnvironmentId> chosen =
                Optional.ofNullable(environment).filter(text -> !text.isBlank()).map(environments::find);
        Set<String> projects = access.projects(caller.get(), Action.VIEW);
        return Templates.artifacts(
                Frame.of("Backups", "artifacts", caller.get()),
                access.environments(caller.get()).stream()
                        .map(EnvironmentId::toString)
                        .toList(),
                chosen.map(EnvironmentId::toString).orElse(""),
                artifacts.available(chosen).stream()
                        .filter(artifact -> projects.contains(artifact.projectId))
                        .limit(MOST)
                        .map(lines::artifact)
                        .toList());
    }

    @GET
    @Path("{artifact}")
    @Needs(Action.VIEW)
    @Operation(hidden = true)
    public TemplateInstance show(@PathParam("artifact") String id) {
        Artifact artifact = artifacts.get(id);
        boolean available = artifact.status.equals("available");
        Optional<Manifest> manifest =
                available ? Optional.of(opener.open(artifact).manifest()) : Optional.empty();
        boolean mayRestore = available && access.may(caller.get(), Action.RESTORE, artifact.projectId);
        var degraded = new ArrayList<String>();
        artifact.degraded.forEach(reason -> degraded.add(reason.asText()));
        return Templates.artifact(
                Frame.of("Backup " + id, "artifacts", caller.get()),
                lines.artifact(artifact),
                Lines.path(artifact.environmentId),
                available,
                available && access.may(caller.get(), Action.VERIFY, artifact.projectId),
                mayRestore,
                facts(artifact, manifest),
                degraded,
                manifest.map(ManifestCodec::files).orElse(List.of()).stream()
                        .map(file -> new Views.FileLine(
                                file.path(),
                                Format.bytes(file.size()),
                                file.sha256(),
                                mayRestore ? "/api/v1/artifacts/" + id + "/files/" + file.path() : ""))
                        .toList(),
                manifest.flatMap(Manifest::filestore).map(Manifest.FilestoreEntry::parts).orElse(List.of()).stream()
                        .map(part -> new Views.FileLine(
                                part.artifactId(),
                                Format.bytes(part.usedBytes()) + " of " + Format.bytes(part.contentBytes()),
                                part.sha256(),
                                "/console/artifacts/" + part.artifactId()))
                        .toList(),
                manifest.map(of -> of.manifest().modulesInstalled()).orElse(List.of()),
                manifest.flatMap(Manifest::database).map(Manifest.DatabaseContent::tables).orElse(List.of()).stream()
                        .map(table -> new Views.Fact(table.table(), Long.toString(table.rows())))
                        .toList());
    }

    @POST
    @Path("{artifact}/verifications")
    @Needs(Action.VERIFY)
    @Operation(hidden = true)
    public Response verify(@PathParam("artifact") String id) {
        return Response.seeOther(URI.create("/console/runs/" + operations.verify(id, caller.user())))
                .build();
    }

    private static List<Views.Fact> facts(Artifact artifact, Optional<Manifest> manifest) {
        var facts = new ArrayList<Views.Fact>();
        facts.add(new Views.Fact("Environment", artifact.environmentId));
        facts.add(new Views.Fact("Snapshot", Format.at(artifact.createdAt)));
        facts.add(new Views.Fact("Type", Format.words(artifact.backupType)));
        facts.add(new Views.Fact("Size", Format.bytes(artifact.sizeBytes)));
        manifest.ifPresent(of -> {
            of.database().ifPresent(database -> {
                facts.add(new Views.Fact(
                        "Database",
                        of.sourceEnv().db() + ", " + Format.bytes(database.sizeBytes()) + ", PostgreSQL "
                                + database.serverVersion()));
                facts.add(new Views.Fact(
                        "Tables",
                        database.tables().size() + ", "
                                + database.tables().stream()
                                        .mapToLong(Manifest.TableDigest::rows)
                                        .sum()
                                + " rows"));
            });
            of.filestore()
                    .ifPresent(filestore -> facts.add(new Views.Fact(
                            "Filestore",
                            filestore.fileCount() + " files, " + Format.bytes(filestore.contentBytes())
                                    + (filestore.incremental()
                                            ? ", refers to earlier backups"
                                            : ", all in this backup"))));
            of.manifest().odooVersion().ifPresent(version -> facts.add(new Views.Fact("Odoo", version)));
            of.tools().forEach((tool, version) -> facts.add(new Views.Fact("Made with " + tool, version)));
        });
        facts.add(new Views.Fact("Run", artifact.runId));
        return facts;
    }
}
