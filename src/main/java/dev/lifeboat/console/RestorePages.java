package dev.lifeboat.console;

import dev.lifeboat.access.Action;
import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.access.Needs;
import dev.lifeboat.artifact.BackupType;
import dev.lifeboat.artifact.Manifest;
import dev.lifeboat.environment.Bindings;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.ServiceBinding;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.orchestrator.Operations;
import dev.lifeboat.orchestrator.RestoreOrder;
import dev.lifeboat.preflight.CatalogueOpener;
import dev.lifeboat.preflight.PreflightReport;
import dev.lifeboat.progress.Amounts;
import dev.lifeboat.run.Artifact;
import dev.lifeboat.run.ArtifactCatalogue;
import io.quarkus.qute.CheckedTemplate;
import io.quarkus.qute.TemplateInstance;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.FormParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.net.URI;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.eclipse.microprofile.openapi.annotations.Operation;

/** The way to a restore: choose a backup, see what would happen, type the environment's name, watch it. */
@Path("/console/environments/{env}/restore")
@Produces(MediaType.TEXT_HTML)
@RunOnVirtualThread
public class RestorePages {
    private final CurrentCaller caller;
    private final EnvironmentCatalogue environments;
    private final ArtifactCatalogue artifacts;
    private final CatalogueOpener opener;
    private final Operations operations;
    private final History history;
    private final Lines lines;
    private final Frames frames;

    RestorePages(
            CurrentCaller caller,
            EnvironmentCatalogue environments,
            ArtifactCatalogue artifacts,
            CatalogueOpener opener,
            Operations operations,
            History history,
            Lines lines,
            Frames frames) {
        this.caller = caller;
        this.environments = environments;
        this.artifacts = artifacts;
        this.opener = opener;
        this.operations = operations;
        this.history = history;
        this.lines = lines;
        this.frames = frames;
    }

    @CheckedTemplate(basePath = "console")
    static final class Templates {
        private Templates() {}

        static native TemplateInstance choose(
                Frame frame,
                String environment,
                String environmentPath,
                List<Views.ArtifactLine> artifacts,
                String chosen,
                Paging paging);

        static native TemplateInstance confirm(
                Frame frame,
                String environment,
                String environmentPath,
                String name,
                String type,
                Views.ArtifactLine artifact,
                List<Views.CheckLine> checks,
                boolean ok,
                boolean restoredBefore,
                String expected,
                List<Views.Fact> plan);
    }

    @GET
    @Needs(Action.RESTORE)
    @Operation(hidden = true)
    public TemplateInstance choose(
            @PathParam("env") String env,
            @QueryParam("artifact") @DefaultValue("") String chosen,
            @QueryParam("page") @DefaultValue("1") int page) {
        EnvironmentId id = environments.find(env);
        int index = Paging.index(page);
        List<Artifact> found = history.backups(id, index);
        // what was chosen elsewhere is offered on the first page, however old it is
        Stream<Artifact> first = index > 0
                ? Stream.empty()
                : artifacts
                        .find(chosen)
                        .filter(artifact -> artifact.environmentId.equals(id.toString())
                                && artifact.isAvailable()
                                && found.stream()
                                        .limit(Paging.SIZE)
                                        .noneMatch(other -> other.artifactId.equals(artifact.artifactId)))
                        .stream();
        List<Views.ArtifactLine> offered = lines.artifacts(
                Stream.concat(first, found.stream().limit(Paging.SIZE)).toList(), Map.of());
        return Templates.choose(
                frames.of("Restore " + id, "overview"),
                id.toString(),
                Lines.path(id.toString()),
                offered,
                chosen.isEmpty() && !offered.isEmpty() ? offered.getFirst().id() : chosen,
                Paging.of(
                        index,
                        found,
                        "/console/environments/" + Lines.path(id.toString()) + "/restore",
                        Map.of("artifact", chosen)));
    }

    @GET
    @Path("check")
    @Needs(Action.RESTORE)
    @Operation(hidden = true)
    public TemplateInstance check(@PathParam("env") String env, @QueryParam("artifact") String artifactId) {
        EnvironmentId id = environments.find(env);
        Artifact artifact = artifacts.get(artifactId == null ? "" : artifactId);
        if (!artifact.environmentId.equals(id.toString())) {
            throw Fault.of(
                            FaultCode.WRONG_ENVIRONMENT,
                            artifact.artifactId + " is not a backup of " + id,
                            "Choose one of this environment; `lifeboat restore --from-environment` brings another one's data.")
                    .toException();
        }
        Bindings bindings = environments.bindings(id);
        PreflightReport report = operations.preflight(id, artifact.type(), artifact.artifactId, caller.user());
        return Templates.confirm(
                frames.of("Restore " + id, "overview"),
                id.toString(),
                Lines.path(id.toString()),
                id.name(),
                bindings.type().name().toLowerCase(Locale.ROOT),
                lines.artifact(artifact, Map.of()),
                lines.checks(report),
                report.ok(),
                operations.wasRestored(id, artifact.artifactId, artifact.type()),
                history.usual(id, "restore").orElse("not known: nothing was restored here yet"),
                plan(bindings, artifact));
    }

    @POST
    @Needs(Action.RESTORE)
    @Operation(hidden = true)
    public Response restore(
            @PathParam("env") String env,
            @FormParam("artifact") String artifactId,
            @FormParam("confirm") String confirm,
            @FormParam("again") boolean again) {
        EnvironmentId id = environments.find(env);
        String typed = confirm == null ? "" : confirm.strip();
        if (!typed.equals(id.name()) && !typed.equals(id.toString())) {
            throw Fault.of(
                            FaultCode.CONFIRMATION_MISSING,
                            "the name of the environment was not typed; nothing was begun",
                            "Go back and type " + id.name() + " to go on.")
                    .toException();
        }
        BackupType type = artifacts.get(artifactId == null ? "" : artifactId).type();
        String run = operations.restore(
                id,
                new RestoreOrder(
                        artifactId,
                        type,
                        null,
                        Optional.empty(),
                        Optional.of(typed),
                        null,
                        again,
                        null,
                        Optional.empty(),
                        Optional.empty()),
                caller.user());
        return Response.seeOther(URI.create("/console/runs/" + run)).build();
    }

    private List<Views.Fact> plan(Bindings bindings, Artifact artifact) {
        BackupType type = artifact.type();
        var plan = new ArrayList<Views.Fact>();
        Optional<Manifest> manifest = manifest(artifact);
        plan.add(new Views.Fact(
                "What is lost",
                "whatever was entered or changed after " + Format.at(artifact.createdAt) + ", "
                        + Format.ago(artifact.createdAt, Instant.now()) + "; the safety backup keeps it"));
        plan.add(new Views.Fact("Read and proved first", "every byte of the backup, against its manifest"));
        if (type.coversDatabase()) {
            String size = manifest.flatMap(Manifest::database)
                    .map(of -> " (" + Amounts.bytes(of.sizeBytes()) + ", "
                            + of.tables().size() + " tables)")
                    .orElse("");
            plan.add(new Views.Fact(
                    "Database",
                    bindings.database().name() + size
                            + " is loaded beside the present one, compared with the backup, and swapped in"));
        }
        if (type.coversFilestore()) {
            String size = manifest.flatMap(Manifest::filestore)
                    .map(of ->
                            " (" + Format.number(of.fileCount()) + " files, " + Amounts.bytes(of.contentBytes()) + ")")
                    .orElse("");
            plan.add(new Views.Fact(
                    "Filestore",
                    bindings.filestore() + size
                            + " is built beside the present one and exchanged; files that are there are linked"));
        }
        plan.add(new Views.Fact(
                "The present state", "is backed up right before it is touched, and comes back where anything fails"));
        plan.add(new Views.Fact(
                "Odoo",
                switch (bindings.service()) {
                    case ServiceBinding.None none ->
                        "is not controlled by Lifeboat: stop it yourself, or expect its connections to be ended";
                    case ServiceBinding.Systemd systemd -> "is stopped and started as " + systemd.unit();
                    case ServiceBinding.Compose compose ->
                        "is stopped and started as the service " + compose.service() + " of " + compose.file();
                    case ServiceBinding.Kubernetes kubernetes ->
                        "is scaled to none and back as the deployment " + kubernetes.namespace() + "/"
                                + kubernetes.deployment();
                    case ServiceBinding.Command command -> "is stopped and started by this site's commands";
                }));
        return plan;
    }

    /** Where the manifest can't be read, the preconditions say so. */
    private Optional<Manifest> manifest(Artifact artifact) {
        try {
            return Optional.of(opener.open(artifact).manifest());
        } catch (FaultException e) {
            return Optional.empty();
        }
    }
}
