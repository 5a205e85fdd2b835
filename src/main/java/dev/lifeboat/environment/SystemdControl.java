package dev.lifeboat.environment;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Controls a systemd unit (systemd documentation, systemctl). Stop and start return when the unit has got there; whether it
 * has is asked afterwards, because a unit of {@code Type=simple} counts as started even if its program ends at once.
 */
final class SystemdControl implements ServiceControl {
    private final ServiceBinding.Systemd binding;
    private final String systemctl;

    /**
     * Control of the unit.
     *
     * @param folder where systemctl is; empty: on the PATH
     */
    SystemdControl(ServiceBinding.Systemd binding, Optional<Path> folder) {
        this.binding = binding;
        this.systemctl =
                folder.map(path -> path.resolve("systemctl").toString()).orElse("systemctl");
    }

    @Override
    public Outcome stop() {
        return change("stop", false);
    }

    @Override
    public Outcome start() {
        return change("start", true);
    }

    /** {@code is-active} exits with 0 only while the unit is active; one that starts, stops or has failed is not. */
    @Override
    public Optional<Boolean> isRunning() {
        return Optional.of(run("is-active").succeeded());
    }

    private Outcome change(String verb, boolean running) {
        ServiceProgram.Ended done = run(verb);
        if (!done.succeeded()) {
            return new Outcome(true, false, ServiceProgram.lines(done.log(), status()));
        }
        ServiceProgram.Ended state = run("is-active");
        boolean right = state.succeeded() == running;
        return new Outcome(true, right, ServiceProgram.lines(done.log(), state.log(), right ? "" : status()));
    }

    /** What systemd and the journal say of the unit. */
    private String status() {
        return run("status").log();
    }

    private ServiceProgram.Ended run(String verb) {
        return ServiceProgram.run(
                List.of(systemctl, "--no-pager", "--no-ask-password", verb, "--", binding.unit()), binding.limit());
    }
}
