package dev.lifeboat.odoo;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Optional;

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
        try {
            return context.logfile().isPresent() ? ofFile(context.logfile().get(), context) : ofService(context);
        } catch (IOException e) {
            return CheckResult.notApplicable(this, "the log can't be read: " + e.getMessage());
        }
    }

    private CheckResult ofFile(Path file, ValidationContext context) throws IOException, SQLException {
        if (!Files.isRegularFile(file)) {
            return CheckResult.notApplicable(this, file + " is not there");
        }
        return result(
                OdooLog.read(file, context.since(), context.connection().getCatalog()),
                file.toString(),
                context.since());
    }

    /** An Odoo in a container logs to its standard error, which its manager keeps. */
    private CheckResult ofService(ValidationContext context) throws IOException, SQLException {
        Optional<String> log = context.service().logs(context.since());
        if (log.isEmpty()) {
            return CheckResult.notApplicable(
                    this,
                    "odoo.conf names no logfile, or there is no odoo.conf, and the service's manager gives no log");
        }
        return result(
                OdooLog.read(
                        new ByteArrayInputStream(log.get().getBytes(StandardCharsets.UTF_8)),
                        context.since(),
                        context.connection().getCatalog()),
                "what the service's manager keeps",
                context.since());
    }

    private CheckResult result(OdooLog.Findings found, String where, Instant since) {
        if (found.lines() == 0) {
            return CheckResult.notApplicable(this, "nothing was logged in " + where + " since " + since);
        }
        String actual = found.bad() + " such lines among " + found.lines() + " in " + where + " since " + since;
        return found.bad() == 0
                ? CheckResult.passed(this, actual, found.shown())
                : CheckResult.failed(this, actual, found.shown());
    }
}
