package dev.lifeboat.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.lifeboat.environment.Secret;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.json.Json;
import dev.lifeboat.step.EvidenceFile;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the orchestrator makes of functions in other processes that answer, hang, break or are not there. */
final class HttpInvokerTest {
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final StepResponse DONE = StepResponse.of(new StepResult.Done(
            Json.object().put("summary", "so it was"), List.of(new EvidenceFile("proof.json", "{}\n"))));

    private final List<String> keys = new CopyOnWriteArrayList<>();
    private final List<StepRequest> asked = new CopyOnWriteArrayList<>();
    private final CountDownLatch over = new CountDownLatch(1);
    private HttpServer server;

    /** Answers the call of that number, from 1. */
    private interface Script {
        void answer(int call, HttpExchange exchange) throws IOException;
    }

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    }

    @AfterEach
    void stop() {
        over.countDown();
        server.stop(0);
    }

    @Test
    void what_the_function_answers_comes_back_and_the_call_bears_token_and_key() {
        script((call, exchange) -> {
            assertThat(exchange.getRequestHeaders().getFirst("Authorization")).isEqualTo("Bearer the-token");
            assertThat(exchange.getRequestMethod()).isEqualTo("POST");
            send(exchange, 200, Json.pretty(DONE));
        });
        assertThat(invoke(null)).isEqualTo(DONE);
        assertThat(keys).containsExactly("run_1.dump-db.3");
        assertThat(asked.getFirst().checked().runId()).isEqualTo("run_1");
    }

    @ParameterizedTest
    @ValueSource(ints = {404, 429, 503})
    void a_call_that_did_not_reach_the_function_is_made_again(int status) {
        script((call, exchange) -> send(exchange, call < 3 ? status : 200, call < 3 ? "<html>" : Json.pretty(DONE)));
        assertThat(invoke(null)).isEqualTo(DONE);
        assertThat(keys).hasSize(3).containsOnly("run_1.dump-db.3");
    }

    @Test
    void a_function_that_is_not_there_is_told_so_and_nothing_was_called() {
        goAway();
        StepResponse answer = invoke(null);
        assertThat(answer.status()).isEqualTo(StepResponse.Status.FAILED);
        assertThat(answer.fault().code()).isEqualTo(FaultCode.FUNCTION_UNREACHABLE);
    }

    @Test
    void a_call_that_broke_off_is_not_repeated_and_its_outcome_is_unknown() {
        script((call, exchange) -> exchange.close());
        StepResponse answer = invoke(null);
        assertThat(answer.status()).isEqualTo(StepResponse.Status.UNKNOWN);
        assertThat(answer.fault().code()).isEqualTo(FaultCode.OUTCOME_UNKNOWN);
        assertThat(asked).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 500, 502, 504})
    void an_answer_that_is_not_the_functions_leaves_the_outcome_unknown(int status) {
        script((call, exchange) -> send(exchange, status, "<html>bad gateway</html>"));
        assertThat(invoke(null).status()).isEqualTo(StepResponse.Status.UNKNOWN);
        assertThat(asked).hasSize(1);
    }

    @Test
    void a_function_that_hangs_is_left_after_the_limit_with_its_outcome_unknown() {
        script((call, exchange) -> {
            try {
                over.await(30, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            exchange.close();
        });
        assertThat(invoke(null).status()).isEqualTo(StepResponse.Status.UNKNOWN);
        assertThat(asked).hasSize(1);
    }

    @Test
    void asking_how_far_a_task_is_is_repeated_and_at_last_put_off() {
        script((call, exchange) -> exchange.close());
        StepResponse answer = invoke("task-1");
        assertThat(answer.status()).isEqualTo(StepResponse.Status.PENDING);
        assertThat(answer.taskId()).isEqualTo("task-1");
        assertThat(asked).hasSizeGreaterThan(1);
    }

    @Test
    void a_process_that_serves_another_function_fails_the_step_at_once() {
        script((call, exchange) -> send(
                exchange,
                404,
                "{\"code\": \"BAD_INPUT\", \"detail\": \"another function\", \"remedy\": \"call that\"}"));
        StepResponse answer = invoke(null);
        assertThat(answer.status()).isEqualTo(StepResponse.Status.FAILED);
        assertThat(answer.fault().code()).isEqualTo(FaultCode.BAD_INPUT);
        assertThat(asked).hasSize(1);
    }

    private void script(Script script) {
        server.createContext("/dump-db", exchange -> {
            keys.add(exchange.getRequestHeaders().getFirst("Idempotency-Key"));
            asked.add(Json.mapper().readValue(exchange.getRequestBody().readAllBytes(), StepRequest.class));
            script.answer(asked.size(), exchange);
        });
        server.start();
    }

    private static void send(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private StepResponse invoke(String taskId) {
        URI base = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/");
        var invoker = new HttpInvoker(base::resolve, new Secret("the-token"), Duration.ofSeconds(3), PATIENCE);
        return invoker.invoke(
                "dump-db",
                new StepRequest(
                        "run_1",
                        "backup",
                        "acme/shop",
                        Instant.parse("2026-11-20T02:00:00Z"),
                        "local",
                        3,
                        1,
                        Json.object(),
                        Map.of(),
                        taskId,
                        null,
                        Map.of()));
    }

    /** Nobody listens there any more; a server that was never started would leave callers hanging. */
    private void goAway() {
        server.start();
        server.stop(0);
    }
}
