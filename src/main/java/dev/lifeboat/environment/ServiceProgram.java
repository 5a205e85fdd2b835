package dev.lifeboat.environment;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.process.ChildProcess;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Runs a program that controls a service, and keeps what it said. */
final class ServiceProgram {
    private ServiceProgram() {}

    /** How a program ended; empty exit code: it took too long and was ended. */
    record Ended(Optional<Integer> exitCode, String log) {
        boolean succeeded() {
            return exitCode.isPresent() && exitCode.get() == 0;
        }
    }

    /** @throws FaultException SERVICE_FAILED where it can't be run; CANCELLED */
    static Ended run(List<String> command, Duration limit) {
        String shown = String.join(" ", command);
        try {
            ChildProcess.Result result =
                    ChildProcess.run(new ChildProcess.Spec(command, Map.of(), Optional.empty()), limit);
            return new Ended(
                    Optional.of(result.exitCode()),
                    lines(shown, "exit code " + result.exitCode(), result.output(), result.errors()));
        } catch (FaultException e) {
            if (e.fault().code() != FaultCode.STEP_TIMED_OUT) {
                throw e;
            }
            return new Ended(
                    Optional.empty(),
                    lines(
                            shown,
                            "not finished within " + limit.toSeconds() + " s, ended",
                            e.fault().facts().getOrDefault("tool_output", "")));
        } catch (IOException e) {
            throw Fault.of(
                            FaultCode.SERVICE_FAILED,
                            "the program " + command.getFirst() + " that controls the service can't be run",
                            "Mend 'service' of the environment in the configuration; the service was not touched.")
                    .with("tool_output", e.getMessage())
                    .toException(e);
        }
    }

    static String lines(String... parts) {
        return String.join(
                "\n", List.of(parts).stream().filter(part -> !part.isBlank()).toList());
    }
}
