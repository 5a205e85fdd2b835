package dev.lifeboat.environment;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Asks an Odoo whether it serves. {@code /web/health} passes with its database gone, so the login page, which reads the
 * database, has to answer with 200 too.
 */
public final class Health {
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(10);
    private static final Duration PAUSE = Duration.ofMillis(500);
    private static final List<String> PAGES = List.of("/web/health", "/web/login");

    private final URI url;

    /** The health of the Odoo at that address. */
    public Health(URI url) {
        this.url = url;
    }

    /** One question: the HTTP status, or what went wrong instead of an answer. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Probe(String url, Integer status, String error, double seconds) {
        boolean passed() {
            return status != null && status == 200;
        }
    }

    /** What the last round of questions gave. */
    public record Report(boolean healthy, double seconds, List<Probe> probes) {}

    /** Asks again and again until every page answers, for at most {@code limit}. */
    public Report await(Duration limit) {
        long begin = System.nanoTime();
        try (HttpClient client = HttpClient.newBuilder()
                .connectTimeout(ANSWER_LIMIT)
                .followRedirects(HttpClient.Redirect.NEVER)
                .build()) {
            while (true) {
                List<Probe> probes = new ArrayList<>();
                for (String page : PAGES) {
                    probes.add(ask(client, url.resolve(page)));
                }
                boolean healthy = probes.stream().allMatch(Probe::passed);
                Duration spent = Duration.ofNanos(System.nanoTime() - begin);
                if (healthy
                        || spent.compareTo(limit) > 0
                        || Thread.currentThread().isInterrupted()) {
                    return new Report(healthy, spent.toMillis() / 1000.0, probes);
                }
                TimeUnit.MILLISECONDS.sleep(PAUSE.toMillis());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Report(false, Duration.ofNanos(System.nanoTime() - begin).toMillis() / 1000.0, List.of());
        }
    }

    private static Probe ask(HttpClient client, URI page) {
        long begin = System.nanoTime();
        Integer status = null;
        String error = null;
        try {
            status = client.send(
                            HttpRequest.newBuilder(page).timeout(ANSWER_LIMIT).build(),
                            HttpResponse.BodyHandlers.discarding())
                    .statusCode();
        } catch (IOException e) {
            error = e.getClass().getSimpleName() + (e.getMessage() == null ? "" : ": " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            error = "interrupted";
        }
        return new Probe(page.toString(), status, error, (System.nanoTime() - begin) / 1e9);
    }
}
