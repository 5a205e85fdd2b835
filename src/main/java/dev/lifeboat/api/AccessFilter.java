package dev.lifeboat.api;

import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.environment.Secret;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.json.Json;
import dev.lifeboat.sidecar.SidecarToken;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * The one gate before API, functions and events: everything but health and the API's description wants the token, and a
 * function is called by POST only. Without a configured token nothing is let in.
 */
@ApplicationScoped
public class AccessFilter {
    private static final int BEFORE_ROUTES = 1000;
    private static final Set<String> OPEN = Set.of("/backup/health", "/q/openapi");
    private static final String OPEN_BELOW = "/q/health";
    private static final Set<HttpMethod> ON_FUNCTIONS = Set.of(HttpMethod.POST);

    private static final String TASKS = "/tasks";

    private final LifeboatConfig.Role role;
    private final Optional<String> function;
    private final Optional<Secret> token;

    AccessFilter(LifeboatConfig config, @ConfigProperty(name = "quarkus.funqy.export") Optional<String> function) {
        this.role = config.role();
        this.function = function;
        this.token = switch (role) {
            case ENGINE, FUNCTION -> config.token().map(Secret::new);
            case SIDECAR -> SidecarToken.of(config.sidecar());
        };
    }

    void register(@Observes Filters filters) {
        filters.register(this::filter, BEFORE_ROUTES);
    }

    private void filter(RoutingContext call) {
        String path = call.normalizedPath();
        call.response().putHeader("X-Content-Type-Options", "nosniff").putHeader("Cache-Control", "no-store");
        if (OPEN.contains(path) || path.equals(OPEN_BELOW) || path.startsWith(OPEN_BELOW + "/")) {
            call.next();
        } else if (!hasToken(call.request().getHeader("Authorization"))) {
            refuse(
                    call,
                    401,
                    Fault.of(
                            FaultCode.PERMISSION_DENIED,
                            "this call wants a token",
                            "Send 'Authorization: Bearer TOKEN'; the command line reads it from the data folder's endpoint"
                                    + " file, elsewhere it is the setting lifeboat.token."));
        } else if (!isServed(path)) {
            refuse(
                    call,
                    404,
                    Fault.of(
                            FaultCode.BAD_INPUT,
                            "this process serves " + served() + ", and not what was called",
                            "Call the process that does: see docs/architecture.md, \"Processes\"."));
        } else if (!path.startsWith("/api/")
                && !path.startsWith(TASKS)
                && !path.startsWith("/q/")
                && !ON_FUNCTIONS.contains(call.request().method())) {
            call.response().putHeader("Allow", "POST");
            refuse(
                    call,
                    405,
                    Fault.of(FaultCode.BAD_INPUT, "a function is called by POST", "Send the request as JSON by POST."));
        } else {
            call.next();
        }
    }

    /** A function of another name would be routed by the framework whatever is exported. */
    private boolean isServed(String path) {
        boolean isTask = path.equals(TASKS) || path.startsWith(TASKS + "/");
        return path.startsWith("/q/")
                || switch (role) {
                    case ENGINE -> !isTask;
                    case FUNCTION -> path.equals("/") || isFunction(path);
                    case SIDECAR -> isTask;
                };
    }

    private boolean isFunction(String path) {
        return function.filter(name -> path.equals("/" + name)).isPresent();
    }

    private String served() {
        return switch (role) {
            case ENGINE -> "the interface and the functions";
            case FUNCTION -> "the function " + function.orElse("that QUARKUS_FUNQY_EXPORT names");
            case SIDECAR -> "the tasks of a sidecar";
        };
    }

    private boolean hasToken(String header) {
        return token.isPresent()
                && header != null
                && MessageDigest.isEqual(
                        ("Bearer " + token.get().value()).getBytes(StandardCharsets.UTF_8),
                        header.getBytes(StandardCharsets.UTF_8));
    }

    private static void refuse(RoutingContext call, int status, Fault fault) {
        Problem problem = Problem.of(fault, List.of());
        call.response()
                .setStatusCode(status)
                .putHeader("Content-Type", "application/problem+json")
                .end(Json.pretty(new Problem(
                        problem.type(),
                        problem.title(),
                        status,
                        problem.detail(),
                        problem.code(),
                        problem.kind(),
                        problem.facts(),
                        problem.remedy(),
                        List.of())));
    }
}
