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

/** What answers as the API of a data folder's owner does, with the answers that a test gives it. */
final class FakeEngine implements AutoCloseable {
    static final String TOKEN = "fake-token";

    private final DataFolder folder;
    private final HttpServer server;
    private final Map<String, Deque<Answer>> answers = new HashMap<>();
    private final List<String> asked = new ArrayList<>();

    private record Answer(int status, String body) {}

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
        server.start();
        Files.writeString(dataDir.resolve("endpoint"), """
                {"url": "http://127.0.0.1:%d", "token": "%s", "pid": %d, "started_at": "2026-11-21T00:00:00Z"}
                """.formatted(
                server.getAddress().getPort(), TOKEN, ProcessHandle.current().pid()));
        return engine;
    }

    /** One more answer to a request; the last one is given again and again. */
    synchronized FakeEngine answer(String request, int status, String body) {
        answers.computeIfAbsent(request, none -> new ArrayDeque<>()).add(new Answer(status, body));
        return this;
    }

    /** What was asked, in order: method, path, and what was sent. */
    synchronized List<String> asked() {
        return List.copyOf(asked);
    }

    private synchronized void handle(HttpExchange exchange) throws IOException {
        String request = exchange.getRequestMethod() + " " + exchange.getRequestURI();
        String sent = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        asked.add((request + " " + sent.replaceAll("\\s+", "")).strip());
        Answer answer;
        if (!("Bearer " + TOKEN).equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
            answer = new Answer(401, "{}");
        } else {
            Deque<Answer> ready = answers.getOrDefault(request, new ArrayDeque<>());
            answer = ready.size() > 1
                    ? ready.poll()
                    : ready.isEmpty() ? new Answer(404, "<html>not what was expected</html>") : ready.peek();
        }
        byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(answer.status(), body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    @Override
    public void close() throws IOException {
        server.stop(0);
        folder.close();
    }
}
