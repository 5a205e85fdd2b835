package dev.lifeboat.odoo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;

/** Odoo's log tells of no error since a given instant. A log in which nothing was written since says nothing. */
final class LogAnalysis implements ValidationCheck {
    @Override
    public String name() {
        return "log analysis";
    }

    @Override
    public String expected() {
        return "no ERROR or CRITICAL line, and no module that could not be loaded, since the time of the restore";
    }

    @Override
    public CheckResult run(ValidationContext context) throws SQLException {
        if (context.logfile().isEmpty()) {
            return CheckResult.notApplicable(this, "odoo.conf names no logfile, or there is no odoo.conf");
        }
        Path file = context.logfile().get();
        if (!Files.isRegularFile(file)) {
            return CheckResult.notApplicable(this, file + " is not there");
        }
        try {
            OdooLog.Findings found =
                    OdooLog.read(file, context.since(), context.connection().getCatalog());
            if (found.lines() == 0) {
                return CheckResult.notApplicable(this, "nothing was logged in " + file + " since " + context.since());
            }
            String actual =
                    found.bad() + " such lines among " + found.lines() + " in " + file + " since " + context.since();
            return found.bad() == 0
                    ? CheckResult.passed(this, actual, found.shown())
                    : CheckResult.failed(this, actual, found.shown());
        } catch (IOException e) {
            return CheckResult.notApplicable(this, file + " can't be read: " + e.getMessage());
        }
    }
}
