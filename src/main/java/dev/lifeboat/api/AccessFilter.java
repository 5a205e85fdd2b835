package dev.lifeboat.api;

import dev.lifeboat.access.Access;
import dev.lifeboat.access.Accounts;
import dev.lifeboat.access.Action;
import dev.lifeboat.access.Caller;
import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.access.IdentityProvider;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.environment.Secret;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import dev.lifeboat.sidecar.SidecarToken;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.Cookie;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/**
 * The one gate before API, console, functions and events: it recognises who calls, and lets nobody in whom it does not.
 * What the caller may do there is asked by {@link AccessGate} for resources, and here for functions, which are the
 * orchestrator's and an administrator's to call, by POST only.
 */
@ApplicationScoped
public class AccessFilter {
    /** The cookie that holds a session's secret. */
    public static final String SESSION = "lifeboat_session";

    private static final Logger LOG = Logger.getLogger(AccessFilter.class);
    private static final int BEFORE_ROUTES = 1000;
    private static final Set<String> OPEN = Set.of("/backup/health", "/console/login");
    private static final List<String> OPEN_BELOW = List.of("/q/health/", "/console/assets/");
    private static final Set<HttpMethod> SAFE = Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS);
    private static final Map<String, String> HEADERS = Map.of(
            "X-Content-Type-Options",
            "nosniff",
            "X-Frame-Options",
            "DENY",
            "Referrer-Policy",
            "same-origin",
            "Cross-Origin-Opener-Policy",
            "same-origin",
            "Cross-Origin-Resource-Policy",
            "same-origin",
            "Permissions-Policy",
            "camera=(), geolocation=(), microphone=()",
            "Cache-Control",
            "no-store",
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
                    + " form-action 'self'; base-uri 'none'; frame-ancestors 'none'");

    private static final String START = LifeboatConfig.Functions.START;
    private static final String ADVANCE = LifeboatConfig.Functions.ADVANCE;
    private static final String TASKS = "/tasks";
    private static final String METRICS = "/q/metrics";
    private static final String LOGIN_ELSEWHERE = "/console/oidc";
    private static final String SIGNED_EVENTS = "/events/";

    private final LifeboatConfig.Role role;
    private final Optional<String> function;
    private final Optional<Secret> token;
    private final boolean withoutToken;
    private final Accounts accounts;
    private final Access access;
    private final IdentityProvider provider;

    AccessFilter(
            LifeboatConfig config,
            @ConfigProperty(name = "quarkus.funqy.export") Optional<String> function,
            Accounts accounts,
            Access access,
            IdentityProvider provider) {
        this.provider = provider;
        this.role = config.role();
        this.function = function;
        this.withoutToken = config.functions().sweepWithoutToken();
        this.token = switch (role) {
            case ENGINE, FUNCTION -> config.token().map(Secret::new);
            case SIDECAR -> SidecarToken.of(config.sidecar());
        };
        this.accounts = accounts;
        this.access = access;
    }

    void register(@Observes Filters filters) {
        filters.register(this::filter, BEFORE_ROUTES);
    }

    private void filter(RoutingContext call) {
        HEADERS.forEach(call.response()::putHeader);
        String path = call.normalizedPath();
        boolean page = path.equals("/console") || path.startsWith("/console/");
        if (page && !SAFE.contains(call.request().method()) && !isOfThisSite(call.request())) {
            refuse(call, 403, "the request comes from another site", "Open the console and do it there.");
        } else if (!page && isMultipart(call.request())) {
            refuse(call, 415, Fault.of(FaultCode.BAD_INPUT, "the request has several parts", "Send JSON."));
        } else if (isSignedEvent(call, path) && hasNoBody(call.request())) {
            refuse(call, 400, Begun.noBody());
        } else if (isOpen(path) || isSignedEvent(call, path) || isLoginElsewhere(path)) {
            call.next();
        } else if (role == LifeboatConfig.Role.ENGINE || (serves(START) && isServed(path))) {
            // The framework has paused the request and resumes it for whoever reads the body: nothing of it is lost
            // meanwhile.
            call.vertx().executeBlocking(() -> identify(call), false).onComplete(asked -> {
                if (asked.failed()) {
                    LOG.error("a caller could not be recognised", asked.cause());
                    refuse(call, 503, "who calls could not be looked up", "Try again; the log file has the details.");
                } else {
                    asked.result().ifPresentOrElse(caller -> admit(call, caller, path), () -> askIn(call, path, page));
                }
            });
        } else {
            ofOneThing(call, path);
        }
    }

    /** A function or a sidecar of its own: who has its token is the engine, or the machine's owner. */
    private void ofOneThing(RoutingContext call, String path) {
        String header = call.request().getHeader("Authorization");
        if (header == null && withoutToken && serves(ADVANCE) && isFunctionCall(path) && isPost(call)) {
            call.next();
        } else if (header == null || !isEndpointToken(header)) {
            askIn(call, path, false);
        } else if (!isServed(path)) {
            refuseOtherProcess(call);
        } else if (path.startsWith(TASKS) || path.startsWith("/q/") || isPost(call)) {
            CurrentCaller.set(call, owner(call));
            call.next();
        } else {
            refuseOtherThanPost(call);
        }
    }

    private static Caller owner(RoutingContext call) {
        return new Caller(Caller.LOCAL_USER, Caller.Via.ENDPOINT, CurrentCaller.address(call), "");
    }

    private void refuseOtherProcess(RoutingContext call) {
        refuse(
                call,
                404,
                Fault.of(
                        FaultCode.BAD_INPUT,
                        "this process serves " + served() + ", and not what was called",
                        "Call the process that does: see docs/architecture.md, \"Processes\"."));
    }

    private static boolean isPost(RoutingContext call) {
        return call.request().method().equals(HttpMethod.POST);
    }

    private static void refuseOtherThanPost(RoutingContext call) {
        call.response().putHeader("Allow", "POST");
        refuse(
                call,
                405,
                Fault.of(FaultCode.BAD_INPUT, "a function is called by POST", "Send the request as JSON by POST."));
    }

    private static boolean isOpen(String path) {
        return OPEN.contains(path)
                || path.equals("/q/health")
                || OPEN_BELOW.stream().anyMatch(path::startsWith);
    }

    /** Its signature is over the body, which is read by the resource: that proves it before it does anything. */
    private boolean isSignedEvent(RoutingContext call, String path) {
        return role == LifeboatConfig.Role.ENGINE && path.startsWith(SIGNED_EVENTS) && isPost(call);
    }

    /** The framework sends who comes there to the identity provider, and lets in whom that sends back. */
    private boolean isLoginElsewhere(String path) {
        return path.equals(LOGIN_ELSEWHERE) && provider.isOn();
    }

    private Optional<Caller> identify(RoutingContext call) {
        String address = CurrentCaller.address(call);
        String header = call.request().getHeader("Authorization");
        if (header != null) {
            if (isEndpointToken(header)) {
                return Optional.of(owner(call));
            }
            return header.startsWith("Bearer ")
                    ? accounts.userOfToken(header.substring("Bearer ".length()))
                            .or(() -> provider.isOn() ? provider.userOfBearer(call) : Optional.empty())
                            .map(user -> new Caller(user, Caller.Via.TOKEN, address, ""))
                    : Optional.empty();
        }
        return Optional.ofNullable(call.request().getCookie(SESSION))
                .map(Cookie::getValue)
                .flatMap(secret -> accounts.userOfSession(secret)
                        .map(user -> new Caller(user, Caller.Via.SESSION, address, Accounts.csrf(secret))));
    }

    private void admit(RoutingContext call, Caller caller, String path) {
        CurrentCaller.set(call, caller);
        boolean safe = SAFE.contains(call.request().method());
        if (caller.via() == Caller.Via.SESSION && !safe && !isOfThisSite(call.request())) {
            refuse(call, 403, "the request comes from another site", "Open the console and do it there.");
        } else if (path.equals("/") && safe && role == LifeboatConfig.Role.ENGINE) {
            call.response().setStatusCode(303).putHeader("Location", "/console").end();
        } else if ((path.startsWith("/api/") || path.equals("/events")) && !safe && hasNoBody(call.request())) {
            refuse(call, 400, Begun.noBody());
        } else if (path.equals(METRICS) || path.startsWith(METRICS + "/")) {
            metrics(call, caller);
        } else if (isResource(path)) {
            call.next();
        } else if (!isServed(path)) {
            refuseOtherProcess(call);
        } else if (!isPost(call)) {
            refuseOtherThanPost(call);
        } else {
            function(call, caller, path);
        }
    }

    /** A function of another name would be routed by the framework whatever is exported. */
    private boolean isServed(String path) {
        boolean isTask = path.equals(TASKS) || path.startsWith(TASKS + "/");
        return path.startsWith("/q/")
                || switch (role) {
                    case ENGINE -> !isTask;
                    case FUNCTION -> isFunctionCall(path);
                    case SIDECAR -> isTask;
                };
    }

    private boolean isFunctionCall(String path) {
        return path.equals("/")
                || function.filter(name -> path.equals("/" + name)).isPresent();
    }

    /** Whether this process serves that one function only. */
    private boolean serves(String name) {
        return role == LifeboatConfig.Role.FUNCTION
                && function.filter(name::equals).isPresent();
    }

    private String served() {
        return switch (role) {
            case ENGINE -> "the interface and the functions";
            case FUNCTION -> "the function " + function.orElse("that QUARKUS_FUNQY_EXPORT names");
            case SIDECAR -> "the tasks of a sidecar";
        };
    }

    /**
     * A function is a step without the run around it, and none of what a run checks before: no session calls one. What begins runs asks
     * itself what the caller may, as the interface does.
     */
    private void function(RoutingContext call, Caller caller, String path) {
        letIn(call, () -> {
            if (caller.via() == Caller.Via.SESSION) {
                throw Fault.of(
                                FaultCode.PERMISSION_DENIED,
                                "a function is not called with a session of the console",
                                "Call it with an administrator's token.")
                        .toException();
            }
            if (!serves(START) && !path.equals("/" + START)) {
                access.require(caller, Action.ADMINISTER, Access.ALL, "POST " + path);
            }
        });
    }

    /** They name every environment. */
    private void metrics(RoutingContext call, Caller caller) {
        letIn(call, () -> access.require(caller, Action.VIEW, Access.ALL, "GET " + METRICS));
    }

    /** Goes on where the check throws no fault; it asks the state, and so can't be made on the thread that serves. */
    private static void letIn(RoutingContext call, Runnable check) {
        call.vertx()
                .executeBlocking(
                        () -> {
                            try {
                                check.run();
                                return Optional.<Fault>empty();
                            } catch (FaultException e) {
                                return Optional.of(e.fault());
                            }
                        },
                        false)
                .onComplete(asked -> {
                    if (asked.failed()) {
                        LOG.error("a caller's rights could not be looked up", asked.cause());
                        refuse(call, 503, "the caller's rights could not be looked up", "Try again.");
                    } else {
                        asked.result().ifPresentOrElse(fault -> refuse(call, 403, fault), call::next);
                    }
                });
    }

    /** Nothing here takes one, and the framework would wait for its parts before anybody could say so. */
    private static boolean isMultipart(HttpServerRequest request) {
        String type = request.getHeader("Content-Type");
        return type != null && type.strip().toLowerCase(Locale.ROOT).startsWith("multipart/");
    }

    /** Where a body is wanted, the framework would wait for it until the caller gives up. */
    private static boolean hasNoBody(HttpServerRequest request) {
        String length = request.getHeader("Content-Length");
        return length == null
                ? request.getHeader("Transfer-Encoding") == null
                : length.strip().equals("0");
    }

    private static boolean isResource(String path) {
        return path.startsWith("/api/")
                || path.equals("/events")
                || path.startsWith(SIGNED_EVENTS)
                || path.startsWith("/q/")
                || path.equals("/console")
                || path.startsWith("/console/");
    }

    private static void askIn(RoutingContext call, String path, boolean page) {
        boolean browser = Optional.ofNullable(call.request().getHeader("Accept"))
                .filter(accepted -> accepted.contains("text/html"))
                .isPresent();
        if ((page || (path.equals("/") && browser))
                && SAFE.contains(call.request().method())) {
            call.response()
                    .setStatusCode(303)
                    .putHeader("Location", "/console/login")
                    .end();
        } else {
            call.response().putHeader("WWW-Authenticate", "Bearer");
            refuse(
                    call,
                    401,
                    "this call wants a token",
                    "Send 'Authorization: Bearer TOKEN' with a token that `lifeboat token create` has made; the command"
                            + " line reads its own from the data folder's endpoint file.");
        }
    }

    private boolean isEndpointToken(String header) {
        return token.isPresent()
                && MessageDigest.isEqual(
                        ("Bearer " + token.get().value()).getBytes(StandardCharsets.UTF_8),
                        header.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Whether a page of this very site asks: what browsers say of it, and no other page can make them say. A browser that
     * says neither is too old to be trusted with a session.
     */
    private static boolean isOfThisSite(HttpServerRequest request) {
        String site = request.getHeader("Sec-Fetch-Site");
        if (site != null) {
            return site.equals("same-origin");
        }
        String origin = request.getHeader("Origin");
        try {
            return origin != null
                    && request.authority() != null
                    && URI.create(origin).getAuthority() != null
                    && URI.create(origin)
                            .getAuthority()
                            .toLowerCase(Locale.ROOT)
                            .equals(request.authority().toString().toLowerCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            // no address at all is not this site's
            return false;
        }
    }

    private static void refuse(RoutingContext call, int status, String message, String remedy) {
        refuse(call, status, Fault.of(FaultCode.PERMISSION_DENIED, message, remedy));
    }

    private static void refuse(RoutingContext call, int status, Fault fault) {
        call.response()
                .setStatusCode(status)
                .putHeader("Content-Type", "application/problem+json")
                .end(Json.pretty(Problem.of(fault, List.of()).withStatus(status)));
    }
}
