package dev.lifeboat.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.lifeboat.host.DataFolder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** What answers as the API of a data folder's owner does, with the answers that a test gives it. */
final class FakeEngine implements AutoCloseable {
    static final String TOKEN = "fake-token";

    private final DataFolder folder;
    private final HttpServer server;
    private final Map<String, Deque<Answer>> answers = new HashMap<>();
    private final List<String> asked = new ArrayList<>();
    private final List<String> lastEventIds = new ArrayList<>();
    private final CountDownLatch over = new CountDownLatch(1);
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    /** What becomes of a stream when all that is to be said was said. */
    enum Then {
        ENDS,
        IS_SILENT
    }

    private sealed interface Answer {}

    private record Whole(int status, String body) implements Answer {}

    private record Stream(String text, Then then) implements Answer {}

    private FakeEngine(DataFolder folder, HttpServer server) {
        this.folder = folder;
        this.server = server;
    }

    static FakeEngine own(Path dataDir) throws IOException {
        DataFolder folder = DataFolder.take(dataDir).orElseThrow();
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        var engine = new FakeEngine(folder, server);
        engine.answer("GET /api/v1/runs?limit=1", 200, "[]");
        server.createContext("/", engine::handle);
        server.setExecutor(engine.threads);
        server.start();
        Files.writeString(dataDir.resolve("endpoint"), """
                {"url": "http://127.0.0.1:%d", "token": "%s", "pid": %d, "started_at": "2026-11-21T00:00:00Z"}
                """.formatted(
                server.getAddress().getPort(), TOKEN, ProcessHandle.current().pid()));
        return engine;
    }

    /** One more answer to a request; the last one is given again and again. */
    synchronized FakeEngine answer(String request, int status, String body) {
        answers.computeIfAbsent(request, none -> new ArrayDeque<>()).add(new Whole(status, body));
        return this;
    }

    /** One more stream of messages that answers a request. */
    synchronized FakeEngine stream(String request, String text, Then then) {
        answers.computeIfAbsent(request, none -> new ArrayDeque<>()).add(new Stream(text, then));
        return this;
    }

    /** Behind which message each stream was asked for; empty: from the first one on. */
    synchronized List<String> lastEventIds() {
        return List.copyOf(lastEventIds);
    }

    /** What was asked, in order: method, path, and what was sent. */
    synchronized List<String> asked() {
        return List.copyOf(asked);
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            switch (answerTo(exchange)) {
                case Whole whole -> {
                    byte[] body = whole.body().getBytes(StandardCharsets.UTF_8);
                    exchange.sendResponseHeaders(whole.status(), body.length);
                    exchange.getResponseBody().write(body);
                }
                case Stream stream -> {
                    exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
                    exchange.sendResponseHeaders(200, 0);
                    exchange.getResponseBody().write(stream.text().getBytes(StandardCharsets.UTF_8));
                    exchange.getResponseBody().flush();
                    if (stream.then() == Then.IS_SILENT) {
                        over.await();
                    }
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized Answer answerTo(HttpExchange exchange) throws IOException {
        String request = exchange.getRequestMethod() + " " + exchange.getRequestURI();
        String sent = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        asked.add((request + " " + sent.replaceAll("\\s+", "")).strip());
        if (!("Bearer " + TOKEN).equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
            return new Whole(401, "{}");
        }
        if ("text/event-stream".equals(exchange.getRequestHeaders().getFirst("Accept"))) {
            lastEventIds.add(
                    Objects.requireNonNullElse(exchange.getRequestHeaders().getFirst("Last-Event-ID"), ""));
        }
        Deque<Answer> ready = answers.getOrDefault(request, new ArrayDeque<>());
        return ready.size() > 1
                ? ready.poll()
                : ready.isEmpty() ? new Whole(404, "<html>not what was expected</html>") : ready.peek();
    }

    @Override
    public void close() throws IOException {
        over.countDown();
        server.stop(0);
        threads.close();
        folder.close();
    }
}
