package dev.lifeboat.deployment;

import dev.lifeboat.artifact.Manifest;
import dev.lifeboat.environment.Addons;
import dev.lifeboat.environment.Bindings;
import dev.lifeboat.environment.Health;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.environment.ServiceControl;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.odoo.CheckResult;
import dev.lifeboat.odoo.RecordCounts;
import dev.lifeboat.odoo.SmokeRead;
import dev.lifeboat.odoo.Validation;
import dev.lifeboat.postgres.DatabaseServer;
import dev.lifeboat.process.ChildProcess;
import dev.lifeboat.progress.Progress;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * What is looked at after a deployment (operations specification, "Post-Deployment Verification"; rollback specification,
 * "When to Rollback" and "Validation After Rollback"): the service, its pages and its websocket, the seven checks of a
 * validation, record counts against the backup before, modules that have to be there, the site's own checks, and response times
 * and errors over a window. All of them, whether or not one fails.
 */
public final class DeploymentChecks {
    /** "Odoo won't start after 3 attempts" (rollback specification). */
    private static final int STARTS = 3;

    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final double NEVER_TOO_SLOW = 1;
    private static final int SHOWN = 300;
    private static final int PER_CENT = 100;

    /** Odoo makes compiled assets anew after each deployment: they come and go by themselves. */
    private static final String ASSETS = "ir_attachment";

    /** What is told by the log is not always of the deployment; people weigh it. */
    private static final String LOG = "log analysis";

    private final Bindings bindings;
    private final LifeboatConfig.Environment settings;
    private final Optional<Manifest> before;
    private final Instant since;
    private final OptionalDouble normal;
    private final Duration window;
    private final Progress progress;
    private final List<Line> lines = new ArrayList<>();
    private final List<Finding> findings = new ArrayList<>();

    /**
     * The checks of an environment.
     *
     * @param before of the backup before the deployment; empty: nothing is compared
     * @param since log lines from then on count (UTC)
     * @param normal how long the login page took before, in seconds
     * @param window how long response times are watched
     */
    public DeploymentChecks(
            Bindings bindings,
            LifeboatConfig.Environment settings,
            Optional<Manifest> before,
            Instant since,
            OptionalDouble normal,
            Duration window,
            Progress progress) {
        this.bindings = bindings;
        this.settings = settings;
        this.before = before;
        this.since = since;
        this.normal = normal;
        this.window = window;
        this.progress = progress;
    }

    /**
     * A check.
     *
     * @param verdict passed, failed or skipped
     * @param found what was seen, or why it was skipped
     */
    public record Line(String check, String verdict, String expected, String found) {}

    /**
     * All that was found; the content of {@code deployment_checks.json}.
     *
     * @param counts rows by table now
     * @param countsBefore rows by table in the backup before; empty: there is none
     * @param validation the seven checks; empty where the database did not let them begin
     * @param seconds how long all of it took
     */
    public record Report(
            List<Line> checks,
            List<Finding> findings,
            SortedMap<String, Long> counts,
            SortedMap<String, Long> countsBefore,
            Optional<Validation.Report> validation,
            double seconds) {
        /** One line. */
        public String summary() {
            long passed = checks.stream()
                    .filter(line -> line.verdict().equals("passed"))
                    .count();
            return passed + " checks passed, " + findings.size() + " findings"
                    + (findings.isEmpty() ? "" : ": " + findings.getFirst().told());
        }
    }

    /**
     * Makes the checks.
     *
     * @throws FaultException CANCELLED
     */
    public Report run() {
        long begin = System.nanoTime();
        progress.phase("service and pages");
        boolean serves = service() && health();
        progress.phase("validate");
        Optional<Validation.Report> validation = validation();
        SortedMap<String, Long> counts = new TreeMap<>();
        SortedMap<String, Long> earlier = new TreeMap<>();
        if (validation.isPresent()) {
            counts(counts, earlier);
        }
        progress.phase("the site's own checks");
        settings.deployment().smoke().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(smoke -> smoke(smoke.getKey(), smoke.getValue()));
        if (serves && window.isPositive()) {
            progress.phase("response times");
            watch();
        }
        return new Report(
                List.copyOf(lines),
                List.copyOf(findings),
                counts,
                earlier,
                validation,
                Duration.ofNanos(System.nanoTime() - begin).toMillis() / 1000.0);
    }

    /** Whether it may be asked for pages: it runs, or is nobody's to start here. */
    private boolean service() {
        String expected = "the service runs";
        ServiceControl control = ServiceControl.of(bindings.service());
        try {
            Optional<Boolean> runs = control.isRunning();
            if (runs.isEmpty()) {
                skipped(
                        "service",
                        expected,
                        "nobody can tell: service.kind is " + bindings.service().kind());
                return true;
            }
            var log = "";
            for (int i = 0; i < STARTS && !runs.get(); i++) {
                log = control.start().log();
                runs = control.isRunning();
            }
            if (runs.orElse(false)) {
                passed("service", expected, "it runs");
                return true;
            }
            failed(
                    "service",
                    Finding.Weight.IMMEDIATE,
                    false,
                    expected,
                    "it did not start in " + STARTS + " attempts: " + shown(log));
        } catch (FaultException e) {
            failed("service", Finding.Weight.WEIGH, false, expected, e.fault().message());
        }
        return false;
    }

    private boolean health() {
        Duration limit = settings.service().healthLimit();
        String expected = "health and login page answer, and a websocket opens where one is to";
        Health.Report report = new Health(bindings).await(limit);
        if (!report.applicable()) {
            skipped("health", expected, report.reason());
            return false;
        }
        if (report.healthy()) {
            passed("health", expected, "healthy after " + report.seconds() + " s");
            return true;
        }
        String answers = String.join(
                ", ",
                report.probes().stream()
                        .map(probe ->
                                probe.url() + " " + (probe.status() == null ? probe.error() : "HTTP " + probe.status()))
                        .toList());
        failed("health", Finding.Weight.IMMEDIATE, false, expected, report.reason() + ": " + answers);
        return false;
    }

    private Optional<Validation.Report> validation() {
        try {
            Validation.Report report = Validation.run(bindings, before, since, Optional.empty(), progress);
            for (CheckResult check : report.checks()) {
                switch (check.outcome()) {
                    case PASSED -> passed(check.name(), check.expected(), check.actual());
                    case NOT_APPLICABLE -> skipped(check.name(), check.expected(), check.reason());
                    case FAILED -> {
                        boolean log = check.name().equals(LOG);
                        failed(
                                check.name(),
                                log ? Finding.Weight.WEIGH : Finding.Weight.IMMEDIATE,
                                !log,
                                check.expected(),
                                check.actual());
                    }
                }
            }
            return Optional.of(report);
        } catch (FaultException e) {
            // A server that is down is down for every version; a database that is gone was lost.
            boolean gone = e.fault().code() == FaultCode.DATABASE_MISSING;
            failed(
                    "database",
                    gone ? Finding.Weight.IMMEDIATE : Finding.Weight.WEIGH,
                    gone,
                    "the database answers",
                    e.fault().message());
            return Optional.empty();
        }
    }

    private void counts(SortedMap<String, Long> counts, SortedMap<String, Long> earlier) {
        try (Connection connection = new DatabaseServer(bindings.database()).connect()) {
            counts.putAll(
                    RecordCounts.of(connection, settings.deployment().tables().orElse(List.of()))
                            .byTable());
            modules(connection);
        } catch (SQLException e) {
            failed("record counts", Finding.Weight.WEIGH, false, "rows can be counted", String.valueOf(e.getMessage()));
            return;
        }
        String expected = "no table has lost more than " + settings.deployment().allowedShrink()
                + " % of its rows since the backup before the deployment";
        Map<String, Long> rows =
                before.flatMap(Manifest::database).map(RecordCounts::inBackup).orElse(Map.of());
        if (rows.isEmpty()) {
            skipped("record counts", expected, "there is no backup of before the deployment");
            return;
        }
        RecordCounts.counted(settings.deployment().tables().orElse(List.of())).stream()
                .filter(rows::containsKey)
                .forEach(table -> earlier.put(table, rows.get(table)));
        var lost = new ArrayList<String>();
        earlier.forEach((table, was) -> {
            long is = counts.getOrDefault(table, 0L);
            if (!table.equals(ASSETS) && was - is > was * settings.deployment().allowedShrink() / PER_CENT) {
                lost.add(table + " " + was + " → " + is);
            }
        });
        if (lost.isEmpty()) {
            passed("record counts", expected, earlier.size() + " tables compared");
        } else {
            failed("record counts", Finding.Weight.IMMEDIATE, true, expected, String.join(", ", lost));
        }
    }

    private void modules(Connection connection) throws SQLException {
        List<String> wanted = settings.deployment().addons().orElse(List.of());
        if (wanted.isEmpty()) {
            return;
        }
        String expected = "on disk and installed: " + String.join(", ", wanted);
        Addons onDisk = Addons.scan(bindings.addonsPath());
        var wrong = new ArrayList<String>();
        for (String module : wanted) {
            if (!bindings.addonsPath().isEmpty() && !onDisk.byName().containsKey(module)) {
                wrong.add(module + " is not on disk");
            }
            try (var statement = connection.prepareStatement(
                    "SELECT count(*) FROM ir_module_module WHERE name = ? AND state = 'installed'")) {
                statement.setString(1, module);
                try (var row = statement.executeQuery()) {
                    row.next();
                    if (row.getLong(1) == 0) {
                        wrong.add(module + " is not installed");
                    }
                }
            }
        }
        if (wrong.isEmpty()) {
            passed("addons", expected, "all of them");
        } else {
            failed("addons", Finding.Weight.IMMEDIATE, false, expected, String.join(", ", wrong));
        }
    }

    private void smoke(String name, LifeboatConfig.Smoke smoke) {
        String check = "smoke check " + name;
        String expected = smoke.read()
                .map(model -> "a record of " + model + " can be read through Odoo's API")
                .orElse("the command exits with 0");
        Optional<String> problem = smoke.read().isPresent()
                ? SmokeRead.problem(bindings, smoke.read().get())
                : commandProblem(smoke);
        if (problem.isEmpty()) {
            passed(check, expected, "so it is");
        } else {
            failed(
                    check,
                    smoke.critical() ? Finding.Weight.IMMEDIATE : Finding.Weight.WEIGH,
                    false,
                    expected,
                    problem.get());
        }
    }

    private static Optional<String> commandProblem(LifeboatConfig.Smoke smoke) {
        try {
            ChildProcess.Result ended =
                    ChildProcess.run(ChildProcess.Spec.ofSite(smoke.command().orElseThrow()), smoke.limit());
            return ended.succeeded()
                    ? Optional.empty()
                    : Optional.of("exit code " + ended.exitCode() + ": " + shown(ended.output() + ended.errors()));
        } catch (IOException e) {
            return Optional.of("it can't be run: " + e.getMessage());
        } catch (FaultException e) {
            if (e.fault().code() == FaultCode.CANCELLED) {
                throw e;
            }
            return Optional.of("not finished within " + smoke.limit().toSeconds() + " s");
        }
    }

    /** The median, because the first page after a start compiles its assets. */
    private void watch() {
        var health = new Health(bindings);
        var seconds = new ArrayList<Double>();
        int errors = 0;
        long end = System.nanoTime() + window.toNanos();
        do {
            Health.Report report = health.once();
            if (report.healthy()) {
                seconds.add(report.loginSeconds().orElse(report.seconds()));
            } else {
                errors++;
            }
            pause(Math.min(PAUSE.toNanos(), Math.max(0, end - System.nanoTime())));
        } while (System.nanoTime() - end < 0);
        int asked = seconds.size() + errors;
        double rate = (double) errors * PER_CENT / asked;
        double allowed = settings.deployment().errorRate();
        String ofErrors = "at most " + allowed + " % of the answers are errors";
        String found = errors + " of " + asked + " in " + window.toSeconds() + " s";
        if (rate > allowed) {
            failed("error rate", Finding.Weight.WEIGH, false, ofErrors, found);
        } else {
            passed("error rate", ofErrors, found);
        }
        if (!seconds.isEmpty()) {
            responseTime(seconds.stream().sorted().toList().get(seconds.size() / 2));
        }
    }

    private void responseTime(double median) {
        double bound = settings.deployment().responseTime().toMillis() / 1000.0;
        if (normal.isPresent()) {
            bound = Math.min(
                    bound,
                    Math.max(
                            NEVER_TOO_SLOW,
                            normal.getAsDouble() * settings.deployment().slowerThanBefore()));
        }
        String expected = "the login page answers within " + bound + " s (median)";
        String found =
                median + " s" + (normal.isPresent() ? ", " + normal.getAsDouble() + " s before the deployment" : "");
        if (median > bound) {
            failed("response time", Finding.Weight.WEIGH, false, expected, found);
        } else {
            passed("response time", expected, found);
        }
    }

    private static void pause(long nanos) {
        try {
            TimeUnit.NANOSECONDS.sleep(nanos);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Fault.of(FaultCode.CANCELLED, "the checks were ended on request", "Start them again.")
                    .toException(e);
        }
    }

    private void passed(String check, String expected, String found) {
        lines.add(new Line(check, "passed", expected, found));
    }

    private void skipped(String check, String expected, String why) {
        lines.add(new Line(check, "skipped", expected, why));
    }

    private void failed(String check, Finding.Weight weight, boolean data, String expected, String found) {
        lines.add(new Line(check, "failed", expected, found));
        findings.add(new Finding(check, weight, data, expected, found));
    }

    private static String shown(String text) {
        String line = text.strip().replaceAll("\\s+", " ");
        return line.length() <= SHOWN ? line : line.substring(line.length() - SHOWN);
    }
}
