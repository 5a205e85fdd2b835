package dev.lifeboat.api;

import dev.lifeboat.access.Access;
import dev.lifeboat.access.Caller;
import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.access.Needs;
import dev.lifeboat.access.Open;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.run.ArtifactCatalogue;
import dev.lifeboat.run.RunSnapshot;
import dev.lifeboat.run.RunStore;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ResourceInfo;
import jakarta.ws.rs.core.UriInfo;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Set;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;
import org.jboss.resteasy.reactive.server.WithFormRead;
import org.jboss.resteasy.reactive.server.core.CurrentRequestManager;

/**
 * Asks, before any method of a resource is called, whether the caller may do what the method {@link Needs}; one that does not
 * say what it needs is not called. Resources are those of the API and the console.
 */
@ApplicationScoped
public class AccessGate {
    private static final Set<String> SAFE = Set.of("GET", "HEAD", "OPTIONS");
    /** Where a session's request sends back {@link Caller#csrf}: as a header, or as a field of a form. */
    private static final String CSRF_HEADER = "X-CSRF-Token";

    private static final String CSRF_FIELD = "csrf";

    private final Access access;
    private final CurrentCaller current;
    private final ArtifactCatalogue artifacts;
    private final RunStore runs;
    private final LifeboatConfig.Role role;

    AccessGate(
            Access access, CurrentCaller current, ArtifactCatalogue artifacts, RunStore runs, LifeboatConfig config) {
        this.role = config.role();
        this.access = access;
        this.current = current;
        this.artifacts = artifacts;
        this.runs = runs;
    }

    @ServerRequestFilter
    @WithFormRead
    void filter(ContainerRequestContext request, ResourceInfo resource, UriInfo uri) {
        Method method = resource.getResourceMethod();
        if (method.isAnnotationPresent(Open.class) || role != LifeboatConfig.Role.ENGINE) {
            // a sidecar has no accounts: its token has let the engine in
            return;
        }
        Needs needs = method.getAnnotation(Needs.class);
        if (needs == null) {
            throw denied("nobody may call this: it does not say who may");
        }
        Caller caller = current.get();
        if (caller.via() == Caller.Via.SESSION && !SAFE.contains(request.getMethod())) {
            proveForm(caller, request);
        }
        String asked = request.getMethod() + " " + uri.getPath();
        switch (needs.in()) {
            case PATH -> access.require(caller, needs.value(), project(caller, uri), asked);
            case RUN -> {
                access.require(caller, needs.value(), project(caller, uri), asked);
                RunSnapshot run = runs.load(uri.getPathParameters().getFirst("run"));
                access.require(
                        caller,
                        Access.toBegin(run.operation()),
                        run.environment().project(),
                        asked);
            }
            case SOME -> access.requireSomewhere(caller, needs.value(), asked);
            case ALL -> access.require(caller, needs.value(), Access.ALL, asked);
        }
    }

    private static void proveForm(Caller caller, ContainerRequestContext request) {
        String sent = request.getHeaderString(CSRF_HEADER);
        var form = CurrentRequestManager.get().getFormData();
        if (sent == null && form != null && form.getFirst(CSRF_FIELD) != null) {
            sent = form.getFirst(CSRF_FIELD).getValue();
        }
        if (sent == null
                || !MessageDigest.isEqual(
                        sent.getBytes(StandardCharsets.UTF_8), caller.csrf().getBytes(StandardCharsets.UTF_8))) {
            throw denied("the request does not come from a form of this session");
        }
    }

    /** The project of what the path names. Who may not see a thing is told no more of it than of one that is not there. */
    private String project(Caller caller, UriInfo uri) {
        var named = uri.getPathParameters();
        if (named.containsKey("env")) {
            return access.environment(caller, named.getFirst("env")).project();
        }
        if (named.containsKey("run")) {
            return runs.load(named.getFirst("run")).environment().project();
        }
        return EnvironmentId.parse(artifacts.get(named.getFirst("artifact")).environmentId)
                .project();
    }

    private static FaultException denied(String why) {
        return Fault.of(FaultCode.PERMISSION_DENIED, why, "Open the console's page anew and try again.")
                .toException();
    }
}
