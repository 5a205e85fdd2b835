package dev.lifeboat.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.GreenMailUtil;
import com.icegreen.greenmail.util.ServerSetup;
import com.sun.net.httpserver.HttpServer;
import dev.lifeboat.environment.DatabaseBinding;
import dev.lifeboat.json.Json;
import dev.lifeboat.testing.S3Server;
import dev.lifeboat.testing.TestCluster;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Secrets that come in by each way there is go nowhere: they are not among what everybody on the machine sees (the arguments of
 * processes), and in nothing that Lifeboat keeps, answers or sends.
 */
class SecretsIT {
    /** Beside those of odoo.conf. */
    private static final Map<String, String> CONFIGURED = Map.of(
            "event source", "whsec_Y2FuYXJ5LWV2ZW50LXNvdXJjZS1zZWNyZXQ=",
            "webhook", "canary-webhook-3b71",
            "rpc key", "canary-rpc-90ce");

    /** Beside those, where all of them are. */
    private static final Map<String, String> PLANTED = Map.of(
            "token of the engine", "canary-engine-41d7",
            "token of the sidecar", "canary-sidecar-c02b",
            "mailer password", "canary-mailer-66fe",
            "identity provider", "canary-oidc-2a90",
            "address of a chat", "canary-chat-d31c",
            "address of a site", "canary-site-9b4c",
            "mistyped token", "canary-mistyped-5a1f");

    private static final String STATE = "it_secrets_state";

    private static final long SAMPLED_EACH_NANOS = 2_000_000;

    @TempDir
    Path folder;

    private final HttpClient http = HttpClient.newHttpClient();
    private Installation shop;

    @BeforeEach
    void install() throws IOException {
        shop = Installation.create(folder, "it_secrets", 40);
        shop.configure("staging", "rpc: {login: admin, key: " + CONFIGURED.get("rpc key") + "}\n", "", """
                events:
                  ci: {secret: %s, environments: [acme/shop]}
                notices:
                  hook: {kind: webhook, url: "http://127.0.0.1:9/", secret: %s}
                """.formatted(
                        CONFIGURED.get("event source"), CONFIGURED.get("webhook")));
    }

    @AfterEach
    void remove() throws IOException {
        http.close();
        shop.close();
        TestCluster.drop(STATE);
    }

    @Test
    void no_secret_is_among_the_arguments_of_any_process() throws Exception {
        shop.serve();
        JsonNode endpoint = Json.mapper().readTree(Files.readString(folder.resolve("data/endpoint")));
        var secrets = new HashMap<>(Installation.CANARIES);
        secrets.putAll(CONFIGURED);
        secrets.put("engine's token", endpoint.path("token").asText());
        Set<String> lines = ConcurrentHashMap.newKeySet();
        var over = new AtomicBoolean();
        Thread watching = Thread.ofPlatform().start(() -> {
            while (!over.get()) {
                lines.addAll(commandLines());
                LockSupport.parkNanos(SAMPLED_EACH_NANOS);
            }
        });

        shop.lifeboat("backup", "shop", "--label", "watched").succeeded();
        shop.lifeboat("restore", "shop", "latest").succeeded();
        over.set(true);
        watching.join();

        assertThat(lines).as("what was watched").anyMatch(line -> line.contains("pg_dump"));
        assertThat(lines).anyMatch(line -> line.contains("pg_restore"));
        assertThat(told(secrets, lines.stream().collect(Collectors.toMap(line -> line, line -> line))))
                .isEmpty();
    }

    /** Where everything goes that leaves the machine. */
    private static final class Outside implements AutoCloseable {
        private final HttpServer receiver;
        private final GreenMail mail;
        private final S3Server region;
        private final List<String> received = new CopyOnWriteArrayList<>();

        Outside() throws IOException {
            receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            receiver.createContext("/", exchange -> {
                // the signature and the secret in the address are the receiver's to know
                received.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
                exchange.sendResponseHeaders(204, -1);
                exchange.close();
            });
            receiver.start();
            mail = new GreenMail(new ServerSetup(0, "127.0.0.1", ServerSetup.PROTOCOL_SMTP));
            mail.setUser("lifeboat@example.com", "lifeboat", PLANTED.get("mailer password"));
            mail.start();
            region = new S3Server("127.0.0.1", Optional.empty());
        }

        String settings() {
            return """
                    events:
                      ci: {secret: %s, environments: [acme/shop]}
                    notices:
                      chat: {kind: slack, url: "http://127.0.0.1:%d/%s"}
                      hook: {kind: webhook, url: "http://127.0.0.1:%d/", secret: %s}
                      duty: {kind: mail, to: [duty@example.com]}
                    stores:
                      secondary:
                        kind: s3
                        endpoint: %s
                        bucket: %s
                        access-key: %s
                        secret-key: %s
                    """.formatted(
                            CONFIGURED.get("event source"),
                            receiver.getAddress().getPort(),
                            PLANTED.get("address of a chat"),
                            receiver.getAddress().getPort(),
                            CONFIGURED.get("webhook"),
                            region.endpoint(),
                            S3Server.BUCKET,
                            S3Server.ACCESS_KEY,
                            S3Server.SECRET_KEY);
        }

        String framework() {
            return """
                    quarkus:
                      mailer: {from: lifeboat@example.com, host: 127.0.0.1, port: %d, username: lifeboat, password: %s}
                      oidc: {client-id: lifeboat, credentials: {secret: %s}}
                    """.formatted(
                            mail.getSmtp().getPort(), PLANTED.get("mailer password"), PLANTED.get("identity provider"));
        }

        /** What came, whole, as by wire. */
        Map<String, String> told() {
            var told = new HashMap<String, String>();
            for (int i = 0; i < received.size(); i++) {
                told.put("notice " + i, received.get(i));
            }
            for (var message : mail.getReceivedMessages()) {
                told.put("mail " + told.size(), GreenMailUtil.getWholeMessage(message));
            }
            return told;
        }

        @Override
        public void close() {
            mail.stop();
            receiver.stop(0);
            region.close();
        }
    }

    @Test
    void no_secret_is_in_anything_that_is_written_told_or_answered() throws Exception {
        TestCluster.drop(STATE);
        DatabaseBinding state = TestCluster.get().binding(STATE);
        TestCluster.get().createDatabase(STATE, state.user());
        var texts = new TreeMap<String, String>();
        var secrets = new TreeMap<>(Installation.CANARIES);
        secrets.putAll(CONFIGURED);
        secrets.putAll(PLANTED);
        secrets.put("key of a bucket", S3Server.SECRET_KEY);
        try (var outside = new Outside()) {
            Path leaky = folder.resolve("leaky");
            shop.wrap("pg_dump", """
                    if [ -e '%s' ]; then
                      echo "connection to postgresql://odoo:$PGPASSWORD@db failed, password=%s" >&2
                      exit 1
                    fi
                    exec "$real" "$@"
                    """.formatted(leaky, TestCluster.ODOO_PASSWORD.value()));
            shop.configure(
                    "staging",
                    "rpc: {login: admin, key: " + CONFIGURED.get("rpc key") + "}\nurl: https://bot:"
                            + PLANTED.get("address of a site") + "@127.0.0.1:9/\nstores: [primary, secondary]\n",
                    "",
                    "pg-bin: " + folder.resolve("pgbin") + "\n" + outside.settings());
            Files.writeString(
                    folder.resolve("config/application.yaml"), outside.framework(), StandardOpenOption.APPEND);
            String base = startApart(state);

            shop.lifeboat("backup", "shop", "--label", "good").succeeded();
            // its Odoo does not answer: how it ends is not what is looked at
            shop.lifeboat("restore", "shop", "latest", "--confirm", "shop");
            Files.createFile(leaky);
            assertThat(shop.lifeboat("backup", "shop").exitCode()).isEqualTo(1);
            Files.delete(leaky);
            for (String command : List.of(
                    "validate shop",
                    "preflight shop",
                    "preflight shop latest",
                    "doctor",
                    "drill shop",
                    "artifacts",
                    "env show shop",
                    "deployments shop",
                    "rollback shop --dry-run",
                    "runs",
                    "env list")) {
                Installation.Ended ended = shop.lifeboat((command + " --json").split(" "));
                texts.put("output of " + command, ended.output() + ended.errors());
            }
            shop.lifeboat("member", "set", "maria", "--project", "acme", "--role", "viewer")
                    .succeeded();
            JsonNode token = shop.lifeboat("token", "create", "--name", "ci", "--project", "acme", "--json")
                    .succeeded()
                    .json();
            secrets.put("API token", token.path("secret").asText());
            String link = shop.lifeboat("login").succeeded().output();
            secrets.put("login code", link.strip().replaceFirst("(?s).*#(\\S+).*", "$1"));
            assertThat(secrets.values()).allSatisfy(secret -> assertThat(secret).hasSizeBetween(8, 100));
            ask(base + "/api/v1/runs", PLANTED.get("mistyped token"));
            ask(base + "/console", PLANTED.get("mistyped token"));
            Installation.await("the notice of the failure", () -> outside.told().size() >= 3);

            texts.putAll(answers(base));
            texts.putAll(pages(base));
            for (String path : List.of("/q/metrics", "/q/health", "/q/openapi", "/backup/health")) {
                texts.put(path, ask(base + path, PLANTED.get("token of the engine")));
            }
            texts.putAll(outside.told());
            texts.put("dump of the state", dump(state));
        }
        shop.stop();
        texts.putAll(written());

        assertThat(texts.keySet())
                .as("what was searched")
                .anyMatch(name -> name.startsWith("mail "))
                .anyMatch(name -> name.startsWith("notice "))
                .anyMatch(name -> name.endsWith("lifeboat.log"))
                .anyMatch(name -> name.contains("sidecar-data"))
                .anyMatch(name -> name.endsWith("final_status.json"))
                .anyMatch(name -> name.startsWith("/console/runs/"))
                .anyMatch(name -> name.startsWith("/console/settings"))
                .anyMatch(name -> name.contains("/evidence/"));
        assertThat(texts.get("dump of the state")).contains("INSERT INTO ops.runs", "INSERT INTO ops.api_tokens");
        assertThat(told(secrets, texts)).isEmpty();
    }

    /** Starts a sidecar and an engine whose state is elsewhere; gives the engine's address. */
    private String startApart(DatabaseBinding state) throws Exception {
        int port;
        try (var socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
        var environment = new HashMap<String, String>();
        environment.put("LIFEBOAT_TOKEN", PLANTED.get("token of the engine"));
        environment.put("LIFEBOAT_SIDECAR_TOKEN", PLANTED.get("token of the sidecar"));
        environment.put("LIFEBOAT_SIDECAR_URL", "http://127.0.0.1:" + port);
        var ofEngine = new HashMap<>(environment);
        ofEngine.put(
                "QUARKUS_DATASOURCE_JDBC_URL",
                "jdbc:postgresql://" + state.host() + ":" + state.port() + "/" + state.name());
        ofEngine.put("QUARKUS_DATASOURCE_USERNAME", state.user());
        ofEngine.put("QUARKUS_DATASOURCE_PASSWORD", state.password().value());
        shop.start(ofEngine, "log-engine", "serve", "--port", "0");
        Installation.await("the engine", () -> Files.exists(folder.resolve("data/endpoint")));
        environment.put("LIFEBOAT_KEYS_DIR", folder.resolve("data/keys").toString());
        shop.start(
                environment,
                "log-sidecar",
                "sidecar",
                "--port",
                Integer.toString(port),
                "--data-dir",
                folder.resolve("sidecar-data").toString());
        return Json.mapper()
                .readTree(Files.readString(folder.resolve("data/endpoint")))
                .path("url")
                .asText()
                .replaceFirst("/$", "");
    }

    private String ask(String url, String token) throws IOException, InterruptedException {
        return http.send(
                        HttpRequest.newBuilder(URI.create(url))
                                .timeout(Duration.ofSeconds(60))
                                .header("Authorization", "Bearer " + token)
                                .build(),
                        HttpResponse.BodyHandlers.ofString(StandardCharsets.ISO_8859_1))
                .body();
    }

    /** What each question of the description is answered with, for everything that there is. */
    private Map<String, String> answers(String base) throws IOException, InterruptedException {
        String token = PLANTED.get("token of the engine");
        var answers = new TreeMap<String, String>();
        JsonNode description = Json.mapper().readTree(ask(base + "/q/openapi?format=json", token));
        JsonNode runs = Json.mapper().readTree(ask(base + "/api/v1/runs", token));
        JsonNode artifacts = Json.mapper().readTree(ask(base + "/api/v1/artifacts", token));
        assertThat(runs.size()).isGreaterThan(3);
        assertThat(artifacts).isNotEmpty();
        for (var path : description.path("paths").properties()) {
            if (!path.getValue().has("get")) {
                continue;
            }
            String asked = path.getKey().replace("{env}", "acme.shop")
                    + (path.getKey().endsWith("evidence-report") ? "?from=2020-01-01&to=2100-01-01&format=html" : "");
            if (asked.contains("{run}")) {
                for (JsonNode run : runs) {
                    String ofRun = asked.replace("{run}", run.path("run_id").asText());
                    if (ofRun.contains("{file}")) {
                        String list = ofRun.substring(0, ofRun.indexOf("/{file}"));
                        for (JsonNode file : Json.mapper().readTree(ask(base + list, token))) {
                            String of = list + "/" + file.path("name").asText();
                            answers.put(of, ask(base + of, token));
                        }
                    } else {
                        answers.put(ofRun, ask(base + ofRun, token));
                    }
                }
            } else if (asked.contains("{artifact}")) {
                for (JsonNode artifact : artifacts) {
                    String of = asked.replace(
                                    "{artifact}", artifact.path("artifact_id").asText())
                            .replace("{file}", "config_snapshot.json");
                    answers.put(of, ask(base + of, token));
                }
            } else {
                assertThat(asked).doesNotContain("{");
                answers.put(asked, ask(base + asked, token));
            }
        }
        assertThat(answers).hasSizeGreaterThan(40);
        return answers;
    }

    /** Every page of the console that can be come to from the first one. */
    private Map<String, String> pages(String base) throws IOException, InterruptedException {
        var pages = new TreeMap<String, String>();
        var next = new ArrayDeque<>(List.of("/console"));
        Pattern links = Pattern.compile("href=\"(/console[^\"#]*)");
        while (!next.isEmpty()) {
            String path = next.poll();
            if (!pages.containsKey(path) && !path.contains("/assets/")) {
                String page = ask(base + path.replace("&amp;", "&"), PLANTED.get("token of the engine"));
                pages.put(path, page);
                links.matcher(page).results().map(link -> link.group(1)).forEach(next::add);
            }
        }
        assertThat(pages).hasSizeGreaterThan(10);
        return pages;
    }

    private static String dump(DatabaseBinding state) throws IOException, InterruptedException {
        var dump = new ProcessBuilder(
                TestCluster.get().binaries().resolve("pg_dump").toString(),
                "--inserts",
                "--host=" + state.host(),
                "--port=" + state.port(),
                "--username=" + state.user(),
                state.name());
        dump.environment().put("PGPASSWORD", state.password().value());
        Process process = dump.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isZero();
        return text;
    }

    /** Every file but those that a secret came in by, and those that hold Lifeboat's own by purpose. */
    private Map<String, String> written() throws IOException {
        var given = List.of("odoo.conf", "config/application.yaml", "data/endpoint", "pgbin/pg_dump");
        var written = new TreeMap<String, String>();
        try (Stream<Path> tree = Files.walk(folder)) {
            for (Path file : tree.filter(path -> Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS))
                    .toList()) {
                String name = folder.relativize(file).toString();
                if (!given.contains(name) && !name.startsWith("odoo-data")) {
                    written.put(name, Files.readString(file, StandardCharsets.ISO_8859_1));
                }
            }
        }
        return written;
    }

    /** Of all processes of this machine, as everybody on it can see them. */
    private static List<String> commandLines() {
        var lines = new ArrayList<String>();
        try (var processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (Path process : processes) {
                try {
                    lines.add(Files.readString(process.resolve("cmdline"), StandardCharsets.ISO_8859_1)
                            .replace('\0', ' '));
                } catch (IOException e) {
                    // it has ended meanwhile
                    lines.add("");
                }
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return lines;
    }

    /** Where a secret stands, as it is or as it is written in SQL, a page, an address, or Base64. */
    private static Set<String> told(Map<String, String> secrets, Map<String, String> texts) {
        var told = new TreeSet<String>();
        texts.forEach((place, text) -> secrets.forEach((name, secret) -> {
            byte[] bytes = secret.getBytes(StandardCharsets.UTF_8);
            Stream.of(
                            secret,
                            secret.replace("'", "''"),
                            secret.replace("'", "&#39;"),
                            URLEncoder.encode(secret, StandardCharsets.UTF_8),
                            URLEncoder.encode(secret, StandardCharsets.UTF_8).replace("+", "%20"),
                            Base64.getEncoder().withoutPadding().encodeToString(bytes))
                    .filter(text::contains)
                    .forEach(form -> {
                        int at = text.indexOf(form);
                        told.add(name + " in " + place + ": "
                                + text.substring(Math.max(0, at - 100), Math.min(text.length(), at + 100)));
                    });
        }));
        return told;
    }
}
