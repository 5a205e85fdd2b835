package dev.lifeboat.evidence;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.environment.Secret;
import dev.lifeboat.json.Json;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RedactorTest {
    private static final String CANARY = "cAn4ry-S3cr3t";
    private static final Redactor NOTHING_KNOWN = new Redactor();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cAn4ry-S3cr3t",
                "p@ss w/rd \"x\" \\ 'y' & 100% <ü€😀>",
                "line\nbreak and\ttab",
                "1234567890",
                "a+b/c=d~e*f"
            })
    void a_known_value_is_masked_in_every_form(String value) {
        var redactor = new Redactor(List.of(new Secret(value)));
        String json = Json.mapper().getNodeFactory().textNode(value).toString();
        String url = URLEncoder.encode(value, StandardCharsets.UTF_8);
        for (String form : List.of(
                value,
                json.substring(1, json.length() - 1),
                url,
                url.replace("+", "%20"),
                base64(value),
                base64("u:" + value),
                base64("us:" + value + ":x"),
                base64("use:" + value),
                base64url("x:" + value),
                value.replace("'", "''"))) {
            String masked = redactor.text("before " + form + " after " + form + "|end");
            assertThat(masked).as(form).isEqualTo("before [REDACTED] after [REDACTED]|end");
        }
        JsonNode node = Json.object().put("note", "x" + value + "y").put("url", url);
        assertThat(redactor.json(node.toString())).doesNotContain(value, url).contains("\"x[REDACTED]y\"");
    }

    @Test
    void a_short_value_is_masked_as_a_word_only() {
        var redactor = new Redactor(List.of(new Secret("odoo"), new Secret("abc"), new Secret("")));
        assertThat(redactor.text("user=x pw odoo, db odoo_prod and odoo19, abc"))
                .isEqualTo("user=x pw [REDACTED], db odoo_prod and odoo19, abc");
        assertThat(redactor.text("odoo")).isEqualTo("[REDACTED]");
    }

    @Test
    void overlapping_values_leave_nothing_of_either() {
        var redactor = new Redactor(List.of(new Secret("aaaaaaaab"), new Secret("baaaaaaaa"), new Secret("aaaaaaaa")));
        assertThat(redactor.text("x aaaaaaaabaaaaaaaa y")).isEqualTo("x [REDACTED] y");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "db_password = CANARY",
                "db_password=CANARY",
                "admin_passwd = CANARY with spaces CANARY",
                "  smtp_password: CANARY",
                "; smtp_password = CANARY",
                "host=h password=CANARY dbname=d",
                "2026-11-20 INFO conn (user=odoo, password=CANARY)",
                "PGPASSWORD=CANARY pg_dump -h x",
                "{\"password\": \"CANARY\", \"user\": \"odoo\"}",
                "{'password': 'CANARY', 'user': 'odoo'}",
                "{\"password\": \"CAN\\\"CANARY\"}",
                "\"{\\\"token\\\": \\\"CANARY\\\"}\"",
                "log: {\\\"api_key\\\":\\\"CANARY\\\"}",
                "X-Api-Key: CANARY",
                "Authorization: Basic CANARY",
                "curl -H 'Authorization: Bearer CANARYCANARY' https://x",
                "sent Bearer CANARYCANARY.",
                "Cookie: session_id=CANARY; lang=de",
                "Set-Cookie: session_id=CANARY; Path=/",
                "GET /web?access_token=CANARY&db=x",
                "GET /web?db=x&token=CANARY#f",
                "https://user:CANARY@host/x",
                "postgresql://odoo:CANARY@db:5432/odoo",
                "postgresql://odoo:CAN@CANARY@db:5432/odoo",
                "odoo --db_password CANARY -d x",
                "odoo --db-password=CANARY -d x",
                "ALTER ROLE odoo PASSWORD 'CANARY' LOGIN",
                "ALTER ROLE odoo PASSWORD 'it''s CANARY' LOGIN",
                "aws_secret_access_key=CANARY",
                "clientSecret: CANARY",
                "-----BEGIN PRIVATE KEY-----\nCANARY\n-----END PRIVATE KEY-----",
                "-----BEGIN OPENSSH PRIVATE KEY-----\nCANARY\ncut off",
                "-----BEGIN RSA PRIVATE KEY-----\\nCANARY\\n-----END RSA PRIVATE KEY-----",
                "key ghp_CANARYCANARYCANARY",
                "jwt eyJhbGciOiJI.eyJzdWIiOi.CANARY"
            })
    void what_looks_like_a_secret_is_masked_though_nobody_knew_it(String pattern) {
        String line = pattern.replace("CANARY", CANARY);
        String masked = NOTHING_KNOWN.text("first line\n" + line + "\nlast line: 7 rows");
        assertThat(masked).doesNotContain(CANARY).contains("[REDACTED]").startsWith("first line\n");
        if (!pattern.contains("cut off")) {
            assertThat(masked).endsWith("\nlast line: 7 rows");
        }
        assertThat(NOTHING_KNOWN.text(masked)).isEqualTo(masked);
        assertThat(NOTHING_KNOWN.json(Json.object().put("line", line).toString()))
                .doesNotContain(CANARY);
    }

    @Test
    void an_amazon_key_is_masked_by_its_form() {
        assertThat(NOTHING_KNOWN.text("id AKIAIOSFODNN7EXAMPLE.")).isEqualTo("id [REDACTED].");
        assertThat(NOTHING_KNOWN.text("AKIAIOSFODNN7EXAMPLEX XAKIAIOSFODNN7EXAMPLE"))
                .isEqualTo("AKIAIOSFODNN7EXAMPLEX XAKIAIOSFODNN7EXAMPLE");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "key_id = 0123456789abcdef",
                "primary_key: id",
                "token_count=12",
                "tokens: 12",
                "manifest_sha256 = abcdef",
                "addons_hash: abcdef",
                "public_key = MCowBQYDK2VwAyEA",
                "sessions_terminated: 3",
                "password_encryption = scram-sha-256",
                "FATAL:  password authentication failed for user \"odoo\"",
                "https://example.com:8069/web?db=x&debug=1",
                "postgresql://odoo@db/odoo",
                "2026-11-20 02:00:00,123 INFO odoo.modules.loading: 66 modules loaded in 1.2s",
                "a bearer of news: x",
                "-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----",
                "pg_restore: creating TABLE \"public.auth_totp_device\"",
                "secret_name = db"
            })
    void what_is_no_secret_stays(String line) {
        assertThat(NOTHING_KNOWN.text(line)).isEqualTo(line);
    }

    @ParameterizedTest
    @CsvSource({
        "password,true",
        "db_password,true",
        "dbPassword,true",
        "DB-PASSWORD,true",
        "admin_passwd,true",
        "pwd,true",
        "secret,true",
        "database.secret,true",
        "client_secret,true",
        "token,true",
        "access_token,true",
        "api_key,true",
        "apiKey,true",
        "access_key,true",
        "private_key,true",
        "credential,true",
        "credentials,true",
        "authorization,true",
        "Proxy-Authorization,true",
        "cookie,true",
        "session,true",
        "session_id,true",
        "secret_access_key,true",
        "key_id,false",
        "access_key_id,false",
        "token_count,false",
        "primary_key,false",
        "manifest_sha256,false",
        "key,false",
        "public_key,false",
        "sessions,false",
        "active_sessions,false",
        "passwords_changed,false",
        "token_expires_at,false",
        "foreign_key,false",
        "monkey,false",
        "path,false"
    })
    void names_are_told_apart(String name, boolean sensitive) {
        assertThat(SensitiveKeys.isSensitive(name)).isEqualTo(sensitive);
    }

    @Test
    void json_is_masked_by_its_members_and_keeps_its_shape() throws Exception {
        String masked = NOTHING_KNOWN.json("""
                {"user": "odoo", "password": "CANARY", "pwd": 12345, "token": null, "secret": true, "tokens": 7,
                 "session": {"id": 3, "value": "CANARY"}, "credentials": ["CANARY", {"x": "CANARY"}], "empty": {"password": ""},
                 "rows": [{"key": "database.secret", "value": "CANARY"}, {"key": "web.base.url", "value": "http://x"}],
                 "url": "https://u:CANARY@h/", "key_id": "abc", "size": 12345678901, "log": "a\\npassword = CANARY\\nb"}
                """);
        JsonNode json = Json.mapper().readTree(masked);
        assertThat(masked).doesNotContain("CANARY").doesNotContain("12345,");
        assertThat(json.at("/user").asText()).isEqualTo("odoo");
        assertThat(json.at("/password").asText()).isEqualTo("[REDACTED]");
        assertThat(json.at("/token").isNull()).isTrue();
        assertThat(json.at("/secret").asBoolean()).isTrue();
        assertThat(json.at("/tokens").asInt()).isEqualTo(7);
        assertThat(json.at("/session/id").asInt()).isEqualTo(3);
        assertThat(json.at("/empty/password").asText()).isEmpty();
        assertThat(json.at("/rows/1/value").asText()).isEqualTo("http://x");
        assertThat(json.at("/url").asText()).isEqualTo("https://u:[REDACTED]@h/");
        assertThat(json.at("/size").asLong()).isEqualTo(12345678901L);
        assertThat(json.at("/log").asText()).isEqualTo("a\npassword = [REDACTED]\nb");
        assertThat(NOTHING_KNOWN.json(masked)).isEqualTo(masked);
        assertThat(NOTHING_KNOWN.json("no json, password=CANARY")).isEqualTo("no json, password=[REDACTED]");
        assertThat(NOTHING_KNOWN.json("")).isEmpty();
    }

    @Test
    void a_log_of_some_megabytes_with_canaries_anywhere_comes_out_clean() {
        var random = new Random(7);
        var log = new StringBuilder();
        while (log.length() < 4 << 20) {
            log.append("2026-11-20 02:00:00 INFO pg_restore: processing data for table \"public.t")
                    .append(random.nextInt(1000))
                    .append("\" a=b: c=d\n");
            if (random.nextInt(50) == 0) {
                log.insert(random.nextInt(log.length()), CANARY);
            }
            if (random.nextInt(5000) == 0) {
                log.append(base64("user:" + CANARY)).append('\n');
            }
        }
        var secrets = new java.util.ArrayList<Secret>(List.of(new Secret(CANARY)));
        for (int i = 0; i < 15; i++) {
            secrets.add(new Secret("another-secret-" + i));
        }
        String masked = new Redactor(secrets).text(log.toString());
        assertThat(masked.contains(CANARY)).isFalse();
        assertThat(masked.contains(base64("user:" + CANARY))).isFalse();
    }

    @Test
    void noise_neither_breaks_it_nor_lets_a_known_value_through() {
        var random = new Random(11);
        var redactor = new Redactor(List.of(new Secret(CANARY)));
        String alphabet = "ab=:\"'\\ \n-&?@/.{}[]\u20ac";
        for (int round = 0; round < 5000; round++) {
            var text = new StringBuilder();
            for (int i = random.nextInt(40); i >= 0; i--) {
                switch (random.nextInt(12)) {
                    case 0 -> text.append("password");
                    case 1 -> text.append(CANARY);
                    case 2 -> text.append("://");
                    case 3 -> text.append("-----BEGIN PRIVATE KEY-----");
                    default -> text.append(alphabet.charAt(random.nextInt(alphabet.length())));
                }
            }
            assertThat(redactor.text(text.toString())).doesNotContain(CANARY);
            assertThat(redactor.json(text.toString())).doesNotContain(CANARY);
        }
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String base64url(String text) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
