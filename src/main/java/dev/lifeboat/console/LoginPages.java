package dev.lifeboat.console;

import dev.lifeboat.access.Accounts;
import dev.lifeboat.access.IdentityProvider;
import dev.lifeboat.access.LoginLimit;
import dev.lifeboat.access.Open;
import dev.lifeboat.api.AccessFilter;
import io.quarkus.oidc.OidcSession;
import io.quarkus.qute.CheckedTemplate;
import io.quarkus.qute.TemplateInstance;
import io.quarkus.security.Authenticated;
import io.quarkus.security.identity.SecurityIdentity;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.core.http.HttpServerRequest;
import jakarta.enterprise.inject.Instance;
import jakarta.ws.rs.CookieParam;
import jakarta.ws.rs.FormParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.NewCookie;
import jakarta.ws.rs.core.Response;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.Operation;

/** Into the console and out of it. The session's secret is in a cookie that no script can read, and in no address. */
@Path("/console")
@Produces(MediaType.TEXT_HTML)
@RunOnVirtualThread
public class LoginPages {
    private static final Duration LOGOUT_LIMIT = Duration.ofSeconds(5);

    private final Accounts accounts;
    private final LoginLimit limit;

    private final IdentityProvider provider;
    private final Instance<SecurityIdentity> identity;
    private final Instance<OidcSession> oidc;

    LoginPages(
            Accounts accounts,
            LoginLimit limit,
            IdentityProvider provider,
            Instance<SecurityIdentity> identity,
            Instance<OidcSession> oidc) {
        this.provider = provider;
        this.identity = identity;
        this.oidc = oidc;
        this.accounts = accounts;
        this.limit = limit;
    }

    @CheckedTemplate(basePath = "console")
    static final class Templates {
        private Templates() {}

        static native TemplateInstance login(Frame frame, String problem, boolean elsewhere);

        static native TemplateInstance welcome(Frame frame);
    }

    @GET
    @Path("login")
    @Open
    @Operation(hidden = true)
    public TemplateInstance form() {
        return Templates.login(Frame.anonymous("Log in"), "", provider.isOn());
    }

    @POST
    @Path("login")
    @Open
    @Operation(hidden = true)
    public Response login(@FormParam("credential") String credential, @Context HttpServerRequest request) {
        String address = request.remoteAddress().hostAddress();
        long wait = limit.secondsToWait(address);
        if (wait > 0) {
            return Response.status(429)
                    .header("Retry-After", wait)
                    .entity(page("Too many attempts. Wait " + Math.ceilDiv(wait, 60L) + " min and try again."))
                    .build();
        }
        Optional<Accounts.Issued> session = accounts.login(credential == null ? "" : credential.strip(), address);
        if (session.isEmpty()) {
            limit.failed(address);
            accounts.loggedIn("unknown", false, address);
            return Response.status(403)
                    .entity(page(
                            "That is no code or token that is good now. A link is good once and for 15 minutes; `lifeboat"
                                    + " login` makes a new one."))
                    .build();
        }
        limit.succeeded(address);
        String secret = session.get().secret();
        accounts.loggedIn(accounts.userOfSession(secret).orElse("unknown"), true, address);
        return Response.seeOther(URI.create("/console"))
                .cookie(cookie(
                        secret, Duration.between(Instant.now(), session.get().expiresAt()), request.isSSL()))
                .build();
    }

    /**
     * Comes back from the identity provider. The session begins on a page, and not by a redirect: that would still count as coming
     * from the provider's site, and the browser would not send the session's cookie.
     */
    @GET
    @Path("oidc")
    @Open
    @Authenticated
    @Operation(hidden = true)
    public Response loginElsewhere(@Context HttpServerRequest request) {
        String address = request.remoteAddress().hostAddress();
        if (request.getHeader("Authorization") != null) {
            accounts.loggedIn(identity.get().getPrincipal().getName(), false, address);
            return Response.status(403)
                    .entity(page("A token begins no session. Log in with a browser."))
                    .build();
        }
        Optional<Accounts.Issued> session = provider.session(identity.get(), address);
        oidc.get().logout().await().atMost(LOGOUT_LIMIT);
        if (session.isEmpty()) {
            accounts.loggedIn(identity.get().getPrincipal().getName(), false, address);
            return Response.status(403)
                    .entity(page("You are known there, but none of your groups has a role here. Ask an admin."))
                    .build();
        }
        String secret = session.get().secret();
        accounts.loggedIn(accounts.userOfSession(secret).orElse("unknown"), true, address);
        return Response.ok(Templates.welcome(Frame.anonymous("Logged in")).render())
                .cookie(cookie(
                        secret, Duration.between(Instant.now(), session.get().expiresAt()), request.isSSL()))
                .build();
    }

    @POST
    @Path("logout")
    @Open
    @Operation(hidden = true)
    public Response logout(@CookieParam(AccessFilter.SESSION) String session, @Context HttpServerRequest request) {
        if (session != null) {
            accounts.logout(session);
        }
        return Response.seeOther(URI.create("/console/login"))
                .cookie(cookie("", Duration.ZERO, request.isSSL()))
                .build();
    }

    private String page(String problem) {
        return Templates.login(Frame.anonymous("Log in"), problem, provider.isOn())
                .render();
    }

    private static NewCookie cookie(String secret, Duration lives, boolean secure) {
        return new NewCookie.Builder(AccessFilter.SESSION)
                .value(secret)
                .path("/")
                .httpOnly(true)
                .sameSite(NewCookie.SameSite.STRICT)
                .secure(secure)
                .maxAge((int) lives.toSeconds())
                .build();
    }
}
