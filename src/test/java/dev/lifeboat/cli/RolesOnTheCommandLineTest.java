package dev.lifeboat.cli;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.access.Accounts;
import dev.lifeboat.access.Role;
import dev.lifeboat.testing.StateResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each role, each command, against a server: what the API refuses, the command line tells, and nothing is begun. */
@QuarkusTest
@QuarkusTestResource(StateResource.class)
class RolesOnTheCommandLineTest {
    @Inject
    AgroalDataSource state;

    @Inject
    Accounts accounts;

    @TestHTTPResource("/")
    URI server;

    /** A command, and who may. */
    private enum Typed {
        RUNS("runs", Role.values()),
        ARTIFACTS("artifacts acme/shop", Role.values()),
        ENVIRONMENT("env show acme/shop", Role.values()),
        RUN("run show run_cli", Role.values()),
        PREFLIGHT("preflight acme/shop", Role.OPERATOR, Role.RESTORER, Role.ADMIN),
        BACKUP("backup acme/shop", Role.OPERATOR, Role.RESTORER, Role.ADMIN),
        VALIDATE("validate acme/shop", Role.OPERATOR, Role.RESTORER, Role.ADMIN),
        VERIFY("verify bk_cli", Role.OPERATOR, Role.RESTORER, Role.ADMIN),
        DRILL("drill acme/shop", Role.OPERATOR, Role.RESTORER, Role.ADMIN),
        CANCEL("run cancel run_cli", Role.OPERATOR, Role.RESTORER, Role.ADMIN),
        RESTORE("restore acme/shop bk_cli", Role.RESTORER, Role.ADMIN),
        DROP("artifact displaced --drop run_cli", Role.RESTORER, Role.ADMIN),
        PRUNE("prune acme/shop --dry-run", Role.ADMIN),
        MEMBERS("member list", Role.ADMIN),
        TOKENS("token list", Role.ADMIN);

        private final String line;
        private final String allowed;

        Typed(String line, Role... allowed) {
            this.line = line;
            this.allowed = List.of(allowed).toString();
        }
    }

    @BeforeEach
    void begin() throws SQLException {
        execute("INSERT INTO ops.projects (project_id) VALUES ('acme') ON CONFLICT DO NOTHING");
        execute("INSERT INTO ops.environments (environment_id, project_id, type) VALUES ('acme/shop', 'acme', 'dev')"
                + " ON CONFLICT DO NOTHING");
        execute(
                "INSERT INTO ops.runs (run_id, project_id, environment_id, operation_type, status, created_by, wake_at)"
                        + " VALUES ('run_cli', 'acme', 'acme/shop', 'validate', 'success', 'local', NULL) ON CONFLICT DO NOTHING");
        // what would begin a backup or a restore meets one that goes on
        execute("INSERT INTO ops.runs (run_id, project_id, environment_id, operation_type, status, created_by, wake_at)"
                + " VALUES ('run_cli_active', 'acme', 'acme/shop', 'backup', 'running', 'local', NULL)"
                + " ON CONFLICT (run_id) DO UPDATE SET status = 'running', completed_at = NULL");
        execute("INSERT INTO ops.artifacts (artifact_id, project_id, environment_id, run_id, backup_type, purpose, uri,"
                + " checksums, sizes, size_bytes, created_at, status) VALUES ('bk_cli', 'acme', 'acme/shop', 'run_x',"
                + " 'full', 'backup', 'file:///x', '{}', '{}', 1, '2020-01-01', 'pruned') ON CONFLICT DO NOTHING");
        for (Role role : Role.values()) {
            accounts.setMember(role.wireName(), "acme", role);
        }
    }

    @AfterEach
    void end() throws SQLException {
        System.clearProperty("lifeboat.url");
        System.clearProperty("lifeboat.token");
        execute("UPDATE ops.runs SET status = 'failed', completed_at = now() WHERE run_id = 'run_cli_active'");
    }

    static Stream<Arguments> rolesAndCommands() {
        return Stream.of(Role.values())
                .flatMap(role -> Stream.of(Typed.values()).map(typed -> Arguments.of(role, typed)));
    }

    @ParameterizedTest
    @MethodSource("rolesAndCommands")
    void a_command_does_what_the_role_of_its_token_may_and_nothing_else(Role role, Typed typed) throws Exception {
        String secret = given().header("Authorization", "Bearer " + StateResource.TOKEN)
                .contentType("application/json")
                .body("{\"name\": \"cli\", \"user\": \"%s\", \"project\": \"*\"}".formatted(role.wireName()))
                .post("/api/v1/tokens")
                .jsonPath()
                .getString("secret");
        int before = count();

        Ended ended = type(secret, typed.line);

        if (typed.allowed.contains(role.name())) {
            assertThat(ended.errors).doesNotContain("may not");
        } else {
            assertThat(ended.exitCode).as(ended.errors).isEqualTo(3);
            assertThat(ended.errors).contains("may not", "what to do");
            assertThat(count()).isEqualTo(before);
        }
    }

    @Test
    void a_token_that_is_none_lets_no_command_in() throws Exception {
        for (Typed typed : Typed.values()) {
            Ended ended = type("lifeboat_wrong", typed.line);
            assertThat(ended.exitCode).isNotZero();
            assertThat(ended.errors).contains("does not let this token in").doesNotContain("acme");
        }
    }

    private record Ended(int exitCode, String errors) {}

    private Ended type(String token, String line) throws InterruptedException {
        System.setProperty("lifeboat.url", server.toString());
        System.setProperty("lifeboat.token", token);
        PrintStream out = System.out;
        PrintStream err = System.err;
        var errors = new ByteArrayOutputStream();
        System.setOut(new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(errors, true, StandardCharsets.UTF_8));
        var over = new AtomicBoolean();
        // Nothing here is advanced by the clock: a run that a command has begun, and follows, is ended from outside.
        Thread ending = Thread.ofVirtual().start(() -> {
            while (!over.get()) {
                try {
                    execute("UPDATE ops.runs SET status = 'failed', completed_at = now()"
                            + " WHERE status IN ('queued', 'running') AND run_id <> 'run_cli_active'");
                    Thread.sleep(50);
                } catch (SQLException | InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
        });
        try {
            return new Ended(Main.execute(line.split(" ")), errors.toString(StandardCharsets.UTF_8));
        } finally {
            over.set(true);
            ending.join();
            System.setOut(out);
            System.setErr(err);
        }
    }

    private int count() throws SQLException {
        try (Connection connection = state.getConnection();
                var statement = connection.createStatement();
                var row = statement.executeQuery("SELECT count(*) FROM ops.runs")) {
            row.next();
            return row.getInt(1);
        }
    }

    private void execute(String sql) throws SQLException {
        try (Connection connection = state.getConnection();
                var statement = connection.createStatement()) {
            statement.executeUpdate(sql);
        }
    }
}
