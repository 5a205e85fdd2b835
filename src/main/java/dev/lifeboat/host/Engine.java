package dev.lifeboat.host;

import dev.lifeboat.environment.KnownKeys;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusApplication;
import io.quarkus.runtime.QuarkusBindException;
import io.smallrye.config.ConfigValidationException;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import org.eclipse.microprofile.config.ConfigProvider;

/**
 * What this process serves on HTTP: as an engine functions, orchestrator and API; as a sidecar the heavy tasks; or a single
 * function. Engine and sidecar are started by the owner of a data folder; a function keeps nothing in one.
 */
public final class Engine implements AutoCloseable {
    private static final int START_LIMIT_SECONDS = 120;
    private static final int STOP_LIMIT_SECONDS = 15;
    /** As the framework tells of a key that nothing reads. */
    private static final Pattern UNKNOWN_KEY = Pattern.compile("(lifeboat\\.\\S+).* does not map to any root");

    private static final AtomicReference<CountDownLatch> READY = new AtomicReference<>();

    private final LifeboatConfig.Role role;
    private final Optional<DataFolder> folder;
    private final Path dataDir;
    private final String token;
    private Optional<StateServer> state = Optional.empty();
    private Optional<Thread> runner = Optional.empty();
    private Optional<Endpoint> endpoint = Optional.empty();
    private final CountDownLatch ended = new CountDownLatch(1);
    private boolean closed;

    private Engine(LifeboatConfig.Role role, Optional<DataFolder> folder, Settings settings) {
        this.role = role;
        this.folder = folder;
        this.dataDir = folder.map(DataFolder::path).orElse(settings.dataDir());
        this.token = settings.token().orElseGet(Engine::newToken);
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
     * Starts the engine. From here on it ends with the process at the latest, the state server with it.
     *
     * @param folder held by this process; given back with the engine, also where the start fails
     * @param host the address to listen on
     * @param port the port; 0: any free one
     * @throws dev.lifeboat.fault.FaultException BAD_CONFIGURATION where the configuration or the port can't be used;
     *     STATE_UNAVAILABLE where the state's database can't be reached
     */
    public static Engine start(DataFolder folder, Settings settings, String host, int port)
            throws IOException, InterruptedException {
        var engine = new Engine(LifeboatConfig.Role.ENGINE, Optional.of(folder), settings);
        return engine.start(host, port, () -> {
            Endpoint.remove(folder.path());
            if (!settings.stateConfigured()) {
                engine.startState();
            }
        });
    }

    /**
     * Starts an engine for the time of one command: it takes up what was begun, and begins nothing by the clock.
     *
     * @param folder held by this process; given back with the engine, also where the start fails
     * @throws dev.lifeboat.fault.FaultException as {@link #start}
     */
    public static Engine startForCommand(DataFolder folder, Settings settings)
            throws IOException, InterruptedException {
        System.setProperty("lifeboat.clock", "false");
        // Somebody sits before the terminal; the stack of an exception is in the log file.
        System.setProperty("quarkus.log.console.format", "%d{HH:mm:ss} %-5p %s%n");
        return start(folder, settings, "127.0.0.1", 0);
    }

    /**
     * Starts a sidecar, which has no state. It keeps the journals of restores in its data folder, which has to outlive it.
     *
     * @param folder held by this process; given back with the sidecar, also where the start fails
     * @param host the address to listen on
     * @param port the port; 0: any free one
     * @throws dev.lifeboat.fault.FaultException BAD_CONFIGURATION where the configuration or the port can't be used
     */
    public static Engine startSidecar(DataFolder folder, Settings settings, String host, int port)
            throws IOException, InterruptedException {
        return new Engine(LifeboatConfig.Role.SIDECAR, Optional.of(folder), settings).start(host, port, () -> {
            for (String extension : List.of("datasource", "hibernate-orm", "flyway")) {
                System.setProperty("quarkus." + extension + ".active", "false");
            }
        });
    }

    /**
     * Starts a process that serves one function. The database of the state is configured, and an engine, or the function that
     * advances runs, has brought it to the version of this program.
     *
     * @param name the function's
     * @param host the address to listen on
     * @param port the port; 0: any free one
     * @throws dev.lifeboat.fault.FaultException BAD_CONFIGURATION where the configuration or the port can't be used;
     *     STATE_UNAVAILABLE where the state's database can't be reached
     */
    public static Engine startFunction(String name, Settings settings, String host, int port)
            throws IOException, InterruptedException {
        return new Engine(LifeboatConfig.Role.FUNCTION, Optional.empty(), settings).start(host, port, () -> {
            System.setProperty("quarkus.funqy.export", name);
            // The one that stands in for an engine brings the state to the version of this program, as an engine does.
            System.setProperty(
                    "quarkus.flyway.migrate-at-start", Boolean.toString(name.equals(LifeboatConfig.Functions.ADVANCE)));
            // Many of them may stand beside each other: each one's log is its own output.
            System.setProperty("quarkus.log.file.enabled", "false");
            System.setProperty("quarkus.log.console.level", "INFO");
        });
    }

    /** What a role does before the framework starts. */
    private interface Preparation {
        void prepare() throws IOException, InterruptedException;
    }

    private Engine start(String host, int port, Preparation preparation) throws IOException, InterruptedException {
        Runtime.getRuntime().addShutdownHook(new Thread(this::closeAtExit, "close-engine"));
        try {
            System.setProperty("lifeboat.role", role.name().toLowerCase(Locale.ROOT));
            System.setProperty("lifeboat.data-dir", dataDir.toString());
            System.setProperty("lifeboat.token", token);
            System.setProperty("quarkus.http.host", host);
            System.setProperty("quarkus.http.port", Integer.toString(port));
            preparation.prepare();
            startFramework(host, port);
            return this;
        } catch (IOException | InterruptedException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /** Waits for a close that comes meanwhile, so that it finds the server that is being started. */
    private synchronized void startState() {
        refuseClosed();
        StateServer server = StateServer.start(folder.orElseThrow());
        state = Optional.of(server);
        System.setProperty("lifeboat.sole-owner", "true");
        System.setProperty("quarkus.datasource.jdbc.url", server.jdbcUrl());
        System.setProperty("quarkus.datasource.username", server.user());
        System.setProperty("quarkus.datasource.password", server.password());
    }

    private void startFramework(String host, int port) throws IOException, InterruptedException {
        READY.set(new CountDownLatch(1));
        var failure = new AtomicReference<Throwable>();
        synchronized (this) {
            refuseClosed();
            runner = Optional.of(Thread.ofPlatform().name("engine").start(() -> {
                try {
                    Quarkus.run(Application.class, (exitCode, error) -> failure.set(error));
                } finally {
                    ended.countDown();
                    READY.get().countDown();
                }
            }));
        }
        boolean up = READY.get().await(START_LIMIT_SECONDS, TimeUnit.SECONDS) && ended.getCount() > 0;
        if (!up) {
            throw notStarted(Optional.ofNullable(failure.get()), port).toException(failure.get());
        }
        synchronized (this) {
            refuseClosed();
            var told = new Endpoint(
                    url(host, ConfigProvider.getConfig().getValue("quarkus.http.port", Integer.class)),
                    token,
                    ProcessHandle.current().pid(),
                    Instant.now());
            if (role == LifeboatConfig.Role.ENGINE) {
                told.write(dataDir);
            }
            endpoint = Optional.of(told);
        }
    }

    private void refuseClosed() {
        if (closed) {
            throw Fault.of(
                            FaultCode.CANCELLED,
                            "the engine was told to stop while it started",
                            "Start it again when it is wanted.")
                    .toException();
        }
    }

    static URI url(String host, int port) throws IOException {
        String reached = InetAddress.getByName(host).isAnyLocalAddress() ? "127.0.0.1" : host;
        try {
            return new URI("http", null, reached, port, null, null, null);
        } catch (URISyntaxException e) {
            throw new IOException("no address can be made of the host " + host, e);
        }
    }

    /** Why the framework did not come up, as its user can act on it. */
    private Fault notStarted(Optional<Throwable> failure, int port) {
        for (Throwable cause = failure.orElse(null); cause != null; cause = cause.getCause()) {
            if (cause instanceof ConfigValidationException wrong) {
                Fault fault = Fault.of(
                        FaultCode.BAD_CONFIGURATION,
                        "the configuration can't be used; nothing was started",
                        "Mend config/application.yaml of the working folder, or the environment variable of that name.");
                for (int i = 0; i < wrong.getProblemCount(); i++) {
                    fault = fault.with(
                            "problem " + (i + 1), plain(wrong.getProblem(i).getMessage()));
                }
                return fault;
            }
            if (cause instanceof BindException || cause instanceof QuarkusBindException) {
                return Fault.of(
                        FaultCode.BAD_CONFIGURATION,
                        "another program already listens on port " + port + "; nothing was started",
                        "Choose another one with --port, or end that program.");
            }
        }
        return Fault.of(
                FaultCode.STATE_UNAVAILABLE,
                "the engine did not start"
                        + failure.map(error -> ": " + rootMessage(error)).orElse(""),
                "The log " + dataDir.resolve("logs/lifeboat.log") + " tells more; where a database for the state"
                        + " is configured, see that it can be reached.");
    }

    /** A problem of the configuration without the framework's class names and message codes. */
    static String plain(String problem) {
        return problem.replaceAll("^[a-z]+(\\.[A-Za-z]+)+: ", "")
                        .replaceAll("SRCFG[0-9]+: ", "")
                        .replace(" threw an Exception whilst being converted", " can't be used:")
                        .replaceAll("enum class [A-Za-z.$]+, ", "one of its values; ")
                + UNKNOWN_KEY
                        .matcher(problem)
                        .results()
                        .findFirst()
                        .flatMap(key -> KnownKeys.nearest(key.group(1)))
                        .map(key -> "; did you mean " + key + "?")
                        .orElse("");
    }

    /** How it is reached. */
    public Endpoint endpoint() {
        return endpoint.orElseThrow();
    }

    /** Waits until the engine is told to stop (SIGTERM, SIGINT). */
    public void awaitEnd() throws InterruptedException {
        runner.orElseThrow().join();
    }

    /** Stops engine and state server, and gives the data folder back. A second call waits for the first to be done. */
    @Override
    public synchronized void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        if (role == LifeboatConfig.Role.ENGINE) {
            Endpoint.remove(dataDir);
        }
        if (runner.isPresent() && ended.getCount() > 0) {
            // not where the framework did not come up: it would then end the process before the reason is told
            Quarkus.asyncExit(0);
            try {
                if (!runner.get().join(Duration.ofSeconds(STOP_LIMIT_SECONDS))) {
                    runner.get().interrupt();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        try {
            state.ifPresent(StateServer::close);
        } finally {
            if (folder.isPresent()) {
                folder.get().close();
            }
        }
    }

    private void closeAtExit() {
        try {
            close();
        } catch (IOException | FaultException e) {
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
