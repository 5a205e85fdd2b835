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

    /**
     * Who calls a function; empty where one that may be called without a token is. What does not come over HTTP was let in by the platform's own
     * permissions (AWS Lambda), and has the rights of the machine's owner.
     */
    public Optional<Caller> ofFunction() {
        return request.getCurrent() == null
                ? Optional.of(new Caller(Caller.LOCAL_USER, Caller.Via.PLATFORM, "unknown", ""))
                : find();
    }

    /** A header of the request; empty where it has none, or does not come over HTTP. */
    public Optional<String> header(String name) {
        return Optional.ofNullable(request.getCurrent())
                .map(call -> call.request().getHeader(name));
    }

    /** The caller's {@link Caller#user}. */
    public String user() {
        return get().user();
    }
}
