package dev.lifeboat.postgres;

import dev.lifeboat.environment.DatabaseBinding;
import dev.lifeboat.environment.Secret;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.process.ChildProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * A PostgreSQL server of our own in one folder: made with {@code initdb} the first time, started on a loopback port, and
 * stopped. Works with any folder of server binaries (a distribution's, an unpacked jar's), and for root too: PostgreSQL
 * refuses to run as root, so its programs then run in a user namespace of their own (files stay root's), or where that is
 * not allowed as user {@code postgres} or {@code nobody}. A server that already runs on the folder is adopted, never
 * doubled. Layout: {@code data/}, {@code server.log}, {@code password} (0600), all below the folder (0700).
 */
public final class PostgresCluster implements AutoCloseable {
    /** The cluster's superuser. */
    public static final String SUPERUSER = "lifeboat";

    private static final Duration INIT_LIMIT = Duration.ofMinutes(2);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(60);
    private static final int PORT_ATTEMPTS = 5;

    private final Path folder;
    private final Path binaries;
    private final Unprivileged unprivileged;
    private final int port;
    private final Secret password;
    private final boolean adopted;

    private PostgresCluster(
            Path folder, Path binaries, Unprivileged unprivileged, int port, Secret password, boolean adopted) {
        this.folder = folder;
        this.binaries = binaries;
        this.unprivileged = unprivileged;
        this.port = port;
        this.password = password;
        this.adopted = adopted;
    }

    /** A cluster in {@code folder}, which is made if it is not there. */
    public static Builder at(Path folder) {
        return new Builder(folder.toAbsolutePath().normalize());
    }

    /**
     * The folder of a distribution's server binaries.
     *
     * @param major the wanted major version; empty: the highest
     * @return empty where no server package is installed
     */
    public static Optional<Path> findBinaries(OptionalInt major) {
        return PgTools.candidateFolders(Optional.empty()).stream()
                .filter(bin -> Files.isExecutable(bin.resolve("initdb")) && Files.isExecutable(bin.resolve("postgres")))
                .filter(bin -> major.isEmpty()
                        || PgTools.versionOf(bin.resolve("postgres"))
                                .filter(v -> v.major() == major.getAsInt())
                                .isPresent())
                .map(PostgresCluster::behindLinks)
                .findFirst();
    }

    private static Path behindLinks(Path bin) {
        try {
            return Objects.requireNonNull(bin.resolve("postgres").toRealPath().getParent());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** How a cluster is made and started. */
    public static final class Builder {
        private final Path folder;
        private Optional<Path> binaries = Optional.empty();
        private int port;
        private boolean durable = true;
        private Duration limit = Duration.ofSeconds(60);

        private Builder(Path folder) {
            this.folder = folder;
        }

        /** The folder that holds {@code initdb}, {@code pg_ctl} and {@code postgres}; else the distribution's highest is taken. */
        public Builder binaries(Path bin) {
            this.binaries = Optional.of(bin.toAbsolutePath().normalize());
            return this;
        }

        /** The TCP port on 127.0.0.1; 0 (the default): any free one. A server that already runs keeps its own. */
        public Builder port(int wanted) {
            this.port = wanted;
            return this;
        }

        /** Whether what is committed survives a power failure (fsync); on unless switched off. */
        public Builder durable(boolean on) {
            this.durable = on;
            return this;
        }

        /** How long the start may take, recovery after a crash included; one minute unless set. */
        public Builder limit(Duration wanted) {
            this.limit = wanted;
            return this;
        }

        /**
         * Makes the cluster if needed and starts it, or adopts the server that already runs on it.
         *
         * @throws dev.lifeboat.fault.FaultException PG_TOOLS_MISSING without binaries; DATABASE_UNREACHABLE where the server
         *     does not start, with the server's own words; BAD_CONFIGURATION where the folder can't be used
         */
        public PostgresCluster start() {
            Path bin = binaries.or(() -> findBinaries(OptionalInt.empty()))
                    .filter(b -> Files.isExecutable(b.resolve("postgres")))
                    .orElseThrow(() -> Fault.of(
                                    FaultCode.PG_TOOLS_MISSING,
                                    "No PostgreSQL server binaries (initdb, pg_ctl, postgres) "
                                            + binaries.map(b -> "in " + b).orElse("on this machine"),
                                    "Install the distribution's server package, for instance `apt-get install postgresql`.")
                            .toException());
            try {
                return start(bin);
            } catch (IOException e) {
                throw Fault.of(
                                FaultCode.BAD_CONFIGURATION,
                                "The folder " + folder + " can't hold a PostgreSQL cluster: " + e,
                                "See that the folder can be made and written by this user, and that its disk has space.")
                        .toException(e);
            }
        }

        private PostgresCluster start(Path bin) throws IOException {
            Files.createDirectories(folder);
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
            Path data = folder.resolve("data");
            var unprivileged = Unprivileged.forFolder(folder, data);
            Path passwordFile = folder.resolve("password");
            if (!Files.exists(data.resolve("PG_VERSION"))) {
                initialise(bin, data, passwordFile, unprivileged);
            }
            refuseOtherMajor(bin, data);
            var password = new Secret(Files.readString(passwordFile).strip());
            Optional<Postmaster> running = Postmaster.of(data);
            if (running.isPresent()) {
                int at = running.get().awaitReady(data, limit);
                return new PostgresCluster(folder, bin, unprivileged, at, password, true).proven();
            }
            Postmaster.forgetStale(data);
            for (int attempt = 1; ; attempt++) {
                int at = port == 0 ? freePort() : port;
                Files.writeString(folder.resolve("data/lifeboat.conf"), settings(at));
                unprivileged.own(folder.resolve("data/lifeboat.conf"));
                Path log = folder.resolve("server.log");
                long logStart = Files.exists(log) ? Files.size(log) : 0;
                var result = ChildProcess.run(
                        unprivileged.spec(
                                // the folder comes in by PGDATA and the working directory: pg_ctl builds a shell line
                                // of its arguments
                                List.of(
                                        bin.resolve("pg_ctl").toString(),
                                        "start",
                                        "-w",
                                        "-t",
                                        Long.toString(limit.toSeconds()),
                                        "-l",
                                        "server.log"),
                                data),
                        limit.plusSeconds(10));
                if (result.succeeded()) {
                    return new PostgresCluster(folder, bin, unprivileged, at, password, false).proven();
                }
                String words = tail(log, logStart) + "\n" + result.output() + "\n" + result.errors();
                boolean again = (port == 0 && words.contains("Address already in use"))
                        || words.contains("shared memory block");
                if (!again || attempt == PORT_ATTEMPTS) {
                    throw Fault.of(
                                    FaultCode.DATABASE_UNREACHABLE,
                                    "The PostgreSQL server in " + folder + " did not start; its data is untouched",
                                    "Read tool_output and " + log
                                            + "; free the port or the disk it names, and start again.")
                            .with("port", at)
                            .with("tool_output", words.strip())
                            .toException();
                }
            }
        }

        private void initialise(Path bin, Path data, Path passwordFile, Unprivileged unprivileged) throws IOException {
            // made aside and renamed, so that a killed initdb is never taken for a cluster
            Path fresh = folder.resolve("data.new");
            deleteTree(fresh);
            var bytes = new byte[24];
            new SecureRandom().nextBytes(bytes);
            Files.deleteIfExists(passwordFile);
            Files.createFile(
                    passwordFile, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.writeString(passwordFile, HexFormat.of().formatHex(bytes) + "\n");
            unprivileged.own(folder);
            unprivileged.own(passwordFile);
            var result = ChildProcess.run(
                    unprivileged.spec(
                            List.of(
                                    bin.resolve("initdb").toString(),
                                    "--username=" + SUPERUSER,
                                    "--pwfile=password",
                                    "--auth=scram-sha-256",
                                    "--encoding=UTF8",
                                    "--locale=C.UTF-8",
                                    "--no-sync"),
                            fresh),
                    INIT_LIMIT);
            if (!result.succeeded()) {
                throw Fault.of(
                                FaultCode.BAD_CONFIGURATION,
                                "initdb could not make a PostgreSQL cluster in " + folder,
                                "Read tool_output. As root, the folder must be reachable for user postgres or nobody unless user"
                                        + " namespaces are allowed; take a folder such as /var/lib/lifeboat.")
                        .with("exit_code", result.exitCode())
                        .with("tool_output", result.output() + "\n" + result.errors())
                        .toException();
            }
            Path conf = fresh.resolve("postgresql.conf");
            Files.writeString(conf, Files.readString(conf) + "\ninclude 'lifeboat.conf'\n");
            Files.move(fresh, data, StandardCopyOption.ATOMIC_MOVE);
        }

        private static void refuseOtherMajor(Path bin, Path data) throws IOException {
            String made = Files.readString(data.resolve("PG_VERSION")).strip();
            String found = PgTools.versionOf(bin.resolve("postgres"))
                    .map(v -> Integer.toString(v.major()))
                    .orElse("unknown");
            if (!made.equals(found)) {
                throw Fault.of(
                                FaultCode.BAD_CONFIGURATION,
                                "The cluster in " + data + " was made by PostgreSQL " + made + ", the binaries in "
                                        + bin + " are of " + found + "; nothing was touched",
                                "Use the binaries of PostgreSQL " + made + ", or upgrade the cluster with pg_upgrade.")
                        .toException();
            }
        }

        private String settings(int at) {
            String fsync = durable ? "on" : "off";
            return String.join(
                    "\n",
                    "listen_addresses = '127.0.0.1'",
                    "port = " + at,
                    "unix_socket_directories = ''",
                    "max_connections = 60",
                    "shared_buffers = 32MB",
                    "fsync = " + fsync,
                    "synchronous_commit = " + fsync,
                    "full_page_writes = " + fsync,
                    "max_wal_size = 512MB",
                    "timezone = 'UTC'",
                    "log_timezone = 'UTC'",
                    "");
        }
    }

    /** The address it listens on. */
    public String host() {
        return "127.0.0.1";
    }

    /** The TCP port it listens on. */
    public int port() {
        return port;
    }

    /** The superuser's password. */
    public Secret password() {
        return password;
    }

    /** The folder of the server's binaries, which also holds tools of the same version where the package brings them. */
    public Path binaries() {
        return binaries;
    }

    /** Whether the server ran already when it was asked for. */
    public boolean wasAdopted() {
        return adopted;
    }

    /** How the superuser reaches a database of this cluster. */
    public DatabaseBinding binding(String database) {
        return binding(database, SUPERUSER, password);
    }

    /** How a role reaches a database of this cluster. */
    public DatabaseBinding binding(String database, String role, Secret rolePassword) {
        return new DatabaseBinding(host(), port, database, role, rolePassword, "disable");
    }

    /**
     * Makes a role that may log in, or gives the existing one this password and right.
     *
     * @param createdb whether it may create databases, as Odoo's role may
     */
    public void createRole(String name, Secret rolePassword, boolean createdb) {
        String role = DatabaseServer.quoteIdentifier(name);
        String rights = " LOGIN " + (createdb ? "CREATEDB" : "NOCREATEDB") + " PASSWORD "
                + DatabaseServer.quoteLiteral(rolePassword.value());
        try (Connection connection = new DatabaseServer(binding("postgres")).connect();
                var query = connection.prepareStatement("SELECT 1 FROM pg_roles WHERE rolname = ?");
                var change = connection.createStatement()) {
            query.setString(1, name);
            try (var found = query.executeQuery()) {
                change.execute((found.next() ? "ALTER ROLE " : "CREATE ROLE ") + role + rights);
            }
        } catch (SQLException e) {
            throw DatabaseServer.queryFailed("role " + name + " could not be made", e);
        }
    }

    /** Makes an empty database that {@code owner} owns, unless it is there. */
    public void createDatabase(String name, String owner) {
        var server = new DatabaseServer(binding("postgres"));
        if (!server.exists(name)) {
            server.execute("CREATE DATABASE " + DatabaseServer.quoteIdentifier(name) + " OWNER "
                    + DatabaseServer.quoteIdentifier(owner) + " TEMPLATE template0");
        }
    }

    /** Whether its postmaster runs. */
    public boolean isRunning() {
        return Postmaster.of(folder.resolve("data")).isPresent();
    }

    /**
     * Stops the server, ending its sessions; does nothing where it does not run.
     *
     * @throws dev.lifeboat.fault.FaultException DATABASE_UNREACHABLE where it did not stop within a minute
     */
    public void stop() {
        if (!isRunning()) {
            return;
        }
        try {
            var result = ChildProcess.run(
                    unprivileged.spec(
                            List.of(
                                    binaries.resolve("pg_ctl").toString(),
                                    "stop",
                                    "-w",
                                    "-m",
                                    "fast",
                                    "-t",
                                    Long.toString(STOP_LIMIT.toSeconds())),
                            folder.resolve("data")),
                    STOP_LIMIT.plusSeconds(10));
            if (!result.succeeded() && isRunning()) {
                throw Fault.of(
                                FaultCode.DATABASE_UNREACHABLE,
                                "The PostgreSQL server in " + folder + " did not stop",
                                "Look at " + folder.resolve("server.log") + " and stop the postmaster by its pid.")
                        .with("tool_output", result.output() + "\n" + result.errors())
                        .toException();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The same as {@link #stop}. */
    @Override
    public void close() {
        stop();
    }

    private PostgresCluster proven() {
        try {
            new DatabaseServer(binding("postgres")).probe();
            return this;
        } catch (FaultException e) {
            if (!adopted) {
                stop();
            }
            throw e;
        }
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static String tail(Path log, long from) throws IOException {
        if (!Files.exists(log)) {
            return "";
        }
        try (var in = Files.newInputStream(log)) {
            in.skipNBytes(Math.min(from, Files.size(log)));
            return new String(in.readNBytes(64 * 1024), java.nio.charset.StandardCharsets.UTF_8);
        }
    }

    private static void deleteTree(Path root) throws IOException {
        if (!Files.exists(root)) {
            return;
        }
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, IOException e) throws IOException {
                if (e != null) {
                    throw e;
                }
                Files.delete(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /** A live postmaster of a data folder. */
    private record Postmaster(long pid) {
        private static final int LINE_PORT = 3;
        private static final int LINE_STATUS = 7;

        /** The postmaster that runs on {@code data}, known by its pid file and its working directory. */
        static Optional<Postmaster> of(Path data) {
            return line(data, 0)
                    .flatMap(Postmaster::number)
                    .filter(pid ->
                            ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false) && runsOn(pid, data))
                    .map(Postmaster::new);
        }

        /**
         * Removes the pid file that a dead postmaster left, where its pid now belongs to another program: PostgreSQL would
         * then refuse to start.
         */
        static void forgetStale(Path data) throws IOException {
            if (!Files.exists(data.resolve("postmaster.pid"))) {
                return;
            }
            try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
                if (all.noneMatch(process -> runsOn(process.pid(), data))) {
                    Files.deleteIfExists(data.resolve("postmaster.pid"));
                }
            }
        }

        int awaitReady(Path data, Duration limit) throws IOException {
            long end = System.nanoTime() + limit.toNanos();
            while (System.nanoTime() < end) {
                String status = line(data, LINE_STATUS).orElse("");
                Optional<Long> port = line(data, LINE_PORT).flatMap(Postmaster::number);
                if (status.equals("ready") && port.isPresent()) {
                    return Math.toIntExact(port.get());
                }
                try {
                    Thread.sleep(50);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    break;
                }
            }
            throw Fault.of(
                            FaultCode.DATABASE_UNREACHABLE,
                            "The PostgreSQL server that runs on " + data + " (pid " + pid + ") is not ready",
                            "It may be recovering from a crash or stopping; look at server.log beside it and try again.")
                    .toException();
        }

        private static boolean runsOn(long pid, Path data) {
            Path directory = Path.of("/proc", Long.toString(pid), "cwd");
            try {
                return Files.isSameFile(directory, data);
            } catch (NoSuchFileException e) {
                return false;
            } catch (IOException e) {
                // another user's process: not one that we started
                return false;
            }
        }

        private static Optional<String> line(Path data, int index) {
            try {
                List<String> lines = Files.readAllLines(data.resolve("postmaster.pid"));
                return lines.size() > index ? Optional.of(lines.get(index).strip()) : Optional.empty();
            } catch (NoSuchFileException e) {
                return Optional.empty();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static Optional<Long> number(String text) {
            return text.matches("[0-9]{1,10}") ? Optional.of(Long.parseLong(text)) : Optional.empty();
        }
    }

    /** How the server's programs are run: as they are, in a user namespace, or as another user. */
    private record Unprivileged(List<String> prefix, Optional<String> user) {
        private static final Duration PROBE_LIMIT = Duration.ofSeconds(10);

        static Unprivileged forFolder(Path folder, Path data) throws IOException {
            if (!isRoot()) {
                return new Unprivileged(List.of(), Optional.empty());
            }
            String owner = Files.exists(data) ? Files.getOwner(data).getName() : "root";
            boolean fresh = !Files.exists(data);
            if (owner.equals("root") && answers(List.of("unshare", "--user", "true"))) {
                return new Unprivileged(List.of("unshare", "--user"), Optional.empty());
            }
            List<String> users = fresh ? List.of("postgres", "nobody") : List.of(owner);
            for (String user : users) {
                List<String> prefix = becoming(user);
                var probe = new ArrayList<>(prefix);
                probe.addAll(List.of(
                        "test", "-x", Objects.requireNonNull(folder.getParent()).toString()));
                if (!user.equals("root") && answers(probe)) {
                    return new Unprivileged(prefix, Optional.of(user));
                }
            }
            throw Fault.of(
                            FaultCode.BAD_CONFIGURATION,
                            "PostgreSQL can't run as root, and neither a user namespace nor one of the users " + users
                                    + " can be used for the folder " + folder,
                            "Start Lifeboat as another user, or allow user namespaces.")
                    .toException();
        }

        ChildProcess.Spec spec(List<String> command, Path data) {
            var whole = new ArrayList<>(prefix);
            whole.addAll(command);
            return new ChildProcess.Spec(
                    whole, Map.of("PGDATA", data.toString(), "LC_ALL", "C"), Optional.ofNullable(data.getParent()));
        }

        void own(Path path) throws IOException {
            if (user.isPresent()) {
                var principal =
                        path.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(user.get());
                Files.setOwner(path, principal);
            }
        }

        private static List<String> becoming(String user) {
            return List.of("setpriv", "--reuid=" + user, "--regid=" + group(user), "--clear-groups");
        }

        private static String group(String user) {
            try {
                var result = ChildProcess.run(ChildProcess.Spec.of("id", "-g", user), PROBE_LIMIT);
                return result.succeeded() ? result.output() : user;
            } catch (IOException e) {
                return user;
            }
        }

        private static boolean answers(List<String> command) {
            try {
                return ChildProcess.run(new ChildProcess.Spec(command, Map.of(), Optional.empty()), PROBE_LIMIT)
                        .succeeded();
            } catch (IOException e) {
                // the program is not installed
                return false;
            }
        }

        private static boolean isRoot() {
            try {
                return Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
            } catch (IOException | UnsupportedOperationException e) {
                return "root".equals(System.getProperty("user.name"));
            }
        }
    }
}
