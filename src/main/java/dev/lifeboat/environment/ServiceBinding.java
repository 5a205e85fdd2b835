package dev.lifeboat.environment;

import java.time.Duration;
import java.util.List;

/** How an environment's Odoo is stopped and started. */
public sealed interface ServiceBinding {
    /** Lifeboat does not control the service. */
    record None() implements ServiceBinding {}

    /** A systemd unit. */
    record Systemd(String unit, Duration limit) implements ServiceBinding {}

    /**
     * Commands of the site's own, as argument vectors. {@code status} exits with 0 while the service runs and with another
     * code while it does not; empty: unknown.
     */
    record Command(List<String> start, List<String> stop, List<String> status, Duration limit)
            implements ServiceBinding {}
}
