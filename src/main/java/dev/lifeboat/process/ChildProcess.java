package dev.lifeboat.process;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * One running child. Its standard error is drained all the time and its last 64 KiB are kept. Closing ends it: first
 * SIGTERM, after five seconds SIGKILL. Children that still run when this program ends are ended too. A child has a session
 * of its own, where the system has {@code setsid}: what a terminal sends to this program (Ctrl-C, its end) does not reach it,
 * and this program decides what becomes of it.
 */
public final class ChildProcess implements AutoCloseable {
    private static final int KEPT_ERROR_BYTES = 64 * 1024;
    private static final Path APART = Path.of("/usr/bin/setsid");
    private static final Duration GRACE = Duration.ofSeconds(5);
    private static final Set<Process> LIVE = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> LIVE.forEach(Process::destroy), "end-children"));
    }

    private final List<String> command;
    private final Process process;
    private final Tail errors = new Tail(KEPT_ERROR_BYTES);
    private final Thread errorDrain;

    private ChildProcess(List<String> command, Process process) {
        this.command = command;
        this.process = process;
        LIVE.add(process);
        var unused = process.onExit().thenAccept(LIVE::remove);
        this.errorDrain =
                Thread.ofVirtual().name("stderr-" + process.pid()).start(() -> errors.drain(process.getErrorStream()));
    }

    /**
     * What to start.
     *
     * @param command program and arguments, as a vector; holds no secret
     * @param environment added to what is inherited; the way for secrets
     * @param directory the working directory; empty: this program's
     * @param inherited what of this program's environment the child gets
     */
    public record Spec(
            List<String> command, Map<String, String> environment, Optional<Path> directory, Inherited inherited) {
        public Spec {
            command = List.copyOf(command);
            environment = Map.copyOf(environment);
        }

        /** A tool, which inherits no secret. */
        public Spec(List<String> command, Map<String, String> environment, Optional<Path> directory) {
            this(command, environment, directory, Inherited.TOOL);
        }

        /** A tool without anything added to its environment. */
        public static Spec of(String... command) {
            return new Spec(List.of(command), Map.of(), Optional.empty());
        }

        /** A program of the site's own, named in the configuration. */
        public static Spec ofSite(List<String> command) {
            return new Spec(command, Map.of(), Optional.empty(), Inherited.SITE);
        }
    }

    /** How a finished child ended: its exit code (128 + n for signal n), its whole standard output, the tail of its standard error. */
    public record Result(int exitCode, String output, String errors) {
        /** Whether it exited with 0. */
        public boolean succeeded() {
            return exitCode == 0;
        }
    }

    /**
     * Starts a child.
     *
     * @throws IOException where the program is not there or may not be run
     */
    public static ChildProcess start(Spec spec) throws IOException {
        var builder = new ProcessBuilder(apart(spec.command()));
        builder.environment().keySet().removeIf(name -> !spec.inherited().passes(name));
        builder.environment().putAll(spec.environment());
        spec.directory().ifPresent(directory -> builder.directory(directory.toFile()));
        return new ChildProcess(spec.command(), builder.start());
    }

    private static List<String> apart(List<String> command) throws IOException {
        if (!Files.isExecutable(APART)) {
            return command;
        }
        requireProgram(command.getFirst());
        // the wrapper becomes the program: process id, signals and exit code are the program's own
        return Stream.concat(Stream.of(APART.toString()), command.stream()).toList();
    }

    /** The wrapper would only tell by an exit code that there is no such program. */
    private static void requireProgram(String program) throws IOException {
        boolean there = program.contains("/")
                ? isProgram(Path.of(program))
                : Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
                        .filter(folder -> !folder.isEmpty())
                        .anyMatch(folder -> isProgram(Path.of(folder, program)));
        if (!there) {
            throw new IOException("Cannot run program \"" + program + "\": it is not there or may not be run");
        }
    }

    private static boolean isProgram(Path file) {
        return Files.isRegularFile(file) && Files.isExecutable(file);
    }

    /**
     * Runs a child to its end, with no input, and collects its output (at most 16 MiB; for small answers only).
     *
     * @throws IOException where the program can't be started or its output can't be read
     * @throws dev.lifeboat.fault.FaultException {@link FaultCode#STEP_TIMED_OUT} where it runs longer than {@code limit}
     */
    public static Result run(Spec spec, Duration limit) throws IOException {
        try (var child = start(spec)) {
            child.input().close();
            var output = new Tail(16 * 1024 * 1024);
            var drain = Thread.ofVirtual().start(() -> output.drain(child.output()));
            int exit = child.await(limit);
            joinQuietly(drain);
            return new Result(exit, output.text(), child.errors());
        }
    }

    /** The child's standard input; closing it tells the child that there is no more. */
    public OutputStream input() {
        return process.getOutputStream();
    }

    /** The child's standard output; who starts a child reads it to its end. */
    public InputStream output() {
        return process.getInputStream();
    }

    /** The child's process id. */
    public long pid() {
        return process.pid();
    }

    /** Whether the child still runs. */
    public boolean isAlive() {
        return process.isAlive();
    }

    /** What the child has written to standard error so far (the last 64 KiB). */
    public String errors() {
        if (!process.isAlive()) {
            joinQuietly(errorDrain);
        }
        return errors.text();
    }

    /**
     * Waits for the child's end and gives its exit code.
     *
     * @throws dev.lifeboat.fault.FaultException {@link FaultCode#STEP_TIMED_OUT} where it still runs after {@code limit}
     *     (the child is ended first); {@link FaultCode#CANCELLED} where this thread is interrupted
     */
    public int await(Duration limit) {
        try {
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                close();
                throw Fault.of(
                                FaultCode.STEP_TIMED_OUT,
                                program() + " did not finish within " + limit.toSeconds() + " s and was ended",
                                "Look at what it waited for in tool_output; raise the step's time-out if the work is just large.")
                        .with("tool_output", errors())
                        .toException();
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            close();
            throw Fault.of(FaultCode.CANCELLED, program() + " was ended on request", "Start the run again.")
                    .toException(e);
        }
    }

    /** Ends the child if it still runs, and reaps it. */
    @Override
    public void close() {
        if (!process.isAlive()) {
            return;
        }
        process.destroy();
        boolean interrupted = Thread.interrupted();
        try {
            if (!process.waitFor(GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly().waitFor(GRACE.toMillis(), TimeUnit.MILLISECONDS);
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private String program() {
        return Path.of(command.getFirst()).getFileName().toString();
    }

    private static void joinQuietly(Thread thread) {
        try {
            thread.join(GRACE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Keeps the last bytes of a stream. */
    private static final class Tail {
        private final int limit;
        private final ArrayDeque<byte[]> chunks = new ArrayDeque<>();
        private long held;

        Tail(int limit) {
            this.limit = limit;
        }

        void drain(InputStream in) {
            var buffer = new byte[8192];
            try (in) {
                for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                    add(java.util.Arrays.copyOf(buffer, n));
                }
            } catch (IOException e) {
                add(("\n[output cut: " + e.getMessage() + "]").getBytes(StandardCharsets.UTF_8));
            }
        }

        private synchronized void add(byte[] chunk) {
            chunks.add(chunk);
            held += chunk.length;
            while (held > limit && chunks.size() > 1) {
                held -= chunks.removeFirst().length;
            }
        }

        synchronized String text() {
            var all = new java.io.ByteArrayOutputStream();
            chunks.forEach(all::writeBytes);
            return all.toString(StandardCharsets.UTF_8).strip();
        }
    }
}
