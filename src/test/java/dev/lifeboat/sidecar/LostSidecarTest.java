package dev.lifeboat.sidecar;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.lifeboat.environment.Secret;
import dev.lifeboat.fault.FaultCode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a client makes of a sidecar that has gone, hangs, or is answered for by somebody else. */
final class LostSidecarTest {
    private static final Duration LOST_AFTER = Duration.ofSeconds(2);
    private static final Task TASK = TaskRunnerContract.prepare("run_1");
    private static final String RUNNING = """
            {"instance": "i", "task_id": "t", "finished": false,
             "progress": {"phase": "dump", "bytes_done": 1, "bytes_total": 2, "items_done": 0, "items_total": 0,
                          "started_at": "2026-01-01T00:00:00Z"}}
            """;

    private final AtomicInteger asked = new AtomicInteger();
    private final CountDownLatch over = new CountDownLatch(1);
    private HttpServer server;
    private HttpTaskRunner runner;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        runner = new HttpTaskRunner(
                URI.create("http://127.0.0.1:" + server.getAddress().getPort()),
                new Secret("t"),
                Duration.ofMillis(500),
                LOST_AFTER);
    }

    @AfterEach
    void stop() {
        over.countDown();
        server.stop(0);
    }

    private void answer(int status, String body) {
        server.createContext("/", exchange -> {
            asked.incrementAndGet();
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(status, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
        server.start();
    }

    @Test
    void a_sidecar_that_is_not_there_for_the_configured_time_has_lost_its_task() {
        goAway();
        long begin = System.nanoTime();
        assertThat(runner.state("t")).isEmpty();
        assertThat(Duration.ofNanos(System.nanoTime() - begin))
                .isBetween(Duration.ofSeconds(1), Duration.ofSeconds(10));
    }

    @Test
    void a_sidecar_that_hangs_has_lost_its_task_too() {
        server.createContext("/", exchange -> {
            asked.incrementAndGet();
            try {
                over.await(30, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            exchange.close();
        });
        server.start();
        assertThat(runner.state("t")).isEmpty();
        assertThat(asked.get()).isGreaterThan(1);
    }

    @Test
    void a_task_cannot_be_given_to_a_sidecar_that_is_not_there() {
        goAway();
        assertThat(TaskRunnerContract.faultOf(() -> runner.submit("t", TASK)).code())
                .isEqualTo(FaultCode.SIDECAR_UNREACHABLE);
    }

    @Test
    void a_sidecar_that_comes_back_in_time_has_lost_nothing() {
        server.createContext("/", exchange -> {
            boolean first = asked.incrementAndGet() == 1;
            byte[] bytes = (first ? "<html>bad gateway" : RUNNING).getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(first ? 502 : 200, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
        server.start();
        assertThat(runner.state("t")).get().isInstanceOf(TaskRunner.State.Running.class);
    }

    @Test
    void a_page_that_is_not_found_on_the_way_does_not_say_that_the_task_is_not_known() {
        answer(404, "<html>no such service</html>");
        assertThat(runner.state("t")).isEmpty();
        assertThat(asked.get()).as("it was asked again").isGreaterThan(1);
    }

    @Test
    void a_sidecar_that_knows_the_task_no_more_is_asked_once() {
        answer(404, "{\"code\": \"UNKNOWN_TASK\", \"detail\": \"no\", \"remedy\": \"none\"}");
        assertThat(runner.state("t")).isEmpty();
        assertThat(asked.get()).isEqualTo(1);
    }

    @Test
    void how_far_a_task_is_is_asked_once_and_not_waited_for() {
        goAway();
        long begin = System.nanoTime();
        assertThat(runner.progress("t")).isEmpty();
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(LOST_AFTER);
    }

    /** Nobody listens there any more; a server that was never started would leave callers hanging. */
    private void goAway() {
        server.start();
        server.stop(0);
    }
}
