package dev.lifeboat.cli;

import io.quarkus.runtime.annotations.QuarkusMain;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;

/** The command line's entry. */
@QuarkusMain
@CommandLine.Command(
        name = "lifeboat",
        description = "Backup, restore and disaster recovery for self-hosted Odoo.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            DemoCommand.class,
            ServeCommand.class,
            DoctorCommand.class,
            EnvCommand.class,
            BackupCommand.class,
            PreflightCommand.class,
            VerifyCommand.class,
            ValidateCommand.class,
            RestoreCommand.class,
            ArtifactsCommand.class,
            ArtifactCommand.class,
            RunsCommand.class,
            RunCommand.class,
            EvidenceCommand.class,
            PruneCommand.class
        },
        footer = {
            "",
            "Exit codes: 0 success, 1 failed, 2 usage, 3 a precondition does not hold, 4 rolled back.",
            "Begin with:  lifeboat demo   or   lifeboat env discover --odoo-conf FILE --name NAME"
        })
public final class Main implements Runnable {
    @CommandLine.Spec
    CommandLine.Model.CommandSpec spec;

    @CommandLine.Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help.")
    boolean help;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "which command?");
    }

    /** Held, because the framework forgets the levels of loggers that nobody holds. */
    private static final Logger DRIVER = Logger.getLogger("org.postgresql");

    /** Runs a command and ends with its exit code. */
    public static void main(String[] arguments) {
        DRIVER.setLevel(Level.INFO);
        int exitCode = new CommandLine(new Main())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler((error, line, parsed) -> {
                    line.getErr().println("error: " + describe(error));
                    line.getErr().println("  what to do: see the log in the data folder; please report it");
                    return ExitCode.FAILED;
                })
                .execute(arguments);
        System.out.flush();
        System.err.flush();
        // Everything that has an owner is closed by now. The framework's own exit hook can wait for ever for an engine
        // that
        // was stopped just after it had started.
        Runtime.getRuntime().halt(exitCode);
    }

    private static String describe(Exception error) {
        return error instanceof java.net.ConnectException || error instanceof java.net.http.HttpTimeoutException
                ? "the engine does not answer any more; the run is recorded, `lifeboat runs` goes on with it"
                : error.getClass().getSimpleName() + (error.getMessage() == null ? "" : ": " + error.getMessage());
    }
}
