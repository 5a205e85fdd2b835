package dev.lifeboat.access;

import io.quarkus.vertx.http.runtime.CurrentVertxRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.RequestScoped;
import java.util.Optional;

/** Who makes the request that is being answered. */
@RequestScoped
public class CurrentCaller {
    private static final String KEY = Caller.class.getName();

    private final CurrentVertxRequest request;

    CurrentCaller(CurrentVertxRequest request) {
        this.request = request;
    }

    /** Tells a request who makes it. */
    public static void set(RoutingContext call, Caller caller) {
        call.put(KEY, caller);
    }

    /** Who makes a request; empty for an anonymous one. */
    public static Optional<Caller> of(RoutingContext call) {
        return Optional.ofNullable(call.get(KEY));
    }

    /** Where a request comes from. */
    public static String address(RoutingContext call) {
        return call.request().remoteAddress() == null
                ? "unknown"
                : call.request().remoteAddress().hostAddress();
    }

    /** The caller; empty for an anonymous request. */
    public Optional<Caller> find() {
        return Optional.ofNullable(request.getCurrent()).flatMap(CurrentCaller::of);
    }

    /** The caller of what is never reached anonymously. */
    public Caller get() {
        return find().orElseThrow(() -> Access.denied("this call wants a token"));
    }

    /** The caller's {@link Caller#user}. */
    public String user() {
        return get().user();
    }
}
