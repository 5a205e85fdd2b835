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
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Asks an Odoo whether it serves. {@code /web/health} passes with its database gone, so the login page, which reads the
 * database, has to answer with 200 too (it redirects to the database selector where the database is missing).
 */
public final class Health {
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(10);
    private static final Duration SHORTEST = Duration.ofMillis(1);
    private static final Duration PAUSE = Duration.ofMillis(500);
    private static final List<String> PAGES = List.of("web/health", "web/login");

    private final Optional<URI> url;
    private final Duration answerLimit;
    private final Duration pause;

    /** The health of the Odoo at that address. */
    public Health(URI url) {
        this(Optional.of(url), ANSWER_LIMIT, PAUSE);
    }

    /** The health of an environment's Odoo; without an url it can't be told. */
    public Health(Bindings bindings) {
        this(bindings.url(), ANSWER_LIMIT, PAUSE);
    }

    Health(Optional<URI> url, Duration answerLimit, Duration pause) {
        this.url = url;
        this.answerLimit = answerLimit;
        this.pause = pause;
    }

    /** One question: the HTTP status, or what went wrong instead of an answer. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Probe(String url, Integer status, String error, double seconds) {
        boolean passed() {
            return status != null && status == 200;
        }
    }

    /**
     * What the last round of questions gave.
     *
     * @param applicable whether there was an address to ask; where not, {@code healthy} is false and says nothing
     * @param healthy whether every page answered with 200
     * @param seconds since the first question
     * @param rounds how often all pages were asked
     * @param probes the last answer of each page
     * @param reason why it does not apply or was given up; empty where it is healthy
     */
    public record Report(
            boolean applicable, boolean healthy, double seconds, int rounds, List<Probe> probes, String reason) {
        public Report {
            probes = List.copyOf(probes);
        }
    }

    /** Asks again and again until every page answers, for at most {@code limit}; an answer under way is waited for no longer. */
    public Report await(Duration limit) {
        if (url.isEmpty()) {
            return new Report(false, false, 0, 0, List.of(), "no url is configured for this environment");
        }
        long begin = System.nanoTime();
        long end = begin + limit.toNanos();
        List<Probe> probes = List.of();
        int rounds = 0;
        try (HttpClient client = HttpClient.newBuilder()
                .connectTimeout(answerLimit)
                .followRedirects(HttpClient.Redirect.NEVER)
                .build()) {
            do {
                if (rounds > 0) {
                    TimeUnit.NANOSECONDS.sleep(Math.max(0, Math.min(pause.toNanos(), end - System.nanoTime())));
                }
                probes = round(client, url.get(), end, probes);
                rounds++;
                if (probes.stream().allMatch(Probe::passed)) {
                    return new Report(true, true, since(begin), rounds, probes, "");
                }
            } while (System.nanoTime() - end < 0);
            return new Report(
                    true,
                    false,
                    since(begin),
                    rounds,
                    probes,
                    "not healthy within " + limit.toMillis() / 1000.0 + " s");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Report(true, false, since(begin), rounds, probes, "interrupted");
        }
    }

    /** An answer that only the deadline cut off says less than the page's earlier answer, which then stays. */
    private List<Probe> round(HttpClient client, URI base, long end, List<Probe> earlier) throws InterruptedException {
        var probes = new ArrayList<Probe>();
        for (int i = 0; i < PAGES.size(); i++) {
            Duration left = Duration.ofNanos(Math.max(end - System.nanoTime(), SHORTEST.toNanos()));
            boolean cut = left.compareTo(answerLimit) < 0;
            Probe probe = ask(client, page(base, PAGES.get(i)), cut ? left : answerLimit);
            boolean cutOff = cut && probe.error() != null && !earlier.isEmpty();
            probes.add(cutOff ? earlier.get(i) : probe);
        }
        return probes;
    }

    /** Odoo may lie below a path of a proxy. */
    private static URI page(URI base, String page) {
        String path = base.getRawPath() == null ? "" : base.getRawPath();
        return base.resolve(path.endsWith("/") ? path + page : path + "/" + page);
    }

    private static Probe ask(HttpClient client, URI page, Duration limit) throws InterruptedException {
        long begin = System.nanoTime();
        String shown = page.getScheme() + "://" + page.getHost() + (page.getPort() < 0 ? "" : ":" + page.getPort())
                + page.getRawPath();
        try {
            int status = client.send(
                            HttpRequest.newBuilder(page).timeout(limit).build(), HttpResponse.BodyHandlers.discarding())
                    .statusCode();
            return new Probe(shown, status, null, since(begin));
        } catch (IOException e) {
            String error = e.getClass().getSimpleName() + (e.getMessage() == null ? "" : ": " + e.getMessage());
            return new Probe(shown, null, error, since(begin));
        }
    }

    private static double since(long begin) {
        return Duration.ofNanos(System.nanoTime() - begin).toMillis() / 1000.0;
    }
}
