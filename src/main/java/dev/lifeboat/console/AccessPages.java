package dev.lifeboat.console;

import dev.lifeboat.access.Access;
import dev.lifeboat.access.Accounts;
import dev.lifeboat.access.Action;
import dev.lifeboat.access.Administration;
import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.access.Needs;
import dev.lifeboat.access.Role;
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
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.eclipse.microprofile.openapi.annotations.Operation;

/** Who may do what, for who looks after a project: members, API tokens, and the decisions that were made. */
@Path("/console/access")
@Produces(MediaType.TEXT_HTML)
@RunOnVirtualThread
public class AccessPages {
    private static final URI HERE = URI.create("/console/access");
    private static final String LOGIN = "login";

    private final CurrentCaller caller;
    private final Accounts accounts;
    private final Administration administration;
    private final Access access;
    private final Frames frames;

    AccessPages(CurrentCaller caller, Accounts accounts, Administration administration, Access access, Frames frames) {
        this.caller = caller;
        this.accounts = accounts;
        this.administration = administration;
        this.access = access;
        this.frames = frames;
    }

    @CheckedTemplate(basePath = "console")
    static final class Templates {
        private Templates() {}

        static native TemplateInstance access(
                Frame frame,
                List<String> projects,
                List<String> roles,
                List<String> actions,
                int usualDays,
                int mostDays,
                List<Accounts.Member> members,
                List<Views.TokenLine> tokens);

        static native TemplateInstance secret(Frame frame, Views.TokenLine token, String secret);

        static native TemplateInstance decisions(
                Frame frame,
                String user,
                List<Views.Option> actions,
                List<Views.Option> decisions,
                List<Views.DecisionLine> lines,
                String older);
    }

    @GET
    @Needs(value = Action.ADMINISTER, in = Needs.Where.SOME)
    @Operation(hidden = true)
    public TemplateInstance show() {
        Set<String> projects = administration.projects(caller.get());
        return Templates.access(
                frames.of("Access", "access"),
                List.copyOf(projects),
                Stream.of(Role.values()).map(Role::wireName).toList(),
                Stream.of(Action.values())
                        .filter(action -> projects.stream().anyMatch(in -> access.may(caller.get(), action, in)))
                        .map(Action::wireName)
                        .toList(),
                Administration.USUAL_DAYS,
                Administration.MOST_DAYS,
                administration.members(caller.get()),
                administration.tokens(caller.get()).stream()
                        .map(token -> token(token, true))
                        .toList());
    }

    /** A token as a list shows it; {@code mayEnd}: who looks at it can end it, while it is good. */
    static Views.TokenLine token(Accounts.Token token, boolean mayEnd) {
        Instant now = Instant.now();
        boolean isOver = !token.expiresAt().isAfter(now);
        Views.Badge until = token.revokedAt() != null
                ? new Views.Badge("idle", "revoked " + Format.ago(token.revokedAt(), now))
                : isOver
                        ? new Views.Badge("idle", "ended " + Format.ago(token.expiresAt(), now))
                        : new Views.Badge("good", "ends " + Format.until(token.expiresAt(), now));
        return new Views.TokenLine(
                token.tokenId(),
                token.name(),
                token.userId(),
                token.projectId(),
                String.join(", ", token.actions()),
                Format.ago(token.createdAt(), now) + " by " + token.createdBy(),
                until,
                token.lastUsedAt() == null ? "never" : Format.ago(token.lastUsedAt(), now),
                mayEnd && token.revokedAt() == null && !isOver);
    }

    @POST
    @Path("members")
    @Needs(value = Action.ADMINISTER, in = Needs.Where.SOME)
    @Operation(hidden = true)
    public Response setMember(
            @FormParam("user") String user, @FormParam("project") String project, @FormParam("role") String role) {
        administration.setMember(
                caller.get(),
                user == null ? null : user.strip(),
                project,
                Optional.ofNullable(role).filter(text -> !text.isEmpty()).map(Role::of));
        return Response.seeOther(HERE).build();
    }

    /** Answers with the secret at once: an address that shows it would show it again. */
    @POST
    @Path("tokens")
    @Needs(value = Action.ADMINISTER, in = Needs.Where.SOME)
    @Operation(hidden = true)
    public TemplateInstance create(
            @FormParam("name") String name,
            @FormParam("project") String project,
            @FormParam("user") String user,
            @FormParam("days") @DefaultValue("90") int days,
            @FormParam("action") List<String> actions) {
        Accounts.NewToken made = administration.create(
                caller.get(),
                new Administration.TokenOrder(
                        name,
                        project,
                        actions.stream().map(Action::of).toList(),
                        Optional.of(days),
                        Optional.ofNullable(user).map(String::strip).filter(text -> !text.isEmpty())));
        return Templates.secret(frames.of("A new token", "access"), token(made.token(), true), made.secret());
    }

    @POST
    @Path("tokens/{token}/revoke")
    @Needs(value = Action.ADMINISTER, in = Needs.Where.SOME)
    @Operation(hidden = true)
    public Response revoke(@PathParam("token") String token) {
        administration.revoke(caller.get(), token);
        return Response.seeOther(HERE).build();
    }

    @GET
    @Path("decisions")
    @Needs(value = Action.ADMINISTER, in = Needs.Where.SOME)
    @Operation(hidden = true)
    public TemplateInstance decisions(
            @QueryParam("user") @DefaultValue("") String user,
            @QueryParam("action") @DefaultValue("") String action,
            @QueryParam("decision") @DefaultValue("") String decision,
            @QueryParam("before") Long before) {
        List<Accounts.Decision> found = accounts.decisions(
                administration.projects(caller.get()),
                new Accounts.DecisionFilter(
                        asked(user.strip()), asked(action), asked(decision), Optional.ofNullable(before)),
                Paging.SIZE + 1);
        List<Accounts.Decision> shown = found.stream().limit(Paging.SIZE).toList();
        return Templates.decisions(
                frames.of("Decisions", "access"),
                user.strip(),
                Stream.concat(Stream.of(Action.values()).map(Action::wireName), Stream.of(LOGIN))
                        .map(of -> Views.Option.of(of, action))
                        .toList(),
                Stream.of("granted", "denied")
                        .map(of -> Views.Option.of(of, decision))
                        .toList(),
                shown.stream().map(AccessPages::line).toList(),
                found.size() > Paging.SIZE
                        ? "/console/access/decisions?user=" + URLEncoder.encode(user.strip(), StandardCharsets.UTF_8)
                                + "&action=" + URLEncoder.encode(action, StandardCharsets.UTF_8) + "&decision="
                                + URLEncoder.encode(decision, StandardCharsets.UTF_8) + "&before="
                                + shown.getLast().id()
                        : "");
    }

    private static Optional<String> asked(String text) {
        return Optional.of(text).filter(value -> !value.isEmpty());
    }

    private static Views.DecisionLine line(Accounts.Decision decision) {
        return new Views.DecisionLine(
                Format.second(decision.at()),
                decision.userId(),
                decision.action(),
                decision.projectId().equals(Access.ALL) ? "all" : decision.projectId(),
                decision.decision().equals("granted")
                        ? new Views.Badge("good", "allowed")
                        : new Views.Badge("bad", "refused"),
                decision.request(),
                decision.address());
    }
}
