package dev.lifeboat.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
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
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkClientException;

/** What the orchestrator makes of Lambda's answers. The cloud's control plane is a mock that answers as its reference says. */
final class LambdaInvokerTest {
    private static final AwsCredentialsProvider CREDENTIALS =
            StaticCredentialsProvider.create(AwsSessionCredentials.create("AKIATEST", "canary-secret", "the-session"));
    private static final StepResponse DONE = StepResponse.of(new StepResult.Done(
            Json.object().put("summary", "so it was"), List.of(new EvidenceFile("proof.json", "{}\n"))));

    private final List<StepRequest> asked = new CopyOnWriteArrayList<>();
    private final List<Headers> headers = new CopyOnWriteArrayList<>();
    private final CountDownLatch over = new CountDownLatch(1);
    private HttpServer lambda;

    /** Answers the call of that number, from 1. */
    private interface Script {
        void answer(int call, HttpExchange exchange) throws IOException;
    }

    @BeforeEach
    void start() throws IOException {
        lambda = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        lambda.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    }

    @AfterEach
    void stop() {
        over.countDown();
        lambda.stop(0);
    }

    @Test
    void what_the_function_answers_comes_back_and_the_call_is_signed_for_lambda_and_waits() {
        script((call, exchange) -> send(exchange, 200, Json.pretty(DONE)));
        assertThat(invoke(null, CREDENTIALS)).isEqualTo(DONE);
        assertThat(asked.getFirst().checked().runId()).isEqualTo("run_1");
        Headers sent = headers.getFirst();
        assertThat(sent.getFirst("X-Amz-Invocation-Type")).isEqualTo("RequestResponse");
        assertThat(sent.getFirst("X-Amz-Security-Token")).isEqualTo("the-session");
        assertThat(sent.getFirst("Authorization"))
                .matches("AWS4-HMAC-SHA256 Credential=AKIATEST/\\d{8}/eu-central-1/lambda/aws4_request,"
                        + " SignedHeaders=[a-z0-9;-]*host[a-z0-9;-]*, Signature=[0-9a-f]{64}");
        assertThat(sent.toString()).doesNotContain("canary-secret");
    }

    @Test
    void the_same_call_is_signed_anew_each_time_it_is_made() {
        script((call, exchange) -> send(exchange, call < 3 ? 429 : 200, call < 3 ? throttled() : Json.pretty(DONE)));
        assertThat(invoke(null, CREDENTIALS)).isEqualTo(DONE);
        assertThat(headers).hasSize(3).allSatisfy(sent -> assertThat(sent.getFirst("X-Amz-Date"))
                .matches("\\d{8}T\\d{6}Z"));
    }

    @ParameterizedTest
    @ValueSource(ints = {404, 429, 503})
    void a_call_that_lambda_did_not_hand_on_is_made_again(int status) {
        script((call, exchange) -> send(exchange, call < 2 ? status : 200, call < 2 ? throttled() : Json.pretty(DONE)));
        assertThat(invoke(null, CREDENTIALS)).isEqualTo(DONE);
        assertThat(asked).hasSize(2);
    }

    @Test
    void a_function_that_stays_throttled_was_not_called_and_the_step_is_worth_another_attempt() {
        script((call, exchange) -> send(exchange, 429, throttled()));
        StepResponse answer = invoke(null, CREDENTIALS);
        assertThat(answer.status()).isEqualTo(StepResponse.Status.FAILED);
        assertThat(answer.fault().code()).isEqualTo(FaultCode.FUNCTION_UNREACHABLE);
        assertThat(answer.fault().facts().toString()).contains("Rate Exceeded");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Unhandled", "Handled"})
    void a_function_that_ended_by_an_error_of_its_own_leaves_the_outcome_unknown(String kind) {
        script((call, exchange) -> {
            exchange.getResponseHeaders().add("X-Amz-Function-Error", kind);
            send(
                    exchange,
                    200,
                    "{\"errorMessage\": \"Task timed out after 3.00 seconds\", \"errorType\": \"Sandbox.Timedout\"}");
        });
        StepResponse answer = invoke(null, CREDENTIALS);
        assertThat(answer.status()).isEqualTo(StepResponse.Status.UNKNOWN);
        assertThat(answer.fault().facts().toString()).contains("Task timed out");
        assertThat(asked).as("it is not called again within the call").hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {500, 502, 504})
    void an_error_of_lambdas_leaves_the_outcome_unknown(int status) {
        script((call, exchange) -> send(exchange, status, "{\"Message\": \"internal\"}"));
        assertThat(invoke(null, CREDENTIALS).status()).isEqualTo(StepResponse.Status.UNKNOWN);
        assertThat(asked).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 403, 413})
    void a_call_that_lambda_refuses_fails_the_step_at_once_with_its_words(int status) {
        script((call, exchange) ->
                send(exchange, status, "{\"Message\": \"User is not authorized to perform: lambda:InvokeFunction\"}"));
        StepResponse answer = invoke(null, CREDENTIALS);
        assertThat(answer.status()).isEqualTo(StepResponse.Status.FAILED);
        assertThat(answer.fault().code()).isEqualTo(FaultCode.BAD_CONFIGURATION);
        assertThat(answer.fault().facts().toString()).contains("not authorized");
        assertThat(asked).hasSize(1);
    }

    @Test
    void a_function_that_hangs_is_left_after_the_limit_with_its_outcome_unknown() {
        script((call, exchange) -> hang(exchange));
        assertThat(invoke(null, CREDENTIALS).status()).isEqualTo(StepResponse.Status.UNKNOWN);
        assertThat(asked).hasSize(1);
    }

    @Test
    void asking_how_far_a_task_is_is_repeated_and_at_last_put_off() {
        script((call, exchange) -> exchange.close());
        StepResponse answer = invoke("task-1", CREDENTIALS);
        assertThat(answer.status()).isEqualTo(StepResponse.Status.PENDING);
        assertThat(answer.taskId()).isEqualTo("task-1");
        assertThat(asked).hasSizeGreaterThan(1);
    }

    @Test
    void without_credentials_nothing_is_called() {
        script((call, exchange) -> send(exchange, 200, Json.pretty(DONE)));
        AwsCredentialsProvider none = () -> {
            throw SdkClientException.create("none in the usual places");
        };
        assertThatThrownBy(() -> invoke(null, none))
                .isInstanceOfSatisfying(
                        FaultException.class, e -> assertThat(e.fault().code()).isEqualTo(FaultCode.BAD_CONFIGURATION));
        assertThat(asked).isEmpty();
    }

    private void script(Script script) {
        lambda.createContext("/2015-03-31/functions/lifeboat-dump-db/invocations", exchange -> {
            headers.add(exchange.getRequestHeaders());
            asked.add(Json.mapper().readValue(exchange.getRequestBody().readAllBytes(), StepRequest.class));
            script.answer(asked.size(), exchange);
        });
        lambda.start();
    }

    private static String throttled() {
        return "{\"Reason\": \"ConcurrentInvocationLimitExceeded\", \"Type\": \"User\", \"message\": \"Rate Exceeded.\"}";
    }

    private void hang(HttpExchange exchange) {
        try {
            over.await(30, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        exchange.close();
    }

    private static void send(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private StepResponse invoke(String taskId, AwsCredentialsProvider credentials) {
        var invoker = new LambdaInvoker(
                URI.create("http://127.0.0.1:" + lambda.getAddress().getPort()),
                "eu-central-1",
                "lifeboat-",
                credentials,
                Duration.ofSeconds(3),
                Duration.ofSeconds(2));
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
}
