package dev.lifeboat.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.environment.DatabaseBinding;
import dev.lifeboat.environment.Secret;
import dev.lifeboat.json.Json;
import dev.lifeboat.postgres.DatabaseServer;
import java.io.IOException;
import java.net.CookieManager;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** An Odoo that {@code infra/odoo/up.sh} has set up: its service, its database, and what its users do over HTTP. */
final class RealOdoo {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final long ADMIN = 2;

    private final Path folder;
    private final String name;
    private final int port;

    RealOdoo(Path folder, String name, int port) {
        this.folder = folder;
        this.name = name;
        this.port = port;
    }

    Path bed() {
        return folder.resolve("bed");
    }

    String databaseName() {
        return "odoo_" + name;
    }

    Path filestore() {
        return bed().resolve("data/filestore").resolve(databaseName());
    }

    URI url() {
        return URI.create("http://127.0.0.1:" + port);
    }

    DatabaseBinding database() throws IOException {
        String conf = Files.readString(bed().resolve(name + ".conf"));
        int pgPort = Integer.parseInt(conf.replaceFirst("(?s).*db_port = (\\d+).*", "$1"));
        return new DatabaseBinding("127.0.0.1", pgPort, databaseName(), "odoo", new Secret("odoo-db-secret"), "prefer");
    }

    /** The environment's block of the configuration. */
    String configuration(String type, boolean withCommandLine) throws IOException {
        String control = Path.of("infra/odoo/odoo.sh").toAbsolutePath().toString();
        String commandLine = withCommandLine ? "odoo: {command: [%s, %s, run]}".formatted(control, folder) : "";
        return """
                %1$s:
                  type: %2$s
                  odoo-conf: %3$s/bed/%1$s.conf
                  addons-path: %3$s/root/usr/lib/python3/dist-packages/odoo/addons,%3$s/bed/addons
                  url: %4$s
                  websocket: http://127.0.0.1:%5$d
                  rpc: {login: admin, key: "%6$s"}
                  %7$s
                  service:
                    kind: command
                    start: [%8$s, %3$s, start, %1$s]
                    stop: [%8$s, %3$s, stop, %1$s]
                    status: [%8$s, %3$s, status, %1$s]
                """.formatted(
                        name,
                        type,
                        folder,
                        url(),
                        port + 3,
                        Files.readString(bed().resolve("api-key")).strip(),
                        commandLine,
                        control);
    }

    /** Runs {@code infra/odoo/odoo.sh}; gives what it said. */
    String control(String... arguments) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of("infra/odoo/odoo.sh", folder.toString()));
        command.addAll(List.of(arguments));
        Path said = Files.createTempFile("odoo-control-", ".log");
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(said.toFile())
                    .start();
            if (!process.waitFor(5, TimeUnit.MINUTES)) {
                process.destroyForcibly();
            }
            String text = Files.readString(said);
            assertThat(process.exitValue()).as("%s: %s", command, text).isZero();
            return text;
        } finally {
            Files.delete(said);
        }
    }

    void fresh() throws IOException, InterruptedException {
        control("fresh", name);
    }

    void start() throws IOException, InterruptedException {
        control("start", name);
        Installation.await("Odoo '" + name + "'", this::serves);
    }

    void stop() throws IOException, InterruptedException {
        control("stop", name);
    }

    /** Whether the login page, which reads the database, is there. */
    boolean serves() {
        try (HttpClient http =
                HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build()) {
            return http.send(
                                    HttpRequest.newBuilder(url().resolve("/web/login"))
                                            .timeout(Duration.ofSeconds(5))
                                            .build(),
                                    HttpResponse.BodyHandlers.discarding())
                            .statusCode()
                    == 200;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    Connection connect() throws IOException {
        return new DatabaseServer(database()).connect();
    }

    String query(String sql) throws IOException, SQLException {
        try (Connection connection = connect();
                var statement = connection.createStatement();
                var row = statement.executeQuery(sql)) {
            return row.next() ? row.getString(1) : null;
        }
    }

    void execute(String sql) throws IOException, SQLException {
        try (Connection connection = connect();
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** What a user does over JSON-RPC and the web client's own routes, logged in with a password. */
    final class User implements AutoCloseable {
        private final String password;
        private final HttpClient http = HttpClient.newBuilder()
                .cookieHandler(new CookieManager())
                .connectTimeout(Duration.ofSeconds(5))
                .build();

        User(String password) {
            this.password = password;
        }

        JsonNode call(String model, String method, List<?> arguments) throws IOException, InterruptedException {
            ObjectNode request = Json.object().put("jsonrpc", "2.0").put("method", "call");
            request.putObject("params")
                    .put("service", "object")
                    .put("method", "execute_kw")
                    .set(
                            "args",
                            Json.mapper()
                                    .valueToTree(List.of(databaseName(), ADMIN, password, model, method, arguments)));
            JsonNode answer = post("/jsonrpc", request);
            if (answer.has("error")) {
                throw new IOException(answer.path("error").toString());
            }
            return answer.path("result");
        }

        long partner(String partnerName) throws IOException, InterruptedException {
            return call("res.partner", "create", List.of(Json.object().put("name", partnerName)))
                    .asLong();
        }

        long invoice(long partner) throws IOException, InterruptedException {
            ObjectNode invoice = Json.object().put("move_type", "out_invoice").put("partner_id", partner);
            invoice.putArray("invoice_line_ids")
                    .addArray()
                    .add(0)
                    .add(0)
                    .addObject()
                    .put("name", "work")
                    .put("quantity", 2)
                    .put("price_unit", 21);
            return call("account.move", "create", List.of(invoice)).asLong();
        }

        double total(long invoice) throws IOException, InterruptedException {
            return call("account.move", "read", List.of(List.of(invoice), List.of("amount_untaxed")))
                    .at("/0/amount_untaxed")
                    .asDouble();
        }

        long attachment(byte[] content) throws IOException, InterruptedException {
            return call(
                            "ir.attachment",
                            "create",
                            List.of(Json.object()
                                    .put("name", "file.bin")
                                    .put("datas", Base64.getEncoder().encodeToString(content))))
                    .asLong();
        }

        /** Downloads an attachment as a browser does, after a login with the password. */
        byte[] download(long attachment) throws IOException, InterruptedException {
            ObjectNode login = Json.object().put("jsonrpc", "2.0");
            login.putObject("params")
                    .put("db", databaseName())
                    .put("login", "admin")
                    .put("password", password);
            JsonNode session = post("/web/session/authenticate", login);
            assertThat(session.at("/result/uid").asLong())
                    .as(session.toString())
                    .isEqualTo(ADMIN);
            return http.send(
                            HttpRequest.newBuilder(url().resolve("/web/content/" + attachment + "?download=true"))
                                    .timeout(LIMIT)
                                    .build(),
                            HttpResponse.BodyHandlers.ofByteArray())
                    .body();
        }

        private JsonNode post(String path, JsonNode body) throws IOException, InterruptedException {
            return Json.mapper()
                    .readTree(http.send(
                                    HttpRequest.newBuilder(url().resolve(path))
                                            .timeout(LIMIT)
                                            .header("Content-Type", "application/json")
                                            .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
                                            .build(),
                                    HttpResponse.BodyHandlers.ofString())
                            .body());
        }

        @Override
        public void close() {
            http.close();
        }
    }
}
