package dev.lifeboat.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.artifact.InstallationKey;
import dev.lifeboat.evidence.EvidenceSamples;
import dev.lifeboat.json.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands as clients of an engine that already owns the data folder. */
class CommandLineTest {
    private static final String RUN = "/api/v1/runs/run_1";

    @TempDir
    Path dataDir;

    private FakeEngine engine;

    @BeforeEach
    void own() throws IOException {
        engine = FakeEngine.own(dataDir);
    }

    @AfterEach
    void end() throws IOException {
        System.clearProperty("lifeboat.data-dir");
        System.clearProperty("lifeboat.url");
        System.clearProperty("lifeboat.token");
        engine.close();
    }

    /** How a command ended. */
    private record Ended(int exitCode, String out, String err) {
        JsonNode json() throws IOException {
            return Json.mapper().readTree(out);
        }
    }

    private Ended lifeboat(String... arguments) {
        var all = new ArrayList<>(List.of("--data-dir", dataDir.toString()));
        all.addAll(List.of(arguments));
        return execute(all.toArray(String[]::new));
    }

    private static Ended execute(String... arguments) {
        PrintStream out = System.out;
        PrintStream err = System.err;
        var outBytes = new ByteArrayOutputStream();
        var errBytes = new ByteArrayOutputStream();
        System.setOut(new PrintStream(outBytes, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(errBytes, true, StandardCharsets.UTF_8));
        try {
            int exitCode = Main.execute(arguments);
            return new Ended(
                    exitCode, outBytes.toString(StandardCharsets.UTF_8), errBytes.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
    }

    private static String run(String status, String more) {
        return """
                {"run_id": "run_1", "operation": "backup", "status": "%s", "environment": "acme/shop", "degraded": [],
                 "artifact_id": "bk_1", "evidence_dir": "/evidence/run_1"%s}
                """.formatted(status, more);
    }

    @ParameterizedTest
    @CsvSource({"success, 0", "failed, 1", "rolled_back, 4"})
    void the_exit_code_tells_how_a_run_ended_and_json_is_one_object_on_standard_output(String status, int exitCode)
            throws IOException {
        engine.answer("POST /api/v1/environments/shop/backups", 202, run("queued", ""))
                .answer("GET " + RUN, 200, run("running", ""))
                .answer("GET " + RUN, 200, run(status, ""));
        Ended ended = lifeboat("backup", "shop", "--json");
        assertThat(ended.exitCode()).isEqualTo(exitCode);
        assertThat(ended.json().path("status").asText()).isEqualTo(status);
        assertThat(ended.json().path("evidence_dir").asText()).isEqualTo("/evidence/run_1");
        assertThat(ended.err()).contains("backup run_1");
    }

    @Test
    void the_version_is_that_of_the_build() {
        Ended ended = lifeboat("--version");

        assertThat(ended.exitCode()).isZero();
        assertThat(ended.out()).matches("(?s)lifeboat \\d+\\.\\d+.*\\nJava \\d+.*");
    }

    @Test
    void a_parked_run_is_told_with_the_command_that_ends_it() {
        engine.answer("GET " + RUN, 200, run("running", ", \"parked\": true"));
        Ended ended = lifeboat("run", "show", "run_1", "--follow");
        assertThat(ended.out()).contains("it is parked", "what to do: lifeboat run cancel run_1");
    }

    @Test
    void each_step_is_one_line_as_it_ends_and_no_line_is_told_twice() {
        String first = """
                , "steps": [{"name": "dump-db", "status": "done", "attempt": 1, "seconds": 2.1,
                             "outputs": {"summary": "312 MB"}},
                            {"name": "archive-filestore", "status": "waiting", "attempt": 1, "outputs": {},
                             "progress": {"phase": "reading", "bytes_done": 10, "bytes_total": 0}}]""";
        String last = """
                , "steps": [{"name": "dump-db", "status": "done", "attempt": 1, "seconds": 2.1,
                             "outputs": {"summary": "312 MB"}},
                            {"name": "archive-filestore", "status": "failed", "attempt": 1, "seconds": 61.0,
                             "outputs": {}, "fault": {"code": "FILESTORE_READ_FAILED", "message": "aa/aa can't be read"}}],
                   "fault": {"code": "FILESTORE_READ_FAILED", "message": "aa/aa can't be read", "remedy": "look at it",
                             "facts": {"tool_output": "I/O error"}}""";
        engine.answer("POST /api/v1/environments/shop/backups", 202, run("queued", ""))
                .answer("GET " + RUN, 200, run("running", first))
                .answer("GET " + RUN, 200, run("running", first))
                .answer("GET " + RUN, 200, run("failed", last));
        Ended ended = lifeboat("backup", "shop");
        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(ended.out().lines().filter(line -> line.contains("dump-db")))
                .singleElement()
                .asString()
                .startsWith("✓ dump-db")
                .endsWith("2.1 s   312 MB");
        assertThat(ended.out()).contains("✗ archive-filestore", "1 min 01 s").doesNotContain("\033");
        assertThat(ended.err())
                .contains("error: aa/aa can't be read", "  tool_output: I/O error", "  what to do: look at it");
    }

    @ParameterizedTest
    @CsvSource({
        "BAD_INPUT, usage, 2",
        "UNKNOWN_ENVIRONMENT, precondition, 3",
        "DATABASE_QUERY_FAILED, failure, 1",
        "OF_A_NEWER_ENGINE, precondition, 3",
        "OF_A_NEWER_ENGINE, usage, 2",
        "OF_A_NEWER_ENGINE, failure, 1"
    })
    void what_the_engine_refuses_is_told_with_its_remedy_and_the_exit_code_of_its_kind(
            String code, String kind, int exitCode) throws IOException {
        engine.answer("POST /api/v1/environments/shop/backups", 412, """
                {"status": 412, "code": "%s", "kind": "%s", "detail": "the detail", "remedy": "the remedy",
                 "facts": {"seen": "a fact"}}""".formatted(code, kind));
        Ended ended = lifeboat("backup", "shop", "--json");
        assertThat(ended.exitCode()).isEqualTo(exitCode);
        assertThat(ended.err()).contains("error: the detail", "  seen: a fact", "  what to do: the remedy");
        assertThat(ended.json().path("status").asText()).isEqualTo("refused");
        assertThat(ended.json().path("findings").path(0).path("message").asText())
                .isEqualTo("the detail");
    }

    @Test
    void every_finding_of_a_refusal_is_told() {
        engine.answer("POST /api/v1/environments/shop/backups", 412, """
                {"code": "FILESTORE_MISSING", "kind": "precondition", "detail": "one", "remedy": "r1", "findings": [
                  {"code": "FILESTORE_MISSING", "message": "one", "facts": {}, "remedy": "r1"},
                  {"code": "STORE_UNWRITABLE", "message": "two", "facts": {}, "remedy": "r2"}]}""");
        Ended ended = lifeboat("backup", "shop");
        assertThat(ended.exitCode()).isEqualTo(3);
        assertThat(ended.err()).contains("error: one", "error: two", "what to do: r2");
        assertThat(ended.out()).isEmpty();
    }

    @Test
    void an_answer_that_is_no_json_is_told_with_its_status_and_never_as_a_stack_trace() {
        Ended ended = lifeboat("artifacts");
        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(ended.err()).contains("HTTP status 404").doesNotContain("Exception", "\tat ");
    }

    @Test
    void a_restore_of_production_without_a_terminal_sends_no_confirmation_and_is_refused() {
        engine.answer("GET /api/v1/environments/prod", 200, "{\"type\": \"production\"}")
                .answer("POST /api/v1/environments/prod/restores", 412, """
                        {"code": "CONFIRMATION_MISSING", "kind": "precondition", "detail": "prod is production",
                         "remedy": "--confirm prod"}""");
        Ended ended = lifeboat("restore", "prod", "latest");
        assertThat(ended.exitCode()).isEqualTo(3);
        assertThat(engine.asked().getLast()).contains("\"confirm\":null");
    }

    @Test
    void the_options_of_a_restore_reach_the_engine() {
        engine.answer("GET /api/v1/environments/acme.prod", 200, "{\"type\": \"production\"}")
                .answer("POST /api/v1/environments/acme.prod/restores", 202, run("queued", ""))
                .answer("GET " + RUN, 200, run("success", ""));
        Ended ended = lifeboat(
                "restore",
                "acme/prod",
                "bk_1",
                "--type",
                "db_only",
                "--no-verify",
                "--no-rollback",
                "--confirm",
                "acme/prod",
                "--again",
                "--in-place",
                "--no-neutralize",
                "--from-environment",
                "staging");
        assertThat(ended.exitCode()).isZero();
        assertThat(engine.asked())
                .contains("POST /api/v1/environments/acme.prod/restores {\"artifact\":\"bk_1\",\"type\":\"db_only\","
                        + "\"verify\":false,\"rollback\":false,\"confirm\":\"acme/prod\",\"again\":true,\"in_place\":true,"
                        + "\"neutralize\":false,\"from_environment\":\"staging\"}");
    }

    @Test
    void a_name_from_the_command_line_stays_one_segment_of_the_path() {
        lifeboat("env", "show", "../runs?x=1&y");
        assertThat(engine.asked().getLast()).isEqualTo("GET /api/v1/environments/...runs%3Fx%3D1%26y");
    }

    @Test
    void failed_checks_exit_with_3_and_show_their_remedies() {
        engine.answer("POST /api/v1/environments/shop/preflight", 200, """
                {"ok": false, "checks": [
                  {"name": "database reachable", "looked_at": "x", "found": "15.18", "status": "passed"},
                  {"name": "store writable", "looked_at": "y", "found": "read-only", "status": "failed",
                   "remedy": "mount it", "fault": {"remedy": "mount it",
                   "facts": {"tool_output": "EROFS\\n\\u001b[31mread-only file system"}}}]}""");
        Ended ended = lifeboat("preflight", "shop");
        assertThat(ended.exitCode()).isEqualTo(3);
        assertThat(ended.out())
                .contains("PASSED  database reachable", "FAILED  store writable", "mount it")
                .contains("    EROFS\n", "[31mread-only file system\n")
                .doesNotContain("\u001b");
    }

    @Test
    void the_data_folder_can_be_named_before_and_after_the_command() {
        engine.answer("GET /api/v1/runs", 200, "[]");
        assertThat(lifeboat("runs").exitCode()).isZero();
        System.clearProperty("lifeboat.data-dir");
        assertThat(execute("runs", "--data-dir", dataDir.toString()).exitCode()).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nonsense",
                "env",
                "artifact",
                "run",
                "evidence",
                "evidence verify",
                "evidence verify nowhere",
                "backup",
                "backup a b",
                "backup a --type sideways",
                "restore a",
                "serve --port x",
                "env discover --name n"
            })
    void a_wrong_command_line_exits_with_2_and_asks_the_engine_nothing(String line) {
        Ended ended = lifeboat(line.isEmpty() ? new String[0] : line.split(" "));
        assertThat(ended.exitCode()).isEqualTo(2);
        assertThat(ended.err()).isNotBlank().doesNotContain("Exception", "\tat ");
        assertThat(engine.asked()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "demo",
                "serve",
                "doctor",
                "env list",
                "env show",
                "env discover",
                "backup",
                "preflight",
                "verify",
                "validate",
                "restore",
                "artifacts",
                "artifact show",
                "runs",
                "run show",
                "evidence",
                "evidence verify",
                "evidence key",
                "prune"
            })
    void every_command_explains_itself_with_an_example(String command) {
        Ended ended = lifeboat((command + " --help").split(" "));
        assertThat(ended.exitCode()).isZero();
        assertThat(ended.out())
                .contains("Usage: lifeboat " + command, "--json", "--data-dir", "Example:  lifeboat " + command);
    }

    @ParameterizedTest
    @ValueSource(strings = {"env", "artifact", "catalog", "store", "token", "member", "run", "tables", "evidence"})
    void a_group_of_commands_explains_itself(String group) {
        for (String help : List.of("--help", "-h")) {
            Ended ended = lifeboat(group, help);
            assertThat(ended.exitCode()).isZero();
            assertThat(ended.out()).contains("Usage: lifeboat " + group, "Commands:", "Show this help.");
        }
    }

    @Test
    void serve_and_demo_do_not_take_a_data_folder_that_is_held() {
        for (String command : List.of("serve", "demo")) {
            Ended ended = lifeboat(command);
            assertThat(ended.exitCode()).isEqualTo(3);
            assertThat(ended.err()).contains("another Lifeboat", dataDir.toString(), "what to do");
        }
    }

    @Test
    void serve_refuses_an_address_that_others_reach_while_no_token_is_configured() {
        Ended ended = lifeboat("serve", "--host", "0.0.0.0");
        assertThat(ended.exitCode()).isEqualTo(2);
        assertThat(ended.err()).contains("LIFEBOAT_TOKEN");
        assertThat(lifeboat("serve", "--host", "no.such.host.invalid").exitCode())
                .isEqualTo(2);
    }

    @Test
    void a_function_refuses_to_start_without_a_token_and_the_engines_state() {
        Ended function = lifeboat("function", "dump-db");
        assertThat(function.exitCode()).isEqualTo(2);
        assertThat(function.err()).contains("LIFEBOAT_TOKEN", "QUARKUS_DATASOURCE_JDBC_URL");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "dump-db",
                "dump-db --port 8080",
                "advance --host 0.0.0.0 --port 8080",
                "validate --port 0 --data-dir data --host ::1"
            })
    void a_functions_plain_arguments_are_understood_as_the_library_understands_them(String line) {
        var library = new FunctionCommand();
        var main = new picocli.CommandLine(new Main());
        main.addSubcommand(library);
        main.parseArgs(("function " + line).split(" "));
        String folder = System.clearProperty("lifeboat.data-dir");

        assertThat(FunctionCommand.of(("function " + line).split(" "))).hasValueSatisfying(plain -> {
            assertThat(plain.name).isEqualTo(library.name);
            assertThat(plain.listening).usingRecursiveComparison().isEqualTo(library.listening);
        });
        if (line.contains("--data-dir")) {
            assertThat(System.clearProperty("lifeboat.data-dir")).isEqualTo(folder);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "serve --port 1",
                "function",
                "function --help",
                "function dump-db --help",
                "function dump-db --port=1",
                "function dump-db --port x",
                "function dump-db --port 123456",
                "function dump-db --port -1",
                "function dump-db --no-such 1",
                "function @file",
                "function dump-db --host \"a\"",
                "function dump-db other"
            })
    void all_other_arguments_are_left_to_the_library(String line) {
        assertThat(FunctionCommand.of(line.split(" "))).isEmpty();
    }

    @Test
    void discover_works_without_any_engine(@TempDir Path odoo) throws IOException {
        Path conf = Files.writeString(
                odoo.resolve("odoo.conf"), "[options]\ndb_name = shop\ndata_dir = /var/odoo\ndb_password = s3cret\n");
        Ended ended = lifeboat("env", "discover", "--odoo-conf", conf.toString(), "--name", "prod", "--json");
        assertThat(ended.exitCode()).isZero();
        assertThat(ended.json().path("environment").asText()).isEqualTo("main/prod");
        assertThat(ended.out() + ended.err()).doesNotContain("s3cret");
        assertThat(engine.asked()).isEmpty();
    }

    @Test
    void evidence_in_a_folder_is_checked_without_the_engine_and_the_exit_code_tells(@TempDir Path temp)
            throws IOException {
        Path root = EvidenceSamples.of("acme/shop", 3, InstallationKey.openOrCreateIn(dataDir.resolve("keys")), temp);
        Ended clean = lifeboat("evidence", "verify", root.toString());
        assertThat(clean.err()).isEmpty();
        assertThat(clean.exitCode()).isZero();
        assertThat(clean.out())
                .contains("acme/shop: records 1 to 3; the last is run_3, SHA-256 ", "key: ")
                .doesNotContain("carried by the records")
                .endsWith("3 records checked: nothing is wrong\n");

        Files.writeString(root.resolve("2026-11-20/backup/run_2/a.json"), "{}");
        Ended altered = lifeboat("evidence", "verify", root.toString());
        assertThat(altered.exitCode()).isEqualTo(1);
        assertThat(altered.out())
                .startsWith("ALTERED  2026-11-20/backup/run_2/a.json: its content was changed\n")
                .endsWith("3 records checked, findings: 1\n");
        Ended json = lifeboat("evidence", "verify", root.toString(), "--json");
        assertThat(json.exitCode()).isEqualTo(1);
        assertThat(json.json().path("clean").asBoolean()).isFalse();
        assertThat(json.json().path("checked").asInt()).isEqualTo(3);
        assertThat(json.json().at("/findings/0/problem").asText()).isEqualTo("ALTERED");
        assertThat(json.json().at("/chains/0/last_run_id").asText()).isEqualTo("run_3");
        assertThat(engine.asked()).isEmpty();
    }

    @Test
    void evidence_on_another_machine_is_checked_with_the_key_that_was_kept_or_says_that_it_was_not(@TempDir Path temp)
            throws IOException {
        var key = InstallationKey.openOrCreateIn(temp.resolve("installation").resolve("keys"));
        Path root = EvidenceSamples.of("acme/shop", 2, key, temp);
        Ended own = lifeboat("evidence", "verify", root.toString());
        assertThat(own.exitCode()).isZero();
        assertThat(own.out())
                .contains(key.keyId(), "The signatures show only that each record agrees with the key it carries");

        Ended printed = execute(
                "evidence", "key", "--data-dir", temp.resolve("installation").toString());
        assertThat(printed.exitCode()).isZero();
        assertThat(printed.err()).contains(key.keyId());
        Path kept = Files.writeString(temp.resolve("kept.pub"), printed.out());
        Ended known = lifeboat("evidence", "verify", root.toString(), "--key", kept.toString());
        assertThat(known.exitCode()).isZero();
        assertThat(known.out()).contains("key: " + key.keyId()).doesNotContain("carried by the records");

        InstallationKey.openOrCreateIn(dataDir.resolve("keys"));
        Ended foreign = lifeboat("evidence", "verify", root.toString());
        assertThat(foreign.exitCode()).isEqualTo(1);
        assertThat(foreign.out()).contains("BAD_SIGNATURE");
        Ended none = lifeboat("evidence", "verify", root.toString(), "--key", root.toString());
        assertThat(none.exitCode()).isEqualTo(2);
        assertThat(none.err()).contains("is not a public key");
        assertThat(engine.asked()).isEmpty();
    }

    @Test
    void a_run_s_evidence_is_checked_where_the_engine_says_that_it_is(@TempDir Path temp) throws IOException {
        Path root = EvidenceSamples.of("acme/shop", 2, InstallationKey.openOrCreateIn(dataDir.resolve("keys")), temp);
        engine.answer("GET /api/v1/runs/run_2", 200, """
                {"run_id": "run_2", "evidence_dir": "%s"}""".formatted(root.resolve("2026-11-20/backup/run_2")))
                .answer("GET /api/v1/runs/run_9", 200, """
                {"run_id": "run_9", "evidence_dir": "/elsewhere/run_9"}""");
        Ended ended = lifeboat("evidence", "verify", "run_2");
        assertThat(ended.exitCode()).isZero();
        assertThat(ended.out())
                .contains("record 2, begins after record 1")
                .endsWith("1 record checked: nothing is wrong\n");
        Ended elsewhere = lifeboat("evidence", "verify", "run_9");
        assertThat(elsewhere.exitCode()).isEqualTo(1);
        assertThat(elsewhere.err()).contains("not on this machine", "/elsewhere/run_9", "what to do");
    }

    @Test
    void a_folder_without_evidence_and_a_data_folder_without_a_key_are_told(@TempDir Path empty) {
        Ended nothing = lifeboat("evidence", "verify", empty.toString());
        assertThat(nothing.exitCode()).isEqualTo(1);
        assertThat(nothing.err()).contains("is not there or can't be read");
        Ended none = lifeboat("evidence", "key");
        assertThat(none.exitCode()).isEqualTo(3);
        assertThat(none.err()).contains("has no key", "what to do");
        assertThat(dataDir.resolve("keys")).doesNotExist();
    }

    @Test
    void a_run_s_evidence_is_listed_as_before() {
        engine.answer("GET " + RUN, 200, run("success", "")).answer("GET " + RUN + "/evidence", 200, """
                [{"name": "inputs.json", "size": 120}]""");
        Ended ended = lifeboat("evidence", "run_1");
        assertThat(ended.exitCode()).isZero();
        assertThat(ended.out()).contains("/evidence/run_1", "inputs.json", "120 B");
    }

    @Test
    void a_server_that_is_named_is_asked_with_its_token_and_the_data_folder_is_left_alone() throws IOException {
        engine.answer("GET /api/v1/runs", 200, "[]");
        String url = Json.mapper()
                .readTree(Files.readString(dataDir.resolve("endpoint")))
                .path("url")
                .asText();
        Path other = dataDir.resolve("other");
        System.setProperty("lifeboat.token", FakeEngine.TOKEN);
        Ended ended = execute("--data-dir", other.toString(), "runs", "--server", url, "--json");
        assertThat(ended.exitCode()).as(ended.err()).isZero();
        assertThat(ended.json()).isEmpty();
        assertThat(other).doesNotExist();

        System.setProperty("lifeboat.token", "wrong");
        Ended refused = execute("--data-dir", other.toString(), "runs", "--server", url, "--json");
        assertThat(refused.exitCode()).isEqualTo(1);
        assertThat(refused.err()).contains("LIFEBOAT_TOKEN");
    }

    @Test
    void a_server_without_a_token_is_not_asked() {
        Ended ended = execute("runs", "--server", "http://127.0.0.1:9");
        assertThat(ended.exitCode()).isEqualTo(2);
        assertThat(ended.err()).contains("lifeboat token create");
    }

    @Test
    void the_shell_is_told_every_command() {
        Ended ended = lifeboat("completion");
        assertThat(ended.exitCode()).isZero();
        assertThat(ended.out()).contains("backup", "restore", "--from-environment", "complete -F");
    }
}
