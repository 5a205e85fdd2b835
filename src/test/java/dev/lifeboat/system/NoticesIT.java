package dev.lifeboat.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import com.sun.net.httpserver.HttpServer;
import dev.lifeboat.json.Json;
import dev.lifeboat.testing.TestCluster;
import jakarta.mail.MessagingException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What people are told, received by a real SMTP server and a receiver of webhooks. */
class NoticesIT {
    private static final String SECRET = "canary-webhook-3e5a";

    private record Call(String path, String signature, String body) {
        JsonNode json() {
            try {
                return Json.mapper().readTree(body);
            } catch (IOException e) {
                throw new AssertionError(body, e);
            }
        }
    }

    @TempDir
    Path folder;

    private final List<Call> calls = new CopyOnWriteArrayList<>();
    private final AtomicInteger refusals = new AtomicInteger();
    private final AtomicInteger arrivals = new AtomicInteger();
    /** Without a permit, the receiver answers nobody. */
    private final Semaphore held = new Semaphore(1);

    private HttpServer receiver;
    private GreenMail mail;
    private Installation shop;

    @BeforeEach
    void install() throws IOException {
        receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        receiver.createContext("/", exchange -> {
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            boolean refused = refusals.getAndUpdate(left -> Math.max(0, left - 1)) > 0;
            arrivals.incrementAndGet();
            held.acquireUninterruptibly();
            held.release();
            if (!refused) {
                calls.add(new Call(
                        exchange.getRequestURI().getPath(),
                        exchange.getRequestHeaders().getFirst("X-Lifeboat-Signature"),
                        body));
            }
            exchange.sendResponseHeaders(refused ? 503 : 204, -1);
            exchange.close();
        });
        receiver.start();
        mail = new GreenMail(new ServerSetup(0, "127.0.0.1", ServerSetup.PROTOCOL_SMTP));
        mail.start();
        shop = Installation.create(folder, "it_notices", 20);
        configure("");
    }

    private void configure(String more) throws IOException {
        shop.configure("""
                notices:
                  chat: {kind: slack, url: "%1$s/chat"}
                  hook: {kind: webhook, url: "%1$s/hook", secret: "%2$s"}
                  admins: {kind: mail, to: ["admin@example.com"], events: [run_failed]}
                """.formatted("http://127.0.0.1:" + receiver.getAddress().getPort(), SECRET) + more);
        Files.writeString(
                folder.resolve("config/application.yaml"),
                "quarkus:\n  mailer: {from: lifeboat@example.com, host: 127.0.0.1, port: %d}\n"
                        .formatted(mail.getSmtp().getPort()),
                StandardOpenOption.APPEND);
    }

    @AfterEach
    void remove() throws IOException {
        shop.close();
        mail.stop();
        receiver.stop(0);
    }

    private static String hmac(String body) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
        return "sha256=" + HexFormat.of().formatHex(mac.doFinal(body.getBytes(StandardCharsets.UTF_8)));
    }

    private List<Call> hooks() {
        return calls.stream().filter(call -> call.path().equals("/hook")).toList();
    }

    @Test
    void a_backup_that_fails_is_told_by_the_process_that_failed_and_the_next_good_one_too()
            throws IOException, MessagingException, GeneralSecurityException {
        shop.wrap("pg_dump", "echo 'password=" + TestCluster.ODOO_PASSWORD.value() + "' >&2; exit 1\n");
        configure("pg-bin: " + folder.resolve("pgbin") + "\n");
        assertThat(shop.lifeboat("backup", "shop").exitCode()).isEqualTo(1);

        assertThat(hooks()).singleElement().satisfies(call -> {
            assertThat(call.json().path("event").asText()).isEqualTo("run_failed");
            assertThat(call.json().path("environment").asText()).isEqualTo("acme/shop");
            assertThat(call.json().path("text").asText()).contains("what to do:", "lifeboat run show run_");
        });
        assertThat(hooks().getFirst().signature())
                .isEqualTo(hmac(hooks().getFirst().body()));
        assertThat(calls).anySatisfy(call -> {
            assertThat(call.path()).isEqualTo("/chat");
            assertThat(call.json().path("text").asText()).contains("backup of acme/shop failed");
        });
        assertThat(mail.getReceivedMessages()).singleElement().satisfies(message -> assertThat(message.getSubject())
                .isEqualTo("Lifeboat: backup of acme/shop failed"));
        assertThat(calls.toString()).doesNotContain(TestCluster.ODOO_PASSWORD.value());

        configure("");
        shop.lifeboat("backup", "shop").succeeded();
        assertThat(hooks()).hasSize(2);
        assertThat(hooks().getLast().json().path("event").asText()).isEqualTo("recovered");
        shop.lifeboat("backup", "shop").succeeded();
        assertThat(hooks()).hasSize(2);
        assertThat(mail.getReceivedMessages()).hasSize(1);
    }

    @Test
    void a_receiver_that_is_down_gets_it_later_and_once() throws IOException, InterruptedException {
        refusals.set(3);
        shop.lifeboat("backup", "shop", "--type", "full", "--label", "x").succeeded();
        TestCluster.drop("it_notices");
        assertThat(shop.lifeboat("validate", "shop").exitCode()).isNotZero();
        shop.serve();
        Installation.await("the notice", () -> !hooks().isEmpty());
        assertThat(hooks()).hasSize(1);
    }

    @Test
    void an_engine_that_is_stopped_while_it_tells_one_target_tells_the_others_too()
            throws IOException, InterruptedException {
        shop.serve();
        TestCluster.drop("it_notices");
        held.acquire();
        assertThat(shop.lifeboat("validate", "shop").exitCode()).isNotZero();
        Installation.await("the first call", () -> arrivals.get() == 1);
        shop.startStopping();
        Installation.await("the stop to be begun", () -> Files.notExists(folder.resolve("data/endpoint")));
        held.release();
        shop.stop();
        assertThat(calls).extracting(Call::path).containsExactlyInAnyOrder("/chat", "/hook");
        assertThat(mail.getReceivedMessages()).hasSize(1);
    }
}
