package dev.lifeboat.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.lifeboat.artifact.ArtifactFolder;
import dev.lifeboat.artifact.ArtifactId;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.testing.S3Server;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Answers of a server that has trouble, given by a relay in front of a real one. */
final class S3AnswersTest {
    private static final ObjectKey KEY = ObjectKey.of("acme", "prod", "b1", "db.dump");
    private static final String SLOW_DOWN =
            "<Error><Code>SlowDown</Code><Message>Please reduce your rate</Message></Error>";
    private static final Set<String> NOT_HANDED_ON =
            Set.of("host", "connection", "content-length", "expect", "transfer-encoding");

    private final AtomicInteger troubles = new AtomicInteger();
    private final AtomicInteger asked = new AtomicInteger();
    private volatile int status = 503;
    private volatile String trouble = SLOW_DOWN;
    private volatile boolean tellsSizes = true;
    /** The methods that have trouble. */
    private volatile String troubled = ".*";

    private S3Server server;
    private HttpServer relay;
    private HttpClient client;
    private S3Store store;

    @BeforeEach
    void start() throws IOException {
        // the relay's address is not the one that was signed for
        server = new S3Server("127.0.0.1", Optional.empty(), false);
        client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        relay = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        relay.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        relay.createContext("/", this::answer);
        relay.start();
        store = new S3Store(
                "primary",
                S3StoreTest.settings(
                        URI.create("http://127.0.0.1:" + relay.getAddress().getPort()), "t", Duration.ofSeconds(10)));
    }

    @AfterEach
    void stop() {
        store.close();
        relay.stop(0);
        client.close();
        server.close();
    }

    /** As long as there is trouble, that; else what the real server answers. */
    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] body = exchange.getRequestBody().readAllBytes();
            asked.incrementAndGet();
            if (exchange.getRequestMethod().matches(troubled)
                    && troubles.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
                byte[] said = trouble.getBytes(StandardCharsets.UTF_8);
                exchange.sendResponseHeaders(status, said.length);
                exchange.getResponseBody().write(said);
                return;
            }
            var request = HttpRequest.newBuilder(server.endpoint().resolve(exchange.getRequestURI()))
                    .method(exchange.getRequestMethod(), HttpRequest.BodyPublishers.ofByteArray(body));
            exchange.getRequestHeaders().forEach((name, values) -> {
                if (!NOT_HANDED_ON.contains(name.toLowerCase(java.util.Locale.ROOT))) {
                    values.forEach(value -> request.header(name, value));
                }
            });
            HttpResponse<byte[]> answer = client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
            answer.headers().map().forEach((name, values) -> {
                if (!NOT_HANDED_ON.contains(name)) {
                    values.forEach(value -> exchange.getResponseHeaders().add(name, value));
                }
            });
            boolean head = exchange.getRequestMethod().equals("HEAD");
            if (head && tellsSizes) {
                answer.headers().firstValue("content-length").ifPresent(length -> exchange.getResponseHeaders()
                        .add("Content-Length", length));
            }
            exchange.sendResponseHeaders(
                    answer.statusCode(), head || answer.body().length == 0 ? -1 : answer.body().length);
            if (!head) {
                exchange.getResponseBody().write(answer.body());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void write() {
        byte[] content = "content".getBytes(StandardCharsets.UTF_8);
        try (ObjectWriter writer = store.create(KEY)) {
            writer.write(content, 0, content.length);
            writer.commit();
        }
    }

    private static FaultCode codeOf(Runnable work) {
        try {
            work.run();
        } catch (FaultException e) {
            return e.fault().code();
        }
        throw new AssertionError("nothing failed");
    }

    @Test
    void a_server_that_asks_for_patience_twice_is_asked_again_and_takes_it() throws IOException {
        troubles.set(2);
        write();
        troubles.set(2);
        try (InputStream in = store.open(KEY, 0)) {
            assertThat(in.readAllBytes()).asString().isEqualTo("content");
        }
        assertThat(asked.get()).isGreaterThanOrEqualTo(6);
    }

    @Test
    void an_answer_without_a_size_is_told_and_no_crash() {
        write();
        tellsSizes = false;
        assertThat(codeOf(() -> store.find(KEY))).isEqualTo(FaultCode.STORE_READ_FAILED);
    }

    @Test
    void errors_of_the_server_that_go_away_are_outlasted() {
        status = 500;
        trouble = "<Error><Code>InternalError</Code><Message>We encountered an internal error</Message></Error>";
        troubles.set(2);
        write();
        assertThat(store.find(KEY)).isPresent();
    }

    @Test
    void a_server_that_never_has_time_fails_the_write_and_leaves_nothing() {
        troubles.set(Integer.MAX_VALUE);
        assertThat(codeOf(this::write)).isEqualTo(FaultCode.STORE_WRITE_FAILED);
        troubles.set(0);
        assertThat(store.find(KEY)).isEmpty();
    }

    @Test
    void a_clock_that_is_wrong_is_told_to_be_wrong() {
        status = 403;
        trouble =
                "<Error><Code>RequestTimeTooSkewed</Code><Message>The difference between the request time and the server's"
                        + " time is too large.</Message></Error>";
        troubles.set(Integer.MAX_VALUE);
        assertThatThrownBy(store::probe).isInstanceOfSatisfying(FaultException.class, e -> {
            assertThat(e.fault().code()).isEqualTo(FaultCode.STORE_REFUSED);
            assertThat(e.fault().message()).contains("clock");
        });
    }

    @Test
    void a_right_that_is_missing_is_told_with_the_object() {
        status = 403;
        trouble = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>";
        troubles.set(Integer.MAX_VALUE);
        assertThat(codeOf(this::write)).isEqualTo(FaultCode.STORE_REFUSED);
        assertThat(codeOf(() -> store.find(KEY))).isIn(FaultCode.STORE_REFUSED, FaultCode.STORE_READ_FAILED);
    }

    @Test
    void a_small_object_costs_one_request() throws IOException {
        for (int bytes : new int[] {0, 1, 70_000, Block.BYTES - 1}) {
            asked.set(0);
            byte[] content = new byte[bytes];
            try (ObjectWriter writer = store.create(KEY)) {
                writer.write(content, 0, bytes);
                writer.commit();
            }
            assertThat(asked).hasValue(1);
            try (InputStream in = store.open(KEY, 0)) {
                assertThat(in.readAllBytes()).isEqualTo(content);
            }
        }
    }

    @Test
    void an_artifact_is_removed_by_a_request_for_each_object_and_three_more() {
        var folder = new ArtifactFolder(store, new ArtifactId(new EnvironmentId("acme", "prod"), "b1"));
        for (int i = 0; i < 10; i++) {
            try (ObjectWriter writer = store.create(folder.key("evidence/" + i + ".json"))) {
                writer.write('{');
                writer.commit();
            }
        }
        folder.commit("{}".getBytes(StandardCharsets.UTF_8));
        asked.set(0);
        folder.remove();
        assertThat(asked).hasValue(11 + 3);
        assertThat(folder.objects()).isEmpty();
    }

    @Test
    void a_proxys_word_that_all_is_well_is_no_write() {
        status = 200;
        trouble = "<html>Please log in</html>";
        troubled = "PUT";
        troubles.set(Integer.MAX_VALUE);
        assertThat(codeOf(this::write)).isEqualTo(FaultCode.STORE_WRITE_FAILED);
        assertThat(codeOf(() -> store.putIfAbsent(KEY, new byte[1]))).isEqualTo(FaultCode.STORE_WRITE_FAILED);
        assertThat(codeOf(() -> {
                    try (ObjectWriter writer = store.create(KEY)) {
                        writer.write(new byte[Block.BYTES + 1], 0, Block.BYTES + 1);
                        writer.commit();
                    }
                }))
                .isEqualTo(FaultCode.STORE_WRITE_FAILED);
        assertThat(store.find(KEY)).isEmpty();
    }

    @Test
    void a_page_of_a_proxy_instead_of_an_answer_is_a_failure_and_no_object() {
        status = 502;
        trouble = "<html>Bad Gateway</html>";
        troubles.set(Integer.MAX_VALUE);
        assertThat(codeOf(this::write)).isEqualTo(FaultCode.STORE_WRITE_FAILED);
    }
}
