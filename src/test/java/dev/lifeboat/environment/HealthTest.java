package dev.lifeboat.environment;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntUnaryOperator;
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
        return new Health(Optional.of(url), answerLimit, PAUSE);
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
        var health = new Health(Optional.of(URI.create("http://127.0.0.1:" + port)), PLENTY, PAUSE);
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
        Health.Report report = new Health(Optional.empty(), PLENTY, PAUSE).await(PLENTY);
        assertThat(report.applicable()).isFalse();
        assertThat(report.reason()).contains("no url");
    }
}
