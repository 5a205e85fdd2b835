package dev.lifeboat.run;

import dev.lifeboat.environment.LifeboatConfig;
import io.quarkus.runtime.ShutdownEvent;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/**
 * Whether this process is to advance runs, and to begin what is due by the clock: an engine is, until it is taken down. What such work meets while
 * everything is taken down around it is of no interest.
 */
@Singleton
public class Duty {
    private final LifeboatConfig.Role role;
    private final boolean clock;
    private volatile boolean on;

    Duty(LifeboatConfig config) {
        this.role = config.role();
        this.clock = config.clock();
        this.on = role == LifeboatConfig.Role.ENGINE;
    }

    void onStop(@Observes ShutdownEvent stop) {
        on = false;
    }

    /** Whether it is, now. */
    public boolean isOn() {
        return on;
    }

    /** Whether this process has the state of runs. */
    public boolean hasState() {
        return role != LifeboatConfig.Role.SIDECAR;
    }

    /** Does what is due by the clock, as {@link #whileOn} does, but not in an engine that a command hosts for its own time. */
    public void byTheClock(Runnable work) {
        if (clock) {
            whileOn(work);
        }
    }

    /** Does something, but not where it is not this process's, and not while everything is taken down around it. */
    public void whileOn(Runnable work) {
        try {
            if (on) {
                work.run();
            }
        } catch (RuntimeException e) {
            if (on) {
                throw e;
            }
        }
    }
}
