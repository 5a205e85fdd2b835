package dev.lifeboat.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.host.DataFolder;
import dev.lifeboat.host.Endpoint;
import dev.lifeboat.host.Engine;
import dev.lifeboat.host.Settings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** A connection with the engine: the one that owns the data folder, or, where there is none, this process's own. */
final class EngineSession implements EngineConnection, AutoCloseable {
    private static final Duration WAIT_FOR_OWNER = Duration.ofSeconds(90);
    private static final Duration TELL_AFTER = Duration.ofSeconds(3);

    private final Settings settings;
    private final Terminal terminal;
    private ApiClient api;
    private Optional<Engine> own = Optional.empty();
    private boolean leaving;

    private EngineSession(Settings settings, Terminal terminal) {
        this.settings = settings;
        this.terminal = terminal;
    }

    /**
     * Finds the engine of the data folder, or becomes it.
     *
     * @throws dev.lifeboat.fault.FaultException DATA_FOLDER_IN_USE where the folder's owner does not answer for 90 s; what
     *     {@link Engine#start} throws
     */
    static EngineSession open(Settings settings, Terminal terminal) throws IOException, InterruptedException {
        var session = new EngineSession(settings, terminal);
        session.connect();
        return session;
    }

    /** The lock tells who owns the folder; the endpoint file only tells how to reach the owner. */
    private void connect() throws IOException, InterruptedException {
        if (settings.server().isPresent()) {
            connectTo(settings.server().get());
            return;
        }
        Path dataDir = settings.dataDir();
        long begin = System.nanoTime();
        boolean told = false;
        while (System.nanoTime() - begin < WAIT_FOR_OWNER.toNanos()) {
            Optional<DataFolder> folder = DataFolder.take(dataDir);
            if (folder.isPresent()) {
                Engine engine = Engine.startForCommand(folder.get(), settings);
                own = Optional.of(engine);
                api = new ApiClient(engine.endpoint());
                return;
            }
            Optional<Endpoint> endpoint = Endpoint.read(dataDir);
            if (endpoint.isPresent()) {
                var client = new ApiClient(endpoint.get());
                if (client.answers()) {
                    api = client;
                    return;
                }
            }
            if (!told && System.nanoTime() - begin > TELL_AFTER.toNanos()) {
                told = true;
                terminal.notice("waiting for the engine that holds " + dataDir.toAbsolutePath() + " ...");
            }
            TimeUnit.MILLISECONDS.sleep(100);
        }
        String holder = DataFolder.holder(dataDir).map(pid -> " (" + pid + ")").orElse("");
        throw Fault.of(
                        FaultCode.DATA_FOLDER_IN_USE,
                        "another process" + holder + " holds the data folder " + dataDir.toAbsolutePath()
                                + " but does not answer",
                        "Look at that process and end it; then try again. What it was doing is recorded and will be"
                                + " taken up.")
                .toException();
    }

    /** A server that another process, or another machine, runs: it is asked, and never replaced. */
    private void connectTo(URI server) throws InterruptedException {
        String token = settings.token().orElseThrow(() -> Fault.of(
                        FaultCode.BAD_INPUT,
                        "no token is there for " + server,
                        "Make one there with `lifeboat token create`, and set LIFEBOAT_TOKEN to it.")
                .toException());
        if (!"https".equals(server.getScheme()) && !isLoopback(server)) {
            terminal.notice("warning: the token goes to " + server + " unencrypted");
        }
        var client = new ApiClient(Endpoint.of(server, token));
        long begin = System.nanoTime();
        while (!client.answers()) {
            // the first time a wrong address is likelier than a server that starts
            if (api == null || System.nanoTime() - begin > WAIT_FOR_OWNER.toNanos()) {
                throw Fault.of(
                                FaultCode.STATE_UNAVAILABLE,
                                "no Lifeboat answers at " + server + ", or it does not let this token in",
                                "Look at LIFEBOAT_URL and LIFEBOAT_TOKEN; a run that was begun is recorded there.")
                        .toException();
            }
            TimeUnit.SECONDS.sleep(1);
        }
        api = client;
    }

    private static boolean isLoopback(URI server) {
        try {
            return server.getHost() != null
                    && InetAddress.getByName(server.getHost()).isLoopbackAddress();
        } catch (UnknownHostException e) {
            // what it is shows when it is asked
            return false;
        }
    }

    @Override
    public ApiClient api() {
        return api;
    }

    @Override
    public void lost(IOException cause) throws IOException, InterruptedException {
        if (settings.server().isPresent()) {
            terminal.notice("the server does not answer; the run is recorded there. Waiting for it ...");
            reconnect(cause);
            return;
        }
        if (own.isEmpty()) {
            terminal.notice("the engine that did this is gone; the run is recorded. Looking for another engine ...");
        }
        reconnect(cause);
        terminal.notice(
                own.isPresent()
                        ? "this command is the engine now, and takes the run up"
                        : "another command is the engine now, and takes the run up");
    }

    @Override
    public boolean isOwn() {
        return own.isPresent();
    }

    @Override
    public void leave() {
        leaving = true;
    }

    /**
     * Finds another engine, or becomes it.
     *
     * @throws IOException {@code cause}, where the engine that does not answer is this process's own
     */
    void reconnect(IOException cause) throws IOException, InterruptedException {
        if (own.isPresent()) {
            throw cause;
        }
        connect();
    }

    /** Stops this process's own engine, after the runs that others began through it. */
    @Override
    public void close() throws IOException {
        if (own.isEmpty()) {
            return;
        }
        try {
            if (!leaving) {
                awaitOthers();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            own.get().close();
        }
    }

    private void awaitOthers() throws IOException, InterruptedException {
        Set<String> told = new HashSet<>();
        while (true) {
            JsonNode active = api.get("/api/v1/runs?active=true");
            if (active.isEmpty()) {
                return;
            }
            for (JsonNode run : active) {
                if (told.add(run.path("run_id").asText())) {
                    terminal.notice("staying for " + run.path("operation").asText() + " "
                            + run.path("run_id").asText() + " of "
                            + run.path("environment").asText() + ", which another command began");
                }
            }
            TimeUnit.MILLISECONDS.sleep(200);
        }
    }
}
