package dev.lifeboat.cli;

import java.lang.invoke.MethodHandles;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What a terminal tells while a run is followed: Ctrl-C (SIGINT), and its own end (SIGHUP). Before and after, both end the
 * program as they always do. What is to be done about them is left to who follows; the thread that does is woken.
 *
 * <p>The JDK hears of signals in {@code sun.misc.Signal} of its module jdk.unsupported only; the compiler warns of every use of
 * that class by name, and can't be told not to. Where a JDK has it no more, signals end the program as they always do.
 */
final class Signals implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Signals.class.getName());

    private final AtomicInteger interrupts = new AtomicInteger();
    private final AtomicBoolean hungUp = new AtomicBoolean();
    /** Signal to the handler that was there before. */
    private final Map<Object, Object> before = new HashMap<>();

    private final Thread follower = Thread.currentThread();

    Signals() {
        on("INT", interrupts::incrementAndGet);
        on("HUP", () -> hungUp.set(true));
    }

    private void on(String name, Runnable tell) {
        try {
            Object signal = type("Signal").getConstructor(String.class).newInstance(name);
            Object handler = Proxy.newProxyInstance(
                    Signals.class.getClassLoader(),
                    new Class<?>[] {type("SignalHandler")},
                    (self, method, arguments) -> switch (method.getName()) {
                        case "handle" -> {
                            tell.run();
                            follower.interrupt();
                            yield null;
                        }
                        case "equals" -> self == arguments[0];
                        case "hashCode" -> System.identityHashCode(self);
                        default -> "signals";
                    });
            before.put(signal, handle(signal, handler));
        } catch (ReflectiveOperationException e) {
            // The JVM was told to leave the signal alone (-Xrs), or knows no signals: it then does what it always does.
            LOG.log(System.Logger.Level.DEBUG, "no handler for " + name, e);
        }
    }

    private static Object handle(Object signal, Object handler) throws ReflectiveOperationException {
        try {
            return type("Signal")
                    .getMethod("handle", type("Signal"), type("SignalHandler"))
                    .invoke(null, signal, handler);
        } catch (InvocationTargetException e) {
            throw new ReflectiveOperationException(e.getCause());
        }
    }

    private static Class<?> type(String name) throws ReflectiveOperationException {
        return MethodHandles.lookup().findClass("sun.misc." + name);
    }

    /** How many signals there were. */
    int seen() {
        return interrupts.get() + (hungUp.get() ? 1 : 0);
    }

    /** How often Ctrl-C was pressed. */
    int interrupts() {
        return interrupts.get();
    }

    /** Whether the terminal is gone. */
    boolean hungUp() {
        return hungUp.get();
    }

    @Override
    public void close() {
        for (var signal : before.entrySet()) {
            try {
                handle(signal.getKey(), signal.getValue());
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("a handler that was there before was refused", e);
            }
        }
        // one that came after the last look must not end what follows
        Thread.interrupted();
    }
}
