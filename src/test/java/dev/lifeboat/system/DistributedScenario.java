package dev.lifeboat.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.environment.DatabaseBinding;
import dev.lifeboat.json.Json;
import dev.lifeboat.postgres.PostgresCluster;
import dev.lifeboat.testing.S3Server;
import dev.lifeboat.testing.ServerCrash;
import dev.lifeboat.testing.TestCluster;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every part a process of its own: the orchestrator, each function, the sidecar, a PostgreSQL server with the state and another one with
 * Odoo's database, an S3 server.
 */
abstract class DistributedScenario {
    private static final String STATE = "it_distributed_state";
    private static final String TOKEN = "canary-token-77ab";
    private static final String SIDECAR_TOKEN = "canary-sidecar-90cd";
    static final String ORCHESTRATOR = "orchestrator";
    static final String SIDECAR = "sidecar";
    static final String ADVANCE = "advance";

    /** What a backup and a restore go through. */
    static final List<String> FUNCTIONS = List.of(
            "discover-bindings",
            "quiesce",
            "dump-db",
            "archive-filestore",
            "snapshot-config",
            "register-artifact",
            "prune",
            "finalize",
            "verify-artifact",
            "prepare-restore",
            "pre-restore-backup",
            "restore-db",
            "restore-filestore",
            "compare-config",
            "restart",
            "validate");

    @TempDir
    Path folder;

    private final Map<String, Integer> ports = new TreeMap<>();
    private final Map<String, Process> processes = new TreeMap<>();
    final HttpClient http = HttpClient.newHttpClient();
    private PostgresCluster stateServer;
    Installation shop;
    DatabaseBinding state;
    S3Server store;

    /** The steps that processes of their own do; the others are done by who advances runs. */
    List<String> functions() {
        return FUNCTIONS;
    }

    /** Who advances runs, in the order of their start; the first brings the state to the version of the program. */
    List<String> orchestrators() {
        return List.of(ORCHESTRATOR);
    }

    /** Waits until who was started first has all in place that the others need. */
    void awaitFirst() throws Exception {
        Installation.await("the orchestrator", () -> Files.exists(folder.resolve("data/endpoint")));
    }

    @BeforeEach
    void startAll() throws Exception {
        shop = Installation.create(folder, "it_distributed", 150);
        stateServer = PostgresCluster.at(folder.resolve("state-server"))
                .durable(false)
                .start();
        state = stateServer.binding(STATE);
        stateServer.createDatabase(STATE, state.user());
        store = new S3Server("127.0.0.1", Optional.of(Files.createDirectories(folder.resolve("region"))));
        ports.put(SIDECAR, freePort());
        var urls = new StringBuilder();
        for (String orchestrator : orchestrators()) {
            ports.put(orchestrator, freePort());
        }
        for (String function : functions()) {
            ports.put(function, freePort());
            urls.append("    %s: http://127.0.0.1:%d/%s%n".formatted(function, ports.get(function), function));
        }
        shop.configure(
                "staging",
                "stores: [primary]\n",
                "",
                """
                stores:
                  primary:
                    kind: s3
                    endpoint: %s
                    bucket: %s
                    access-key: %s
                    secret-key: %s
                    limit: 5s
                functions:
                  patience: 40s
                  urls:
                """.formatted(store.endpoint(), S3Server.BUCKET, S3Server.ACCESS_KEY, S3Server.SECRET_KEY) + urls);
        start(orchestrators().getFirst());
        awaitFirst();
        start(SIDECAR);
        for (String orchestrator : orchestrators().subList(1, orchestrators().size())) {
            start(orchestrator);
        }
        for (String function : functions()) {
            start(function);
        }
        // So many starts at once take what processors there are: nothing is asked for meanwhile.
        for (String process : processes.keySet()) {
            awaitHealth(process);
        }
    }

    /** Waits until a process is ready. */
    void awaitHealth(String process) throws Exception {
        Installation.await(process, () -> {
            try {
                return http.send(call(process, "/q/health/ready").build(), HttpResponse.BodyHandlers.discarding())
                                .statusCode()
                        == 200;
            } catch (IOException e) {
                // it does not listen yet
                return false;
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    /** Kills the server that holds the state, and starts it again. */
    void crashState() throws IOException, InterruptedException {
        stateServer = ServerCrash.of(folder.resolve("state-server"), stateServer);
    }

    @AfterEach
    void stopAll() throws IOException {
        http.close();
        shop.close();
        store.close();
        stateServer.stop();
    }

    ObjectNode restore(JsonNode backup) {
        return Json.object()
                .put("artifact", backup.path("artifact_id").asText())
                .put("again", true);
    }

    void assertSuccess(JsonNode run, List<String> evidence) throws IOException {
        assertThat(run.path("status").asText())
                .as("%s%n%s", run.toPrettyString(), logs())
                .isEqualTo("success");
        Path files = folder.resolve(run.path("evidence_dir").asText());
        for (String file : evidence) {
            assertThat(files.resolve(file)).exists();
        }
        shop.lifeboat("evidence", "verify", files.toString()).succeeded();
        assertThat(run.toString()).doesNotContain(TOKEN, SIDECAR_TOKEN);
    }

    String begin(String what, ObjectNode body) throws Exception {
        for (int i = 0; i < 200; i++) {
            try {
                HttpResponse<String> answer = http.send(
                        call("/api/v1/environments/shop/" + what)
                                .header("Content-Type", "application/json")
                                .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
                assertThat(answer.statusCode())
                        .as("%s%n%s", answer.body(), logs())
                        .isEqualTo(202);
                return Json.mapper().readTree(answer.body()).path("run_id").asText();
            } catch (java.net.ConnectException e) {
                Thread.sleep(100);
            }
        }
        throw new AssertionError("the orchestrator does not answer");
    }

    JsonNode await(String run) throws Exception {
        long end = System.nanoTime() + Duration.ofMinutes(6).toNanos();
        while (!isOver(run)) {
            assertThat(System.nanoTime())
                    .as("%s is over in time%n%s", run, logs())
                    .isLessThan(end);
            Thread.sleep(100);
        }
        Installation.await("the orchestrator", () -> Files.exists(folder.resolve("data/endpoint")));
        return Json.mapper()
                .readTree(http.send(call("/api/v1/runs/" + run).build(), HttpResponse.BodyHandlers.ofString())
                        .body());
    }

    boolean isOver(String run) {
        return TestCluster.query(state, "SELECT completed_at::text FROM ops.runs WHERE run_id = '" + run + "'") != null;
    }

    private HttpRequest.Builder call(String path) {
        return call(ORCHESTRATOR, path);
    }

    /** A request to a process, with the token of who owns the machine. */
    HttpRequest.Builder call(String process, String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + ports.get(process) + path))
                .timeout(Duration.ofSeconds(60))
                .header("Authorization", "Bearer " + TOKEN);
    }

    void start(String name) throws IOException {
        String port = Integer.toString(ports.get(name));
        var environment = new HashMap<String, String>();
        environment.put("LIFEBOAT_TOKEN", TOKEN);
        environment.put("LIFEBOAT_SIDECAR_TOKEN", SIDECAR_TOKEN);
        environment.put("LIFEBOAT_SIDECAR_URL", "http://127.0.0.1:" + ports.get(SIDECAR));
        environment.put("LIFEBOAT_SIDECAR_LOST_AFTER", "40s");
        if (name.equals(SIDECAR)) {
            environment.put("LIFEBOAT_KEYS_DIR", folder.resolve("data/keys").toString());
            if (ports.containsKey(ADVANCE)) {
                environment.put(
                        "LIFEBOAT_FUNCTIONS_URLS_ADVANCE", "http://127.0.0.1:" + ports.get(ADVANCE) + "/" + ADVANCE);
            }
        } else {
            environment.put(
                    "QUARKUS_DATASOURCE_JDBC_URL",
                    "jdbc:postgresql://" + state.host() + ":" + state.port() + "/" + state.name());
            environment.put("QUARKUS_DATASOURCE_USERNAME", state.user());
            environment.put("QUARKUS_DATASOURCE_PASSWORD", state.password().value());
            environment.put("QUARKUS_DATASOURCE_JDBC_MAX_SIZE", orchestrators().contains(name) ? "8" : "3");
        }
        String log = "log-" + name;
        processes.put(
                name,
                switch (name) {
                    case ORCHESTRATOR -> shop.start(environment, log, "serve", "--port", port);
                    case SIDECAR ->
                        shop.start(
                                environment,
                                log,
                                "sidecar",
                                "--port",
                                port,
                                "--data-dir",
                                folder.resolve("sidecar-data").toString());
                    // several processes may serve one function
                    default -> shop.start(environment, log, "function", name.replaceFirst("#.*", ""), "--port", port);
                });
    }

    void kill(String name) throws InterruptedException {
        processes.get(name).destroyForcibly().waitFor();
    }

    String logs() {
        var text = new StringBuilder();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(path -> path.getFileName().toString().startsWith("log-"))
                    .toList()) {
                text.append("== ").append(file.getFileName()).append('\n').append(Files.readString(file));
            }
            Path engine = folder.resolve("data/logs/lifeboat.log");
            text.append(Files.exists(engine) ? Files.readString(engine) : "");
        } catch (IOException e) {
            text.append(e);
        }
        return text.toString();
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
