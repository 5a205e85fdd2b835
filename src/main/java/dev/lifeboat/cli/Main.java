package dev.lifeboat.cli;

import dev.lifeboat.fault.OneLine;
import io.quarkus.runtime.annotations.QuarkusMain;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;

/** The command line's entry. */
@QuarkusMain
@CommandLine.Command(
        name = "lifeboat",
        description = "Backup, restore and disaster recovery for self-hosted Odoo.",
        synopsisSubcommandLabel = "COMMAND",
        versionProvider = Version.class,
        footer = {
            "",
            "Exit codes: 0 success, 1 failed, 2 usage, 3 a precondition does not hold, 4 rolled back,"
                    + " 5 stopped on request.",
            "Begin with:  lifeboat demo   or   lifeboat env discover --odoo-conf FILE --name NAME"
        })
public final class Main implements Runnable {
    private static final List<Class<?>> COMMANDS = List.of(
            DemoCommand.class,
            ServeCommand.class,
            SidecarCommand.class,
            FunctionCommand.class,
            DoctorCommand.class,
            EnvCommand.class,
            BackupCommand.class,
            PreflightCommand.class,
            VerifyCommand.class,
            ValidateCommand.class,
            RestoreCommand.class,
            TablesCommand.class,
            ArtifactsCommand.class,
            ArtifactCommand.class,
            CatalogCommand.class,
            StoreCommand.class,
            RunsCommand.class,
            RunCommand.class,
            EvidenceCommand.class,
            PruneCommand.class,
            DrillCommand.class,
            DeploymentsCommand.class,
            RollbackCommand.class,
            BreakGlassCommand.class,
            AcknowledgeCommand.class,
            IncidentCommand.class,
            LoginCommand.class,
            TokenCommand.class,
            MemberCommand.class,
            CompletionCommand.class);

    @CommandLine.Spec
    CommandLine.Model.CommandSpec spec;

    @CommandLine.Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help.")
    boolean help;

    @CommandLine.Option(
            names = {"-V", "--version"},
            versionHelp = true,
            description = "Show the version.")
    boolean version;

    /** Before or after the command's name; the engine reads it from the same place. */
    @CommandLine.Option(
            names = "--data-dir",
            scope = CommandLine.ScopeType.INHERIT,
            paramLabel = "FOLDER",
            description = "Lifeboat's data folder (default: ./data).")
    void dataDir(Path folder) {
        useDataDir(folder);
    }

    /** In place of the data folder's engine; the environment's LIFEBOAT_URL says the same. */
    @CommandLine.Option(
            names = "--server",
            scope = CommandLine.ScopeType.INHERIT,
            paramLabel = "URL",
            description =
                    "A running Lifeboat to talk to, with the API token in LIFEBOAT_TOKEN (default: LIFEBOAT_URL; else the data"
                            + " folder's own engine).")
    void server(java.net.URI url) {
        System.setProperty("lifeboat.url", url.toString());
    }

    static void useDataDir(Path folder) {
        System.setProperty("lifeboat.data-dir", folder.toAbsolutePath().toString());
    }

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "which command?");
    }

    /** Held, because the framework forgets the levels of loggers that nobody holds. */
    private static final Logger DRIVER = Logger.getLogger("org.postgresql");

    /** Says much at its start, on the console where the framework does not come up. */
    private static final Logger HIBERNATE = Logger.getLogger("org.hibernate");

    /** Runs a command and ends with its exit code. */
    public static void main(String[] arguments) {
        DRIVER.setLevel(Level.INFO);
        HIBERNATE.setLevel(Level.WARNING);
        int exitCode = execute(arguments);
        System.out.flush();
        System.err.flush();
        // Everything that has an owner is closed by now; the framework's own exit hook can wait for ever for an engine
        // that was stopped just after it had started.
        Runtime.getRuntime().halt(exitCode);
    }

    /** Runs a command in this process; gives its exit code. */
    static int execute(String... arguments) {
        Optional<FunctionCommand> function = FunctionCommand.of(arguments);
        if (function.isPresent()) {
            try {
                return function.get().call();
            } catch (IOException | InterruptedException | RuntimeException e) {
                return broken(e);
            }
        }
        return commandLine(arguments)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler((error, line, parsed) -> broken(error))
                .execute(arguments);
    }

    private static int broken(Exception error) {
        System.err.println("error: " + OneLine.lines(describe(error)));
        System.err.println("  what to do: see the log in the data folder; please report it");
        return ExitCode.FAILED;
    }

    /** All commands; every group of them explains itself, too. */
    static CommandLine commandLine() {
        return commandLine(COMMANDS);
    }

    /** What is needed for these arguments: reading what all commands are like takes a good part of a command's start. */
    private static CommandLine commandLine(String... arguments) {
        return commandLine(COMMANDS.stream()
                .filter(command -> arguments.length > 0 && name(command).equals(arguments[0]))
                .findFirst()
                .<List<Class<?>>>map(List::of)
                .orElse(COMMANDS));
    }

    private static CommandLine commandLine(List<Class<?>> commands) {
        var line = new CommandLine(new Main());
        commands.forEach(line::addSubcommand);
        explain(line);
        return line;
    }

    private static String name(Class<?> command) {
        return command.getAnnotation(CommandLine.Command.class).name();
    }

    private static void explain(CommandLine command) {
        if (command.getCommandSpec().findOption("--help") == null) {
            command.getCommandSpec()
                    .addOption(CommandLine.Model.OptionSpec.builder("-h", "--help")
                            .usageHelp(true)
                            .description("Show this help.")
                            .build());
        }
        command.getSubcommands().values().forEach(Main::explain);
    }

    private static String describe(Exception error) {
        return error.getClass().getSimpleName() + (error.getMessage() == null ? "" : ": " + error.getMessage());
    }
}
