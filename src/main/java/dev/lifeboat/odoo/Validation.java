package dev.lifeboat.odoo;

import com.fasterxml.jackson.annotation.JsonValue;
import dev.lifeboat.artifact.Manifest;
import dev.lifeboat.environment.Bindings;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.postgres.DatabaseServer;
import dev.lifeboat.progress.Progress;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Runs the seven checks of the restore specification against an environment; reads only. */
public final class Validation {
    /** Counting a large table may take a while. */
    private static final Duration ANSWER_LIMIT = Duration.ofMinutes(15);

    private static final int STILL_THERE_SECONDS = 5;
    private static final List<ValidationCheck> CHECKS = List.of(
            new RegistryConsistency(),
            new MigrationStatus(),
            new ModuleIntegrity(),
            new DataSamples(),
            new FilestoreAccessibility(),
            new SyntaxValidation(),
            new LogAnalysis());

    private Validation() {}

    /** What the checks say together. */
    public enum Verdict {
        /** Nothing failed, and a check that proves data passed. */
        PASS,
        /** A check failed. */
        FAIL,
        /** Nothing failed, but nothing was proved either. */
        INCONCLUSIVE;

        /** The name in evidence. */
        @JsonValue
        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }

        @Override
        public String toString() {
            return wireName();
        }
    }

    /**
     * What was found; the content of {@code validation_report.json}.
     *
     * @param verdict of all checks together
     * @param checks in their order
     * @param recordCounts rows of the tables that people ask for first
     */
    public record Report(Verdict verdict, List<CheckResult> checks, RecordCounts recordCounts) {
        public Report {
            checks = List.copyOf(checks);
        }

        /** Whether nothing speaks against the environment. */
        public boolean passed() {
            return verdict != Verdict.FAIL;
        }

        /** The names of the checks that failed, with what they found. */
        public String failures() {
            return String.join(
                    ", ",
                    checks.stream()
                            .filter(check -> check.outcome() == CheckResult.Outcome.FAILED)
                            .map(check -> check.name() + " (" + check.actual() + ")")
                            .toList());
        }

        /** One line. */
        public String summary() {
            return verdict + ": " + count(CheckResult.Outcome.PASSED) + " checks passed, "
                    + count(CheckResult.Outcome.FAILED) + " failed, " + count(CheckResult.Outcome.NOT_APPLICABLE)
                    + " not applicable";
        }

        private long count(CheckResult.Outcome outcome) {
            return checks.stream().filter(check -> check.outcome() == outcome).count();
        }
    }

    /**
     * Validates an environment over a connection of its own.
     *
     * @param artifact what it was restored from; empty: it is looked at on its own
     * @param since log lines from then on count (UTC)
     * @param syntax what came of running Odoo on a copy of it; empty: it was not run
     * @throws FaultException DATABASE_UNREACHABLE, DATABASE_LOGIN_REFUSED, DATABASE_MISSING, DATABASE_QUERY_FAILED,
     *     ODOO_CONF_UNREADABLE
     */
    public static Report run(
            Bindings bindings,
            Optional<Manifest> artifact,
            Instant since,
            Optional<CheckResult> syntax,
            Progress progress) {
        String database = bindings.database().name();
        try (Connection connection = new DatabaseServer(bindings.database()).connect(database, ANSWER_LIMIT)) {
            connection.setReadOnly(true);
            connection.setAutoCommit(false);
            return run(ValidationContext.of(connection, bindings, artifact, since, syntax, progress));
        } catch (SQLException e) {
            throw unanswered(e);
        }
    }

    /**
     * Runs all checks, whether or not one fails; one that the database answers with an error has failed.
     *
     * @throws FaultException DATABASE_QUERY_FAILED where the connection is lost
     */
    public static Report run(ValidationContext context) {
        var results = new ArrayList<CheckResult>();
        boolean proved = false;
        try {
            for (ValidationCheck check : CHECKS) {
                CheckResult result = make(check, context);
                results.add(result);
                proved |= check.provesData() && result.outcome() == CheckResult.Outcome.PASSED;
            }
            boolean failed = results.stream().anyMatch(result -> result.outcome() == CheckResult.Outcome.FAILED);
            Verdict verdict = failed ? Verdict.FAIL : proved ? Verdict.PASS : Verdict.INCONCLUSIVE;
            return new Report(verdict, results, RecordCounts.of(context.connection()));
        } catch (SQLException e) {
            throw unanswered(e);
        }
    }

    private static CheckResult make(ValidationCheck check, ValidationContext context) throws SQLException {
        Savepoint before = context.connection().setSavepoint();
        try {
            return check.run(context);
        } catch (SQLException e) {
            if (!context.connection().isValid(STILL_THERE_SECONDS)) {
                throw e;
            }
            return CheckResult.failed(
                    check, "the database answered with an error", List.of(String.valueOf(e.getMessage())));
        } finally {
            if (!context.connection().isClosed()) {
                context.connection().rollback(before);
            }
        }
    }

    private static FaultException unanswered(SQLException e) {
        return Fault.of(
                        FaultCode.DATABASE_QUERY_FAILED,
                        "the database stopped answering during the validation; nothing was changed",
                        "See tool_output for the server's own words, and start the validation again.")
                .with("tool_output", e.getMessage())
                .toException(e);
    }
}
