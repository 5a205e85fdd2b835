package dev.lifeboat.environment;

import java.time.Instant;
import java.util.Optional;

/** Leaves the service alone and says so. */
final class NoServiceControl implements ServiceControl {
    private static final Outcome LEFT_ALONE =
            new Outcome(false, true, "service.kind is none: Lifeboat neither stops nor starts this environment's Odoo");

    @Override
    public Outcome stop() {
        return LEFT_ALONE;
    }

    @Override
    public Outcome start() {
        return LEFT_ALONE;
    }

    @Override
    public String examine() {
        return LEFT_ALONE.log();
    }

    @Override
    public Optional<Boolean> isRunning() {
        return Optional.empty();
    }

    @Override
    public Optional<String> logs(Instant since) {
        return Optional.empty();
    }
}
