package dev.lifeboat.environment;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Asks an Odoo whether it serves. {@code /web/health} passes with its database gone, so the login page, which reads the
 * database, has to answer with 200 too (it redirects to the database selector where the database is missing). Where its
 * address for websockets is known, one has to be opened there: chat and notifications live on it, often on a port of its own.
 */
public final class Health {
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(10);
    private static final String NO_URL = "no url is configured for this environment";
    private static final Duration SHORTEST = Duration.ofMillis(1);
    private static final Duration PAUSE = Duration.ofMillis(500);
    private static final String LOGIN = "web/login";
    private static final List<String> PAGES = List.of("web/health", LOGIN);

    private static final int SWITCHING_PROTOCOLS = 101;

    private final Optional<URI> url;
    private final Optional<URI> websocket;
    private final Duration answerLimit;
    private final Duration pause;

    /** The health of an environment's Odoo; without an url it can't be told. */
    public Health(Bindings bindings) {
        this(bindings.url(), bindings.websocket(), ANSWER_LIMIT, PAUSE);
    }

    Health(Optional<URI> url, Optional<URI> websocket, Duration answerLimit, Duration pause) {
        this.url = url;
        this.websocket = websocket;
        this.answerLimit = answerLimit;
        this.pause = pause;
    }

    /** One question: the HTTP status, or what went wrong instead of an answer. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Probe(String url, Integer status, String error, double seconds) {
        boolean passed() {
            return error == null && status != null && (status == 200 || status == SWITCHING_PROTOCOLS);
        }
    }

    /**
     * What the last round of questions gave.
     *
     * @param applicable whether there was an address to ask; where not, {@code healthy} is false and says nothing
     * @param healthy whether every page answered with 200, and a websocket was opened where one is to be
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

        /** How long the login page took, which reads the database; empty where it was not asked. */
        public OptionalDouble loginSeconds() {
            return probes.stream()
                    .filter(probe -> probe.url().endsWith(LOGIN))
                    .mapToDouble(Probe::seconds)
                    .findFirst();
        }
    }

    /** Asks again and again until every page answers, for at most {@code limit}; an answer under way is waited for no longer. */
    public Report await(Duration limit) {
        return ask(limit, Integer.MAX_VALUE);
    }

    /** Asks every page once. */
    public Report once() {
        return ask(answerLimit.multipliedBy(PAGES.size() + 1L), 1);
    }

    private Report ask(Duration limit, int most) {
        if (url.isEmpty()) {
            return new Report(false, false, 0, 0, List.of(), NO_URL);
        }
        long begin = System.nanoTime();
        long end = begin + limit.toNanos();
        List<Probe> probes = List.of();
        int rounds = 0;
        try (HttpClient client = client()) {
            do {
                if (rounds > 0) {
                    TimeUnit.NANOSECONDS.sleep(Math.max(0, Math.min(pause.toNanos(), end - System.nanoTime())));
                }
                probes = round(client, url.get(), end, probes);
                rounds++;
                if (probes.stream().allMatch(Probe::passed)) {
                    return new Report(true, true, since(begin), rounds, probes, "");
                }
            } while (rounds < most && System.nanoTime() - end < 0);
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

    private HttpClient client() {
        return HttpClient.newBuilder()
                .connectTimeout(answerLimit)
                .followRedirects(HttpClient.Redirect.NEVER)
                .build();
    }

    /** An answer that only the deadline cut off says less than the page's earlier answer, which then stays. */
    private List<Probe> round(HttpClient client, URI base, long end, List<Probe> earlier) throws InterruptedException {
        var questions = new ArrayList<Question>();
        PAGES.forEach(page -> questions.add(limit -> ask(client, page(base, page), limit)));
        websocket.ifPresent(address -> questions.add(limit -> open(client, page(address, "websocket"), base, limit)));
        var probes = new ArrayList<Probe>();
        for (int i = 0; i < questions.size(); i++) {
            Duration left = Duration.ofNanos(Math.max(end - System.nanoTime(), SHORTEST.toNanos()));
            boolean cut = left.compareTo(answerLimit) < 0;
            Probe probe = questions.get(i).ask(cut ? left : answerLimit);
            boolean cutOff = cut && probe.error() != null && !earlier.isEmpty();
            probes.add(cutOff ? earlier.get(i) : probe);
        }
        return probes;
    }

    private interface Question {
        Probe ask(Duration limit) throws InterruptedException;
    }

    /** Odoo may lie below a path of a proxy. */
    private static URI page(URI base, String page) {
        String path = base.getRawPath() == null ? "" : base.getRawPath();
        return base.resolve(path.endsWith("/") ? path + page : path + "/" + page);
    }

    private static Probe ask(HttpClient client, URI page, Duration limit) throws InterruptedException {
        long begin = System.nanoTime();
        try {
            int status = client.send(
                            HttpRequest.newBuilder(page).timeout(limit).build(), HttpResponse.BodyHandlers.discarding())
                    .statusCode();
            return new Probe(shown(page), status, null, since(begin));
        } catch (IOException e) {
            return new Probe(shown(page), null, told(e), since(begin));
        }
    }

    /** Opens a websocket as a browser does, which tells where its page came from, and closes it. */
    private static Probe open(HttpClient client, URI address, URI origin, Duration limit) throws InterruptedException {
        long begin = System.nanoTime();
        URI socket = URI.create("ws" + address.toString().substring("http".length()));
        var opening = client.newWebSocketBuilder()
                .connectTimeout(limit)
                .header("Origin", origin.getScheme() + "://" + origin.getRawAuthority())
                .buildAsync(socket, new WebSocket.Listener() {});
        try {
            WebSocket opened = opening.get(limit.toMillis(), TimeUnit.MILLISECONDS);
            opened.sendClose(WebSocket.NORMAL_CLOSURE, "").get(limit.toMillis(), TimeUnit.MILLISECONDS);
            opened.abort();
            return new Probe(shown(address), SWITCHING_PROTOCOLS, null, since(begin));
        } catch (ExecutionException e) {
            Integer status = e.getCause() instanceof WebSocketHandshakeException refused
                    ? refused.getResponse().statusCode()
                    : null;
            return new Probe(shown(address), status, told(e.getCause()), since(begin));
        } catch (TimeoutException e) {
            opening.cancel(true);
            return new Probe(shown(address), null, told(e), since(begin));
        }
    }

    private static String shown(URI page) {
        return page.getScheme() + "://" + page.getHost() + (page.getPort() < 0 ? "" : ":" + page.getPort())
                + page.getRawPath();
    }

    private static String told(Throwable e) {
        return e.getClass().getSimpleName() + (e.getMessage() == null ? "" : ": " + e.getMessage());
    }

    private static double since(long begin) {
        return Duration.ofNanos(System.nanoTime() - begin).toMillis() / 1000.0;
    }
}
