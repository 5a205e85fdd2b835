package dev.lifeboat.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Secrets that come in by each way there is are not among what everybody on the machine sees: the arguments of processes. */
class SecretsIT {
    /** Beside those of odoo.conf. */
    private static final Map<String, String> CONFIGURED = Map.of(
            "event source", "whsec_Y2FuYXJ5LWV2ZW50LXNvdXJjZS1zZWNyZXQ=",
            "webhook", "canary-webhook-3b71",
            "rpc key", "canary-rpc-90ce");

    private static final long SAMPLED_EACH_NANOS = 2_000_000;

    @TempDir
    Path folder;

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
        shop.close();
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
        assertThat(told(secrets, lines)).isEmpty();
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

    private static Set<String> told(Map<String, String> secrets, Iterable<String> texts) {
        var told = new TreeSet<String>();
        for (String text : texts) {
            secrets.forEach((name, secret) -> {
                if (text.contains(secret)) {
                    told.add(name + ": " + text.substring(0, Math.min(200, text.length())));
                }
            });
        }
        return told;
    }
}
