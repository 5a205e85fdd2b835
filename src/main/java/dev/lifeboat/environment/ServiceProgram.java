package dev.lifeboat.environment;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.process.ChildProcess;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Runs a program that controls a service, and keeps what it said. */
final class ServiceProgram {
    /** How long a manager may take to say whether a service is there. */
    static final Duration LOOK = Duration.ofSeconds(20);

    private ServiceProgram() {}

    /**
     * How a program ended.
     *
     * @param exitCode empty: it took too long and was ended
     * @param output what it said on both its streams
     * @param log the command and all that came of it
     */
    record Ended(Optional<Integer> exitCode, String output, String log) {
        boolean succeeded() {
            return exitCode.isPresent() && exitCode.get() == 0;
        }

        /** Its output, where it did what it was asked for. */
        Optional<String> whatItSaid() {
            return succeeded() ? Optional.of(output) : Optional.empty();
        }
    }

    /** @throws FaultException SERVICE_FAILED where it can't be run; CANCELLED */
    static Ended run(List<String> command, Duration limit) {
        String shown = String.join(" ", command);
        try {
            ChildProcess.Result result = ChildProcess.run(ChildProcess.Spec.ofSite(command), limit);
            String output = lines(result.output(), result.errors());
            return new Ended(
                    Optional.of(result.exitCode()), output, lines(shown, "exit code " + result.exitCode(), output));
        } catch (FaultException e) {
            if (e.fault().code() != FaultCode.STEP_TIMED_OUT) {
                throw e;
            }
            String output = e.fault().facts().getOrDefault("tool_output", "");
            return new Ended(
                    Optional.empty(),
                    output,
                    lines(shown, "not finished within " + limit.toSeconds() + " s, ended", output));
        } catch (IOException e) {
            throw Fault.of(
                            FaultCode.SERVICE_FAILED,
                            "the program " + command.getFirst() + " that controls the service can't be run",
                            "Mend 'service' of the environment in the configuration; the service was not touched.")
                    .with("tool_output", e.getMessage())
                    .toException(e);
        }
    }

    /** A service that can't be controlled, and what its manager said. */
    static FaultException notControlled(String message, String said) {
        return Fault.of(
                        FaultCode.SERVICE_FAILED,
                        message,
                        "Mend 'service' of the environment in the configuration, or give Lifeboat's user the right to it; with"
                                + " kind: none Lifeboat leaves the service alone, and you stop Odoo before a restore.")
                .with("tool_output", said)
                .toException();
    }

    static String lines(String... parts) {
        return String.join(
                "\n", List.of(parts).stream().filter(part -> !part.isBlank()).toList());
    }
}
