package dev.lifeboat.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.artifact.ArtifactId;
import dev.lifeboat.artifact.ArtifactReader;
import dev.lifeboat.artifact.InstallationKey;
import dev.lifeboat.artifact.Manifest;
import dev.lifeboat.artifact.ManifestCodec;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.json.Json;
import dev.lifeboat.store.FolderStore;
import dev.lifeboat.testing.S3Server;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three regions, each an S3 server of its own, and what is left when one of them, or everything else, is gone. */
class RegionsIT {
    private static final List<String> NAMES = List.of("primary", "secondary", "tertiary");

    @TempDir
    Path folder;

    private final List<S3Server> regions = new ArrayList<>();
    private Installation shop;

    @BeforeEach
    void install() throws IOException {
        shop = Installation.create(folder, "it_regions", 200);
        for (int i = 1; i <= NAMES.size(); i++) {
            regions.add(
                    new S3Server("127.0.0." + i, Optional.of(Files.createDirectories(folder.resolve("region-" + i)))));
        }
        var stores = new StringBuilder("store-patience: 5s\nstores:\n");
        for (int i = 0; i < NAMES.size(); i++) {
            stores.append("""
                      %s:
                        kind: s3
                        endpoint: %s
                        bucket: %s
                        prefix: /lifeboat/
                        access-key: %s
                        secret-key: %s
                        limit: 5s
                    """.formatted(
                            NAMES.get(i),
                            regions.get(i).endpoint(),
                            S3Server.BUCKET,
                            S3Server.ACCESS_KEY,
                            S3Server.SECRET_KEY));
        }
        shop.configure("staging", "stores: [" + String.join(", ", NAMES) + "]\n", "", stores.toString());
    }

    @AfterEach
    void remove() throws IOException {
        shop.close();
        regions.forEach(S3Server::close);
    }

    @Test
    void a_backup_without_one_region_succeeds_and_that_region_gets_its_copy_when_it_is_back() throws Exception {
        regions.get(2).stop();
        shop.serve();

        JsonNode backup = shop.lifeboat("backup", "shop", "--json").succeeded().json();

        String artifact = backup.path("artifact_id").asText();
        assertThat(health().path("regions_synced").asInt()).isEqualTo(2);
        JsonNode pending = shop.lifeboat("artifact", "show", artifact, "--json")
                .succeeded()
                .json();
        assertThat(pending.path("copies").toString()).contains("\"pending\"").doesNotContain(S3Server.SECRET_KEY);

        regions.get(2).start();
        Installation.await("the third copy", () -> synced() == 3);

        regions.get(0).stop();
        regions.get(1).stop();
        shop.lifeboat("verify", artifact).succeeded();
    }

    @Test
    void from_one_region_and_an_empty_data_folder_the_environment_comes_back() throws Exception {
        shop.lifeboat("backup", "shop", "--json").succeeded();
        shop.addAttachments(30);
        var tables = shop.tables();
        var tree = shop.tree();
        String artifact = shop.lifeboat("backup", "shop", "--json")
                .succeeded()
                .json()
                .path("artifact_id")
                .asText();

        String fingerprint = shop.lifeboat("evidence", "key", "--json")
                .succeeded()
                .json()
                .path("fingerprint")
                .asText();
        regions.get(0).stop();
        shop.stop();
        Installation.deleteTree(folder.resolve("data"));
        shop.destroy();

        assertThat(shop.lifeboat("restore", "shop", "latest").exitCode()).isEqualTo(3);
        var stranger = shop.lifeboat("catalog", "rebuild", "--from", "secondary");
        assertThat(stranger.exitCode()).as(stranger.errors()).isEqualTo(3);
        assertThat(stranger.errors()).contains(fingerprint, "--trust-key", "lifeboat.trusted-keys");
        JsonNode rebuilt = shop.lifeboat(
                        "catalog", "rebuild", "--from", "secondary", "--trust-key", fingerprint, "--json")
                .succeeded()
                .json();
        assertThat(rebuilt.path("entered")).hasSize(2);
        JsonNode restore =
                shop.lifeboat("restore", "shop", "latest", "--json").succeeded().json();

        assertThat(restore.path("status").asText()).isEqualTo("success");
        assertThat(shop.tables()).isEqualTo(tables);
        assertThat(shop.tree()).isEqualTo(tree);
        assertThat(shop.lifeboat("artifacts", "shop", "--json").succeeded().output())
                .contains(artifact);
    }

    @Test
    void a_copy_that_was_altered_is_passed_over_and_made_good_from_another_region() throws Exception {
        var tables = shop.tables();
        var tree = shop.tree();
        String artifact = shop.lifeboat("backup", "shop", "--json")
                .succeeded()
                .json()
                .path("artifact_id")
                .asText();
        Path part = folder.resolve(
                "region-1/" + S3Server.BUCKET + "/lifeboat/acme/shop/" + artifact + "/filestore.tar.zst");
        byte[] bytes = Files.readAllBytes(part);
        bytes[bytes.length / 2] ^= 1;
        Files.write(part, bytes);
        shop.destroy();

        shop.lifeboat("restore", "shop", artifact, "--json").succeeded();

        assertThat(shop.tables()).isEqualTo(tables);
        assertThat(shop.tree()).isEqualTo(tree);
        shop.serve();
        Installation.await("the copy to be made good", () -> shop.lifeboat("artifact", "show", artifact, "--json")
                .json()
                .path("stores")
                .toString()
                .contains("primary"));
        shop.lifeboat("verify", artifact).succeeded();
        bytes[bytes.length / 2] ^= 1;
        assertThat(Files.readAllBytes(part)).isEqualTo(bytes);
    }

    @Test
    void a_forged_copy_is_never_restored_and_is_made_good_from_another_region() throws Exception {
        String artifact = shop.lifeboat("backup", "shop", "--json")
                .succeeded()
                .json()
                .path("artifact_id")
                .asText();
        var tables = shop.tables();
        Path copy = folder.resolve("region-1/" + S3Server.BUCKET + "/lifeboat/acme/shop/" + artifact);
        byte[] own = Files.readAllBytes(copy.resolve("artifact.json"));
        byte[] forged = forged(copy);
        Files.write(copy.resolve("artifact.json"), forged);
        shop.destroy();

        shop.lifeboat("restore", "shop", artifact, "--json").succeeded();

        assertThat(shop.tables()).isEqualTo(tables);
        shop.serve();
        Installation.await("the copy to be made good", () -> shop.lifeboat("artifact", "show", artifact, "--json")
                .json()
                .path("stores")
                .toString()
                .contains("primary"));
        assertThat(Files.readAllBytes(copy.resolve("artifact.json"))).isEqualTo(own);
    }

    /** A manifest whose digest and signature hold, by a key that its writer has made. */
    private byte[] forged(Path copy) throws IOException {
        var attackers = new FolderStore("attacker", copy.resolve("../../..").normalize());
        var key = InstallationKey.openOrCreateIn(folder.resolve("attacker"));
        var id = new ArtifactId(
                new EnvironmentId("acme", "shop"), copy.getFileName().toString());
        Manifest manifest =
                new ArtifactReader(new ManifestCodec(key)).read(attackers, id).manifest();
        return new ManifestCodec(key).encode(manifest);
    }

    private int synced() {
        try {
            return health().path("regions_synced").asInt();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private JsonNode health() throws IOException, InterruptedException {
        JsonNode endpoint = Json.mapper().readTree(Files.readString(folder.resolve("data/endpoint")));
        try (var client = HttpClient.newHttpClient()) {
            return Json.mapper()
                    .readTree(client.send(
                                    HttpRequest.newBuilder(URI.create(
                                                    endpoint.path("url").asText() + "/backup/health"))
                                            .timeout(Duration.ofSeconds(10))
                                            .build(),
                                    HttpResponse.BodyHandlers.ofString())
                            .body());
        }
    }
}
