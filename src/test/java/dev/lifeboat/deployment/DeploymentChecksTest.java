package dev.lifeboat.deployment;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.lifeboat.artifact.BackupType;
import dev.lifeboat.artifact.Manifest;
import dev.lifeboat.environment.Bindings;
import dev.lifeboat.environment.DatabaseBinding;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.EnvironmentType;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.environment.ServiceBinding;
import dev.lifeboat.progress.Progress;
import dev.lifeboat.testing.TestCluster;
import io.quarkus.runtime.configuration.DurationConverter;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.smallrye.config.source.yaml.YamlConfigSource;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is found after a deployment, in a database shaped like Odoo's and pages that a server of the test gives. */
class DeploymentChecksTest {
    private static DatabaseBinding database;

    @TempDir
    Path folder;

    private final AtomicInteger asked = new AtomicInteger();
    private volatile int errorEvery;
    private volatile int slowMillis;
    private HttpServer odoo;
    private ServiceBinding service = new ServiceBinding.None();

    @BeforeAll
    static void create() {
        database = TestCluster.createOdooDatabase("deployment_checks");
    }

    @AfterAll
    static void drop() {
        TestCluster.drop("deployment_checks");
    }

    @BeforeEach
    void serve() throws IOException {
        odoo = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        odoo.createContext("/web/login", exchange -> {
            boolean error = errorEvery > 0 && asked.incrementAndGet() % errorEvery == 0;
            pause(slowMillis);
            exchange.sendResponseHeaders(error ? 500 : 200, -1);
            exchange.close();
        });
        odoo.createContext("/web/health", exchange -> {
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        odoo.start();
    }

    /** A page that takes its time: the time is what is measured. */
    private static void pause(int millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @AfterEach
    void stop() {
        odoo.stop(0);
    }

    private static LifeboatConfig.Environment settings(String deployment) {
        return new SmallRyeConfigBuilder()
                .addDiscoveredConverters()
                .withConverter(Duration.class, 200, new DurationConverter())
                .withMapping(LifeboatConfig.class)
                .withSources(new YamlConfigSource("test", """
                        lifeboat:
                          projects:
                            acme:
                              environments:
                                shop:
                                  type: staging
                                  service: {health-limit: 5s}
                                  deployment:
                        """ + deployment.indent(18)))
                .build()
                .getConfigMapping(LifeboatConfig.class)
                .projects()
                .get("acme")
                .environments()
                .get("shop");
    }

    private DeploymentChecks.Report check(String settings, Optional<Manifest> before, OptionalDouble normal) {
        var bindings = new Bindings(
                new EnvironmentId("acme", "shop"),
                EnvironmentType.STAGING,
                database,
                folder,
                Optional.empty(),
                List.of(),
                Optional.of(URI.create("http://127.0.0.1:" + odoo.getAddress().getPort())),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                service,
                List.of("primary"));
        LifeboatConfig.Environment environment = settings(settings);
        return new DeploymentChecks(
                        bindings,
                        environment,
                        before,
                        Instant.now(),
                        normal,
                        environment.deployment().window(),
                        Progress.NONE)
                .run();
    }

    private DeploymentChecks.Report check(String settings) {
        return check(settings, Optional.empty(), OptionalDouble.empty());
    }

    private static Optional<Finding> finding(DeploymentChecks.Report report, String check) {
        return report.findings().stream()
                .filter(finding -> finding.check().equals(check))
                .findFirst();
    }

    /** A backup in which these tables had so many rows. */
    private static Optional<Manifest> backup(Map<String, Long> rows) {
        var content = new Manifest.DatabaseContent(
                "15",
                1,
                "UTF8",
                "c",
                "C",
                "C",
                Optional.empty(),
                "odoo",
                Map.of(),
                rows.entrySet().stream()
                        .map(table -> new Manifest.TableDigest("public." + table.getKey(), table.getValue(), "", ""))
                        .toList(),
                Map.of(),
                "",
                0);
        var file = new Manifest.FileEntry("x", 0, "");
        return Optional.of(new Manifest(
                Manifest.FORMAT,
                "bk_1",
                Instant.EPOCH,
                "acme",
                "shop",
                "run_1",
                BackupType.DB_ONLY,
                "backup",
                Optional.empty(),
                List.of(),
                new Manifest.SourceEnvironment("shop", "staging", "shop", Optional.empty()),
                Optional.of(file),
                Optional.empty(),
                new Manifest.OdooEntry(Optional.empty(), Optional.empty(), List.of(), Optional.empty()),
                Optional.of(content),
                file,
                Map.of(),
                List.of()));
    }

    private static long rows(String table) {
        return Long.parseLong(TestCluster.query(database, "SELECT count(*)::text FROM " + table));
    }

    private Path script(String name, String body) throws IOException {
        Path script = Files.writeString(folder.resolve(name), "#!/bin/sh\ncd '" + folder + "'\n" + body + "\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
        return script;
    }

    @Test
    void a_service_that_does_not_start_in_three_attempts_must_not_wait() throws IOException {
        service = new ServiceBinding.Command(
                List.of(script("start", "echo x >> starts; exit 1").toString()),
                List.of("true"),
                List.of("false"),
                List.of(),
                List.of(),
                Duration.ofSeconds(10));
        Finding found = finding(check("window: 0s"), "service").orElseThrow();
        assertThat(found.weight()).isEqualTo(Finding.Weight.IMMEDIATE);
        assertThat(found.data()).isFalse();
        assertThat(Files.readAllLines(folder.resolve("starts"))).hasSize(3);
    }

    @Test
    void a_table_that_lost_more_rows_than_allowed_is_damaged_data_and_one_that_lost_fewer_or_grew_is_not() {
        var report = check(
                "{window: 0s, allowed-shrink: 10, tables: [product_template, res_users]}",
                backup(Map.of(
                        "product_template",
                        rows("product_template") * 2,
                        "res_partner",
                        rows("res_partner") + 1,
                        "sale_order",
                        1L,
                        "ir_attachment",
                        1_000_000L)),
                OptionalDouble.empty());
        Finding found = finding(report, "record counts").orElseThrow();
        assertThat(found.data()).isTrue();
        assertThat(found.weight()).isEqualTo(Finding.Weight.IMMEDIATE);
        assertThat(found.found()).startsWith("product_template ").doesNotContain("res_partner", "sale_order", "ir_att");
        assertThat(report.counts()).containsKeys("product_template", "res_partner");
    }

    @Test
    void without_a_backup_before_counts_are_skipped_and_said_to_be() {
        var report = check("window: 0s");
        assertThat(finding(report, "record counts")).isEmpty();
        assertThat(report.checks()).anySatisfy(line -> assertThat(line.check() + " " + line.verdict())
                .isEqualTo("record counts skipped"));
    }

    @Test
    void the_sites_own_checks_weigh_as_they_say_and_get_no_shell() throws IOException {
        Path mail = script("mail", "[ \"$1\" = 'a; b' ] || exit 2; echo 'queue is stuck' >&2; exit 1");
        var report = check("""
                window: 0s
                smoke:
                  fine: {command: ["true"]}
                  invoice: {command: ["false"], critical: true}
                  mail: {command: ["%s", "a; b"]}
                  gone: {command: ["/nowhere/to/be/found"]}
                  late: {command: [sleep, "30"], limit: 1s}
                  orders: {read: sale.order}
                """.formatted(mail));
        assertThat(finding(report, "smoke check fine")).isEmpty();
        assertThat(finding(report, "smoke check invoice"))
                .hasValueSatisfying(found -> assertThat(found.weight()).isEqualTo(Finding.Weight.IMMEDIATE));
        assertThat(finding(report, "smoke check mail")).hasValueSatisfying(found -> {
            assertThat(found.weight()).isEqualTo(Finding.Weight.WEIGH);
            assertThat(found.found()).isEqualTo("exit code 1: queue is stuck");
        });
        assertThat(finding(report, "smoke check gone")).isPresent();
        assertThat(finding(report, "smoke check late").orElseThrow().found()).contains("not finished within 1 s");
        assertThat(finding(report, "smoke check orders").orElseThrow().found()).contains("API is not configured");
    }

    @Test
    void addons_that_are_not_installed_are_found() {
        assertThat(finding(check("{window: 0s, addons: [base, not_there]}"), "addons")
                        .orElseThrow()
                        .found())
                .isEqualTo("not_there is not installed");
        assertThat(finding(check("{window: 0s, addons: [base]}"), "addons")).isEmpty();
    }

    @Test
    void answers_that_fail_or_are_slow_over_the_window_are_for_people_to_weigh() {
        errorEvery = 2;
        Finding errors = finding(check("window: 4s"), "error rate").orElseThrow();
        assertThat(errors.weight()).isEqualTo(Finding.Weight.WEIGH);
        errorEvery = 0;
        slowMillis = 1300;
        Optional<Finding> slow =
                finding(check("window: 1s", Optional.empty(), OptionalDouble.of(0.1)), "response time");
        assertThat(slow).hasValueSatisfying(found -> {
            assertThat(found.weight()).isEqualTo(Finding.Weight.WEIGH);
            assertThat(found.found()).contains("0.1 s before the deployment");
        });
        assertThat(finding(check("window: 1s"), "response time")).isEmpty();
    }
}
