package dev.lifeboat.environment;

import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Controls a systemd unit (systemd documentation, systemctl). Stop and start return when the unit has got there; whether it
 * has is asked afterwards, because a unit of {@code Type=simple} counts as started even if its program ends at once.
 */
final class SystemdControl implements ServiceControl {
    private final ServiceBinding.Systemd binding;
    private final Optional<Path> folder;

    /**
     * Control of the unit.
     *
     * @param folder where systemctl and journalctl are; empty: on the PATH
     */
    SystemdControl(ServiceBinding.Systemd binding, Optional<Path> folder) {
        this.binding = binding;
        this.folder = folder;
    }

    @Override
    public Outcome stop() {
        Outcome stopped = change("stop", false);
        if (stopped.succeeded()) {
            return stopped;
        }
        // Also one that is not active any more: systemd may still wait for its end, longer than Lifeboat does.
        ServiceProgram.Ended killed = systemctl("kill", "--signal=SIGKILL");
        Outcome again = change("stop", false);
        return new Outcome(true, again.succeeded(), ServiceProgram.lines(stopped.log(), killed.log(), again.log()));
    }

    @Override
    public Outcome start() {
        return change("start", true);
    }

    /** {@code show} exits with 0 for a unit that there is not; its load state tells. */
    @Override
    public String examine() {
        ServiceProgram.Ended shown = ServiceProgram.run(
                List.of(
                        program("systemctl"),
                        "--no-pager",
                        "--no-ask-password",
                        "show",
                        "--property=LoadState,ActiveState",
                        "--",
                        binding.unit()),
                ServiceProgram.LOOK);
        if (!shown.succeeded()) {
            throw ServiceProgram.notControlled("systemd does not tell of the unit " + binding.unit(), shown.log());
        }
        if (!shown.output().lines().toList().contains("LoadState=loaded")) {
            throw ServiceProgram.notControlled(
                    "systemd has no unit " + binding.unit() + " that it could stop and start", shown.log());
        }
        return "unit " + binding.unit() + ": "
                + String.join(", ", shown.output().lines().toList());
    }

    /** {@code is-active} exits with 0 only while the unit is active; one that starts, stops or has failed is not. */
    @Override
    public Optional<Boolean> isRunning() {
        return Optional.of(isActive());
    }

    @Override
    public Optional<String> logs(Instant since) {
        return ServiceProgram.run(
                        List.of(
                                program("journalctl"),
                                "--no-pager",
                                "--output=cat",
                                "--since=@" + since.getEpochSecond(),
                                "--unit=" + binding.unit()),
                        binding.limit())
                .whatItSaid();
    }

    private boolean isActive() {
        return systemctl("is-active").succeeded();
    }

    private Outcome change(String verb, boolean running) {
        ServiceProgram.Ended done = systemctl(verb);
        if (!done.succeeded()) {
            return new Outcome(true, false, ServiceProgram.lines(done.log(), status()));
        }
        ServiceProgram.Ended state = systemctl("is-active");
        boolean right = state.succeeded() == running;
        return new Outcome(true, right, ServiceProgram.lines(done.log(), state.log(), right ? "" : status()));
    }

    /** What systemd and the journal say of the unit. */
    private String status() {
        return systemctl("status").log();
    }

    private ServiceProgram.Ended systemctl(String verb, String... options) {
        var command = new ArrayList<>(List.of(program("systemctl"), "--no-pager", "--no-ask-password", verb));
        command.addAll(List.of(options));
        command.addAll(List.of("--", binding.unit()));
        return ServiceProgram.run(command, binding.limit());
    }

    private String program(String name) {
        return folder.map(path -> path.resolve(name).toString()).orElse(name);
    }
}
