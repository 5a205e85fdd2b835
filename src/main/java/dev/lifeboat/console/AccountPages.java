package dev.lifeboat.console;

import dev.lifeboat.access.Access;
import dev.lifeboat.access.Accounts;
import dev.lifeboat.access.Action;
import dev.lifeboat.access.Administration;
import dev.lifeboat.access.Caller;
import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.access.Needs;
import io.quarkus.qute.CheckedTemplate;
import io.quarkus.qute.TemplateInstance;
import io.smallrye.common.annotation.RunOnVirtualThread;
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
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.eclipse.microprofile.openapi.annotations.Operation;

/** What is a person's own: what they may, their tokens, their sessions. */
@Path("/console/account")
@Produces(MediaType.TEXT_HTML)
@RunOnVirtualThread
public class AccountPages {
    private static final URI HERE = URI.create("/console/account");

    private final CurrentCaller caller;
    private final Access access;
    private final Accounts accounts;
    private final Administration administration;
    private final Frames frames;

    AccountPages(CurrentCaller caller, Access access, Accounts accounts, Administration administration, Frames frames) {
        this.caller = caller;
        this.access = access;
        this.accounts = accounts;
        this.administration = administration;
        this.frames = frames;
    }

    @CheckedTemplate(basePath = "console")
    static final class Templates {
        private Templates() {}

        static native TemplateInstance account(
                Frame frame, List<Views.Fact> rights, List<Views.TokenLine> tokens, List<Views.SessionLine> sessions);
    }

    @GET
    @Needs(value = Action.VIEW, in = Needs.Where.SOME)
    @Operation(hidden = true)
    public TemplateInstance show() {
        Caller who = caller.get();
        String person = accounts.person(who);
        return Templates.account(
                frames.of("Your account", "account"),
                access.projects(who, Action.VIEW).stream()
                        .map(project -> new Views.Fact(project, rights(who, project)))
                        .toList(),
                accounts.tokens().stream()
                        .filter(token -> token.userId().equals(person))
                        .map(token -> AccessPages.token(token, administration.isOwn(who, token)))
                        .toList(),
                accounts.sessions(person).stream().map(AccountPages::line).toList());
    }

    private String rights(Caller who, String project) {
        return Stream.of(Action.values())
                .filter(action -> access.may(who, action, project))
                .map(Action::wireName)
                .collect(Collectors.joining(", "));
    }

    private static Views.SessionLine line(Accounts.ConsoleSession session) {
        Instant now = Instant.now();
        return new Views.SessionLine(
                session.sessionId(),
                session.userId(),
                session.address(),
                Format.at(session.createdAt()),
                Format.ago(session.lastSeenAt(), now),
                Format.until(session.expiresAt(), now));
    }

    @POST
    @Path("tokens/{token}/revoke")
    @Needs(value = Action.VIEW, in = Needs.Where.SOME)
    @Operation(hidden = true)
    public Response revoke(@PathParam("token") String token) {
        administration.revokeOwn(caller.get(), token);
        return Response.seeOther(HERE).build();
    }

    @POST
    @Path("sessions/{session}/end")
    @Needs(value = Action.VIEW, in = Needs.Where.SOME)
    @Operation(hidden = true)
    public Response end(@PathParam("session") String session) {
        accounts.endSession(accounts.person(caller.get()), session);
        return Response.seeOther(HERE).build();
    }

    @POST
    @Path("sessions/end")
    @Needs(value = Action.VIEW, in = Needs.Where.SOME)
    @Operation(hidden = true)
    public Response endAll() {
        accounts.endSessions(accounts.person(caller.get()));
        return Response.seeOther(URI.create("/console/login")).build();
    }
}
