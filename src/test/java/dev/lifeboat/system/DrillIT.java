package dev.lifeboat.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.json.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Restores that are rehearsed beside the environment. */
class DrillIT {
    @TempDir
    Path folder;

    private Installation shop;

    @BeforeEach
    void install() throws IOException, InterruptedException {
        shop = Installation.create(folder, "it_drill", 60);
        shop.configure("production", "stores: [primary, second]\n", "", """
                stores:
                  primary: {kind: folder, path: "%1$s/data/artifacts"}
                  second: {kind: folder, path: "%1$s/second"}
                """.formatted(folder));
        shop.serve();
        shop.lifeboat("backup", "shop", "--json").succeeded();
    }

    @AfterEach
    void remove() throws IOException {
        shop.close();
    }

    private static JsonNode result(JsonNode run) throws IOException {
        return Json.mapper()
                .readTree(Path.of(run.path("evidence_dir").asText(), "drill_result.json")
                        .toFile());
    }

    private HttpResponse<String> health() throws IOException, InterruptedException {
        JsonNode endpoint =
                Json.mapper().readTree(folder.resolve("data/endpoint").toFile());
        try (HttpClient http = HttpClient.newHttpClient()) {
            return http.send(
                    HttpRequest.newBuilder(
                                    URI.create(endpoint.path("url").asText()).resolve("/backup/health"))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        }
    }

    @Test
    void a_drill_of_each_stores_copy_passes_is_measured_and_touches_nothing()
            throws IOException, InterruptedException, SQLException {
        var tables = shop.tables();
        var tree = shop.tree();
        for (String store : new String[] {"primary", "second"}) {
            JsonNode run = shop.lifeboat("drill", "shop", "--store", store, "--json")
                    .succeeded()
                    .json();
            assertThat(result(run).path("result").asText()).isEqualTo("PASS");
            assertThat(result(run).path("store").asText()).isEqualTo(store);
            assertThat(result(run).at("/recovery_time/seconds").asDouble()).isPositive();
            assertThat(result(run).at("/recovery_time/met").asBoolean()).isTrue();
            assertThat(result(run).at("/recovery_point/met").asBoolean()).isTrue();
        }
        assertThat(shop.tables()).isEqualTo(tables);
        assertThat(shop.tree()).isEqualTo(tree);
        assertThat(shop.leftBeside()).isEmpty();
        assertThat(health().statusCode()).isEqualTo(200);
        assertThat(health().body()).contains("\"restore_test_passed\":true");
    }

    @Test
    void a_damaged_copy_fails_its_drill_and_the_health_while_the_other_passes()
            throws IOException, InterruptedException, SQLException {
        Path dump;
        try (var files = Files.walk(folder.resolve("second"))) {
            dump = files.filter(path -> path.endsWith("db.dump")).findFirst().orElseThrow();
        }
        byte[] bytes = Files.readAllBytes(dump);
        bytes[bytes.length / 2] ^= 1;
        Files.write(dump, bytes);

        Installation.Ended failed = shop.lifeboat("drill", "shop", "--store", "second", "--json");

        assertThat(failed.exitCode()).isNotZero();
        assertThat(result(failed.json()).path("result").asText()).isEqualTo("FAIL");
        assertThat(health().statusCode()).isEqualTo(503);
        assertThat(shop.leftBeside()).isEmpty();
        shop.lifeboat("drill", "shop", "--store", "primary", "--json").succeeded();
        assertThat(health().statusCode()).isEqualTo(200);
    }

    @Test
    void a_file_that_only_the_environment_still_has_whole_does_not_save_a_drill() throws IOException, SQLException {
        Path archive;
        try (var files = Files.walk(shop.store())) {
            archive = files.filter(path -> path.endsWith("filestore.tar.zst"))
                    .findFirst()
                    .orElseThrow();
        }
        byte[] bytes = Files.readAllBytes(archive);
        bytes[bytes.length / 2] ^= 1;
        Files.write(archive, bytes);
        assertThat(shop.lifeboat("drill", "shop", "--store", "primary", "--json")
                        .exitCode())
                .isNotZero();
        assertThat(shop.leftBeside()).isEmpty();
    }
}
