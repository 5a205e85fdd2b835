package dev.lifeboat.api;

import dev.lifeboat.access.Access;
import dev.lifeboat.access.Action;
import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.access.Needs;
import dev.lifeboat.artifact.BackupType;
import dev.lifeboat.environment.Bindings;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.orchestrator.BackupOrder;
import dev.lifeboat.orchestrator.Operations;
import dev.lifeboat.orchestrator.RestoreOrder;
import dev.lifeboat.orchestrator.TablesRestoreOrder;
import dev.lifeboat.postgres.TableOrder;
import dev.lifeboat.preflight.PreflightReport;
import dev.lifeboat.run.ArtifactCatalogue;
import dev.lifeboat.run.BreakGlassStore;
import dev.lifeboat.run.DeploymentStore;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponseSchema;

/** Environments, and what can be begun in them. An environment is named {@code project.env}, or {@code env} where that is unique. */
@Path("/api/v1/environments")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class EnvironmentsResource {
    private static final int MOST = 500;

    private final CurrentCaller caller;
    private final Begun begun;
    private final Access access;
    private final EnvironmentCatalogue environments;
    private final Operations operations;
    private final ArtifactCatalogue artifacts;
    private final DeploymentStore deployments;
    private final BreakGlassStore breakGlass;

    EnvironmentsResource(
            EnvironmentCatalogue environments,
            Operations operations,
            ArtifactCatalogue artifacts,
            DeploymentStore deployments,
            BreakGlassStore breakGlass,
            CurrentCaller caller,
            Access access,
            Begun begun) {
        this.caller = caller;
        this.begun = begun;
        this.access = access;
        this.environments = environments;
        this.operations = operations;
        this.artifacts = artifacts;
        this.deployments = deployments;
        this.breakGlass = breakGlass;
    }

    /** The last backup of an environment. */
    public record LastBackup(String artifactId, Instant createdAt) {}

    /**
     * An environment, without any secret.
     *
     * @param problem why what is configured of it can't be found out now; database, filestore and url are null then. Null: nothing
     */
    public record EnvironmentView(
            String project,
            String environment,
            String type,
            String database,
            String filestore,
            String url,
            String service,
            List<String> stores,
            LastBackup lastBackup,
            String lastGoodVersion,
            BreakGlassResource.WindowView breakGlass,
            String problem) {}

    /** What a backup is asked to be; everything has a default. */
    public record BackupBody(BackupType type, String label, Boolean fullFilestore) {
        BackupOrder order() {
            return new BackupOrder(type, Optional.ofNullable(label), Boolean.TRUE.equals(fullFilestore));
        }
    }

    /** What a restore is asked to be; the members are those of {@link RestoreOrder}. */
    public record RestoreBody(
            String artifact,
            BackupType type,
            Boolean verify,
            Boolean rollback,
            String confirm,
            Boolean skipConfirmation,
            Boolean again,
            Boolean inPlace,
            Boolean neutralize,
            String fromEnvironment) {
        RestoreOrder order() {
            return new RestoreOrder(
                    artifact,
                    type,
                    verify,
                    Optional.ofNullable(rollback),
                    Optional.ofNullable(confirm),
                    skipConfirmation,
                    again,
                    inPlace,
                    Optional.ofNullable(neutralize),
                    Optional.ofNullable(fromEnvironment));
        }
    }

    /** What a restore of tables is asked to be; the members are those of {@link TablesRestoreOrder}. */
    public record TablesRestoreBody(
            String artifact,
            List<String> tables,
            List<String> where,
            List<Long> ids,
            TableOrder.Mode mode,
            Boolean withDependants,
            Boolean dryRun,
            Boolean safetyBackup,
            String confirm) {
        TablesRestoreOrder order() {
            return new TablesRestoreOrder(
                    artifact,
                    tables,
                    where,
                    ids,
                    mode,
                    withDependants,
                    dryRun,
                    safetyBackup,
                    Optional.ofNullable(confirm));
        }
    }

    /** Which file of the folder of imports, and a name of one's own for the artifact. */
    public record ImportBody(String file, String label) {}

    /** What to rehearse, all optional: an artifact's id (the newest backup), and the store whose copy it is. */
    public record DrillBody(String artifact, String store) {}

    /** Whether every page of the database is read, in search of corruption. */
    public record ValidationBody(Boolean deep) {}

    /** No members. */
    public record NoBody() {}

    /** Whether only to say what would be removed. */
    public record PruneBody(Boolean dryRun) {}

    /** What to evaluate the preconditions of: {@code backup} or {@code restore} (of {@code artifact}). */
    public record PreflightBody(String operation, String artifact) {}

    @GET
    @Needs(value = Action.VIEW, in = Needs.Where.SOME)
    @APIResponseSchema(value = EnvironmentView[].class, responseCode = "200")
    @Operation(
            operationId = "listEnvironments",
            summary = "Lists the environments that are configured",
            description =
                    "Where there are more than 'limit' (at most 500), the header Link names the next page (rel=\"next\");"
                            + " 'before' goes on behind that environment.")
    public Response list(
            @QueryParam("limit") @DefaultValue("500") int limit,
            @QueryParam("before") String before,
            @Context UriInfo uri) {
        Stream<EnvironmentId> visible = access.environments(caller.get()).stream();
        if (before != null) {
            visible = visible.dropWhile(id -> !wireName(id).equals(before)).skip(1);
        }
        int most = Math.clamp(limit, 1, MOST);
        List<EnvironmentId> page = visible.limit(most).toList();
        return Pages.of(
                page.stream().map(this::view).toList(),
                page.size() == most ? Optional.of(wireName(page.getLast())) : Optional.empty(),
                uri);
    }

    /** As a path has it. */
    private static String wireName(EnvironmentId id) {
        return id.project() + "." + id.name();
    }

    @GET
    @Path("{env}")
    @Needs(Action.VIEW)
    @Operation(operationId = "getEnvironment", summary = "Shows an environment")
    public EnvironmentView show(@PathParam("env") String env) {
        return view(environments.find(env));
    }

    @POST
    @Path("{env}/backups")
    @Needs(Action.BACKUP)
    @APIResponseSchema(value = RunView.class, responseCode = "202", responseDescription = Begun.ANSWER)
    @Operation(operationId = "startBackup", summary = "Starts a backup")
    public Response backup(@PathParam("env") String env, BackupBody body) {
        return begun.by(
                body,
                () -> operations.backup(
                        environments.find(env),
                        (body == null ? new BackupBody(null, null, null) : body).order(),
                        caller.user()));
    }

    @POST
    @Path("{env}/restores")
    @Needs(Action.RESTORE)
    @APIResponseSchema(value = RunView.class, responseCode = "202", responseDescription = Begun.ANSWER)
    @Operation(operationId = "startRestore", summary = "Starts a restore")
    public Response restore(@PathParam("env") String env, RestoreBody body) {
        return begun.by(
                body,
                () -> operations.restore(
                        environments.find(env), body == null ? RestoreOrder.of(null) : body.order(), caller.user()));
    }

    @POST
    @Path("{env}/table-restores")
    @Needs(Action.RESTORE)
    @APIResponseSchema(value = RunView.class, responseCode = "202", responseDescription = Begun.ANSWER)
    @Operation(
            operationId = "startTablesRestore",
            summary =
                    "Starts bringing rows of chosen tables back into the live database, or says what that would write")
    public Response restoreTables(@PathParam("env") String env, TablesRestoreBody body) {
        TablesRestoreOrder order = Optional.ofNullable(body)
                .orElseGet(() -> new TablesRestoreBody(null, null, null, null, null, null, null, null, null))
                .order();
        return begun.by(body, () -> operations.restoreTables(environments.find(env), order, caller.user()));
    }

    @POST
    @Path("{env}/imports")
    @Needs(Action.RESTORE)
    @APIResponseSchema(value = RunView.class, responseCode = "202", responseDescription = Begun.ANSWER)
    @Operation(
            operationId = "startImport",
            summary = "Starts making an artifact of a zip of Odoo's that lies in the data folder's imports")
    public Response importZip(@PathParam("env") String env, ImportBody body) {
        if (body == null || body.file() == null) {
            throw Fault.of(FaultCode.BAD_INPUT, "no file is named", "Send {\"file\": \"odoo.zip\"}.")
                    .toException();
        }
        return begun.by(
                body,
                () -> operations.importZip(
                        environments.find(env), body.file(), Optional.ofNullable(body.label()), caller.user()));
    }

    @POST
    @Path("{env}/drills")
    @Needs(Action.VERIFY)
    @APIResponseSchema(value = RunView.class, responseCode = "202", responseDescription = Begun.ANSWER)
    @Operation(operationId = "startDrill", summary = "Starts the rehearsal of a restore beside the environment")
    public Response drill(@PathParam("env") String env, DrillBody body) {
        Optional<DrillBody> wanted = Optional.ofNullable(body);
        return begun.by(
                body,
                () -> operations.drill(
                        environments.find(env),
                        wanted.map(DrillBody::artifact),
                        wanted.map(DrillBody::store),
                        caller.user()));
    }

    @POST
    @Path("{env}/validations")
    @Needs(Action.VALIDATE)
    @APIResponseSchema(value = RunView.class, responseCode = "202", responseDescription = Begun.ANSWER)
    @Operation(operationId = "startValidation", summary = "Starts the validation checks alone")
    public Response validate(@PathParam("env") String env, ValidationBody body) {
        boolean deep = body != null && Boolean.TRUE.equals(body.deep());
        return begun.by(
                body,
                () -> deep
                        ? operations.validateDeeply(environments.find(env), caller.user())
                        : operations.validate(environments.find(env), caller.user()));
    }

    @POST
    @Path("{env}/prunes")
    @Needs(Action.PRUNE)
    @APIResponseSchema(value = RunView.class, responseCode = "202", responseDescription = Begun.ANSWER)
    @Operation(operationId = "startPrune", summary = "Applies the retention policy, or says what it would do")
    public Response prune(@PathParam("env") String env, PruneBody body) {
        boolean dryRun = body != null && Boolean.TRUE.equals(body.dryRun());
        return begun.by(body, () -> operations.prune(environments.find(env), dryRun, caller.user()));
    }

    @POST
    @Path("{env}/preflight")
    @Needs(Action.BACKUP)
    @Operation(
            operationId = "preflight",
            summary = "Evaluates the preconditions of a backup or a restore; starts nothing")
    public PreflightReport preflight(@PathParam("env") String env, PreflightBody body) {
        return operations.preflight(
                environments.find(env),
                body == null ? null : body.operation(),
                Optional.ofNullable(body).map(PreflightBody::artifact),
                caller.user());
    }

    /** One whose odoo.conf is gone is shown as well: it may be what is to be recovered. */
    private EnvironmentView view(EnvironmentId id) {
        Optional<Bindings> bindings;
        String problem = null;
        try {
            bindings = Optional.of(environments.bindings(id));
        } catch (FaultException e) {
            bindings = Optional.empty();
            problem = e.fault().message();
        }
        LifeboatConfig.Environment settings = environments.configOf(id);
        return new EnvironmentView(
                id.project(),
                id.name(),
                settings.type().name().toLowerCase(java.util.Locale.ROOT),
                bindings.map(found -> found.database().name()).orElse(null),
                bindings.map(found -> found.filestore().toString()).orElse(null),
                bindings.map(found ->
                                EnvironmentCatalogue.redacted(found).path("url").textValue())
                        .orElse(null),
                bindings.map(found -> found.service().kind()).orElse(null),
                settings.stores(),
                artifacts
                        .latest(id, type -> true)
                        .map(artifact -> new LastBackup(artifact.artifactId, artifact.createdAt))
                        .orElse(null),
                deployments.lastGood(id).orElse(null),
                breakGlass.current(id).map(BreakGlassResource.WindowView::of).orElse(null),
                problem);
    }
}
