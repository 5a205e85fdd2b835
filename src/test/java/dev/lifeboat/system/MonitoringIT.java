package dev.lifeboat.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.environment.DatabaseBinding;
import dev.lifeboat.json.Json;
import dev.lifeboat.monitor.Metric;
import dev.lifeboat.testing.TestCluster;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** What monitoring sees of an installation: its metrics, and its state by the monitor's queries. */
class MonitoringIT {
    private static final String STATE = "it_monitoring_state";

    @TempDir
    Path folder;

    private Installation shop;
    private DatabaseBinding state;

    @BeforeEach
    void install() throws IOException, InterruptedException {
        shop = Installation.create(folder, "it_monitoring", 20);
        TestCluster.drop(STATE);
        state = TestCluster.get().binding(STATE);
        TestCluster.get().createDatabase(STATE, state.user());
        TestCluster.execute(
                shop.database(),
                "INSERT INTO \"Products\" (payload) SELECT decode(string_agg(md5(random()::text), ''), 'hex')"
                        + " FROM generate_series(1, 130000)");
        shop.configure("staging", """
                url: http://127.0.0.1:1
                stores: [primary, second]
                schedule: {drill: "0 5 * * 0"}
                service: {kind: command, start: [/bin/true], stop: [/bin/true], status: [/bin/true]}
                """, "", """
                stores:
                  primary: {kind: folder, path: "%1$s/data/artifacts"}
                  second: {kind: folder, path: "%1$s/second"}
                notices:
                  hook: {kind: slack, url: "http://127.0.0.1:1"}
                """.formatted(folder));
        Process engine = shop.start(
                Map.of(
                        "QUARKUS_DATASOURCE_JDBC_URL",
                        "jdbc:postgresql://" + state.host() + ":" + state.port() + "/" + STATE,
                        "QUARKUS_DATASOURCE_USERNAME",
                        state.user(),
                        "QUARKUS_DATASOURCE_PASSWORD",
                        state.password().value()),
                "engine.log",
                "serve",
                "--port",
                "0");
        Installation.await("the engine", () -> Files.exists(folder.resolve("data/endpoint")) || !engine.isAlive());
    }

    @AfterEach
    void remove() throws IOException {
        shop.close();
        TestCluster.drop(STATE);
    }

    private HttpResponse<String> get(String path, Optional<String> token) throws IOException, InterruptedException {
        JsonNode endpoint =
                Json.mapper().readTree(folder.resolve("data/endpoint").toFile());
        var request =
                HttpRequest.newBuilder(URI.create(endpoint.path("url").asText()).resolve(path));
        token.ifPresent(secret -> request.header("Authorization", "Bearer " + secret));
        try (HttpClient http = HttpClient.newHttpClient()) {
            return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
        }
    }

    private String token(String project) {
        return shop.lifeboat("token", "create", "--name", "scrape", "--project", project, "--action", "view", "--json")
                .succeeded()
                .json()
                .path("secret")
                .asText();
    }

    private Map<String, Double> scrape(String token) throws IOException, InterruptedException {
        HttpResponse<String> answer = get("/q/metrics", Optional.of(token));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        var values = new HashMap<String, Double>();
        Pattern.compile("(?m)^(lifeboat_\\S+(?:\\{.*\\})?) (\\S+)$")
                .matcher(answer.body())
                .results()
                .forEach(line ->
                        values.put(line.group(1), Double.valueOf(line.group(2).replace("+Inf", "Infinity"))));
        return values;
    }

    private Map<String, Double> scrapeUntil(String token, String name, double value)
            throws IOException, InterruptedException {
        for (int i = 0; i < 60; i++) {
            Map<String, Double> values = scrape(token);
            if (values.getOrDefault(name, Double.NaN) == value) {
                return values;
            }
            Thread.sleep(1000);
        }
        throw new AssertionError(name + " did not become " + value + ": " + scrape(token));
    }

    /** The monitor's checks as the documentation has them, by name: whether each holds. */
    private Map<String, Boolean> monitor() throws IOException, SQLException {
        String documentation = Files.readString(Path.of("docs/monitoring.md"));
        int begin = documentation.indexOf("```yaml\n") + "```yaml\n".length();
        Map<String, Object> yaml = new Yaml(new SafeConstructor(new LoaderOptions()))
                .load(documentation.substring(begin, documentation.indexOf("```", begin)));
        var holds = new HashMap<String, Boolean>();
        for (Object one : (List<?>) yaml.get("checks")) {
            var check = (Map<?, ?>) one;
            String found = TestCluster.query(state, (String) check.get("query"));
            holds.put((String) check.get("name"), holds(found, check));
        }
        return holds;
    }

    private static boolean holds(String found, Map<?, ?> check) {
        if (check.containsKey("expected")) {
            return check.get("expected").equals(found);
        }
        String threshold = (String) check.get("threshold");
        double limit = Double.parseDouble(threshold.replaceAll("[^0-9]", ""));
        double value = found == null ? 0 : Double.parseDouble(found);
        return threshold.startsWith(">=") ? value >= limit : value > limit;
    }

    @Test
    void a_drill_that_was_missed_is_told_by_a_metric_a_notice_and_the_auditors_report() throws Exception {
        TestCluster.execute(
                state,
                "INSERT INTO ops.schedule_fires (environment_id, schedule, due_at, status, reason)"
                        + " VALUES ('acme/shop', 'drill', now(), 'missed', 'no engine ran then')");

        scrapeUntil(token("*"), "lifeboat_schedule_missed{environment=\"acme/shop\",schedule=\"drill\"}", 1);
        Installation.await("the notice", () -> !TestCluster.query(
                        state, "SELECT count(*)::text FROM ops.notices WHERE event = 'schedule_missed'")
                .equals("0"));
        String today = java.time.LocalDate.now(java.time.ZoneOffset.UTC).toString();
        assertThat(shop.lifeboat("evidence", "report", "--from", today, "--to", today)
                        .succeeded()
                        .output())
                .contains("schedule drill did not run", "no engine ran then", "no drill passed in the period");
    }

    @Test
    void every_metric_is_told_to_who_may_view_and_the_monitors_queries_run_as_they_are_written() throws Exception {
        assertThat(monitor().values()).containsOnly(false);
        String token = token("*");
        assertThat(scrapeUntil(
                        token, "lifeboat_backup_age_seconds{environment=\"acme/shop\"}", Double.POSITIVE_INFINITY))
                .isNotEmpty();
        assertThat(get("/q/metrics", Optional.empty()).statusCode()).isEqualTo(401);
        assertThat(get("/q/metrics", Optional.of(token("acme"))).statusCode())
                .as("they name the environments of every project")
                .isEqualTo(403);
        assertThat(get("/q/health/live", Optional.empty()).statusCode()).isEqualTo(200);
        assertThat(get("/q/health/ready", Optional.empty()).statusCode()).isEqualTo(200);

        shop.lifeboat("backup", "shop", "--json").succeeded();
        shop.lifeboat("drill", "shop", "--json").succeeded();

        assertThat(monitor().values()).containsOnly(true);
        Map<String, Double> values = scrapeUntil(token, "lifeboat_drill_passed{environment=\"acme/shop\"}", 1);
        String names = String.join("\n", values.keySet());
        for (Metric metric : Metric.values()) {
            assertThat(names).containsPattern("(?m)^" + metric.wireName() + "(\\{|$)");
        }
        assertThat(values)
                .containsEntry("lifeboat_backup_copy_good{environment=\"acme/shop\",store=\"primary\"}", 1.0)
                .containsEntry("lifeboat_backup_copy_good{environment=\"acme/shop\",store=\"second\"}", 1.0)
                .containsEntry("lifeboat_database_up{environment=\"acme/shop\"}", 1.0)
                .containsEntry("lifeboat_odoo_healthy{environment=\"acme/shop\"}", 0.0)
                .containsEntry("lifeboat_service_running{environment=\"acme/shop\"}", 1.0)
                .containsEntry("lifeboat_backup_degraded{environment=\"acme/shop\"}", 0.0)
                .containsEntry("lifeboat_run_success{environment=\"acme/shop\",operation=\"backup\"}", 1.0)
                .containsEntry("lifeboat_artifacts{environment=\"acme/shop\"}", 1.0)
                .containsEntry("lifeboat_recovery_target_seconds{environment=\"acme/shop\"}", 14400.0);
        assertThat(values.get("lifeboat_backup_size_bytes{environment=\"acme/shop\"}"))
                .isGreaterThan(1_000_000);
        assertThat(
                        values.get(
                                "lifeboat_step_seconds{environment=\"acme/shop\",operation=\"drill\",step=\"prepare-restore\"}"))
                .isPositive();
    }
}
