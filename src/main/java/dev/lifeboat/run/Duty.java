package dev.lifeboat.run;

import dev.lifeboat.environment.LifeboatConfig;
import io.quarkus.runtime.ShutdownEvent;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Whether this process is to advance runs and work by the clock: an engine is, until it is taken down; a function is, while it is
 * called to. What such work meets while everything is taken down around it is of no interest.
 */
@Singleton
public class Duty {
    private final LifeboatConfig.Role role;
    private final boolean clock;
    private final AtomicInteger calls = new AtomicInteger();
    private volatile boolean stopping;

    Duty(LifeboatConfig config) {
        this.role = config.role();
        this.clock = config.clock();
    }

    void onStop(@Observes ShutdownEvent stop) {
        stopping = true;
    }

    /** Whether it is, now. */
    public boolean isOn() {
        return !stopping && (stays() || calls.get() > 0);
    }

    /** Whether this process goes on by itself, and needs not be called. */
    public boolean stays() {
        return role == LifeboatConfig.Role.ENGINE;
    }

    /** Whether this process has the state of runs. */
    public boolean hasState() {
        return role != LifeboatConfig.Role.SIDECAR;
    }

    /** Whether everything is taken down around who asks. */
    public boolean isStopping() {
        return stopping;
    }

    /** Does something for a caller, during which this process is on duty. */
    public <T> T called(Supplier<T> work) {
        calls.incrementAndGet();
        try {
            return work.get();
        } finally {
            calls.decrementAndGet();
        }
    }

    /** Does what the time has come for, where this process keeps the time itself; others are called ({@link Sweeps}). */
    public void byTheClock(Runnable work) {
        if (stays()) {
            whileUp(work);
        }
    }

    /** The same for what nobody who only asks something wants to wait for: not in an engine that a command hosts for its own time. */
    public void unasked(Runnable work) {
        if (clock) {
            byTheClock(work);
        }
    }

    /** Does something, but not while everything is taken down around it. */
    public void whileUp(Runnable work) {
        try {
            if (!stopping) {
                work.run();
            }
        } catch (RuntimeException e) {
            if (!stopping) {
                throw e;
            }
        }
    }
}
