package dev.lifeboat.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.environment.DatabaseBinding;
import dev.lifeboat.json.Json;
import dev.lifeboat.postgres.DatabaseServer;
import dev.lifeboat.testing.TestCluster;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Lifeboat as its user has it: the built program in a working folder of its own, beside an Odoo-shaped environment that it
 * did not make. Everything is done through the command line, everything is looked at from outside.
 */
final class Installation implements AutoCloseable {
    /** Secrets that are planted wherever one can come in; none may ever come out. */
    static final Map<String, String> CANARIES = Map.of(
            "admin_passwd", "canary-admin-8d1f",
            "smtp_password", "canary-smtp-77aa",
            "url", "canary-url-5c3e",
            "db_password", TestCluster.ODOO_PASSWORD.value());

    /** The launcher as it is, with what the build around the tests has made. */
    static final Path LAUNCHER = Path.of("lifeboat").toAbsolutePath();

    static final Map<String, String> LAUNCHED_WITH =
            Map.of("LIFEBOAT_BUILD", "made", "LIFEBOAT_JAVA_HOME", System.getProperty("java.home"));

    private static final Duration LIMIT = Duration.ofMinutes(3);

    private final Path folder;
    private final DatabaseBinding database;
    private final Path filestore;
    private final List<Process> started = new ArrayList<>();

    private Installation(Path folder, DatabaseBinding database, Path filestore) {
        this.folder = folder;
        this.database = database;
        this.filestore = filestore;
    }

    /** Lifeboat in a folder, for an environment that is there already and stays. */
    static Installation beside(Path folder, DatabaseBinding database, Path filestore) throws IOException {
        Files.createDirectories(folder.resolve("config"));
        return new Installation(folder, database, filestore);
    }

    /** How a command ended. */
    record Ended(int exitCode, String output, String errors) {
        /** The one JSON object that a command with {@code --json} prints. */
        JsonNode json() {
            try {
                return Json.mapper().readTree(output);
            } catch (IOException e) {
                throw new AssertionError("no JSON on stdout: '" + output + "', stderr: " + errors, e);
            }
        }

        Ended succeeded() {
            assertThat(exitCode).as("stdout: %s%nstderr: %s", output, errors).isZero();
            return this;
        }
    }

    /** An environment {@code acme/shop} with so many attachments, and Lifeboat configured for it. */
    static Installation create(Path folder, String databaseName, int attachments) throws IOException {
        DatabaseBinding database = TestCluster.createOdooDatabase(databaseName);
        Path dataDir = folder.resolve("odoo-data");
        Path filestore = dataDir.resolve("filestore").resolve(databaseName);
        Files.createDirectories(filestore.resolve("checklist"));
        Files.writeString(folder.resolve("odoo.conf"), """
                [options]
                admin_passwd = %s
                db_host = %s
                db_port = %d
                db_user = %s
                db_password = %s
                db_name = %s
                data_dir = %s
                smtp_server = mail.example.com
                smtp_password = %s
                proxy_url = https://bot:%s@proxy.example.com/x
                """.formatted(
                        CANARIES.get("admin_passwd"),
                        database.host(),
                        database.port(),
                        database.user(),
                        database.password().value(),
                        databaseName,
                        dataDir,
                        CANARIES.get("smtp_password"),
                        CANARIES.get("url")));
        Files.createDirectories(folder.resolve("config"));
        var installation = new Installation(folder, database, filestore);
        installation.configure("");
        installation.addAttachments(attachments);
        return installation;
    }

    /** Uploads so many files that were not there before. */
    void addAttachments(int count) throws IOException {
        for (var attachment : TestCluster.addAttachments(database, count)) {
            Path file = filestore.resolve(attachment.storeFname());
            Files.createDirectories(file.getParent());
            Files.writeString(file, attachment.text());
        }
    }

    /** Adds what is as in Odoo's own actions: a table that inherits, and a column that its parent got later. */
    void addInheriting() {
        TestCluster.execute(database, """
                CREATE TABLE ir_actions (id serial PRIMARY KEY, name varchar);
                CREATE TABLE ir_act_window (PRIMARY KEY (id)) INHERITS (ir_actions);
                ALTER TABLE ir_act_window ADD COLUMN res_model varchar;
                ALTER TABLE ir_actions ADD COLUMN path varchar;
                INSERT INTO ir_act_window (name, res_model, path)
                    SELECT 'Action ' || n, 'model.' || n, CASE WHEN n % 2 = 0 THEN 'path-' || n END
                    FROM generate_series(1, 50) n""");
    }

    /** Deletes one attachment with its file; gives the file's name. */
    String removeAttachment() throws IOException {
        String name = TestCluster.query(
                database,
                "DELETE FROM ir_attachment WHERE id = (SELECT min(id) FROM ir_attachment WHERE store_fname IS NOT NULL)"
                        + " RETURNING store_fname");
        Files.delete(filestore.resolve(name));
        return name;
    }

    /** Writes the configuration; {@code more} is added at the level of {@code lifeboat}. */
    void configure(String more) throws IOException {
        configure("staging", "", "", more);
    }

    /**
     * Writes the configuration.
     *
     * @param type of the environment shop
     * @param ofShop is added to that environment
     * @param environments are added beside it
     * @param more is added at the level of {@code lifeboat}
     */
    void configure(String type, String ofShop, String environments, String more) throws IOException {
        Files.writeString(
                folder.resolve("config/application.yaml"),
                """
                lifeboat:
                  projects:
                    acme:
                      environments:
                        shop:
                          type: %s
                          odoo-conf: %s
                """.formatted(type, folder.resolve("odoo.conf"))
                        + ofShop.indent(10)
                        + environments.indent(8)
                        + more.indent(2));
    }

    /** Makes a service of two scripts: what they hold is run when it is started and stopped. */
    String service(String start, String stop) throws IOException {
        return """
                service:
                  kind: command
                  start: %s
                  stop: %s
                """.formatted(script("start-odoo", start), script("stop-odoo", stop));
    }

    private Path script(String name, String body) throws IOException {
        Path script = folder.resolve(name);
        Files.writeString(script, "#!/bin/bash\n" + body + "\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
        return script;
    }

    /** Puts a tool in the place of the real one, which it finds as {@code $real}. */
    void wrap(String tool, String body) throws IOException {
        Path tools = Files.createDirectories(folder.resolve("pgbin"));
        try (var real = Files.list(TestCluster.get().binaries())) {
            for (Path one : real.toList()) {
                Files.createSymbolicLink(tools.resolve(one.getFileName()), one);
            }
        }
        Files.delete(tools.resolve(tool));
        Path script = Files.writeString(
                tools.resolve(tool),
                "#!/bin/bash\nreal='" + TestCluster.get().binaries().resolve(tool) + "'\n"
                        + "case \" $* \" in *\" --version \"*) exec \"$real\" --version;; esac\n" + body);
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
        configure("pg-bin: " + tools + "\n");
    }

    /** What is named like something of Lifeboat's beside the live database and filestore. */
    List<String> leftBeside() throws IOException, SQLException {
        var left = new ArrayList<String>();
        String databases = TestCluster.query(
                database,
                "SELECT string_agg(datname, ',' ORDER BY datname) FROM pg_database WHERE datname LIKE 'lb\\_%'");
        if (databases != null) {
            left.add(databases);
        }
        try (var beside = Files.list(filestore.getParent())) {
            beside.map(path -> path.getFileName().toString())
                    .filter(name -> name.startsWith(".lifeboat"))
                    .forEach(left::add);
        }
        return left;
    }

    Path folder() {
        return folder;
    }

    Path filestore() {
        return filestore;
    }

    DatabaseBinding database() {
        return database;
    }

    Path store() {
        return folder.resolve("data/artifacts");
    }

    /** Runs a command to its end. */
    Ended lifeboat(String... arguments) {
        return lifeboat(Map.of(), arguments);
    }

    /** Runs a command to its end with more environment variables. */
    Ended lifeboat(Map<String, String> environment, String... arguments) {
        try {
            Process process = launch(environment, arguments);
            process.getOutputStream().close();
            var errors = new StringBuilder();
            Thread drain = Thread.ofVirtual().start(() -> errors.append(text(process.getErrorStream())));
            var output = new StringBuilder();
            Thread read = Thread.ofVirtual().start(() -> output.append(text(process.getInputStream())));
            if (!process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("lifeboat " + String.join(" ", arguments) + " did not end: " + errors);
            }
            drain.join();
            read.join();
            return new Ended(process.exitValue(), output.toString(), errors.toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Starts a command; its output goes to {@code command.log} in the folder. */
    Process start(String... arguments) throws IOException {
        return launch(
                Map.of(),
                ProcessBuilder.Redirect.appendTo(folder.resolve("command.log").toFile()),
                arguments);
    }

    /** Starts a command with more environment variables; its output goes to {@code log} in the folder. */
    Process start(Map<String, String> environment, String log, String... arguments) throws IOException {
        return launch(
                environment,
                ProcessBuilder.Redirect.appendTo(folder.resolve(log).toFile()),
                arguments);
    }

    /** Starts a command as a terminal does: with a process group of its own. Its output goes to {@code command.log}. */
    Process startInTerminal(String... arguments) throws IOException {
        return launch(
                List.of("setsid"),
                Map.of(),
                ProcessBuilder.Redirect.appendTo(folder.resolve("command.log").toFile()),
                arguments);
    }

    /** Sends what Ctrl-C (INT) or the end of a terminal (HUP) sends: to the command and all that is in its process group. */
    static void signal(Process command, String signal) throws IOException, InterruptedException {
        Process kill = new ProcessBuilder("bash", "-c", "kill -" + signal + " -- -" + command.pid()).start();
        assertThat(kill.waitFor()).isZero();
    }

    /** Starts the engine and waits until it answers; commands are then its clients. */
    void serve() throws IOException, InterruptedException {
        Process engine = start("serve", "--port", "0");
        await("the engine", () -> Files.exists(folder.resolve("data/endpoint")) || !engine.isAlive());
        assertThat(engine.isAlive()).isTrue();
    }

    private Process launch(Map<String, String> environment, String... arguments) throws IOException {
        return launch(environment, ProcessBuilder.Redirect.PIPE, arguments);
    }

    private Process launch(Map<String, String> environment, ProcessBuilder.Redirect output, String... arguments)
            throws IOException {
        return launch(List.of(), environment, output, arguments);
    }

    private Process launch(
            List<String> by, Map<String, String> environment, ProcessBuilder.Redirect output, String... arguments)
            throws IOException {
        var command = new ArrayList<String>(by);
        command.add(LAUNCHER.toString());
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectOutput(output)
                .redirectError(output);
        builder.environment().putAll(LAUNCHED_WITH);
        builder.environment().putAll(environment);
        Process process = builder.start();
        started.add(process);
        return process;
    }

    /** The newest run of an operation, as the API shows it. */
    JsonNode newestRun(String operation) {
        for (JsonNode run : lifeboat("runs", "--json").succeeded().json()) {
            if (run.path("operation").asText().equals(operation)) {
                return run;
            }
        }
        throw new AssertionError("there is no run of " + operation);
    }

    /** The manifests in the store: an artifact exists when its manifest does. */
    List<Path> manifests() throws IOException {
        if (!Files.isDirectory(store())) {
            return List.of();
        }
        try (var tree = Files.walk(store())) {
            return tree.filter(path -> path.getFileName().toString().equals("artifact.json"))
                    .sorted()
                    .toList();
        }
    }

    /** The content of every table, computed by the server: equal content gives equal maps. */
    SortedMap<String, String> tables() {
        var content = new TreeMap<String, String>();
        try (Connection connection = new DatabaseServer(database).connect();
                var statement = connection.createStatement()) {
            var names = new ArrayList<String>();
            try (var rows = statement.executeQuery("SELECT quote_ident(schemaname) || '.' || quote_ident(tablename)"
                    + " FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')")) {
                while (rows.next()) {
                    names.add(rows.getString(1));
                }
            }
            for (String name : names) {
                try (var row = statement.executeQuery(
                        "SELECT count(*) || ' ' || coalesce(md5(string_agg(md5(to_jsonb(t)::text), '' ORDER BY"
                                + " md5(to_jsonb(t)::text))), '') FROM ONLY " + name + " AS t")) {
                    row.next();
                    content.put(name, row.getString(1));
                }
            }
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
        return content;
    }

    /** Every file of the filestore with the SHA-1 of its content. */
    SortedMap<String, String> tree() throws IOException {
        var content = new TreeMap<String, String>();
        try (var tree = Files.walk(filestore)) {
            for (Path file : tree.filter(Files::isRegularFile).toList()) {
                content.put(filestore.relativize(file).toString(), sha1(file));
            }
        }
        return content;
    }

    /** The disaster: the database dropped, the filestore deleted. */
    void destroy() throws IOException {
        TestCluster.drop(database.name());
        deleteTree(filestore);
    }

    static void deleteTree(Path root) throws IOException {
        try (var tree = Files.walk(root)) {
            for (Path path : tree.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    static String sha1(Path file) throws IOException {
        try (var in = new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-1"))) {
            in.transferTo(OutputStream.nullOutputStream());
            return HexFormat.of().formatHex(in.getMessageDigest().digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Waits until something holds, for at most two minutes. */
    static void await(String what, BooleanSupplier condition) throws InterruptedException {
        await(() -> what, condition);
    }

    /** As {@link #await(String, BooleanSupplier)}; what was waited for is told as it is at the end. */
    static void await(Supplier<String> what, BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + Duration.ofMinutes(2).toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("waited in vain for: " + what.get());
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    private static String text(InputStream in) {
        try {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "[unreadable: " + e.getMessage() + "]";
        }
    }

    /** Tells what still runs to stop; does not wait for it. */
    void startStopping() {
        started.forEach(Process::destroy);
    }

    /** Ends what still runs, the embedded server too. */
    void stop() throws IOException {
        startStopping();
        for (Process process : started) {
            try {
                if (!process.waitFor(30, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        Path pid = folder.resolve("data/state/data/postmaster.pid");
        if (Files.exists(pid)) {
            ProcessHandle.of(Long.parseLong(Files.readAllLines(pid).getFirst().strip()))
                    .ifPresent(server -> {
                        server.destroy();
                        server.onExit().orTimeout(30, TimeUnit.SECONDS).join();
                    });
        }
    }

    /** Ends what still runs, and removes the database. */
    @Override
    public void close() throws IOException {
        stop();
        TestCluster.drop(database.name());
        TestCluster.dropHidden();
    }
}
