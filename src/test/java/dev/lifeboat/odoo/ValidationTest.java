package dev.lifeboat.odoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.lifeboat.artifact.BackupType;
import dev.lifeboat.artifact.Manifest;
import dev.lifeboat.environment.Addons;
import dev.lifeboat.environment.DatabaseBinding;
import dev.lifeboat.environment.OdooCommand;
import dev.lifeboat.environment.RpcBinding;
import dev.lifeboat.environment.Secret;
import dev.lifeboat.environment.ServiceBinding;
import dev.lifeboat.environment.ServiceControl;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import dev.lifeboat.odoo.CheckResult.Outcome;
import dev.lifeboat.postgres.DatabaseServer;
import dev.lifeboat.progress.Progress;
import dev.lifeboat.testing.TestCluster;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ValidationTest {
    private static final String DATABASE = "validation";
    private static final Instant SINCE = Instant.parse("2026-11-20T12:00:00Z");

    @TempDir
    Path folder;

    private DatabaseBinding database;
    private List<TestCluster.Attachment> attachments;
    private Addons addons = new Addons(Map.of(), Map.of());
    private Optional<Manifest> artifact = Optional.empty();
    private Optional<CheckResult> syntax = Optional.empty();
    private Optional<ValidationContext.Rpc> rpc = Optional.empty();
    private ServiceBinding service = new ServiceBinding.None();
    private Optional<Path> logfile = Optional.empty();
    private Set<String> known = Set.of();
    private Progress progress = Progress.NONE;

    @BeforeEach
    void createEnvironment() throws IOException {
        logfile = Optional.of(folder.resolve("odoo.log"));
        database = TestCluster.createOdooDatabase(DATABASE);
        attachments = TestCluster.addAttachments(database, 60);
        for (TestCluster.Attachment attachment : attachments) {
            Path file = file(attachment);
            Files.createDirectories(file.getParent());
            Files.writeString(file, attachment.text());
        }
    }

    @AfterEach
    void dropDatabase() {
        TestCluster.drop(DATABASE);
    }

    private Path file(TestCluster.Attachment attachment) {
        return folder.resolve("filestore").resolve(attachment.storeFname());
    }

    private Validation.Report validate() throws SQLException {
        try (Connection connection = new DatabaseServer(database).connect()) {
            connection.setReadOnly(true);
            connection.setAutoCommit(false);
            return Validation.run(new ValidationContext(
                    connection,
                    folder.resolve("filestore"),
                    artifact,
                    addons,
                    logfile,
                    ServiceControl.of(service),
                    rpc,
                    SINCE,
                    known,
                    syntax,
                    progress));
        }
    }

    private CheckResult check(String name) throws SQLException {
        return validate().checks().stream()
                .filter(check -> check.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private void execute(String sql) {
        TestCluster.execute(database, sql);
    }

    private static Manifest manifest(List<String> modules, Optional<Manifest.DatabaseContent> content) {
        var file = new Manifest.FileEntry("config_snapshot.json", 1, "0".repeat(64));
        return new Manifest(
                Manifest.FORMAT,
                "artifact",
                SINCE,
                "acme",
                "prod",
                "run",
                BackupType.DB_ONLY,
                "backup",
                Optional.empty(),
                List.of(),
                new Manifest.SourceEnvironment("prod", "production", DATABASE, Optional.empty()),
                Optional.empty(),
                Optional.empty(),
                new Manifest.OdooEntry(Optional.of("19.0"), Optional.empty(), modules, Optional.of(15)),
                content,
                file,
                Map.of(),
                List.of());
    }

    private static Manifest.DatabaseContent content(String table, long rows) {
        return new Manifest.DatabaseContent(
                "15.1",
                1,
                "UTF8",
                "c",
                "C",
                "C",
                Optional.empty(),
                "odoo",
                Map.of(),
                List.of(new Manifest.TableDigest("public." + table, rows, "", "")),
                Map.of(),
                "",
                0);
    }

    private static Addons.Addon addon(String version) {
        return new Addons.Addon(Path.of("/x"), Optional.empty(), Optional.of(version), List.of(), false);
    }

    @Test
    void a_sound_environment_passes_and_its_report_is_json() throws SQLException {
        Validation.Report report = validate();
        assertThat(report.failures()).isEmpty();
        assertThat(report.verdict()).isEqualTo(Validation.Verdict.PASS);
        assertThat(report.checks())
                .extracting(CheckResult::name)
                .containsExactly(
                        "registry consistency",
                        "migration status",
                        "module integrity",
                        "data samples",
                        "filestore accessibility",
                        "syntax validation",
                        "log analysis");
        assertThat(report.checks())
                .filteredOn(check -> check.outcome() == Outcome.NOT_APPLICABLE)
                .allSatisfy(check -> assertThat(check.reason()).isNotBlank());
        var json = Json.tree(report);
        assertThat(json.path("verdict").asText()).isEqualTo("pass");
        assertThat(json.at("/record_counts/res_partner").asLong())
                .isEqualTo(Long.parseLong(TestCluster.query(database, "SELECT count(*) FROM res_partner")));
    }

    @Test
    void counts_leave_out_tables_that_are_not_there() throws SQLException {
        assertThat(validate().recordCounts().byTable())
                .containsKeys("account_move", "ir_attachment", "res_users")
                .doesNotContainKey("einvoice_document");
    }

    @Test
    void a_missing_and_a_damaged_file_fail_by_name() throws IOException, SQLException {
        Files.delete(file(attachments.get(3)));
        Files.writeString(file(attachments.get(7)), "something else");
        CheckResult result = check("filestore accessibility");
        assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
        assertThat(result.details())
                .hasSize(2)
                .anyMatch(line -> line.equals(attachments.get(3).storeFname() + ": missing"))
                .anyMatch(line -> line.startsWith(attachments.get(7).storeFname() + ": its content has SHA-1"));
        assertThat(validate().verdict()).isEqualTo(Validation.Verdict.FAIL);
    }

    @Test
    void a_file_that_the_backup_already_missed_is_told_and_does_not_fail() throws IOException, SQLException {
        Files.delete(file(attachments.get(3)));
        known = Set.of(attachments.get(3).storeFname());
        CheckResult result = check("filestore accessibility");
        assertThat(result.outcome()).isEqualTo(Outcome.PASSED);
        assertThat(result.details()).singleElement().asString().contains("so in the backup already");
    }

    @Test
    void a_name_that_leads_out_of_the_filestore_is_not_followed() throws IOException, SQLException {
        Files.writeString(folder.resolve("outside"), "x");
        execute("INSERT INTO ir_attachment (name, type, store_fname) VALUES ('x', 'binary', '../outside')");
        assertThat(check("filestore accessibility").details())
                .containsExactly("../outside: it leads out of the filestore");
    }

    @Test
    void every_file_is_told_to_the_progress() throws SQLException {
        var expected = new AtomicLong();
        var done = new AtomicLong();
        progress = new Progress() {
            @Override
            public void expect(long bytes, long items) {
                expected.set(items);
            }

            @Override
            public void advance(long bytes, long items) {
                done.addAndGet(items);
            }

            @Override
            public void phase(String name) {}
        };
        validate();
        assertThat(done.get()).isEqualTo(60).isEqualTo(expected.get());
    }

    @Test
    void an_emptied_table_fails_and_a_table_that_was_empty_does_not() throws SQLException {
        execute("TRUNCATE account_move CASCADE");
        assertThat(check("data samples").outcome()).isEqualTo(Outcome.PASSED);
        artifact = Optional.of(manifest(List.of(), Optional.of(content("account_move", 12))));
        assertThat(check("data samples").details()).containsExactly("account_move is empty");
    }

    @Test
    void users_are_never_empty() throws SQLException {
        execute("TRUNCATE res_users CASCADE");
        assertThat(check("data samples").details()).contains("res_users is empty");
    }

    @Test
    void no_content_of_a_row_gets_into_the_report() throws SQLException {
        execute("UPDATE res_partner SET email = 'private@example.org'");
        assertThat(Json.pretty(validate())).doesNotContain("private@example.org");
    }

    @Test
    void a_module_that_waits_for_its_upgrade_fails_by_name() throws SQLException {
        execute("UPDATE ir_module_module SET state = 'to upgrade' WHERE name = 'mail'");
        assertThat(check("migration status").details()).containsExactly("mail: to upgrade");
    }

    @Test
    void a_module_of_the_artifact_that_is_not_installed_fails_by_name() throws SQLException {
        artifact = Optional.of(manifest(List.of("base", "mail", "gone"), Optional.of(content("res_partner", 1))));
        CheckResult result = check("module integrity");
        assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
        assertThat(result.details()).containsExactly("gone: installed in the artifact, not here");
    }

    @Test
    void another_version_on_disk_is_told_and_does_not_fail() throws SQLException {
        artifact = Optional.of(manifest(List.of("base"), Optional.of(content("res_partner", 1))));
        addons = new Addons(Map.of("base", addon("1.3"), "mail", addon("2.0")), Map.of());
        CheckResult result = check("module integrity");
        assertThat(result.outcome()).isEqualTo(Outcome.PASSED);
        assertThat(result.details()).containsExactly("mail: 19.0.1.19 in the database, 19.0.2.0 on disk");
    }

    @Test
    void an_installed_module_without_code_fails_only_where_all_addons_are_known() throws SQLException {
        addons = new Addons(Map.of("base", addon("1.3")), Map.of());
        assertThat(check("registry consistency").outcome()).isEqualTo(Outcome.PASSED);
        addons = new Addons(Map.of("base", addon("1.3"), "web", addon("1.0")), Map.of());
        assertThat(check("registry consistency").details()).contains("mail: its code is not on disk");
    }

    @Test
    void a_module_that_is_not_registered_fails_where_modules_are_registered() throws SQLException {
        execute("INSERT INTO ir_model_data (module, name, model, res_id)"
                + " SELECT 'base', 'module_' || name, 'ir.module.module', id FROM ir_module_module"
                + " ON CONFLICT DO NOTHING");
        assertThat(check("registry consistency").outcome()).isEqualTo(Outcome.PASSED);
        execute("DELETE FROM ir_model_data WHERE name = 'module_mail'");
        assertThat(check("registry consistency").details()).containsExactly("mail: not registered");
    }

    @Test
    void an_emptied_register_fails() throws SQLException {
        execute("DELETE FROM ir_model_data");
        assertThat(check("registry consistency").details()).containsExactly("ir_model_data is empty");
    }

    @Test
    void a_few_registered_records_that_are_gone_are_told_and_many_fail() throws SQLException {
        execute("INSERT INTO ir_model_data (module, name, model, res_id)"
                + " SELECT 'base', 'country_' || i, 'res.country', i FROM generate_series(900001, 900002) i");
        execute("DELETE FROM ir_model_data WHERE model = 'res.country' AND res_id NOT IN (900001, 900002)");
        CheckResult few = check("registry consistency");
        assertThat(few.outcome()).isEqualTo(Outcome.PASSED);
        assertThat(few.details()).containsExactly("res.country: 2 of 2 registered records are gone");
        execute("INSERT INTO ir_model_data (module, name, model, res_id)"
                + " SELECT 'base', 'country_' || i, 'res.country', i FROM generate_series(900003, 900009) i");
        assertThat(check("registry consistency").details())
                .containsExactly("res.country: 9 of 9 registered records are gone");
    }

    @Test
    void the_log_decides_where_odoo_has_logged_since() throws IOException, SQLException {
        assertThat(check("log analysis").reason()).contains("is not there");
        Path log = folder.resolve("odoo.log");
        Files.writeString(log, "2026-11-20 11:00:00,000 1 ERROR " + DATABASE + " odoo: old\n");
        assertThat(check("log analysis").reason()).contains("nothing was logged");
        Files.writeString(log, "2026-11-20 12:00:01,000 1 INFO " + DATABASE + " odoo: up\n");
        assertThat(check("log analysis").outcome()).isEqualTo(Outcome.PASSED);
        Files.writeString(log, "2026-11-20 12:00:01,000 1 ERROR " + DATABASE + " odoo: bad\n");
        assertThat(check("log analysis").outcome()).isEqualTo(Outcome.FAILED);
    }

    @Test
    void the_log_that_the_services_manager_keeps_decides_where_odoo_writes_no_file() throws SQLException {
        logfile = Optional.empty();
        assertThat(check("log analysis").reason()).contains("gives no log");
        service = new ServiceBinding.Command(
                List.of("true"),
                List.of("true"),
                List.of(),
                List.of(),
                List.of("echo", "odoo-1  | 2026-11-20 12:00:01,000 1 ERROR " + DATABASE + " odoo: bad"),
                Duration.ofSeconds(20));
        assertThat(check("log analysis").outcome()).isEqualTo(Outcome.FAILED);
    }

    /** An Odoo command line that logs, notes its arguments and ends with a code. */
    private OdooCommand odoo(String logged, int code) throws IOException {
        Path script = folder.resolve("odoo");
        Files.writeString(
                script,
                "#!/bin/sh\necho \"$@\" > '" + folder.resolve("arguments") + "'\necho '" + logged + "' >&2\nexit "
                        + code + "\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
        return new OdooCommand(
                List.of(script.toString()), "/etc/odoo/odoo.conf", Optional.empty(), Duration.ofSeconds(20));
    }

    @Test
    void odoos_log_decides_on_its_code_whatever_its_exit_code() throws IOException, SQLException {
        syntax = Optional.of(
                SyntaxValidation.of(odoo("2026-11-20 12:00:01,000 1 INFO copy odoo: Registry loaded", 0), "copy"));
        assertThat(check("syntax validation").outcome()).isEqualTo(Outcome.PASSED);
        assertThat(folder.resolve("arguments"))
                .content()
                .contains(
                        "server --config=/etc/odoo/odoo.conf --database=copy --logfile= --pidfile= --stop-after-init");
        syntax = Optional.of(SyntaxValidation.of(
                odoo("2026-11-20 12:00:01,000 1 CRITICAL copy odoo: Failed to initialize", 0), "copy"));
        assertThat(check("syntax validation").outcome()).isEqualTo(Outcome.FAILED);
        syntax = Optional.of(SyntaxValidation.of(odoo("", 0), "copy"));
        assertThat(check("syntax validation").outcome()).isEqualTo(Outcome.NOT_APPLICABLE);
    }

    @Test
    void a_command_line_that_never_reached_odoo_is_told_with_its_last_words_and_blames_no_addon() throws IOException {
        OdooCommand notRunning = odoo("service \"odoo\" is not running", 1);
        assertThatThrownBy(() -> SyntaxValidation.of(notRunning, "copy"))
                .isInstanceOfSatisfying(FaultException.class, e -> {
                    assertThat(e.fault().message()).contains("could not be run");
                    assertThat(e.fault().remedy()).contains("odoo.command").doesNotContain("addons");
                    assertThat(e.fault().facts().get("tool_output")).isEqualTo("service \"odoo\" is not running");
                });
        assertThatThrownBy(() -> new OdooProgram(notRunning).neutralize("copy"))
                .isInstanceOfSatisfying(
                        FaultException.class,
                        e -> assertThat(e.fault().message()).contains("could not be run"));
    }

    @Test
    void where_odoo_was_not_run_on_a_copy_its_check_says_so() throws SQLException {
        assertThat(check("syntax validation").outcome()).isEqualTo(Outcome.NOT_APPLICABLE);
    }

    @Test
    void odoos_own_neutralize_command_is_used_and_its_failure_is_told() throws IOException {
        assertThat(new OdooProgram(odoo("Neutralization finished", 0)).neutralize("copy"))
                .isTrue();
        assertThat(folder.resolve("arguments")).content().contains("neutralize --config=", "--database=copy");
        assertThat(new OdooProgram(odoo("Unknown command 'neutralize'.", 1)).neutralize("copy"))
                .isFalse();
        var failing = new OdooProgram(odoo("THE DATABASE IS NOT NEUTRALIZED!", 1));
        assertThatThrownBy(() -> failing.neutralize("copy"))
                .isInstanceOfSatisfying(
                        FaultException.class, e -> assertThat(e.fault().facts()).containsEntry("exit_code", "1"));
    }

    /** Answers every question with a status and a body. */
    private HttpServer api(int status, String body) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/json/2/", exchange -> {
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(status, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
        server.start();
        rpc = Optional.of(new ValidationContext.Rpc(
                URI.create("http://127.0.0.1:" + server.getAddress().getPort()),
                new RpcBinding("reader", new Secret("word-of-the-reader"))));
        return server;
    }

    @Test
    void records_that_odoo_does_not_give_fail_the_data_samples() throws IOException, SQLException {
        HttpServer server = api(200, "[]");
        try {
            CheckResult samples = check("data samples");
            assertThat(samples.outcome()).isEqualTo(Outcome.FAILED);
            assertThat(samples.details().toString()).contains("Odoo gives 0 of");
        } finally {
            server.stop(0);
        }
    }

    @Test
    void a_key_that_the_restored_database_does_not_know_is_told_and_fails_nothing() throws IOException, SQLException {
        HttpServer server = api(401, "{}");
        try {
            CheckResult samples = check("data samples");
            assertThat(samples.outcome()).isEqualTo(Outcome.PASSED);
            assertThat(samples.details().toString())
                    .contains("did not let 'reader' in")
                    .doesNotContain("word-of-the-reader");
        } finally {
            server.stop(0);
        }
        assertThat(check("data samples").details().toString()).contains("did not answer");
    }

    @Test
    void a_database_that_is_not_odoos_proves_nothing() throws SQLException {
        database = TestCluster.createDatabase(DATABASE);
        Validation.Report report = validate();
        assertThat(report.verdict()).isEqualTo(Validation.Verdict.INCONCLUSIVE);
        assertThat(report.checks()).extracting(CheckResult::outcome).containsOnly(Outcome.NOT_APPLICABLE);
        assertThat(report.recordCounts().byTable()).isEmpty();
    }

    @Test
    void a_table_that_can_not_be_read_fails_its_check_and_no_other() throws SQLException {
        execute("ALTER TABLE ir_attachment RENAME COLUMN store_fname TO gone");
        Validation.Report report = validate();
        assertThat(report.checks())
                .filteredOn(check -> check.outcome() == Outcome.FAILED)
                .singleElement()
                .satisfies(check -> {
                    assertThat(check.name()).isEqualTo("filestore accessibility");
                    assertThat(check.details().toString()).contains("store_fname");
                });
    }

    @Test
    void databases_of_the_role_are_listed_without_templates() {
        assertThat(OwnedDatabases.of(TestCluster.binding("any")))
                .contains(DATABASE)
                .doesNotContain("postgres", "template1");
    }
}
