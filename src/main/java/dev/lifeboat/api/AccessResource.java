package dev.lifeboat.api;

import dev.lifeboat.access.Access;
import dev.lifeboat.access.Accounts;
import dev.lifeboat.access.Action;
import dev.lifeboat.access.Caller;
import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.access.Needs;
import dev.lifeboat.access.Role;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
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
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponseSchema;

/** API tokens, members and login links: who may do what. */
@Path("/api/v1")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class AccessResource {
    private static final int MOST_DAYS = 730;
    private static final int USUAL_DAYS = 90;

    private final Accounts accounts;
    private final Access access;
    private final CurrentCaller caller;
    private final EnvironmentCatalogue environments;

    AccessResource(Accounts accounts, Access access, CurrentCaller caller, EnvironmentCatalogue environments) {
        this.accounts = accounts;
        this.access = access;
        this.caller = caller;
        this.environments = environments;
    }

    /**
     * What a token is to be.
     *
     * @param name what will use it
     * @param project where it may; {@code *}: in all projects
     * @param actions what it may; left out: all that the caller may there
     * @param days how long it lives, at most {@value #MOST_DAYS}; left out: {@value #USUAL_DAYS}
     * @param user whose rights it has at most; left out: the caller's
     */
    public record TokenBody(String name, String project, List<Action> actions, Integer days, String user) {}

    /** The role of a user in a project; without a role: none any more. */
    public record MemberBody(String user, String project, Role role) {}

    /** {@code firstOnly}: only where no login link was ever made. */
    public record LoginBody(Boolean firstOnly) {}

    /** A login link: its path below the server's address, good once. What follows the # is never sent to a server. */
    public record LoginLink(String path, Instant expiresAt) {}

    @GET
    @Path("tokens")
    @Needs(value = Action.ADMINISTER, in = Needs.Where.SOME)
    @Operation(operationId = "listTokens", summary = "Lists API tokens, the newest first; never their secrets")
    public List<Accounts.Token> tokens() {
        return accounts.tokens().stream()
                .filter(token -> access.may(caller.get(), Action.ADMINISTER, token.projectId()))
                .toList();
    }

    @POST
    @Path("tokens")
    @Needs(value = Action.ADMINISTER, in = Needs.Where.SOME)
    @APIResponseSchema(
            value = Accounts.NewToken.class,
            responseCode = "201",
            responseDescription = "The token that was made")
    @Operation(
            operationId = "createToken",
            summary = "Makes an API token; its secret is in this answer and nowhere else")
    public Response create(TokenBody body) {
        String project = project(body == null ? null : body.project());
        Caller by = caller.get();
        access.require(by, Action.ADMINISTER, project, "token '" + body.name() + "'");
        List<Action> actions = body.actions() == null || body.actions().isEmpty()
                ? Arrays.stream(Action.values())
                        .filter(action -> access.may(by, action, project))
                        .toList()
                : body.actions();
        if (actions.stream().anyMatch(Objects::isNull)) {
            throw Fault.of(FaultCode.BAD_INPUT, "an action is null", "Name the actions, or leave 'actions' out.")
                    .toException();
        }
        actions.forEach(action -> access.require(by, action, project, "token '" + body.name() + "'"));
        int days = body.days() == null ? USUAL_DAYS : body.days();
        if (days < 1 || days > MOST_DAYS) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "a token lives between 1 and " + MOST_DAYS + " days, not " + days,
                            "Ask for {\"days\": " + USUAL_DAYS + "}; make another one before it ends.")
                    .toException();
        }
        Instant wanted = Instant.now().plus(Duration.ofDays(days));
        // A token that could outlive itself by way of another one would not expire.
        Instant until = accounts.expiry(by).filter(wanted::isAfter).orElse(wanted);
        Accounts.NewToken made = accounts.newToken(
                body.name(),
                body.user() == null ? accounts.person(by) : body.user(),
                project,
                actions,
                until,
                by.user());
        return Response.created(URI.create("/api/v1/tokens/" + made.token().tokenId()))
                .entity(made)
                .build();
    }

    @POST
    @Path("tokens/{token}/revoke")
    @Needs(value = Action.ADMINISTER, in = Needs.Where.SOME)
    @Operation(operationId = "revokeToken", summary = "Ends an API token and the sessions that were begun with it")
    public Accounts.Token revoke(@PathParam("token") String token, EnvironmentsResource.NoBody body) {
        access.require(caller.get(), Action.ADMINISTER, accounts.token(token).projectId(), "revocation of " + token);
        accounts.revoke(token);
        return accounts.token(token);
    }

    @GET
    @Path("members")
    @Needs(value = Action.ADMINISTER, in = Needs.Where.SOME)
    @Operation(operationId = "listMembers", summary = "Lists who has which role in which project")
    public List<Accounts.Member> members() {
        return accounts.members().stream()
                .filter(member -> access.may(caller.get(), Action.ADMINISTER, member.projectId()))
                .toList();
    }

    @POST
    @Path("members")
    @Needs(value = Action.ADMINISTER, in = Needs.Where.SOME)
    @Operation(operationId = "setMember", summary = "Gives a user a role in a project, or takes it away")
    public List<Accounts.Member> setMember(MemberBody body) {
        String project = project(body == null ? null : body.project());
        access.require(caller.get(), Action.ADMINISTER, project, "role of '" + body.user() + "'");
        if (body.user() == null) {
            throw Fault.of(FaultCode.BAD_INPUT, "no user is named", "Send {\"user\": …, \"project\": …, \"role\": …}.")
                    .toException();
        }
        if (body.role() == null) {
            accounts.removeMember(body.user(), project);
        } else {
            accounts.setMember(body.user(), project, body.role());
        }
        return members();
    }

    @POST
    @Path("logins")
    @Needs(value = Action.ADMINISTER, in = Needs.Where.ALL)
    @APIResponseSchema(value = LoginLink.class, responseCode = "200", responseDescription = "The link")
    @APIResponse(responseCode = "204", description = "A link was made before, and only a first one was asked for")
    @Operation(operationId = "createLogin", summary = "Makes a link that logs the caller in to the console, once")
    public Response login(LoginBody body) {
        if (body != null && Boolean.TRUE.equals(body.firstOnly()) && accounts.everIssuedLoginCode()) {
            return Response.noContent().build();
        }
        Accounts.Issued code = accounts.newLoginCode(caller.user());
        return Response.ok(new LoginLink("/console/login#" + code.secret(), code.expiresAt()))
                .build();
    }

    private String project(String named) {
        boolean known = named != null
                && (named.equals(Access.ALL)
                        || environments.all().stream()
                                .map(EnvironmentId::project)
                                .anyMatch(named::equals));
        if (!known) {
            throw Fault.of(
                            FaultCode.UNKNOWN_PROJECT,
                            "there is no project '" + named + "'",
                            "Name one of the configuration, or * for all.")
                    .toException();
        }
        return named;
    }
}
