package dev.lifeboat.environment;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.process.ChildProcess;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Stops and starts an environment's Odoo. */
public final class ServiceControl {
    private final ServiceBinding binding;

    /** Control of the service that is bound so. */
    public ServiceControl(ServiceBinding binding) {
        this.binding = binding;
    }

    /** What a stop or a start did. {@code log} is what the program that did it said. */
    public record Outcome(boolean controlled, boolean succeeded, String log) {}

    /** Stops the service gracefully; a service that Lifeboat does not control is left alone, and the outcome says so. */
    public Outcome stop() {
        return switch (binding) {
            case ServiceBinding.None none -> NOT_CONTROLLED;
            case ServiceBinding.Systemd(String unit, Duration limit) -> run(systemctl("stop", unit), limit);
            case ServiceBinding.Command command -> run(command.stop(), command.limit());
        };
    }

    /** Starts the service. */
    public Outcome start() {
        return switch (binding) {
            case ServiceBinding.None none -> NOT_CONTROLLED;
            case ServiceBinding.Systemd(String unit, Duration limit) -> run(systemctl("start", unit), limit);
            case ServiceBinding.Command command -> run(command.start(), command.limit());
        };
    }

    /** Whether the service runs; empty where that is not known. */
    public Optional<Boolean> isRunning() {
        return switch (binding) {
            case ServiceBinding.None none -> Optional.empty();
            case ServiceBinding.Systemd(String unit, Duration limit) ->
                Optional.of(run(systemctl("is-active", unit), limit).succeeded());
            case ServiceBinding.Command command ->
                command.status().isEmpty()
                        ? Optional.empty()
                        : Optional.of(run(command.status(), command.limit()).succeeded());
        };
    }

    private static final Outcome NOT_CONTROLLED =
            new Outcome(false, true, "service.kind is none: Lifeboat neither stops nor starts this environment's Odoo");

    private static List<String> systemctl(String verb, String unit) {
        var command = new ArrayList<>(List.of("systemctl", "--no-pager", verb));
        command.add("--");
        command.add(unit);
        return command;
    }

    private static Outcome run(List<String> command, Duration limit) {
        try {
            ChildProcess.Result result =
                    ChildProcess.run(new ChildProcess.Spec(command, Map.of(), Optional.empty()), limit);
            String log = String.join(" ", command) + "\nexit code " + result.exitCode() + "\n" + result.output()
                    + (result.errors().isEmpty() ? "" : "\n" + result.errors());
            return new Outcome(true, result.succeeded(), log.strip());
        } catch (IOException e) {
            throw Fault.of(
                            FaultCode.SERVICE_FAILED,
                            "the program " + command.getFirst() + " that controls the service can't be run",
                            "Mend 'service' of the environment in the configuration.")
                    .with("tool_output", e.getMessage())
                    .toException(e);
        }
    }
}
