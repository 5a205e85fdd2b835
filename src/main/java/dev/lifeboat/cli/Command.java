package dev.lifeboat.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.fault.RefusedException;
import dev.lifeboat.host.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Option;

/** What all commands share: the data folder, JSON, and how trouble is told. */
abstract class Command implements Callable<Integer> {
    @Option(
            names = "--json",
            description = "Print one JSON value on standard output; everything else goes to standard error.")
    boolean json;

    @Option(names = "--data-dir", paramLabel = "FOLDER", description = "Lifeboat's data folder (default: ./data).")
    Path dataDir;

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

    Settings settings() throws IOException {
        if (dataDir != null) {
            System.setProperty("lifeboat.data-dir", dataDir.toAbsolutePath().toString());
        }
        return Settings.read();
    }

    @Override
    public final Integer call() throws IOException, InterruptedException {
        try {
            return run();
        } catch (FaultException e) {
            terminal().error(e.fault());
            return ExitCode.of(e.fault().code());
        } catch (RefusedException e) {
            e.findings().forEach(terminal()::error);
            return ExitCode.of(e.findings().getFirst().code());
        }
    }

    /** Shows a run to its end; gives the exit code that tells it. */
    int follow(ApiClient api, JsonNode started) throws IOException, InterruptedException {
        JsonNode run =
                new RunFollower(api, terminal()).follow(started.path("run_id").asText());
        RunFollower.conclude(run, terminal());
        terminal().answer(run);
        return ExitCode.ofRun(run);
    }

    static Fault usage(String message, String remedy) {
        return Fault.of(dev.lifeboat.fault.FaultCode.BAD_INPUT, message, remedy);
    }
}
