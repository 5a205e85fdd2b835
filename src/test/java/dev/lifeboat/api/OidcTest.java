package dev.lifeboat.api;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.testing.SmallProvider;
import dev.lifeboat.testing.StateResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Logins and tokens of an identity provider, beside Lifeboat's own. */
@QuarkusTest
@QuarkusTestResource(StateResource.class)
@QuarkusTestResource(value = SmallProvider.class, restrictToAnnotatedClass = true)
class OidcTest {
    private static final String ENVIRONMENT = "/api/v1/environments/acme.shop";

    @Test
    void the_login_page_leads_to_the_provider_and_back_with_the_roles_of_the_user_s_groups() {
        SmallProvider.loginAs("maria", "shop-operators", "something-else");
        assertThat(given().get("/console/login").asString()).contains("href=\"/console/oidc\"");

        Response in = logIn();

        assertThat(in.statusCode()).as(in.asString()).isEqualTo(200);
        assertThat(in.asString()).contains("href=\"/console\"");
        String session = in.cookie("lifeboat_session");
        assertThat(in.getHeaders().getValues("Set-Cookie"))
                .filteredOn(cookie -> cookie.startsWith("lifeboat_session"))
                .singleElement()
                .asString()
                .containsIgnoringCase("HttpOnly")
                .containsIgnoringCase("SameSite=Strict");
        Response page = given().cookie("lifeboat_session", session).get("/console/environments/acme.shop");
        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.asString()).contains("oidc:maria", "/backups").doesNotContain("/restore\"");
    }

    @Test
    void a_role_goes_with_the_group_at_the_next_login() {
        SmallProvider.loginAs("peter", "shop-operators");
        String before = logIn().cookie("lifeboat_session");
        SmallProvider.loginAs("peter", "shop-viewers");
        logIn();
        Response page = given().cookie("lifeboat_session", before).get("/console/environments/acme.shop");
        assertThat(page.asString()).doesNotContain("/console/environments/acme.shop/backups");
    }

    @Test
    void who_is_in_no_group_that_has_a_role_is_not_let_in() {
        SmallProvider.loginAs("stranger", "accounting");
        Response in = logIn();
        assertThat(in.statusCode()).isEqualTo(403);
        assertThat(in.cookie("lifeboat_session")).isNull();
        assertThat(in.asString()).contains("none of your groups");
    }

    @Test
    void a_user_of_the_provider_is_never_one_of_lifeboat_s_own() {
        SmallProvider.loginAs("local", "shop-viewers");
        String session = logIn().cookie("lifeboat_session");
        Response settings = given().cookie("lifeboat_session", session).get("/api/v1/tokens");
        assertThat(settings.statusCode()).isEqualTo(403);
        assertThat(settings.asString()).contains("oidc:local");
    }

    @Test
    void the_api_takes_the_provider_s_tokens_with_the_roles_of_their_groups_beside_its_own() {
        Instant soon = Instant.now().plusSeconds(300);
        String operator = SmallProvider.token("robot", soon, List.of("shop-operators"));
        assertThat(bearer(operator).get(ENVIRONMENT).statusCode()).isEqualTo(200);
        Response restore = bearer(operator)
                .contentType("application/json")
                .body("{\"artifact\": \"latest\"}")
                .post(ENVIRONMENT + "/restores");
        assertThat(restore.statusCode()).isEqualTo(403);
        assertThat(restore.asString()).contains("oidc-bearer:robot");
        assertThat(bearer(StateResource.TOKEN).get(ENVIRONMENT).statusCode()).isEqualTo(200);
    }

    @Test
    void a_token_that_is_forged_expired_or_without_a_role_lets_nobody_in() {
        for (String token : List.of(
                SmallProvider.tokenForAnother("another-application", "robot", List.of("shop-operators")),
                SmallProvider.forged("robot", List.of("shop-operators")),
                SmallProvider.token("robot", Instant.now().minusSeconds(60), List.of("shop-operators")),
                SmallProvider.token("robot", Instant.now().plusSeconds(300), List.of("accounting")),
                "eyJhbGciOiJub25lIn0.e30.",
                "lifeboat_wrong",
                "wrong")) {
            Response answer = bearer(token).get(ENVIRONMENT);
            assertThat(answer.statusCode()).as(token).isEqualTo(401);
            assertThat(answer.contentType()).startsWith("application/problem+json");
        }
    }

    @Test
    void a_token_begins_no_session() {
        String operator = SmallProvider.token("robot", Instant.now().plusSeconds(300), List.of("shop-operators"));
        String foreign = SmallProvider.tokenForAnother("another-application", "robot", List.of("shop-operators"));
        for (String token : List.of(operator, foreign)) {
            Response answer = bearer(token).redirects().follow(false).get("/console/oidc");
            assertThat(answer.statusCode()).as(answer.asString()).isIn(401, 403);
            assertThat(answer.cookie("lifeboat_session")).isNull();
        }
    }

    private static io.restassured.specification.RequestSpecification bearer(String token) {
        return given().header("Authorization", "Bearer " + token);
    }

    /** As a browser does: every redirect is followed, every cookie kept. */
    private static Response logIn() {
        Map<String, String> cookies = new HashMap<>();
        String next = "/console/oidc";
        for (int i = 0; i < 6; i++) {
            Response answer = given().urlEncodingEnabled(false)
                    .redirects()
                    .follow(false)
                    .cookies(cookies)
                    .get(next);
            cookies.putAll(answer.cookies());
            if (answer.statusCode() != 302 && answer.statusCode() != 303) {
                return answer;
            }
            next = answer.header("Location");
        }
        throw new AssertionError("redirected without end, last to " + next);
    }
}
