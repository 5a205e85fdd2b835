package dev.lifeboat.orchestrator;

import io.quarkus.runtime.ShutdownEvent;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/** Whether the engine is being taken down: what work by the clock meets then is of no interest. */
@Singleton
class Stopping {
    private volatile boolean begun;

    void onStop(@Observes ShutdownEvent stop) {
        begun = true;
    }

    boolean hasBegun() {
        return begun;
    }

    /** Does something, but not while everything is taken down around it. */
    void unlessBegun(Runnable work) {
        try {
            if (!begun) {
                work.run();
            }
        } catch (RuntimeException e) {
            if (!begun) {
                throw e;
            }
        }
    }
}
