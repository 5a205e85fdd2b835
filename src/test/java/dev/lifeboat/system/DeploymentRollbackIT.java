package dev.lifeboat.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import dev.lifeboat.json.Json;
import dev.lifeboat.testing.TestCluster;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.CookieManager;
import java.net.CookiePolicy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Deployments that go wrong, of an Odoo in compose: a program of its own plays compose, a web server of the test plays Odoo. */
class DeploymentRollbackIT {
    private static final String GOOD = "19.0.1";

    @TempDir
    Path folder;

    private final List<JsonNode> told = new CopyOnWriteArrayList<>();
    private volatile String sick = "none";
    private HttpServer server;
    private Installation shop;
    private Path env;
    private Path running;

    @BeforeEach
    void install() throws IOException {
        shop = Installation.create(folder, "it_rollback", 40);
        env = folder.resolve(".env");
        running = folder.resolve("running");
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/web/", exchange -> {
            exchange.sendResponseHeaders(
                    !Files.exists(running)
                            ? 503
                            : sick(Files.readString(running).strip()) ? 500 : 200,
                    -1);
            exchange.close();
        });
        server.createContext("/hook", exchange -> {
            told.add(Json.mapper().readTree(exchange.getRequestBody().readAllBytes()));
            exchange.sendResponseHeaders(204, -1);
            exchange.close();
        });
        server.start();
        Files.writeString(env, "POSTGRES_PASSWORD=word-of-compose\nODOO_IMAGE_TAG=" + GOOD + "\n");
        Files.writeString(running, GOOD);
        Path compose = Files.writeString(folder.resolve("compose"), """
                #!/bin/bash
                cd '%s'
                echo "$@" >> compose.calls
                case "$3" in
                  up) [[ "$*" == *--no-recreate* && -f running ]] || sed -n 's/^ODOO_IMAGE_TAG=//p' .env > running;;
                  stop|kill) rm -f running;;
                  exec) [ -f running ];;
                  config) printf 'services:\\n  odoo:\\n    image: odoo:19.0\\n';;
                esac
                """.formatted(folder));
        Files.setPosixFilePermissions(compose, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private boolean sick(String version) {
        return version.contains("broken") || version.equals(sick);
    }

    private void serve(String type, String policy) throws IOException, InterruptedException {
        String here = "http://127.0.0.1:" + server.getAddress().getPort();
        shop.configure(type, """
                url: %2$s
                service:
                  kind: compose
                  compose-command: ["%1$s/compose"]
                  compose-file: %1$s/compose.yaml
                  limit: 10s
                  health-limit: 2s
                version: {env-file: "%1$s/.env"}
                deployment: {rollback: %3$s, window: 1s}
                watch: {enabled: %4$s, health-for: 1s, disk: 100, memory: 100}
                """.formatted(folder, here, policy, policy.equals("off")), "", """
                notices:
                  hook: {kind: webhook, url: "%1$s/hook"}
                escalation:
                  - {after: 0s, contact: Technical Lead, notices: [hook]}
                  - {after: 30m, contact: DevOps Manager, notices: [hook]}
                public-url: https://backup.example.com
                """.formatted(here));
        shop.serve();
    }

    @AfterEach
    void remove() throws IOException {
        shop.close();
        server.stop(0);
    }

    private HttpResponse<String> call(String path, String body) {
        try (HttpClient http = HttpClient.newHttpClient()) {
            JsonNode endpoint =
                    Json.mapper().readTree(folder.resolve("data/endpoint").toFile());
            var request = HttpRequest.newBuilder(
                            URI.create(endpoint.path("url").asText()).resolve(path))
                    .header("Authorization", "Bearer " + endpoint.path("token").asText());
            if (body != null) {
                request.header("Content-Type", "application/cloudevents+json")
                        .POST(HttpRequest.BodyPublishers.ofString(body));
            }
            return http.send(request.build(), HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private JsonNode get(String path) {
        try {
            return Json.mapper().readTree(call(path, null).body());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String tell(String what, String version) throws IOException {
        HttpResponse<String> answer = call("/events", """
                {"specversion": "1.0", "id": "%s", "source": "/ci", "type": "dev.lifeboat.deploy.%s",
                 "data": {"environment": "acme/shop", "version": "%s", "operator": "maria"}}
                """.formatted(UUID.randomUUID(), what, version));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
        return Json.mapper().readTree(answer.body()).path("run_id").asText();
    }

    private void ended(String run) throws InterruptedException {
        Installation.await(run, () -> get("/api/v1/runs/" + run).hasNonNull("completed_at"));
    }

    private JsonNode newest() {
        return get("/api/v1/environments/shop/deployments").path("deployments").path(0);
    }

    /** What a pipeline does; {@code meanwhile} is what the new version does to the data. */
    private void deploy(String version, Runnable meanwhile) throws IOException, InterruptedException {
        ended(tell("starting", version));
        Files.writeString(env, Files.readString(env).replaceAll("TAG=.*", "TAG=" + version));
        Files.writeString(running, version);
        meanwhile.run();
        ended(tell("completed", version));
    }

    private JsonNode outcome(String outcome) throws InterruptedException {
        Installation.await(
                () -> outcome + ", but it is " + newest(),
                () -> newest().path("outcome").asText().equals(outcome));
        return newest();
    }

    private void deployGood() throws IOException, InterruptedException {
        deploy(GOOD, () -> {});
        outcome("good");
    }

    private void deployBroken(String version) throws IOException, InterruptedException {
        deploy(version, () -> {});
    }

    private List<String> history() throws IOException {
        return Files.readAllLines(folder.resolve("data/deployments/history.log"));
    }

    private boolean isTold(String event) {
        return told.stream().anyMatch(notice -> notice.path("event").asText().equals(event));
    }

    private static JsonNode evidence(JsonNode run, String file) throws IOException {
        return Json.mapper()
                .readTree(Path.of(run.path("evidence_dir").asText(), file).toFile());
    }

    @Test
    void a_deployment_that_breaks_health_is_rolled_back_by_itself_to_the_last_good_version()
            throws IOException, InterruptedException {
        serve("production", "automatic");
        deployGood();
        var tables = shop.tables();

        deployBroken("19.0.2-broken");
        JsonNode deployment = outcome("rolled_back");

        assertThat(deployment.path("level").asInt()).isEqualTo(1);
        assertThat(deployment.path("reason").asText()).contains("health:", "HTTP 500");
        assertThat(deployment.path("rolled_back_to").asText()).isEqualTo(GOOD);
        assertThat(deployment.path("version_before").asText()).isEqualTo(GOOD);
        assertThat(deployment.path("rollback_seconds").asDouble()).isBetween(0.1, 900.0);
        assertThat(Files.readString(running).strip()).isEqualTo(GOOD);
        assertThat(Files.readString(env)).isEqualTo("POSTGRES_PASSWORD=word-of-compose\nODOO_IMAGE_TAG=" + GOOD + "\n");
        assertThat(shop.tables()).isEqualTo(tables);
        JsonNode run = get("/api/v1/runs/" + deployment.path("rollback_run_id").asText());
        assertThat(run.path("status").asText()).isEqualTo("success");
        JsonNode result = evidence(run, "rollback_result.json");
        assertThat(result.at("/recovery_time/target_seconds").asInt()).isEqualTo(900);
        assertThat(result.at("/recovery_time/maximum_seconds").asInt()).isEqualTo(1800);
        assertThat(result.at("/recovery_time/met").asBoolean()).isTrue();
        System.out.println("level 1 took " + deployment.path("rollback_seconds") + " s");
        Installation.await("the history", () -> {
            try {
                return history().size() == 6;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        String stamp = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ";
        assertThat(String.join("\n", history()))
                .matches(String.join(
                        "\n",
                        stamp + " \\| acme \\| 19.0.1 \\| shop \\| deploying \\| maria",
                        stamp + " \\| acme \\| 19.0.1 \\| shop \\| success \\| maria",
                        stamp + " \\| acme \\| 19.0.2-broken \\| shop \\| deploying \\| maria",
                        stamp + " \\| acme \\| 19.0.2-broken \\| shop \\| failed \\| maria",
                        stamp + " \\| acme \\| 19.0.2-broken \\| shop \\| rolling_back \\| system",
                        stamp + " \\| acme \\| 19.0.1 \\| shop \\| rolled_back \\| system"));
        Installation.await("the end is told", () -> isTold("rollback_completed"));
        assertThat(told).anySatisfy(notice -> assertThat(notice.path("text").asText())
                .contains("Rollback completed successfully", "Services: version " + GOOD, "health:"));
    }

    @Test
    void a_deployment_that_deletes_rows_is_rolled_back_with_the_data_of_before()
            throws IOException, InterruptedException {
        serve("staging", "automatic");
        deployGood();
        var tables = shop.tables();
        var tree = shop.tree();

        deploy(
                "19.0.2",
                () -> TestCluster.execute(
                        shop.database(),
                        "DELETE FROM sale_order_line; DELETE FROM sale_order; DELETE FROM account_move_line"));
        JsonNode deployment = outcome("rolled_back");

        assertThat(deployment.path("level").asInt()).isEqualTo(2);
        assertThat(deployment.path("reason").asText()).contains("record counts: sale_order ");
        assertThat(shop.tables()).isEqualTo(tables);
        assertThat(shop.tree()).isEqualTo(tree);
        assertThat(Files.readString(running).strip()).isEqualTo(GOOD);
        JsonNode run = get("/api/v1/runs/" + deployment.path("rollback_run_id").asText());
        assertThat(run.path("pre_restore_backup_id").asText()).startsWith("bk_");
        JsonNode result = evidence(run, "rollback_result.json");
        assertThat(result.path("counts_after")).isEqualTo(result.path("counts_before"));
        assertThat(result.path("counts_after").path("sale_order").asInt()).isPositive();
        System.out.println("level 2 took " + deployment.path("rollback_seconds") + " s");
        Installation.Ended report = shop.lifeboat("incident", run.path("run_id").asText());
        assertThat(report.succeeded().output())
                .contains(
                        "# Incident Report:",
                        "Deployment of 19.0.2 to acme/shop",
                        "Rollback of level 2 to version " + GOOD,
                        "Service restored",
                        "target 15 min 0 s, maximum 30 min 0 s: target met",
                        "safety backup " + run.path("pre_restore_backup_id").asText(),
                        "☐ ______");
    }

    @Test
    void a_rollback_of_data_after_which_odoo_is_not_healthy_puts_data_and_version_back_and_is_escalated()
            throws IOException, InterruptedException {
        serve("staging", "automatic");
        deployGood();

        deploy("19.0.2", () -> {
            TestCluster.execute(shop.database(), "DELETE FROM sale_order_line; DELETE FROM sale_order");
            sick = GOOD;
        });
        JsonNode deployment = outcome("rollback_failed");

        JsonNode run = get("/api/v1/runs/" + deployment.path("rollback_run_id").asText());
        assertThat(run.path("status").asText()).isEqualTo("rolled_back");
        assertThat(run.at("/fault/code").asText()).isEqualTo("HEALTH_TIMEOUT");
        assertThat(TestCluster.query(shop.database(), "SELECT count(*)::text FROM sale_order"))
                .isEqualTo("0");
        assertThat(Files.readString(running).strip()).isEqualTo("19.0.2");
        assertThat(Files.readString(env)).contains("ODOO_IMAGE_TAG=19.0.2\n");
        Installation.await("the escalation", () -> told.stream()
                .anyMatch(notice -> notice.path("text").asText().contains("the rollback of acme/shop was undone")));
        assertThat(history().getLast()).contains("| rollback_failed |");
    }

    @Test
    void where_a_rollback_is_only_proposed_people_are_told_and_their_command_carries_it_out()
            throws IOException, InterruptedException {
        serve("production", "propose");
        deployGood();

        deployBroken("19.0.2-broken");
        JsonNode deployment = outcome("proposed");

        Installation.await("the proposal", () -> isTold("rollback_proposed"));
        Installation.await("the escalation", () -> isTold("escalation"));
        String check = deployment.path("check_run_id").asText();
        assertThat(told).anySatisfy(notice -> {
            assertThat(notice.path("title").asText()).isEqualTo("Lifeboat: acme/shop needs Technical Lead (level 1)");
            assertThat(notice.path("text").asText())
                    .contains("https://backup.example.com/console/runs/" + check + "/acknowledge");
        });
        Console console = new Console();
        String link = "/console/runs/" + check + "/acknowledge";
        assertThat(console.get(link)).contains("I take care of it", "rollback of level 1");
        assertThat(console.get(link)).doesNotContain("Taken by");
        assertThat(console.post(link, link, "note=on+it").statusCode()).isEqualTo(303);
        assertThat(console.get(link)).contains("Taken by local");
        assertThat(shop.lifeboat("acknowledge", check, "--note", "me too", "--json")
                        .succeeded()
                        .json()
                        .path("acknowledged_by")
                        .asText())
                .isEqualTo("local");
        assertThat(Files.readString(running).strip()).isEqualTo("19.0.2-broken");

        JsonNode plan = shop.lifeboat("rollback", "shop", "--dry-run", "--json")
                .succeeded()
                .json();
        assertThat(plan.path("level").asInt()).isEqualTo(1);
        assertThat(plan.path("version_to").asText()).isEqualTo(GOOD);
        assertThat(Files.readString(running).strip()).isEqualTo("19.0.2-broken");
        assertThat(shop.lifeboat("rollback", "shop").exitCode()).isEqualTo(3);
        assertThat(Files.readString(running).strip()).isEqualTo("19.0.2-broken");

        shop.lifeboat("rollback", "shop", "--confirm", "shop", "--reason", "health fails")
                .succeeded();
        outcome("rolled_back");
        assertThat(Files.readString(running).strip()).isEqualTo(GOOD);
        assertThat(told)
                .noneSatisfy(notice -> assertThat(notice.path("title").asText()).contains("DevOps Manager"));
    }

    @Test
    void a_version_that_does_not_run_is_never_gone_back_to_whatever_an_event_says()
            throws IOException, InterruptedException {
        serve("staging", "propose");
        deployGood();

        ended(tell("completed", "19.0.9"));
        JsonNode deployment = outcome("good");

        assertThat(deployment.path("version").asText()).isEqualTo("19.0.9");
        assertThat(deployment.path("reason").asText()).contains("of version " + GOOD, "19.0.9 does not run");
        assertThat(get("/api/v1/environments/shop").path("last_good_version").asText())
                .isEqualTo(GOOD);
        Installation.Ended foreign =
                shop.lifeboat("rollback", "shop", "--to", "registry.example.com/other/odoo:1", "--dry-run");
        assertThat(foreign.exitCode()).isEqualTo(2);
        assertThat(foreign.errors()).contains("another repository");
        assertThat(Files.readString(running).strip()).isEqualTo(GOOD);
    }

    @Test
    void an_open_break_glass_window_holds_an_automatic_rollback_back() throws IOException, InterruptedException {
        serve("staging", "automatic");
        deployGood();
        shop.lifeboat("break-glass", "shop", "--reason", "hot-fix of the payment provider", "--for", "1h")
                .succeeded();
        assertThat(shop.lifeboat("break-glass", "shop", "--reason", "me too", "--for", "1h")
                        .exitCode())
                .isEqualTo(3);

        deployBroken("19.0.2-broken");
        JsonNode deployment = outcome("proposed");

        assertThat(deployment.path("reason").asText()).contains("held back: a break-glass window is open");
        assertThat(Files.readString(running).strip()).isEqualTo("19.0.2-broken");
        assertThat(get("/api/v1/environments/shop").at("/break_glass/reason").asText())
                .isEqualTo("hot-fix of the payment provider");
        assertThat(call("/backup/health", null).body()).contains("\"break_glass_windows\":1");
        Installation.await("the window", () -> isTold("break_glass"));
        assertThat(shop.lifeboat("incident", deployment.path("check_run_id").asText())
                        .succeeded()
                        .output())
                .contains("Break-glass window opened by local", "hot-fix of the payment provider");
        shop.lifeboat("break-glass", "shop", "--end").succeeded();
        assertThat(get("/api/v1/environments/shop/break-glass").path("open").asBoolean())
                .isFalse();
        assertThat(newest().path("outcome").asText()).isEqualTo("proposed");

        Console console = new Console();
        String page = "/console/environments/acme.shop/deployments";
        assertThat(console.get(page)).contains("A rollback is proposed", "set version " + GOOD, "19.0.2-broken");
        assertThat(console.post(page, page + "/rollback", "level=1&reason=seen&confirm=shop")
                        .statusCode())
                .isEqualTo(303);
        outcome("rolled_back");
        assertThat(Files.readString(running).strip()).isEqualTo(GOOD);
    }

    @Test
    void a_service_that_is_down_is_told_once_and_its_return_too() throws IOException, InterruptedException {
        serve("staging", "off");
        Files.delete(running);
        Installation.await("the trouble of service and health", () -> troubles("trouble") == 2);
        Files.writeString(running, GOOD);
        Installation.await("their end", () -> troubles("trouble_over") == 2);
        assertThat(troubles("trouble")).isEqualTo(2);
        assertThat(told)
                .extracting(notice -> notice.path("title").asText())
                .contains("Lifeboat: acme/shop: service in trouble", "Lifeboat: acme/shop: health is well again");
    }

    private long troubles(String event) {
        return told.stream()
                .filter(notice -> notice.path("event").asText().equals(event))
                .count();
    }

    /** A browser that has logged in by a link, without the browser. */
    private final class Console {
        private final URI base;
        private final HttpClient http = HttpClient.newBuilder()
                .cookieHandler(new CookieManager(null, CookiePolicy.ACCEPT_ALL))
                .build();

        Console() throws IOException, InterruptedException {
            URI link = URI.create(shop.lifeboat("login", "--json")
                    .succeeded()
                    .json()
                    .path("url")
                    .asText());
            base = link.resolve("/");
            assertThat(send("/console/login", "credential=" + link.getFragment())
                            .statusCode())
                    .isEqualTo(303);
        }

        private HttpResponse<String> send(String path, String form) throws IOException, InterruptedException {
            return http.send(
                    HttpRequest.newBuilder(base.resolve(path))
                            .header("Content-Type", "application/x-www-form-urlencoded")
                            .header("Sec-Fetch-Site", "same-origin")
                            .POST(HttpRequest.BodyPublishers.ofString(form))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        }

        String get(String path) throws IOException, InterruptedException {
            HttpResponse<String> answer =
                    http.send(HttpRequest.newBuilder(base.resolve(path)).build(), HttpResponse.BodyHandlers.ofString());
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
            return answer.body();
        }

        HttpResponse<String> post(String page, String path, String form) throws IOException, InterruptedException {
            var csrf = Pattern.compile("name=\"csrf\" value=\"([^\"]+)\"").matcher(get(page));
            assertThat(csrf.find()).isTrue();
            return send(path, form + "&csrf=" + csrf.group(1));
        }
    }
}
