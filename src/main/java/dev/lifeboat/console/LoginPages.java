package dev.lifeboat.console;

import dev.lifeboat.access.Accounts;
import dev.lifeboat.access.LoginLimit;
import dev.lifeboat.access.Open;
import dev.lifeboat.api.AccessFilter;
import io.quarkus.qute.CheckedTemplate;
import io.quarkus.qute.TemplateInstance;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.core.http.HttpServerRequest;
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
    private final Accounts accounts;
    private final LoginLimit limit;

    LoginPages(Accounts accounts, LoginLimit limit) {
        this.accounts = accounts;
        this.limit = limit;
    }

    @CheckedTemplate(basePath = "console")
    static final class Templates {
        private Templates() {}

        static native TemplateInstance login(Frame frame, String problem);
    }

    @GET
    @Path("login")
    @Open
    @Operation(hidden = true)
    public TemplateInstance form() {
        return Templates.login(Frame.anonymous("Log in"), "");
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
        Optional<Accounts.Issued> session = accounts.login(credential == null ? "" : credential.strip());
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

    private static String page(String problem) {
        return Templates.login(Frame.anonymous("Log in"), problem).render();
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
