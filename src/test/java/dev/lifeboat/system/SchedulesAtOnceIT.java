package dev.lifeboat.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.lifeboat.environment.DatabaseBinding;
import dev.lifeboat.json.Json;
import dev.lifeboat.orchestrator.Workflows;
import dev.lifeboat.run.Operation;
import dev.lifeboat.step.EvidenceFile;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import dev.lifeboat.testing.TestCluster;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many environments whose schedules fall on one minute, functions that do nothing, and two orchestrators of which one is killed. */
class SchedulesAtOnceIT {
    private static final int ENVIRONMENTS = 500;
    private static final String STATE = "it_schedules_state";

    @TempDir
    Path folder;

    private final Map<String, AtomicInteger> done = new ConcurrentHashMap<>();
    private HttpServer functions;
    private Installation shop;
    private DatabaseBinding state;

    @BeforeEach
    void install() throws IOException {
        shop = Installation.create(folder, "it_schedules", 1);
        TestCluster.drop(STATE);
        state = TestCluster.get().binding(STATE);
        TestCluster.get().createDatabase(STATE, state.user());
        functions = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1000);
        functions.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        functions.createContext("/", exchange -> {
            String name = exchange.getRequestURI().getPath().substring(1);
            var request = Json.mapper().readValue(exchange.getRequestBody().readAllBytes(), StepRequest.class);
            done.computeIfAbsent(request.environment() + " " + name, key -> new AtomicInteger())
                    .incrementAndGet();
            byte[] answer = Json.mapper()
                    .writeValueAsBytes(StepResponse.of(new StepResult.Done(Json.object(), evidence(name))));
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        functions.start();
    }

    @AfterEach
    void remove() throws IOException {
        shop.close();
        functions.stop(0);
        TestCluster.drop(STATE);
    }

    @Test
    void every_run_takes_place_exactly_once_though_one_of_two_orchestrators_is_killed_meanwhile() throws Exception {
        // Far enough for two orchestrators to start in, on a machine that other suites keep busy.
        Instant minute = Instant.now().plusSeconds(150).truncatedTo(ChronoUnit.MINUTES);
        configure(minute);
        Process first = orchestrator("one");
        orchestrator("two");
        Installation.await(
                "both to have seen every schedule",
                () -> number("SELECT count(*) FROM ops.schedule_fires") == ENVIRONMENTS);
        assertThat(Instant.now()).as("the minute is still to come").isBefore(minute);
        assertThat(number("SELECT count(*) FROM ops.runs")).isZero();

        long ended = 0;
        Instant limit = minute.plus(Duration.ofMinutes(5));
        while (ended < ENVIRONMENTS && Instant.now().isBefore(limit)) {
            ended = number("SELECT count(*) FROM ops.runs WHERE completed_at IS NOT NULL");
            if (ended > ENVIRONMENTS / 5 && first.isAlive()) {
                first.destroyForcibly().waitFor();
            }
            Thread.sleep(100);
        }

        assertThat(first.isAlive()).isFalse();
        assertThat(number("SELECT count(*) FROM ops.runs")).isEqualTo(ENVIRONMENTS);
        assertThat(number("SELECT count(DISTINCT environment_id) FROM ops.runs WHERE status = 'success'"))
                .isEqualTo(ENVIRONMENTS);
        // The killed one may have created a run and not have told so yet; who takes its place finds that run.
        Installation.await(
                "every time to have its run recorded",
                () -> number("SELECT count(*) FROM ops.schedule_fires WHERE status = 'started'") == ENVIRONMENTS);
        assertThat(number("SELECT count(*) FROM ops.runs")).isEqualTo(ENVIRONMENTS);
        assertThat(done).hasSize(2 * ENVIRONMENTS);
        assertThat(number("SELECT count(*) FROM ops.run_steps WHERE status = 'done'"))
                .as("each step has one result")
                .isEqualTo(2L * ENVIRONMENTS);
        System.out.println("%d runs in %s s; the orchestrators' own cost a step: median %s ms, 95th percentile %s ms"
                .formatted(
                        ENVIRONMENTS,
                        TestCluster.query(
                                state,
                                "SELECT round(extract(epoch FROM max(completed_at) - min(created_at)))::text FROM ops.runs"),
                        cost(0.5),
                        cost(0.95)));
    }

    /** From the moment that a step is recorded as begun to that in which its result is: the function itself takes no time. */
    private String cost(double percentile) {
        return TestCluster.query(
                state,
                "SELECT round((1000 * percentile_cont(" + percentile + ") WITHIN GROUP (ORDER BY"
                        + " extract(epoch FROM finished_at - started_at)))::numeric, 1)::text FROM ops.run_steps"
                        + " WHERE status = 'done'");
    }

    private void configure(Instant minute) throws IOException {
        var time = minute.atZone(ZoneOffset.UTC);
        var environments = new StringBuilder();
        for (int i = 1; i < ENVIRONMENTS; i++) {
            environments.append("""
                    e%d:
                      type: dev
                      filestore: %s
                      database: {host: 127.0.0.1, name: e%d, user: odoo}
                      schedule: {validate: "%d %d * * *"}
                    """.formatted(i, folder.resolve("none/e" + i), i, time.getMinute(), time.getHour()));
        }
        shop.configure(
                "dev",
                "schedule: {validate: \"%d %d * * *\"}\n".formatted(time.getMinute(), time.getHour()),
                environments.toString(),
                """
                schedules:
                  jitter: 0s
                functions:
                  url: http://127.0.0.1:%d/{name}
                """.formatted(functions.getAddress().getPort()));
    }

    private Process orchestrator(String name) throws IOException {
        return shop.start(
                Map.of(
                        "QUARKUS_DATASOURCE_JDBC_URL",
                                "jdbc:postgresql://" + state.host() + ":" + state.port() + "/" + state.name(),
                        "QUARKUS_DATASOURCE_USERNAME", state.user(),
                        "QUARKUS_DATASOURCE_PASSWORD", state.password().value(),
                        "LIFEBOAT_KEYS_DIR",
                                Files.createDirectories(folder.resolve("keys")).toString()),
                "log-" + name,
                "serve",
                "--port",
                "0",
                "--data-dir",
                folder.resolve("data-" + name).toString());
    }

    private long number(String sql) {
        try {
            return Long.parseLong(TestCluster.query(state, sql.replaceFirst("\\)", ")::text")));
        } catch (IllegalStateException e) {
            // the schema is not there yet
            return -1;
        }
    }

    private static List<EvidenceFile> evidence(String step) {
        return Workflows.of(Operation.VALIDATE).step(step).evidence().stream()
                .map(name -> new EvidenceFile(name, "{\"summary\": \"nothing was done\"}\n"))
                .toList();
    }
}
