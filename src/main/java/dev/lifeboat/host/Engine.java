package dev.lifeboat.host;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusApplication;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.eclipse.microprofile.config.ConfigProvider;

/**
 * The engine in this process: functions, orchestrator and API, answering on HTTP. Started by the owner of the data folder.
 */
public final class Engine implements AutoCloseable {
    private static final int START_LIMIT_SECONDS = 120;
    private static final int STOP_LIMIT_SECONDS = 15;
    private static final AtomicReference<CountDownLatch> READY = new AtomicReference<>();

    private final DataFolder folder;
    private final Optional<StateServer> state;
    private final Endpoint endpoint;
    private final Thread runner;
    private final AtomicBoolean closed = new AtomicBoolean();

    private Engine(DataFolder folder, Optional<StateServer> state, Endpoint endpoint, Thread runner) {
        this.folder = folder;
        this.state = state;
        this.endpoint = endpoint;
        this.runner = runner;
    }

    /** Runs inside the framework: says that it is up, and keeps it up. */
    public static final class Application implements QuarkusApplication {
        @Override
        public int run(String... args) {
            READY.get().countDown();
            Quarkus.waitForExit();
            return 0;
        }
    }

    /**
     * Starts the engine.
     *
     * @param folder held by this process; closed with the engine
     * @param host the address to listen on
     * @param port the port; 0: any free one
     */
    public static Engine start(DataFolder folder, Settings settings, String host, int port)
            throws IOException, InterruptedException {
        Path dataDir = folder.path();
        String token = settings.token().orElseGet(Engine::newToken);
        System.setProperty("lifeboat.data-dir", dataDir.toString());
        System.setProperty("lifeboat.token", token);
        System.setProperty("quarkus.http.host", host);
        System.setProperty("quarkus.http.port", Integer.toString(port));
        Optional<StateServer> state = Optional.empty();
        if (!settings.stateConfigured()) {
            StateServer server = StateServer.start(folder);
            state = Optional.of(server);
            System.setProperty("lifeboat.sole-owner", "true");
            System.setProperty("quarkus.datasource.jdbc.url", server.jdbcUrl());
            System.setProperty("quarkus.datasource.username", server.user());
            System.setProperty("quarkus.datasource.password", server.password());
        }
        READY.set(new CountDownLatch(1));
        var failure = new AtomicReference<Throwable>();
        var ended = new CountDownLatch(1);
        Thread runner = Thread.ofPlatform().name("engine").start(() -> {
            try {
                Quarkus.run(Application.class, (exitCode, error) -> failure.set(error));
            } finally {
                ended.countDown();
                READY.get().countDown();
            }
        });
        boolean up = READY.get().await(START_LIMIT_SECONDS, TimeUnit.SECONDS) && ended.getCount() > 0;
        if (!up) {
            state.ifPresent(StateServer::close);
            folder.close();
            throw Fault.of(
                            FaultCode.STATE_UNAVAILABLE,
                            "the engine did not start"
                                    + Optional.ofNullable(failure.get())
                                            .map(error -> ": " + rootMessage(error))
                                            .orElse(""),
                            "The log " + dataDir.resolve("logs/lifeboat.log")
                                    + " tells more; where a database for the state"
                                    + " is configured, see that it can be reached.")
                    .toException(failure.get());
        }
        int at = ConfigProvider.getConfig().getValue("quarkus.http.port", Integer.class);
        var endpoint = new Endpoint(
                URI.create("http://" + (host.equals("0.0.0.0") ? "127.0.0.1" : host) + ":" + at),
                token,
                ProcessHandle.current().pid(),
                Instant.now());
        endpoint.write(dataDir);
        var engine = new Engine(folder, state, endpoint, runner);
        Runtime.getRuntime().addShutdownHook(new Thread(engine::closeAtExit, "close-engine"));
        return engine;
    }

    /** How it is reached. */
    public Endpoint endpoint() {
        return endpoint;
    }

    /** Waits until the engine is told to stop (SIGTERM, SIGINT). */
    public void awaitEnd() throws InterruptedException {
        runner.join();
    }

    /** Stops engine and state server, and gives the data folder back. */
    @Override
    public void close() throws IOException {
        if (closed.getAndSet(true)) {
            return;
        }
        Endpoint.remove(folder.path());
        Quarkus.asyncExit(0);
        try {
            if (!runner.join(java.time.Duration.ofSeconds(STOP_LIMIT_SECONDS))) {
                runner.interrupt();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        state.ifPresent(StateServer::close);
        folder.close();
    }

    private void closeAtExit() {
        try {
            close();
        } catch (IOException e) {
            System.err.println("the data folder was not given back: " + e.getMessage());
        }
    }

    private static String newToken() {
        byte[] random = new byte[24];
        new SecureRandom().nextBytes(random);
        return HexFormat.of().formatHex(random);
    }

    private static String rootMessage(Throwable error) {
        Throwable root = error;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
    }
}
