package dev.lifeboat.odoo;

import dev.lifeboat.artifact.Manifest;
import dev.lifeboat.environment.Bindings;
import dev.lifeboat.environment.OdooConf;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.filestore.Trees;
import dev.lifeboat.postgres.DatabaseServer;
import dev.lifeboat.progress.Progress;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Runs the seven checks against an environment; reads only. */
public final class Validation {
    private static final List<String> SAMPLED = List.of("res_partner", "res_users", "account_move");
    private static final int SAMPLE = 5;
    private static final int FETCH = 10_000;
    private static final DateTimeFormatter LOG_TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss,SSS");
    private static final int LOG_TIME_LENGTH = 23;

    private final Bindings bindings;
    private final Optional<Manifest> artifact;
    private final Instant since;
    private final Progress progress;

    /**
     * A validation.
     *
     * @param artifact what the environment was restored from; empty: it is looked at on its own
     * @param since log lines from then on count (UTC)
     */
    public Validation(Bindings bindings, Optional<Manifest> artifact, Instant since, Progress progress) {
        this.bindings = bindings;
        this.artifact = artifact;
        this.since = since;
        this.progress = progress;
    }

    /**
     * What was found.
     *
     * @param verdict pass, fail, or inconclusive where no check that proves data could be made
     * @param recordCounts rows of the tables that people ask for first
     */
    public record Report(String verdict, List<CheckResult> checks, Map<String, Long> recordCounts) {
        /** Whether nothing speaks against the environment. */
        public boolean passed() {
            return !verdict.equals("fail");
        }

        /** The names of the checks that failed. */
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
            long passed = checks.stream()
                    .filter(check -> check.outcome() == CheckResult.Outcome.PASSED)
                    .count();
            long without = checks.stream()
                    .filter(check -> check.outcome() == CheckResult.Outcome.NOT_APPLICABLE)
                    .count();
            return verdict + ": " + passed + " checks passed, " + without + " not applicable";
        }
    }

    /** Runs all checks. */
    public Report run() {
        var checks = new ArrayList<CheckResult>();
        Map<String, Long> counts;
        try (Connection connection = new DatabaseServer(bindings.database()).connect()) {
            connection.setReadOnly(true);
            connection.setAutoCommit(false);
            checks.add(registry(connection));
            checks.add(migrations(connection));
            checks.add(modules(connection));
            checks.add(samples(connection));
            checks.add(attachments(connection));
            checks.add(syntax());
            checks.add(log());
            counts = counts(connection);
        } catch (SQLException e) {
            throw Fault.of(
                            FaultCode.VALIDATION_FAILED,
                            "the database '" + bindings.database().name() + "' could not be asked",
                            "See tool_output for the server's own words.")
                    .with("tool_output", e.getMessage())
                    .toException(e);
        }
        boolean failed = checks.stream().anyMatch(check -> check.outcome() == CheckResult.Outcome.FAILED);
        boolean proved = checks.stream()
                .filter(check ->
                        check.name().equals("data samples") || check.name().equals("filestore accessibility"))
                .anyMatch(check -> check.outcome() == CheckResult.Outcome.PASSED);
        return new Report(failed ? "fail" : proved ? "pass" : "inconclusive", checks, counts);
    }

    private CheckResult registry(Connection connection) throws SQLException {
        String name = "registry consistency";
        String expected = "every installed module is registered in ir_model_data (base.module_NAME)";
        if (!hasTables(connection, "ir_model_data", "ir_module_module")) {
            return CheckResult.notApplicable(name, expected, "the database is not Odoo's");
        }
        List<String> registered = list(
                connection, "SELECT count(*) FROM ir_model_data WHERE module = 'base' AND model = 'ir.module.module'");
        if (registered.getFirst().equals("0")) {
            return CheckResult.notApplicable(name, expected, "ir_model_data registers no module at all");
        }
        List<String> wrong = list(
                connection,
                "SELECT m.name FROM ir_module_module m WHERE m.state = 'installed' AND NOT EXISTS (SELECT FROM ir_model_data d"
                        + " WHERE d.module = 'base' AND d.model = 'ir.module.module' AND d.res_id = m.id) ORDER BY 1");
        return CheckResult.of(name, expected, wrong.size() + " installed modules are not registered", wrong);
    }

    private CheckResult migrations(Connection connection) throws SQLException {
        String name = "migration status";
        String expected = "no module is waiting to be installed, upgraded or removed";
        if (!hasTables(connection, "ir_module_module")) {
            return CheckResult.notApplicable(name, expected, "the database is not Odoo's");
        }
        List<String> wrong = list(
                connection, "SELECT name || ': ' || state FROM ir_module_module WHERE state LIKE 'to %' ORDER BY name");
        return CheckResult.of(name, expected, wrong.size() + " are waiting", wrong);
    }

    private CheckResult modules(Connection connection) throws SQLException {
        String name = "module integrity";
        String expected = "the artifact's installed modules are installed";
        if (artifact.isEmpty()) {
            return CheckResult.notApplicable(name, expected, "there is no artifact to compare with");
        }
        if (!hasTables(connection, "ir_module_module")) {
            return CheckResult.notApplicable(name, expected, "the database is not Odoo's");
        }
        var installed = new HashSet<>(list(connection, "SELECT name FROM ir_module_module WHERE state = 'installed'"));
        List<String> wrong = artifact.get().manifest().modulesInstalled().stream()
                .filter(module -> !installed.contains(module))
                .toList();
        return CheckResult.of(
                name, expected, installed.size() + " installed, " + wrong.size() + " of the artifact's missing", wrong);
    }

    private CheckResult samples(Connection connection) throws SQLException {
        String name = "data samples";
        String expected = "rows of " + String.join(", ", SAMPLED) + " can be read whole";
        var read = new ArrayList<String>();
        for (String table : SAMPLED) {
            if (hasTables(connection, table)) {
                int rows = list(
                                connection,
                                "SELECT t::text FROM " + DatabaseServer.quoteIdentifier(table)
                                        + " AS t ORDER BY random()" + " LIMIT " + SAMPLE)
                        .size();
                read.add(rows + " of " + table);
            }
        }
        return read.isEmpty()
                ? CheckResult.notApplicable(name, expected, "none of these tables is there")
                : CheckResult.of(name, expected, "read " + String.join(", ", read), List.of());
    }

    private CheckResult attachments(Connection connection) throws SQLException {
        String name = "filestore accessibility";
        String expected = "every file that ir_attachment names is there and has the SHA-1 of its name";
        if (!hasTables(connection, "ir_attachment")) {
            return CheckResult.notApplicable(name, expected, "the database is not Odoo's");
        }
        if (artifact.isPresent() && artifact.get().filestore().isEmpty()) {
            return CheckResult.notApplicable(name, expected, "the artifact holds no filestore");
        }
        Set<String> known = new HashSet<>();
        artifact.flatMap(Manifest::filestore).ifPresent(filestore -> {
            known.addAll(filestore.missing());
            known.addAll(filestore.damaged());
        });
        long right = 0;
        long wasSo = 0;
        var wrong = new ArrayList<String>();
        try (var statement = connection.createStatement()) {
            statement.setFetchSize(FETCH);
            try (var rows = statement.executeQuery(
                    "SELECT DISTINCT store_fname FROM ir_attachment WHERE store_fname IS NOT NULL")) {
                while (rows.next()) {
                    String path = rows.getString(1);
                    Optional<String> problem = problem(path);
                    progress.advance(0, 1);
                    if (problem.isEmpty()) {
                        right++;
                    } else if (known.contains(path)) {
                        wasSo++;
                    } else {
                        wrong.add(path + ": " + problem.get());
                    }
                }
            }
        }
        return CheckResult.of(
                name,
                expected,
                right + " right, " + wrong.size() + " wrong"
                        + (wasSo == 0 ? "" : ", " + wasSo + " were so in the backup"),
                wrong);
    }

    private Optional<String> problem(String storeFname) {
        Path file = bindings.filestore().resolve(storeFname).normalize();
        if (!file.startsWith(bindings.filestore())) {
            return Optional.of("it leads out of the filestore");
        }
        try {
            if (!Files.isRegularFile(file)) {
                return Optional.of("missing");
            }
            String sha1 = Trees.sha1(file);
            return sha1.equals(file.getFileName().toString())
                    ? Optional.empty()
                    : Optional.of("its content has SHA-1 " + sha1);
        } catch (IOException e) {
            return Optional.of("unreadable: " + e.getMessage());
        }
    }

    private static CheckResult syntax() {
        return CheckResult.notApplicable(
                "syntax validation",
                "Odoo loads its registry without errors",
                "no Odoo command is at hand; it must never be run on the live database");
    }

    private CheckResult log() {
        String name = "log analysis";
        String expected = "no ERROR or CRITICAL line since the restart";
        Optional<Path> file = bindings.odooConf()
                .map(OdooConf::read)
                .flatMap(conf -> conf.get("logfile"))
                .map(Path::of)
                .filter(Files::isReadable);
        if (file.isEmpty()) {
            return CheckResult.notApplicable(name, expected, "odoo.conf names no log file that can be read");
        }
        var wrong = new ArrayList<String>();
        try (BufferedReader lines = Files.newBufferedReader(file.get(), StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if ((line.contains(" ERROR ") || line.contains(" CRITICAL ")) && isRecent(line)) {
                    wrong.add(line.substring(0, Math.min(line.length(), 300)));
                }
            }
        } catch (IOException e) {
            return CheckResult.notApplicable(name, expected, file.get() + " can't be read: " + e.getMessage());
        }
        return CheckResult.of(name, expected, wrong.size() + " such lines in " + file.get(), wrong);
    }

    /** Odoo writes UTC. */
    private boolean isRecent(String line) {
        if (line.length() < LOG_TIME_LENGTH) {
            return false;
        }
        try {
            return !LocalDateTime.parse(line.substring(0, LOG_TIME_LENGTH), LOG_TIME)
                    .toInstant(ZoneOffset.UTC)
                    .isBefore(since);
        } catch (DateTimeParseException e) {
            return false;
        }
    }

    private static Map<String, Long> counts(Connection connection) throws SQLException {
        var counts = new TreeMap<String, Long>();
        for (String table : List.of(
                "account_move",
                "einvoice_document",
                "ir_attachment",
                "res_partner",
                "res_users",
                "sale_order",
                "stock_move")) {
            if (hasTables(connection, table)) {
                counts.put(
                        table,
                        Long.parseLong(list(connection, "SELECT count(*) FROM " + DatabaseServer.quoteIdentifier(table))
                                .getFirst()));
            }
        }
        return counts;
    }

    private static boolean hasTables(Connection connection, String... tables) throws SQLException {
        for (String table : tables) {
            if (list(connection, "SELECT to_regclass('" + table + "')::text").getFirst() == null) {
                return false;
            }
        }
        return true;
    }

    private static List<String> list(Connection connection, String sql) throws SQLException {
        var values = new ArrayList<String>();
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                values.add(rows.getString(1));
            }
        }
        return values;
    }
}
