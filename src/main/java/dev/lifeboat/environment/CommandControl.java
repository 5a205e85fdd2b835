package dev.lifeboat.environment;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Controls a service with the site's own programs. What they claim is checked with the status command where there is one. */
final class CommandControl implements ServiceControl {
    private final ServiceBinding.Command binding;

    CommandControl(ServiceBinding.Command binding) {
        this.binding = binding;
    }

    @Override
    public Outcome stop() {
        Outcome stopped = change(binding.stop(), false);
        if (stopped.succeeded() || binding.kill().isEmpty()) {
            return stopped;
        }
        Outcome killed = change(binding.kill(), false);
        return new Outcome(true, killed.succeeded(), ServiceProgram.lines(stopped.log(), killed.log()));
    }

    @Override
    public Outcome start() {
        return change(binding.start(), true);
    }

    /** Of the site's own programs only the one that tells the state may be run; of the others is seen that they are there. */
    @Override
    public String examine() {
        for (List<String> command : List.of(binding.stop(), binding.start())) {
            if (!isThere(command.getFirst())) {
                throw ServiceProgram.notControlled(
                        "the program " + command.getFirst()
                                + " that controls the service is not there, or may not be run",
                        String.join(" ", command));
            }
        }
        return isRunning()
                .map(runs -> "its programs are there, and the service " + (runs ? "runs" : "does not run"))
                .orElse("its programs are there; whether the service runs is not known");
    }

    private static boolean isThere(String program) {
        if (program.contains("/")) {
            return Files.isExecutable(Path.of(program));
        }
        return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(":", -1))
                .filter(folder -> !folder.isEmpty())
                .anyMatch(folder -> Files.isExecutable(Path.of(folder).resolve(program)));
    }

    @Override
    public Optional<Boolean> isRunning() {
        if (binding.status().isEmpty()) {
            return Optional.empty();
        }
        ServiceProgram.Ended status = ServiceProgram.run(binding.status(), binding.limit());
        return Optional.of(status.exitCode().orElseThrow(() -> Fault.of(
                                FaultCode.SERVICE_FAILED,
                                "the command that tells whether the service runs gave no answer in time",
                                "Mend service.status of the environment in the configuration.")
                        .with("tool_output", status.log())
                        .toException())
                == 0);
    }

    @Override
    public Optional<String> logs(Instant since) {
        return binding.logs().isEmpty()
                ? Optional.empty()
                : ServiceProgram.run(binding.logs(), binding.limit()).whatItSaid();
    }

    private Outcome change(List<String> command, boolean running) {
        ServiceProgram.Ended done = ServiceProgram.run(command, binding.limit());
        if (binding.status().isEmpty() || !done.succeeded()) {
            return new Outcome(true, done.succeeded(), done.log());
        }
        ServiceProgram.Ended state = ServiceProgram.run(binding.status(), binding.limit());
        boolean right = state.exitCode().isPresent() && state.succeeded() == running;
        return new Outcome(true, right, ServiceProgram.lines(done.log(), state.log()));
    }
}
