package dev.lifeboat.odoo;

import dev.lifeboat.environment.OdooCommand;
import dev.lifeboat.fault.FaultCode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;

/**
 * Odoo itself loads its code and registry on a copy and stops. Its exit code says little (0 with a dropped table), so its log
 * decides; a run that logs nothing proves nothing. It is made before the swap, on a copy of what was loaded; the
 * validation tells what came of it.
 */
public final class SyntaxValidation implements ValidationCheck {
    @Override
    public String name() {
        return "syntax validation";
    }

    @Override
    public String expected() {
        return "Odoo loads its registry on a copy of the database without an error in its log";
    }

    @Override
    public CheckResult run(ValidationContext context) {
        return context.syntax()
                .orElseGet(() -> CheckResult.notApplicable(
                        this,
                        "Odoo runs on a copy of what a restore has loaded, never on the live database: that needs a restore of"
                                + " the database, and odoo.command in the configuration"));
    }

    /**
     * Makes the check.
     *
     * @param copy a hidden, neutralised copy for this purpose
     * @throws dev.lifeboat.fault.FaultException VALIDATION_FAILED where Odoo can't be run, or ends with an error and no line of
     *     its log; STEP_TIMED_OUT
     */
    public static CheckResult of(OdooCommand odoo, String copy) {
        var check = new SyntaxValidation();
        OdooProgram.Ended ended = new OdooProgram(odoo).load(copy);
        OdooLog.Findings found = findings(ended.log(), copy);
        String actual = "exit code " + ended.exitCode() + ", " + found.bad() + " errors among " + found.lines()
                + " log lines" + odoo.testTags().map(tags -> ", tests " + tags).orElse("");
        if (ended.exitCode() == 0 && found.lines() == 0) {
            return CheckResult.notApplicable(
                    check, "Odoo logged nothing on its standard error: does its odoo.conf have it log to syslog?");
        }
        if (found.lines() == 0) {
            throw OdooProgram.notRun(ended, FaultCode.VALIDATION_FAILED).toException();
        }
        if (ended.exitCode() == 0 && found.bad() == 0) {
            return CheckResult.passed(check, actual, List.of());
        }
        return CheckResult.failed(
                check, actual, found.shown().isEmpty() ? ended.log().lines().toList() : found.shown());
    }

    static OdooLog.Findings findings(String log, String database) {
        try {
            return OdooLog.read(
                    new ByteArrayInputStream(log.getBytes(StandardCharsets.UTF_8)), Instant.EPOCH, database);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
