package dev.lifeboat.api;

import dev.lifeboat.access.Accounts;
import dev.lifeboat.access.Action;
import dev.lifeboat.access.Administration;
import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.access.Needs;
import dev.lifeboat.access.Role;
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
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponseSchema;

/** API tokens, members and login links: who may do what. */
@Path("/api/v1")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class AccessResource {
    private final Accounts accounts;
    private final Administration administration;
    private final CurrentCaller caller;

    AccessResource(Accounts accounts, Administration administration, CurrentCaller caller) {
        this.accounts = accounts;
        this.administration = administration;
        this.caller = caller;
    }

    /**
     * What a token is to be.
     *
     * @param name what will use it
     * @param project where it may; {@code *}: in all projects
     * @param actions what it may; left out: all that the caller may there
     * @param days how long it lives, at most {@value Administration#MOST_DAYS}; left out: {@value Administration#USUAL_DAYS}
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
        return administration.tokens(caller.get());
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
        Accounts.NewToken made = administration.create(
                caller.get(),
                new Administration.TokenOrder(
                        body == null ? null : body.name(),
                        body == null ? null : body.project(),
                        body == null || body.actions() == null ? List.of() : body.actions(),
                        Optional.ofNullable(body).map(TokenBody::days),
                        Optional.ofNullable(body).map(TokenBody::user)));
        return Response.created(URI.create("/api/v1/tokens/" + made.token().tokenId()))
                .entity(made)
                .build();
    }

    @POST
    @Path("tokens/{token}/revoke")
    @Needs(value = Action.ADMINISTER, in = Needs.Where.SOME)
    @Operation(operationId = "revokeToken", summary = "Ends an API token and the sessions that were begun with it")
    public Accounts.Token revoke(@PathParam("token") String token, EnvironmentsResource.NoBody body) {
        Begun.requireSaid(body);
        return administration.revoke(caller.get(), token);
    }

    @GET
    @Path("members")
    @Needs(value = Action.ADMINISTER, in = Needs.Where.SOME)
    @Operation(operationId = "listMembers", summary = "Lists who has which role in which project")
    public List<Accounts.Member> members() {
        return administration.members(caller.get());
    }

    @POST
    @Path("members")
    @Needs(value = Action.ADMINISTER, in = Needs.Where.SOME)
    @Operation(operationId = "setMember", summary = "Gives a user a role in a project, or takes it away")
    public List<Accounts.Member> setMember(MemberBody body) {
        administration.setMember(
                caller.get(),
                body == null ? null : body.user(),
                body == null ? null : body.project(),
                Optional.ofNullable(body).map(MemberBody::role));
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
}
