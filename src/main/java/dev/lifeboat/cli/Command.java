package dev.lifeboat.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.fault.RefusedException;
import dev.lifeboat.host.Settings;
import dev.lifeboat.json.Json;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpTimeoutException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Option;

/** What all commands share: JSON, and how trouble is told. */
abstract class Command implements Callable<Integer> {
    @Option(
            names = "--json",
            description = "Print one JSON value on standard output; everything else goes to standard error.")
    boolean json;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help.")
    boolean help;

    private Terminal terminal;

    /** Does the command. */
    abstract int run() throws IOException, InterruptedException;

    Terminal terminal() {
        if (terminal == null) {
            terminal = new Terminal(json);
        }
        return terminal;
    }

    Settings settings() {
        return Settings.read();
    }

    @Override
    public final Integer call() throws IOException, InterruptedException {
        try {
            return run();
        } catch (LeftException e) {
            return ExitCode.LEFT;
        } catch (FaultException e) {
            return refuse(List.of(e.fault()), ExitCode.of(e.fault().code()));
        } catch (RefusedException e) {
            return refuse(e.findings(), ExitCode.ofFindings(e.findings()));
        } catch (ConnectException | HttpTimeoutException e) {
            return refuse(
                    List.of(Fault.of(
                            FaultCode.STATE_UNAVAILABLE,
                            "the engine does not answer any more",
                            "A run that was begun is recorded and goes on with the next command: lifeboat runs.")),
                    ExitCode.FAILED);
        }
    }

    private int refuse(List<Fault> findings, int exitCode) {
        findings.forEach(terminal()::error);
        ObjectNode answer = Json.object().put("status", "refused");
        answer.set("findings", Json.mapper().valueToTree(findings));
        terminal().answer(answer);
        return exitCode;
    }

    static Fault usage(String message, String remedy) {
        return Fault.of(FaultCode.BAD_INPUT, message, remedy);
    }
}
