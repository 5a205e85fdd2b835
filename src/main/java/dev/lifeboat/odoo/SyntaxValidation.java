package dev.lifeboat.odoo;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.process.ChildProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Odoo itself loads its code and registry on a copy and stops. Its exit code says little (0 with a dropped table), so its log
 * decides; a run that logs nothing proves nothing and fails.
 */
final class SyntaxValidation implements ValidationCheck {
    @Override
    public String name() {
        return "syntax validation";
    }

    @Override
    public String expected() {
        return "Odoo loads its registry on a copy of the database without an error in its log";
    }

    @Override
    public CheckResult run(ValidationContext context) throws SQLException {
        if (context.syntax().isEmpty()) {
            return CheckResult.notApplicable(
                    this,
                    "there is no Odoo command with a copy of the database to run it on, and it never runs on the live one");
        }
        ValidationContext.SyntaxRun run = context.syntax().get();
        if (run.copy().equals(context.connection().getCatalog())) {
            return CheckResult.notApplicable(
                    this, "'" + run.copy() + "' is the database that is validated, not a copy; Odoo was not run");
        }
        try {
            Path log = Files.createTempFile("lifeboat-odoo-", ".log");
            try {
                return load(run, log);
            } finally {
                Files.deleteIfExists(log);
            }
        } catch (IOException e) {
            throw Fault.of(
                            FaultCode.VALIDATION_FAILED,
                            "Odoo could not be run for the syntax validation: "
                                    + run.odoo().getFirst(),
                            "Check the Odoo command and the temporary folder; the live database was not touched.")
                    .with("tool_output", e.getMessage())
                    .toException(e);
        }
    }

    private CheckResult load(ValidationContext.SyntaxRun run, Path log) throws IOException {
        var command = new ArrayList<>(run.odoo());
        command.addAll(List.of(
                "--database=" + run.copy(),
                "--stop-after-init",
                "--no-http",
                "--max-cron-threads=0",
                "--logfile=" + log));
        ChildProcess.Result ended =
                ChildProcess.run(new ChildProcess.Spec(command, Map.of(), Optional.empty()), run.limit());
        OdooLog.Findings found = OdooLog.read(log, Instant.EPOCH, run.copy());
        String actual =
                "exit code " + ended.exitCode() + ", " + found.bad() + " errors among " + found.lines() + " log lines";
        if (ended.succeeded() && found.bad() == 0 && found.lines() > 0) {
            return CheckResult.passed(this, actual, List.of());
        }
        return CheckResult.failed(
                this, actual, found.shown().isEmpty() ? ended.errors().lines().toList() : found.shown());
    }
}
