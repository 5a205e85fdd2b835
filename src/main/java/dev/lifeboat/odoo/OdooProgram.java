package dev.lifeboat.odoo;

import dev.lifeboat.environment.OdooCommand;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.process.ChildProcess;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs Odoo's own command line on a hidden copy of a database, never on a live one. It logs to its standard error, whatever
 * its odoo.conf says, so that the log can be read wherever the program runs; and it writes no pid file, which would be that of
 * the live service, and be gone afterwards.
 */
public final class OdooProgram {
    private static final int LAST_LINES = 20;
    private static final String UNKNOWN_COMMAND = "Unknown command";

    private final OdooCommand odoo;

    /** The command line of an environment's Odoo. */
    public OdooProgram(OdooCommand odoo) {
        this.odoo = odoo;
    }

    /** How a call ended; {@code log}: the last 64 KiB of what it logged. */
    record Ended(int exitCode, String log) {}

    /**
     * Loads code and registry of a copy, runs the tests that are configured, and stops.
     *
     * @throws dev.lifeboat.fault.FaultException VALIDATION_FAILED where the program can't be run, STEP_TIMED_OUT
     */
    Ended load(String copy) {
        var arguments = new ArrayList<>(
                List.of("server", "--stop-after-init", "--no-http", "--workers=0", "--max-cron-threads=0"));
        odoo.testTags().ifPresent(tags -> arguments.add("--test-tags=" + tags));
        return run(copy, arguments, FaultCode.VALIDATION_FAILED);
    }

    /**
     * Neutralises a copy by what each installed module brings for it (Odoo documentation, "Neutralized database").
     *
     * @return whether it did; false: this Odoo has no such command, it came with 16.0
     * @throws dev.lifeboat.fault.FaultException LOAD_FAILED where it fails, STEP_TIMED_OUT
     */
    public boolean neutralize(String copy) {
        Ended ended = run(copy, List.of("neutralize"), FaultCode.LOAD_FAILED);
        if (ended.exitCode() == 0) {
            return true;
        }
        if (ended.log().contains(UNKNOWN_COMMAND)) {
            return false;
        }
        if (SyntaxValidation.findings(ended.log(), copy).lines() == 0) {
            throw notRun(ended, FaultCode.LOAD_FAILED).toException();
        }
        throw Fault.of(
                        FaultCode.LOAD_FAILED,
                        "Odoo's own neutralize command failed on what was loaded; the present database is as it was",
                        "See tool_output for Odoo's own words, mend odoo.command of the environment or the addons, and restore"
                                + " again. Without odoo.command the built-in statements are used alone.")
                .with("exit_code", ended.exitCode())
                .with("tool_output", ended.log())
                .toException();
    }

    /** A call that failed without a line of Odoo's log: what said something is what should have run Odoo. */
    static Fault notRun(Ended ended, FaultCode code) {
        List<String> lines = ended.log().lines().filter(line -> !line.isBlank()).toList();
        return Fault.of(
                        code,
                        "Odoo's command line could not be run: exit code " + ended.exitCode()
                                + " and no line of Odoo's log; the present database and filestore are as they were",
                        "See tool_output, and mend odoo.command or odoo.conf of the environment in the configuration, then restore"
                                + " again; `--no-verify` restores without the check.")
                .with("exit_code", ended.exitCode())
                .with(
                        "tool_output",
                        String.join("\n", lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size())));
    }

    private Ended run(String copy, List<String> arguments, FaultCode code) {
        var command = new ArrayList<>(odoo.program());
        command.add(arguments.getFirst());
        command.addAll(List.of("--config=" + odoo.conf(), "--database=" + copy, "--logfile=", "--pidfile="));
        command.addAll(arguments.subList(1, arguments.size()));
        try {
            ChildProcess.Result ended = ChildProcess.run(ChildProcess.Spec.ofSite(command), odoo.limit());
            return new Ended(ended.exitCode(), ended.output() + "\n" + ended.errors());
        } catch (IOException e) {
            throw Fault.of(
                            code,
                            "Odoo's command line can't be run: "
                                    + odoo.program().getFirst(),
                            "Mend odoo.command of the environment in the configuration; the live database was not touched.")
                    .with("tool_output", e.getMessage())
                    .toException(e);
        }
    }
}
