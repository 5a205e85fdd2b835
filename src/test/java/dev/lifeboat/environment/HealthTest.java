package dev.lifeboat.environment;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntUnaryOperator;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class HealthTest {
    private static final Duration PLENTY = Duration.ofSeconds(30);
    private static final Duration LITTLE = Duration.ofMillis(300);
    private static final Duration PAUSE = Duration.ofMillis(10);

    private final ConcurrentHashMap<String, AtomicInteger> asked = new ConcurrentHashMap<>();
    private HttpServer server;

    @BeforeEach
    void startServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.start();
    }

    @AfterEach
    void stopServer() {
        server.stop(0);
    }

    /** Answers a page with the status that belongs to the number of the question, from 1. */
    private void answer(String page, IntUnaryOperator status) {
        server.createContext(page, exchange -> {
            int number = asked.computeIfAbsent(page, any -> new AtomicInteger()).incrementAndGet();
            exchange.sendResponseHeaders(status.applyAsInt(number), -1);
            exchange.close();
        });
    }

    private Health health(String path, Duration answerLimit) {
        URI url = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
        return new Health(Optional.of(url), Optional.empty(), answerLimit, PAUSE);
    }

    @Test
    void both_pages_answering_is_healthy() {
        answer("/web/health", n -> 200);
        answer("/web/login", n -> 200);
        Health.Report report = health("", PLENTY).await(PLENTY);
        assertThat(report.healthy()).isTrue();
        assertThat(report.rounds()).isOne();
        assertThat(report.probes()).extracting(Health.Probe::status).containsExactly(200, 200);
    }

    @Test
    void a_service_that_comes_up_is_waited_for() {
        answer("/web/health", n -> 200);
        answer("/web/login", n -> n < 4 ? 503 : 200);
        Health.Report report = health("", PLENTY).await(PLENTY);
        assertThat(report.healthy()).isTrue();
        assertThat(report.rounds()).isEqualTo(4);
    }

    @Test
    void a_passing_health_page_is_not_enough_when_the_login_page_leads_to_the_selector() {
        answer("/web/health", n -> 200);
        answer("/web/login", n -> 303);
        Health.Report report = health("", PLENTY).await(LITTLE);
        assertThat(report.healthy()).isFalse();
        assertThat(report.reason()).contains("not healthy within");
        assertThat(report.probes()).extracting(Health.Probe::status).containsExactly(200, 303);
    }

    @Test
    void an_odoo_below_a_path_is_asked_there() {
        answer("/shop/web/health", n -> 200);
        answer("/shop/web/login", n -> 200);
        assertThat(health("/shop/", PLENTY).await(PLENTY).healthy()).isTrue();
        assertThat(health("/shop", PLENTY).await(PLENTY).healthy()).isTrue();
    }

    @Test
    void nobody_listening_is_reported_as_what_was_seen() {
        int port = server.getAddress().getPort();
        server.stop(0);
        var health = new Health(Optional.of(URI.create("http://127.0.0.1:" + port)), Optional.empty(), PLENTY, PAUSE);
        Health.Report report = health.await(LITTLE);
        assertThat(report.healthy()).isFalse();
        assertThat(report.probes())
                .allSatisfy(probe -> assertThat(probe.error()).contains("ConnectException"));
    }

    @Test
    void a_server_that_never_answers_does_not_outlast_the_limit() throws IOException {
        var release = new CountDownLatch(1);
        server.createContext("/web", exchange -> {
            try {
                release.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            exchange.close();
        });
        try {
            Health.Report report = health("", Duration.ofHours(1)).await(LITTLE);
            assertThat(report.healthy()).isFalse();
            assertThat(report.probes())
                    .first()
                    .extracting(Health.Probe::error)
                    .asString()
                    .contains("Timeout");
        } finally {
            release.countDown();
        }
    }

    @Test
    void without_an_url_health_does_not_apply_and_says_why() {
        Health.Report report = new Health(Optional.empty(), Optional.empty(), PLENTY, PAUSE).await(PLENTY);
        assertThat(report.applicable()).isFalse();
        assertThat(report.reason()).contains("no url");
    }

    /** Answers one request on a socket of its own, as a server of websockets or as something else. */
    private static Thread answerOnce(ServerSocket listening, UnaryOperator<String> answer) {
        return Thread.ofVirtual().start(() -> {
            try (var socket = listening.accept()) {
                var in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
                String key = "";
                for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
                    if (line.startsWith("Sec-WebSocket-Key:")) {
                        key = line.substring(line.indexOf(':') + 1).strip();
                    }
                }
                socket.getOutputStream().write(answer.apply(key).getBytes(StandardCharsets.UTF_8));
                socket.getOutputStream().flush();
                while (in.read() >= 0) {
                    // until the other side has closed
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    private Health.Report withWebsocket(UnaryOperator<String> answer) throws IOException, InterruptedException {
        answer("/web/health", n -> 200);
        answer("/web/login", n -> 200);
        try (var listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread answering = answerOnce(listening, answer);
            Health.Report report = new Health(
                            Optional.of(URI.create(
                                    "http://127.0.0.1:" + server.getAddress().getPort())),
                            Optional.of(URI.create("http://127.0.0.1:" + listening.getLocalPort())),
                            PLENTY,
                            Duration.ofSeconds(5))
                    .await(Duration.ofSeconds(2));
            answering.join(PLENTY);
            return report;
        }
    }

    /** RFC 6455, section 1.3. */
    private static String accepted(String key) {
        try {
            byte[] sha1 = MessageDigest.getInstance("SHA-1")
                    .digest((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(StandardCharsets.UTF_8));
            return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
                    + Base64.getEncoder().encodeToString(sha1) + "\r\n\r\n";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void a_websocket_that_opens_is_part_of_being_healthy() throws IOException, InterruptedException {
        Health.Report report = withWebsocket(HealthTest::accepted);
        assertThat(report.healthy()).as(report.toString()).isTrue();
        assertThat(report.probes()).extracting(Health.Probe::status).containsExactly(200, 200, 101);
    }

    @Test
    void a_port_that_answers_but_opens_no_websocket_is_not_healthy() throws IOException, InterruptedException {
        Health.Report report =
                withWebsocket(key -> "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        assertThat(report.healthy()).isFalse();
        assertThat(report.probes().getLast().url()).endsWith("/websocket");
    }
}
