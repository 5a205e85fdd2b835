package dev.lifeboat.run;

import io.quarkus.runtime.configuration.DurationConverter;
import java.time.Duration;
import java.util.List;

/**
 * What an engine does by the clock, told so that it can be done by who is called, where no engine stays. Several may do the same at
 * the same time, and each may be cut off anywhere: what has to be done once is guarded by the state.
 */
public interface Sweeps {
    /** A sweep each. */
    List<Sweep> sweeps();

    /**
     * One of them.
     *
     * @param name its name in the state
     * @param interval how often it is worth being done, as the scheduler has it: {@code 10s}, {@code 15m}
     * @param work does it once
     */
    record Sweep(String name, String interval, Runnable work) {
        /** How often it is worth being done. */
        public Duration every() {
            return DurationConverter.parseDuration(interval);
        }
    }
}
