package dev.lifeboat.api;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.access.Accounts;
import dev.lifeboat.access.Action;
import dev.lifeboat.access.Caller;
import dev.lifeboat.access.LoginLimit;
import dev.lifeboat.access.Role;
import dev.lifeboat.json.Json;
import dev.lifeboat.testing.StateResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Each role, each action, each interface; and what tokens and sessions are good for. */
@QuarkusTest
@QuarkusTestResource(StateResource.class)
class RolesTest {
    private static final String ENVIRONMENT = "/api/v1/environments/acme.shop";
    private static final String ARTIFACT = "/api/v1/artifacts/bk_roles";

    @Inject
    AgroalDataSource state;

    @Inject
    Accounts accounts;

    @Inject
    LoginLimit limit;

    /** A request that needs an action; what it asks for is refused after the gate, so that nothing is begun. */
    private enum Asked {
        SEE_AN_ENVIRONMENT("GET", ENVIRONMENT, Role.values()),
        SEE_RUNS("GET", "/api/v1/runs?environment=acme.shop", Role.values()),
        SEE_A_RUN("GET", "/api/v1/runs/run_roles", Role.values()),
        SEE_EVENTS("GET", "/api/v1/runs/run_roles/events", Role.values()),
        SEE_EVIDENCE("GET", "/api/v1/runs/run_roles/evidence", Role.values()),
        SEE_ARTIFACTS("GET", "/api/v1/artifacts?environment=acme.shop", Role.values()),
        BACKUP("POST", ENVIRONMENT + "/backups", Role.OPERATOR, Role.RESTORER, Role.ADMIN),
        PREFLIGHT("POST", ENVIRONMENT + "/preflight", Role.OPERATOR, Role.RESTORER, Role.ADMIN),
        VALIDATE("POST", ENVIRONMENT + "/validations", Role.OPERATOR, Role.RESTORER, Role.ADMIN),
        VERIFY("POST", ARTIFACT + "/verifications", Role.OPERATOR, Role.RESTORER, Role.ADMIN),
        REPLICATE("POST", ARTIFACT + "/copies", Role.OPERATOR, Role.RESTORER, Role.ADMIN),
        RESTORE("POST", ENVIRONMENT + "/restores", Role.RESTORER, Role.ADMIN),
        RESTORE_TABLES("POST", ENVIRONMENT + "/table-restores", Role.RESTORER, Role.ADMIN),
        DROP_WHAT_WAS_DISPLACED("POST", "/api/v1/displaced/run_roles/drop", Role.RESTORER, Role.ADMIN),
        PRUNE("POST", ENVIRONMENT + "/prunes", Role.ADMIN),
        SEE_SCHEDULES("GET", ENVIRONMENT + "/schedules", Role.values()),
        SEE_AN_ARTIFACT("GET", ARTIFACT, Role.values()),
        SEE_WHAT_WAS_DISPLACED("GET", "/api/v1/displaced", Role.values()),
        DOWNLOAD("GET", ARTIFACT + "/files/db.dump", Role.RESTORER, Role.ADMIN),
        DOWNLOAD_AS_ZIP("GET", ARTIFACT + "/odoo-zip", Role.RESTORER, Role.ADMIN),
        IMPORT("POST", ENVIRONMENT + "/imports", Role.RESTORER, Role.ADMIN),
        DRILL("POST", ENVIRONMENT + "/drills", Role.OPERATOR, Role.RESTORER, Role.ADMIN),
        TELL_AN_EVENT("POST", "/events", Role.OPERATOR, Role.RESTORER, Role.ADMIN),
        STOP_A_VALIDATION("POST", "/api/v1/runs/run_roles/cancel", Role.OPERATOR, Role.RESTORER, Role.ADMIN),
        STOP_A_RESTORE("POST", "/api/v1/runs/run_roles_restore/cancel", Role.RESTORER, Role.ADMIN),
        STOP_A_PRUNE("POST", "/api/v1/runs/run_roles_prune/cancel", Role.ADMIN),
        SEE_TOKENS("GET", "/api/v1/tokens", Role.ADMIN),
        MAKE_A_TOKEN("POST", "/api/v1/tokens", Role.ADMIN),
        SEE_MEMBERS("GET", "/api/v1/members", Role.ADMIN),
        MAKE_A_MEMBER("POST", "/api/v1/members", Role.ADMIN);

        private final String method;
        private final String path;
        private final String allowed;

        Asked(String method, String path, Role... allowed) {
            this.method = method;
            this.path = path;
            this.allowed = List.of(allowed).toString();
        }

        boolean isAllowed(Role role) {
            return allowed.contains(role.name());
        }

        Response of(RequestSpecification caller) {
            return method.equals("GET")
                    ? caller.get(path)
                    : caller.contentType("application/json")
                            .body("{\"no_such_field\": 1}")
                            .post(path);
        }
    }

    @BeforeEach
    void begin() throws SQLException {
        limit.succeeded("127.0.0.1");
        execute("INSERT INTO ops.projects (project_id) VALUES ('acme'), ('zoo') ON CONFLICT DO NOTHING");
        execute("INSERT INTO ops.environments (environment_id, project_id, type) VALUES ('acme/shop', 'acme', 'dev'),"
                + " ('zoo/lion', 'zoo', 'dev') ON CONFLICT DO NOTHING");
        execute("INSERT INTO ops.runs (run_id, project_id, environment_id, operation_type, status, created_by, wake_at)"
                + " VALUES ('run_roles', 'acme', 'acme/shop', 'validate', 'success', 'local', NULL),"
                + " ('run_roles_restore', 'acme', 'acme/shop', 'restore', 'success', 'local', NULL),"
                + " ('run_roles_prune', 'acme', 'acme/shop', 'prune', 'success', 'local', NULL),"
                + " ('run_zoo', 'zoo', 'zoo/lion', 'validate', 'success', 'local', NULL) ON CONFLICT DO NOTHING");
        execute("INSERT INTO ops.artifacts (artifact_id, project_id, environment_id, run_id, backup_type, purpose, uri,"
                + " checksums, sizes, size_bytes, created_at, status) VALUES ('bk_roles', 'acme', 'acme/shop', 'run_x',"
                + " 'full', 'backup', 'file:///x', '{}', '{}', 1, '2020-01-01', 'pruned') ON CONFLICT DO NOTHING");
        for (Role role : Role.values()) {
            accounts.setMember(role.wireName(), "acme", role);
            accounts.setMember("every-" + role.wireName(), "*", role);
            accounts.setMember("zoo-" + role.wireName(), "zoo", role);
        }
    }

    static Stream<Arguments> rolesAndRequests() {
        return Stream.of(Role.values())
                .flatMap(role -> Stream.of(Asked.values()).map(asked -> Arguments.of(role, asked)));
    }

    @ParameterizedTest
    @MethodSource("rolesAndRequests")
    void a_token_lets_its_user_do_what_the_role_may_and_nothing_else(Role role, Asked asked) {
        assertDecision(asked.of(bearer(token(role.wireName(), "*"))), asked.isAllowed(role));
    }

    @ParameterizedTest
    @MethodSource("rolesAndRequests")
    void a_session_lets_its_user_do_what_the_role_may_and_nothing_else(Role role, Asked asked) {
        assertDecision(asked.of(session(token(role.wireName(), "*"))), asked.isAllowed(role));
    }

    /** A page of the console, or a form of one. */
    private enum Page {
        OVERVIEW("GET", "/console", Role.values()),
        AN_ENVIRONMENT("GET", "/console/environments/acme.shop", Role.values()),
        RUNS("GET", "/console/runs?environment=acme.shop", Role.values()),
        A_RUN("GET", "/console/runs/run_roles", Role.values()),
        HOW_A_RUN_GOES("GET", "/console/runs/run_roles/live", Role.values()),
        BACKUPS("GET", "/console/artifacts", Role.values()),
        DRILLS("GET", "/console/drills", Role.values()),
        DEPLOYMENTS("GET", "/console/deployments", Role.values()),
        DEPLOYMENTS_OF_ONE("GET", "/console/environments/acme.shop/deployments", Role.values()),
        SETTINGS("GET", "/console/settings", Role.values()),
        ACCOUNT("GET", "/console/account", Role.values()),
        END_A_SESSION_OF_ONE_S_OWN("POST", "/console/account/sessions/se_none/end", Role.values()),
        ACCESS("GET", "/console/access", Role.ADMIN),
        DECISIONS("GET", "/console/access/decisions", Role.ADMIN),
        MAKE_A_MEMBER("POST", "/console/access/members", Role.ADMIN),
        MAKE_A_TOKEN("POST", "/console/access/tokens", Role.ADMIN),
        REVOKE_A_TOKEN("POST", "/console/access/tokens/tk_none/revoke", Role.ADMIN),
        THE_WIZARD("GET", "/console/environments/acme.shop/restore", Role.RESTORER, Role.ADMIN),
        BACK_UP("POST", "/console/environments/acme.shop/backups", Role.OPERATOR, Role.RESTORER, Role.ADMIN),
        DRILL("POST", "/console/environments/acme.shop/drills", Role.OPERATOR, Role.RESTORER, Role.ADMIN),
        VERIFY("POST", "/console/artifacts/bk_roles/verifications", Role.OPERATOR, Role.RESTORER, Role.ADMIN),
        RESTORE("POST", "/console/environments/acme.shop/restore", Role.RESTORER, Role.ADMIN),
        STOP_A_VALIDATION("POST", "/console/runs/run_roles/cancel", Role.OPERATOR, Role.RESTORER, Role.ADMIN),
        STOP_A_RESTORE("POST", "/console/runs/run_roles_restore/cancel", Role.RESTORER, Role.ADMIN);

        private final String method;
        private final String path;
        private final String allowed;

        Page(String method, String path, Role... allowed) {
            this.method = method;
            this.path = path;
            this.allowed = List.of(allowed).toString();
        }

        Response of(RequestSpecification caller) {
            RequestSpecification call = caller.redirects().follow(false);
            return method.equals("GET")
                    ? call.get(path)
                    : call.contentType("application/x-www-form-urlencoded")
                            .body("artifact=none")
                            .post(path);
        }
    }

    static Stream<Arguments> rolesAndPages() {
        return Stream.of(Role.values()).flatMap(role -> Stream.of(Page.values()).map(page -> Arguments.of(role, page)));
    }

    @ParameterizedTest
    @MethodSource("rolesAndPages")
    void the_console_lets_its_user_do_what_the_role_may_and_nothing_else(Role role, Page page) throws SQLException {
        // what would begin a backup or a restore meets one that goes on
        execute("INSERT INTO ops.runs (run_id, project_id, environment_id, operation_type, status, created_by, wake_at)"
                + " VALUES ('run_roles_active', 'acme', 'acme/shop', 'backup', 'running', 'local', NULL)"
                + " ON CONFLICT (run_id) DO UPDATE SET status = 'running', completed_at = NULL");
        try {
            Response answer = page.of(session(token(role.wireName(), "*")));
            if (page.allowed.contains(role.name())) {
                assertThat(answer.statusCode()).as(answer.asString()).isNotIn(401, 403, 500);
            } else {
                assertThat(answer.statusCode()).as(answer.asString()).isEqualTo(403);
            }
        } finally {
            execute("UPDATE ops.runs SET status = 'failed', completed_at = now() WHERE run_id = 'run_roles_active'");
        }
    }

    @ParameterizedTest
    @EnumSource
    void the_console_shows_anonymous_callers_the_login_and_nothing_else(Page page) {
        Response answer = page.of(given());
        if (page.method.equals("GET")) {
            assertThat(answer.statusCode()).isEqualTo(303);
            assertThat(answer.header("Location")).endsWith("/console/login");
        } else {
            assertThat(answer.statusCode()).isEqualTo(403);
            assertThat(page.of(given().header("Sec-Fetch-Site", "same-origin")).statusCode())
                    .isEqualTo(401);
        }
    }

    @ParameterizedTest
    @EnumSource
    void anonymous_gets_nothing(Asked asked) {
        assertThat(asked.of(given()).statusCode()).isEqualTo(401);
        assertThat(asked.of(given().header("Authorization", "Bearer lifeboat_wrong"))
                        .statusCode())
                .isEqualTo(401);
        assertThat(asked.of(given().cookie("lifeboat_session", "wrong")).statusCode())
                .isEqualTo(401);
    }

    @ParameterizedTest
    @EnumSource
    void an_admin_of_another_project_gets_nothing_of_this_one(Asked asked) {
        Response answer = asked.of(bearer(token("zoo-admin", "*")));
        if (asked.path.contains("acme") || asked.path.contains("roles")) {
            if (asked.path.contains("?")) {
                assertThat(answer.jsonPath().getList("$")).isEmpty();
            } else {
                assertThat(answer.statusCode()).isEqualTo(403);
            }
        } else {
            assertThat(answer.asString()).doesNotContain("acme");
        }
    }

    @Test
    void lists_hold_only_what_is_of_projects_that_the_caller_may_see() {
        assertThat(bearer(token("viewer", "*"))
                        .get("/api/v1/runs?limit=500")
                        .jsonPath()
                        .getList("environment"))
                .isNotEmpty()
                .containsOnly("acme/shop");
        assertThat(bearer(token("zoo-viewer", "*"))
                        .get("/api/v1/runs?limit=500")
                        .jsonPath()
                        .getList("environment"))
                .containsOnly("zoo/lion");
        assertThat(bearer(token("zoo-viewer", "*"))
                        .get("/api/v1/environments")
                        .jsonPath()
                        .getList("$"))
                .isEmpty();
        assertThat(bearer(token("zoo-viewer", "*"))
                        .get("/api/v1/environments/nowhere")
                        .asString())
                .doesNotContain("acme", "shop");
    }

    @ParameterizedTest
    @EnumSource
    void only_an_admin_of_all_projects_calls_functions_and_looks_after_the_whole(Role role) {
        boolean everywhere = role == Role.ADMIN;
        for (String path :
                List.of("/preflight", "/prune", "/restore-db", "/", "/api/v1/catalogue/rebuilds", "/api/v1/logins")) {
            assertDecision(post(bearer(token(role.wireName(), "*")), path), false);
            assertDecision(post(bearer(token("every-" + role.wireName(), "*")), path), everywhere);
            assertDecision(post(bearer(token("every-" + role.wireName(), "acme")), path), false);
        }
        assertDecision(post(session(token("every-" + role.wireName(), "*")), "/preflight"), false);
    }

    private static Response post(RequestSpecification caller, String path) {
        return caller.contentType("application/json")
                .body("{\"no_such_field\": 1}")
                .post(path);
    }

    @Test
    void an_event_is_taken_from_who_may_back_up_in_the_project_that_it_is_about_and_from_nobody_else() {
        for (String user : List.of("viewer", "zoo-operator", "operator")) {
            Response answer = bearer(token(user, "*"))
                    .contentType("application/cloudevents+json")
                    .body("{\"specversion\": \"1.0\", \"id\": \"of-" + user + "\", \"source\": \"/roles\","
                            + " \"type\": \"dev.lifeboat.deploy.completed\","
                            + " \"data\": {\"environment\": \"acme/shop\", \"version\": \"1\"}}")
                    .post("/events");
            assertThat(answer.statusCode()).as(answer.asString()).isEqualTo(user.equals("operator") ? 202 : 403);
        }
    }

    @Test
    void a_token_may_no_more_than_its_actions_and_only_in_its_project() {
        String some = token("every-admin", "acme", "view", "backup");
        assertDecision(Asked.SEE_A_RUN.of(bearer(some)), true);
        assertDecision(Asked.BACKUP.of(bearer(some)), true);
        assertDecision(Asked.RESTORE.of(bearer(some)), false);
        assertDecision(Asked.PRUNE.of(bearer(some)), false);
        assertDecision(Asked.SEE_TOKENS.of(bearer(some)), false);
        assertDecision(bearer(some).get("/api/v1/runs/run_zoo"), false);
        assertDecision(bearer(token("every-admin", "*")).get("/api/v1/runs/run_zoo"), true);
    }

    @Test
    void a_revoked_or_expired_token_lets_nobody_in_and_ends_its_sessions() throws SQLException {
        for (String end : List.of(
                "UPDATE ops.api_tokens SET expires_at = now() - interval '1 second' WHERE token_id = ?", "revoke")) {
            var made = make(local(), "every-admin", "acme");
            String secret = made.jsonPath().getString("secret");
            String id = made.jsonPath().getString("token.token_id");
            RequestSpecification session = session(secret);
            assertDecision(session.get(ENVIRONMENT), true);
            if (end.equals("revoke")) {
                assertThat(local().contentType("application/json")
                                .body("{}")
                                .post("/api/v1/tokens/" + id + "/revoke")
                                .statusCode())
                        .isEqualTo(200);
            } else {
                execute(end, id);
            }
            assertThat(bearer(secret).get(ENVIRONMENT).statusCode()).isEqualTo(401);
            assertThat(session.get(ENVIRONMENT).statusCode()).isEqualTo(401);
        }
    }

    @Test
    void a_secret_is_shown_once_and_only_its_hash_is_kept() throws SQLException {
        Response made = make(local(), "every-admin", "acme");
        assertThat(made.statusCode()).isEqualTo(201);
        String secret = made.jsonPath().getString("secret");
        assertThat(secret).matches("lifeboat_[A-Za-z0-9_-]{43}");
        assertThat(local().get("/api/v1/tokens").asString()).doesNotContain(secret);
        assertThat(one("SELECT count(*)::text FROM ops.api_tokens t WHERE t::text LIKE '%' || ? || '%'", secret))
                .isEqualTo("0");
        session(secret).get(ENVIRONMENT);
        assertThat(one("SELECT count(*)::text FROM ops.sessions s WHERE s::text LIKE '%' || ? || '%'", secret))
                .isEqualTo("0");
    }

    @Test
    void nobody_gives_a_token_more_than_they_may_or_a_longer_life_than_their_own_has() {
        String admin = token("admin", "acme");
        assertThat(make(bearer(admin), "admin", "*").statusCode()).isEqualTo(403);
        String limited = token("every-admin", "acme", "view", "administer");
        Response more = bearer(limited)
                .contentType("application/json")
                .body("{\"name\": \"n\", \"project\": \"acme\", \"actions\": [\"restore\"]}")
                .post("/api/v1/tokens");
        assertThat(more.statusCode()).isEqualTo(403);
        Response longer = bearer(limited)
                .contentType("application/json")
                .body("{\"name\": \"n\", \"project\": \"acme\", \"days\": 700}")
                .post("/api/v1/tokens");
        assertThat(longer.statusCode()).isEqualTo(201);
        assertThat(longer.jsonPath().getString("token.expires_at"))
                .isLessThan(java.time.Instant.now()
                        .plus(java.time.Duration.ofDays(91))
                        .toString());
        assertThat(longer.jsonPath().getList("token.actions")).containsExactly("view", "administer");
    }

    @Test
    void only_the_machine_s_owner_makes_a_token_that_acts_as_one_of_lifeboat_s_own() {
        for (String user : List.of("local", "system")) {
            for (String maker : List.of("admin", "every-admin")) {
                Response made = make(bearer(token(maker, "acme")), user, "acme", "view");
                assertThat(made.statusCode()).as(made.asString()).isEqualTo(403);
            }
        }
        assertThat(make(bearer(token("local", "acme")), "local", "acme", "view").statusCode())
                .isEqualTo(403);
    }

    @Test
    void a_token_loses_what_its_user_loses() {
        String secret = token("leaving", "acme", "view", "backup");
        accounts.setMember("leaving", "acme", Role.OPERATOR);
        assertDecision(Asked.BACKUP.of(bearer(secret)), true);
        accounts.setMember("leaving", "acme", Role.VIEWER);
        assertDecision(Asked.BACKUP.of(bearer(secret)), false);
        accounts.removeMember("leaving", "acme");
        assertDecision(Asked.SEE_A_RUN.of(bearer(secret)), false);
    }

    @Test
    void of_another_project_s_artifact_nobody_learns_that_it_is_there() throws SQLException {
        execute("INSERT INTO ops.artifacts (artifact_id, project_id, environment_id, run_id, backup_type, purpose, uri,"
                + " checksums, sizes, size_bytes, created_at, status) VALUES ('bk_zoo', 'zoo', 'zoo/lion', 'run_x',"
                + " 'full', 'backup', 'file:///x', '{}', '{}', 1, '2020-01-01', 'available') ON CONFLICT DO NOTHING");
        String operator = token("operator", "*");
        String restorer = token("restorer", "*");
        for (String asked : List.of("/preflight", "/drills", "/table-restores")) {
            String caller = asked.equals("/table-restores") ? restorer : operator;
            assertThat(about("bk_zoo", caller, asked)).isEqualTo(about("bk_not", caller, asked));
        }
        assertThat(bearer(token("every-operator", "*"))
                        .contentType("application/json")
                        .body("{\"operation\": \"restore\", \"artifact\": \"bk_zoo\"}")
                        .post(ENVIRONMENT + "/preflight")
                        .asString())
                .contains("is of zoo/lion");
        execute("DELETE FROM ops.artifacts WHERE artifact_id = 'bk_zoo'");
    }

    /** What is answered to a request about an artifact; without what changes from one to the next. */
    private static String about(String artifact, String caller, String asked) {
        var body = Json.object().put("artifact", artifact);
        if (asked.equals("/preflight")) {
            body.put("operation", "restore");
        } else if (asked.equals("/table-restores")) {
            body.put("dry_run", true).put("mode", "upsert").withArray("tables").add("res_partner");
        }
        String answer = bearer(caller)
                .contentType("application/json")
                .body(body.toString())
                .post(ENVIRONMENT + asked)
                .asString();
        assertThat(answer).contains("there is no artifact '" + artifact + "'");
        return answer.replace(artifact, "ARTIFACT").replaceAll("[0-9a-f-]{36}|[0-9]+ bytes", "…");
    }

    @Test
    void a_login_code_is_good_once_and_the_session_is_in_a_cookie_that_no_script_reads() {
        String code = local().contentType("application/json")
                .body("{}")
                .post("/api/v1/logins")
                .jsonPath()
                .getString("path")
                .replaceFirst("/console/login#", "");
        Response in = login(code);
        assertThat(in.statusCode()).isEqualTo(303);
        assertThat(in.header("Location")).endsWith("/console").doesNotContain(code);
        assertThat(in.header("Set-Cookie"))
                .containsIgnoringCase("HttpOnly")
                .containsIgnoringCase("SameSite=Strict")
                .doesNotContain(code);
        assertThat(login(code).statusCode()).isEqualTo(403);
    }

    @Test
    void a_session_s_change_wants_the_form_of_the_session_and_this_very_site() {
        String secret = login(token("every-admin", "*")).cookie("lifeboat_session");
        String csrf = Accounts.csrf(secret);
        for (RequestSpecification forged : List.of(
                given().header("Sec-Fetch-Site", "same-origin"),
                given().header("Sec-Fetch-Site", "same-origin").header("X-CSRF-Token", "wrong"),
                given().header("Sec-Fetch-Site", "cross-site").header("X-CSRF-Token", csrf),
                given().header("Sec-Fetch-Site", "same-site").header("X-CSRF-Token", csrf),
                given().header("Origin", "http://evil.example").header("X-CSRF-Token", csrf),
                given().header("Origin", "null").header("X-CSRF-Token", csrf),
                given().header("X-CSRF-Token", csrf))) {
            assertThat(post(forged.cookie("lifeboat_session", secret), ENVIRONMENT + "/backups")
                            .statusCode())
                    .isEqualTo(403);
        }
        assertThat(given().header("Sec-Fetch-Site", "cross-site")
                        .formParam("credential", "x")
                        .post("/console/login")
                        .statusCode())
                .isEqualTo(403);
    }

    @Test
    void a_form_sends_back_what_it_was_given_and_its_change_is_made() {
        String secret = login(token("every-admin", "*")).cookie("lifeboat_session");
        String page = given().cookie("lifeboat_session", secret)
                .get("/console/environments/acme.shop")
                .asString();
        var given = java.util.regex.Pattern.compile("name=\"csrf\" value=\"([0-9a-f]{64})\"")
                .matcher(page);
        assertThat(given.find()).isTrue();
        for (String sent : List.of("", "wrong", given.group(1))) {
            Response answer = given().cookie("lifeboat_session", secret)
                    .header("Sec-Fetch-Site", "same-origin")
                    .redirects()
                    .follow(false)
                    .formParam("csrf", sent)
                    .post("/console/artifacts/bk_roles/verifications");
            assertThat(answer.statusCode()).as(answer.asString()).isEqualTo(sent.length() == 64 ? 303 : 403);
        }
    }

    @Test
    void a_form_gives_a_role_and_takes_it_away_and_refuses_what_is_not_the_admin_s_to_give() {
        String admin = login(token("admin", "*")).cookie("lifeboat_session");
        assertThat(form(admin, "/console/access/members", "user", "ines", "project", "acme", "role", "restorer")
                        .statusCode())
                .isEqualTo(303);
        assertThat(accounts.members()).contains(new Accounts.Member("ines", "acme", "restorer"));
        assertThat(form(admin, "/console/access/members", "user", "ines", "project", "acme", "role", "")
                        .statusCode())
                .isEqualTo(303);
        assertThat(accounts.members()).noneMatch(member -> member.userId().equals("ines"));
        for (String[] refused : List.of(
                new String[] {"user", "ines", "project", "*", "role", "viewer"},
                new String[] {"user", "local", "project", "acme", "role", "viewer"},
                new String[] {"user", "' OR 1=1 --", "project", "acme", "role", "viewer"},
                new String[] {"user", "ines", "project", "acme", "role", "owner"},
                new String[] {"user", "ines", "project", "nowhere", "role", "viewer"},
                new String[] {"csrf", "wrong", "user", "ines", "project", "acme", "role", "viewer"})) {
            Response answer = form(admin, "/console/access/members", refused);
            assertThat(answer.statusCode()).as(answer.asString()).isBetween(400, 499);
        }
        assertThat(accounts.members()).noneMatch(member -> member.userId().equals("ines"));
    }

    @Test
    void a_form_makes_a_token_that_is_shown_once_and_may_what_was_chosen_until_it_is_revoked() {
        String admin = login(token("admin", "*")).cookie("lifeboat_session");
        Response made = form(
                admin,
                "/console/access/tokens",
                "name",
                "by hand <b>",
                "project",
                "acme",
                "days",
                "3",
                "action",
                "view",
                "action",
                "backup");
        assertThat(made.statusCode()).as(made.asString()).isEqualTo(200);
        assertThat(made.asString()).doesNotContain("by hand <b>");
        var secret =
                java.util.regex.Pattern.compile("lifeboat_[A-Za-z0-9_-]{43}").matcher(made.asString());
        assertThat(secret.find()).isTrue();
        assertDecision(Asked.SEE_A_RUN.of(bearer(secret.group())), true);
        assertDecision(Asked.RESTORE.of(bearer(secret.group())), false);
        String list = page(admin, "/console/access");
        assertThat(list).contains("by hand &lt;b&gt;").doesNotContain(secret.group());

        Accounts.Token kept = accounts.tokens().stream()
                .filter(token -> token.name().equals("by hand <b>"))
                .findFirst()
                .orElseThrow();
        assertThat(form(admin, "/console/access/tokens/" + kept.tokenId() + "/revoke")
                        .statusCode())
                .isEqualTo(303);
        assertThat(Asked.SEE_A_RUN.of(bearer(secret.group())).statusCode()).isEqualTo(401);
        assertThat(form(admin, "/console/access/tokens", "name", "more", "project", "*")
                        .statusCode())
                .isEqualTo(403);
        assertThat(form(admin, "/console/access/tokens", "name", "longer", "project", "acme", "days", "9999")
                        .statusCode())
                .isEqualTo(400);
    }

    @Test
    void who_holds_a_token_ends_that_one_and_no_other_of_its_user() {
        String other = token("operator", "acme");
        Response held = make(local(), "operator", "acme");
        String session = login(held.jsonPath().getString("secret")).cookie("lifeboat_session");
        Accounts.Token newest = accounts.token(held.jsonPath().getString("token.token_id"));
        String another = accounts.tokens().stream()
                .filter(token -> token.userId().equals("operator")
                        && !token.tokenId().equals(newest.tokenId())
                        && token.revokedAt() == null)
                .findFirst()
                .orElseThrow()
                .tokenId();
        assertThat(form(session, "/console/account/tokens/" + another + "/revoke")
                        .statusCode())
                .isEqualTo(403);
        assertDecision(Asked.SEE_A_RUN.of(bearer(other)), true);
        assertThat(form(session, "/console/account/tokens/" + newest.tokenId() + "/revoke")
                        .statusCode())
                .isEqualTo(303);
        assertThat(given().cookie("lifeboat_session", session)
                        .get("/api/v1/runs")
                        .statusCode())
                .isEqualTo(401);
    }

    @Test
    void a_person_sees_their_sessions_ends_one_and_logs_out_everywhere() {
        accounts.setMember("paula", "acme", Role.VIEWER);
        String token = token("paula", "acme");
        List<String> sessions = Stream.generate(() -> login(token).cookie("lifeboat_session"))
                .limit(3)
                .toList();
        String viewer = login(token("viewer", "acme")).cookie("lifeboat_session");
        List<Accounts.ConsoleSession> known = accounts.sessions("paula");
        assertThat(known).hasSize(3).allMatch(session -> session.address().equals("127.0.0.1"));
        assertThat(page(sessions.getFirst(), "/console/account"))
                .contains(known.stream().map(Accounts.ConsoleSession::sessionId).toArray(String[]::new));

        String newest = known.getFirst().sessionId();
        form(viewer, "/console/account/sessions/" + newest + "/end");
        assertThat(accounts.sessions("paula")).hasSize(3);
        form(sessions.getFirst(), "/console/account/sessions/" + newest + "/end");
        assertThat(accounts.sessions("paula")).hasSize(2);
        assertThat(given().cookie("lifeboat_session", sessions.getLast())
                        .get("/api/v1/runs")
                        .statusCode())
                .isEqualTo(401);
        Response out = form(sessions.getFirst(), "/console/account/sessions/end");
        assertThat(out.header("Location")).endsWith("/console/login");
        assertThat(accounts.sessions("paula")).isEmpty();
        assertThat(given().cookie("lifeboat_session", viewer)
                        .get("/api/v1/runs")
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void an_admin_sees_the_decisions_of_the_projects_that_they_look_after_and_no_others() {
        Asked.RESTORE.of(bearer(token("viewer", "acme")));
        assertThat(bearer(token("zoo-viewer", "*"))
                        .contentType("application/json")
                        .body("{}")
                        .post("/api/v1/runs/run_zoo/cancel")
                        .statusCode())
                .isEqualTo(403);
        String admin = login(token("admin", "*")).cookie("lifeboat_session");
        String seen = page(admin, "/console/access/decisions");
        assertThat(seen).contains("/environments/acme.shop/restores").doesNotContain("run_zoo");
        assertThat(page(login(token("zoo-admin", "*")).cookie("lifeboat_session"), "/console/access/decisions"))
                .contains("run_zoo")
                .doesNotContain("acme");
        assertThat(page(admin, "/console/access/decisions?action=restore&decision=denied"))
                .contains("/environments/acme.shop/restores");
        assertThat(page(admin, "/console/access/decisions?user=viewer&action=restore&decision=granted"))
                .doesNotContain("/environments/acme.shop/restores");
        assertThat(page(admin, "/console/access/decisions?user=nobody-of-that-name"))
                .contains("Nothing of that kind was decided.");
        String everywhere = login(token("every-admin", "*")).cookie("lifeboat_session");
        assertThat(page(everywhere, "/console/access/decisions?user=" + "%27%20OR%201%3D1"))
                .contains("Nothing of that kind was decided.");
        for (int i = 0; i < 60; i++) {
            accounts.decided(
                    new Caller("many", Caller.Via.TOKEN, "127.0.0.1", ""), Action.VIEW, "acme", false, "request " + i);
        }
        String page = page(everywhere, "/console/access/decisions?user=many");
        var older = java.util.regex.Pattern.compile("href=\"(/console/access/decisions[^\"]*before=[0-9]+)\"")
                .matcher(page);
        assertThat(older.find()).isTrue();
        assertThat(page).contains("request 59").doesNotContain("request 9<");
        assertThat(page(everywhere, older.group(1).replace("&amp;", "&")))
                .contains("request 9<")
                .doesNotContain("request 59");
    }

    private static String page(String session, String path) {
        Response answer = given().cookie("lifeboat_session", session).get(path);
        assertThat(answer.statusCode()).as(answer.asString()).isEqualTo(200);
        return answer.asString();
    }

    /** Sends a form of a session as a browser does: names and values by turns. */
    private static Response form(String session, String path, String... fields) {
        RequestSpecification call = given().cookie("lifeboat_session", session)
                .header("Sec-Fetch-Site", "same-origin")
                .redirects()
                .follow(false);
        boolean forged = fields.length > 0 && fields[0].equals("csrf");
        if (!forged) {
            call.formParam("csrf", Accounts.csrf(session));
        }
        for (int i = 0; i < fields.length; i += 2) {
            call.formParam(fields[i], fields[i + 1]);
        }
        return call.post(path);
    }

    @Test
    void after_ten_failed_logins_an_address_has_to_wait() {
        for (int i = 0; i < 10; i++) {
            assertThat(login("guess-" + i).statusCode()).isEqualTo(403);
        }
        Response eleventh = login("guess");
        assertThat(eleventh.statusCode()).isEqualTo(429);
        assertThat(Integer.parseInt(eleventh.header("Retry-After"))).isBetween(1, 300);
    }

    @Test
    void decisions_are_written_down() throws SQLException {
        String secret = token("viewer", "acme");
        Asked.RESTORE.of(bearer(secret));
        assertThat(one("SELECT action || ' ' || decision || ' ' || request || ' ' || address FROM ops.access_events"
                        + " ORDER BY event_id DESC LIMIT 1"))
                .isEqualTo("restore denied POST " + ENVIRONMENT + "/restores 127.0.0.1");
        Response backup = bearer(token("operator", "acme"))
                .contentType("application/json")
                .body("{\"type\": \"db_only\"}")
                .post(ENVIRONMENT + "/backups");
        assertThat(backup.statusCode()).as(backup.asString()).isEqualTo(202);
        String run = backup.jsonPath().getString("run_id");
        assertThat(one(
                        "SELECT (payload->>'user') || ' ' || (payload->>'action') FROM ops.run_events"
                                + " WHERE run_id = ? AND event_type = 'access_granted'",
                        run))
                .matches("token:tk_[0-9a-f]{10} backup");
        execute("UPDATE ops.runs SET status = 'failed', completed_at = now(), wake_at = NULL WHERE run_id = ?", run);
    }

    @Test
    void every_answer_carries_the_headers_that_keep_a_browser_safe() {
        for (Response answer : List.of(
                given().get("/api/v1/runs"),
                given().get("/console/login"),
                local().get("/api/v1/runs"),
                given().redirects().follow(false).get("/console"))) {
            assertThat(answer.header("X-Content-Type-Options")).isEqualTo("nosniff");
            assertThat(answer.header("Referrer-Policy")).isEqualTo("same-origin");
            assertThat(answer.header("Content-Security-Policy"))
                    .contains("default-src 'none'", "frame-ancestors 'none'")
                    .doesNotContain("unsafe");
            assertThat(answer.header("Cache-Control")).isEqualTo("no-store");
        }
        Response anonymous = given().redirects().follow(false).get("/console/runs");
        assertThat(anonymous.statusCode()).isEqualTo(303);
        assertThat(anonymous.header("Location")).endsWith("/console/login");
    }

    private static void assertDecision(Response answer, boolean allowed) {
        if (allowed) {
            assertThat(answer.statusCode()).as(answer.asString()).isNotIn(401, 403);
        } else {
            assertThat(answer.statusCode()).as(answer.asString()).isEqualTo(403);
            assertThat(answer.jsonPath().getString("code")).isEqualTo("PERMISSION_DENIED");
        }
    }

    private static RequestSpecification local() {
        return bearer(StateResource.TOKEN);
    }

    private static RequestSpecification bearer(String secret) {
        return given().header("Authorization", "Bearer " + secret);
    }

    private static Response login(String credential) {
        return given().header("Sec-Fetch-Site", "same-origin")
                .redirects()
                .follow(false)
                .formParam("credential", credential)
                .post("/console/login");
    }

    private static RequestSpecification session(String token) {
        String secret = login(token).cookie("lifeboat_session");
        return given().cookie("lifeboat_session", secret)
                .header("Sec-Fetch-Site", "same-origin")
                .header("X-CSRF-Token", Accounts.csrf(secret));
    }

    private static Response make(RequestSpecification by, String user, String project, String... actions) {
        var body = Json.object().put("name", "roles").put("user", user).put("project", project);
        List.of(actions).forEach(body.withArray("actions")::add);
        return by.contentType("application/json").body(body.toString()).post("/api/v1/tokens");
    }

    private static String token(String user, String project, String... actions) {
        return make(local(), user, project, actions).jsonPath().getString("secret");
    }

    private void execute(String sql, String... values) throws SQLException {
        try (Connection connection = state.getConnection();
                var statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setString(i + 1, values[i]);
            }
            statement.executeUpdate();
        }
    }

    private String one(String sql, String... values) throws SQLException {
        try (Connection connection = state.getConnection();
                var statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setString(i + 1, values[i]);
            }
            try (var rows = statement.executeQuery()) {
                return rows.next() ? rows.getString(1) : null;
            }
        }
    }
}
