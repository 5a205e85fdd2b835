package dev.lifeboat.console;

import dev.lifeboat.access.Access;
import dev.lifeboat.access.Action;
import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.access.Needs;
import dev.lifeboat.artifact.Manifest;
import dev.lifeboat.artifact.ManifestCodec;
import dev.lifeboat.artifact.Retention;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.orchestrator.Operations;
import dev.lifeboat.preflight.CatalogueOpener;
import dev.lifeboat.progress.Amounts;
import dev.lifeboat.run.Artifact;
import dev.lifeboat.run.ArtifactCatalogue;
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
import java.net.URI;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.Operation;

/** Backups, and what is in one. */
@Path("/console/artifacts")
@Produces(MediaType.TEXT_HTML)
@RunOnVirtualThread
public class ArtifactPages {
    private final Access access;
    private final CurrentCaller caller;
    private final ArtifactCatalogue artifacts;
    private final CatalogueOpener opener;
    private final Operations operations;
    private final Kept kept;
    private final History history;
    private final Lines lines;
    private final Choice choice;
    private final Frames frames;

    ArtifactPages(
            Access access,
            CurrentCaller caller,
            ArtifactCatalogue artifacts,
            CatalogueOpener opener,
            Operations operations,
            Kept kept,
            History history,
            Lines lines,
            Choice choice,
            Frames frames) {
        this.access = access;
        this.caller = caller;
        this.artifacts = artifacts;
        this.opener = opener;
        this.operations = operations;
        this.kept = kept;
        this.history = history;
        this.lines = lines;
        this.choice = choice;
        this.frames = frames;
    }

    @CheckedTemplate(basePath = "console")
    static final class Templates {
        private Templates() {}

        static native TemplateInstance artifacts(
                Frame frame,
                List<String> environments,
                String chosen,
                List<Views.ArtifactLine> artifacts,
                Paging paging);

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
                List<Views.TableLine> tables);
    }

    @GET
    @Needs(value = Action.VIEW, in = Needs.Where.SOME)
    @Operation(hidden = true)
    public TemplateInstance list(
            @QueryParam("environment") String environment, @QueryParam("page") @DefaultValue("1") int page) {
        Choice.Chosen chosen = choice.of(environment);
        int index = Paging.index(page);
        List<Artifact> found = history.backups(chosen, index);
        List<Artifact> shown = found.stream().limit(Paging.SIZE).toList();
        Map<String, Retention.Verdict> verdicts =
                chosen.environment().map(kept::of).orElse(Map.of());
        return Templates.artifacts(
                frames.of("Backups", "artifacts"),
                chosen.names(),
                chosen.name(),
                lines.artifacts(shown, verdicts),
                Paging.of(index, found, "/console/artifacts", Map.of("environment", chosen.name())));
    }

    @GET
    @Path("{artifact}")
    @Needs(Action.VIEW)
    @Operation(hidden = true)
    public TemplateInstance show(@PathParam("artifact") String id) {
        Artifact artifact = artifacts.get(id);
        boolean available = artifact.isAvailable();
        Optional<Manifest> manifest =
                available ? Optional.of(opener.open(artifact).manifest()) : Optional.empty();
        boolean mayRestore = available && access.may(caller.get(), Action.RESTORE, artifact.projectId);
        var degraded = new ArrayList<String>();
        artifact.degraded.forEach(reason -> degraded.add(reason.asText()));
        return Templates.artifact(
                frames.of("Backup " + id, "artifacts"),
                lines.artifact(artifact, available ? kept.of(EnvironmentId.parse(artifact.environmentId)) : Map.of()),
                Lines.path(artifact.environmentId),
                available,
                available && access.may(caller.get(), Action.VERIFY, artifact.projectId),
                mayRestore,
                facts(artifact, manifest),
                degraded,
                manifest.map(ManifestCodec::files).orElse(List.of()).stream()
                        .map(file -> new Views.FileLine(
                                file.path(),
                                Amounts.bytes(file.size()),
                                file.sha256(),
                                mayRestore ? "/api/v1/artifacts/" + id + "/files/" + file.path() : ""))
                        .toList(),
                manifest.flatMap(Manifest::filestore).map(Manifest.FilestoreEntry::parts).orElse(List.of()).stream()
                        .map(part -> new Views.FileLine(
                                part.artifactId(),
                                Amounts.bytes(part.usedBytes()) + " of " + Amounts.bytes(part.contentBytes()),
                                part.sha256(),
                                "/console/artifacts/" + part.artifactId()))
                        .toList(),
                manifest.map(of -> of.manifest().modulesInstalled()).orElse(List.of()),
                manifest.flatMap(Manifest::database).map(Manifest.DatabaseContent::tables).orElse(List.of()).stream()
                        .sorted(Comparator.comparingLong(Manifest.TableDigest::rows)
                                .reversed()
                                .thenComparing(Manifest.TableDigest::table))
                        .map(table -> new Views.TableLine(table.table(), Format.number(table.rows())))
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
        facts.add(new Views.Fact(
                "Environment", artifact.environmentId, "/console/environments/" + Lines.path(artifact.environmentId)));
        facts.add(new Views.Fact("Snapshot", Format.at(artifact.createdAt)));
        facts.add(new Views.Fact("Type", Format.words(artifact.backupType)));
        facts.add(new Views.Fact("Size", Amounts.bytes(artifact.sizeBytes)));
        manifest.ifPresent(of -> {
            of.database().ifPresent(database -> {
                facts.add(new Views.Fact(
                        "Database",
                        of.sourceEnv().db() + ", " + Amounts.bytes(database.sizeBytes()) + ", PostgreSQL "
                                + database.serverVersion()));
                facts.add(new Views.Fact(
                        "Tables",
                        database.tables().size() + ", "
                                + Format.number(database.tables().stream()
                                        .mapToLong(Manifest.TableDigest::rows)
                                        .sum())
                                + " rows"));
            });
            of.filestore()
                    .ifPresent(filestore -> facts.add(new Views.Fact(
                            "Filestore",
                            Format.number(filestore.fileCount()) + " files, " + Amounts.bytes(filestore.contentBytes())
                                    + (filestore.incremental()
                                            ? ", refers to earlier backups"
                                            : ", all in this backup"))));
            of.manifest().odooVersion().ifPresent(version -> facts.add(new Views.Fact("Odoo", version)));
            of.tools().forEach((tool, version) -> facts.add(new Views.Fact("Made with " + tool, version)));
        });
        facts.add(new Views.Fact("Run", artifact.runId, "/console/runs/" + artifact.runId));
        return facts;
    }
}
