package dev.lifeboat.artifact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.artifact.ArtifactVerification.FileCheck;
import dev.lifeboat.artifact.ArtifactVerification.State;
import dev.lifeboat.artifact.ArtifactVerifier.PartResolver;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import dev.lifeboat.progress.Progress;
import dev.lifeboat.store.ArtifactStore;
import dev.lifeboat.store.FaultyStore;
import dev.lifeboat.store.FolderStore;
import dev.lifeboat.store.ObjectWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArtifactVerifierTest {
    private final ArtifactVerifier verifier = new ArtifactVerifier();
    private Path root;
    private ArtifactStore store;
    private ManifestCodec codec;
    private ArtifactReader reader;

    @BeforeEach
    void open(@TempDir Path folder) {
        root = folder.resolve("artifacts");
        store = new FolderStore("primary", root);
        codec = new ManifestCodec(InstallationKey.openOrCreateIn(folder.resolve("keys")));
        reader = new ArtifactReader(codec);
    }

    @Test
    void a_whole_artifact_is_ok() {
        ArtifactFolder folder = backup("b1");
        put(folder, "evidence/final_status.json", new byte[] {1});
        ArtifactVerification found = verify(folder);
        assertThat(found.ok()).isTrue();
        assertThat(found.fault()).isEmpty();
        assertThat(found.files()).hasSize(5).allMatch(FileCheck::ok);
        assertThat(found.extra()).isEmpty();
        assertThat(found.bytes())
                .isEqualTo(Samples.contents("b1").values().stream()
                        .mapToLong(c -> c.length)
                        .sum());
        String json = Json.pretty(found);
        assertThat(json).contains("\"expected_sha256\"", "\"actual_sha256\"", "\"state\" : \"ok\"");
        assertThat(json).doesNotContain("\"fault\"");
    }

    @Test
    void all_that_is_wrong_is_listed() throws Exception {
        ArtifactFolder folder = backup("b1");
        Path files = root.resolve("acme/prod/b1");
        byte[] dump = Files.readAllBytes(files.resolve("db.dump"));
        dump[100] ^= 1;
        Files.write(files.resolve("db.dump"), dump);
        Files.delete(files.resolve("filestore.tar.zst"));
        Files.writeString(files.resolve("config_snapshot.json"), "short");
        Files.delete(files.resolve("db.dump.meta.json"));
        Files.createSymbolicLink(files.resolve("db.dump.meta.json"), files.resolve("db.dump"));
        put(folder, "surprise", new byte[] {1});

        ArtifactVerification found = verify(folder);
        assertThat(found.ok()).isFalse();
        assertThat(found.files().stream()
                        .map(file -> file.path() + " " + file.state())
                        .toList())
                .containsExactlyInAnyOrder(
                        "db.dump " + State.CONTENT_DIFFERS,
                        "filestore.tar.zst " + State.MISSING,
                        "config_snapshot.json " + State.SIZE_DIFFERS,
                        "filestore.index.zst " + State.OK,
                        "db.dump.meta.json " + State.UNREADABLE);
        assertThat(found.extra()).containsExactly("surprise");
        assertThat(found.fault().orElseThrow().code()).isEqualTo(FaultCode.ARTIFACT_DAMAGED);
        assertThat(found.fault().orElseThrow().facts().get("damaged"))
                .contains("db.dump:", "filestore.tar.zst:", "config_snapshot.json:", "db.dump.meta.json:");
    }

    @Test
    void the_parts_of_other_artifacts_are_checked_too() throws Exception {
        backup("b1");
        byte[] part = Samples.contents("b1").get("filestore.tar.zst");
        ArtifactFolder second =
                backup("b2", new Manifest.Part("b1", "filestore.tar.zst", part.length, Samples.sha256(part), 100, 0));
        assertThat(verify(second).ok()).isTrue();
        assertThat(verify(second).files()).hasSize(6);

        Files.writeString(root.resolve("acme/prod/b1/filestore.tar.zst"), "damaged");
        assertThat(verify(second).files())
                .filteredOn(file -> !file.ok())
                .singleElement()
                .satisfies(file -> assertThat(file.artifactId()).isEqualTo("b1"));

        SignedManifest manifest = reader.read(store, second.id());
        ArtifactVerification nowhere = verifier.verify(second, manifest, id -> Optional.empty(), Progress.NONE);
        assertThat(nowhere.files())
                .filteredOn(file -> file.state() == State.MISSING)
                .hasSize(1);
    }

    @Test
    void an_artifact_exists_when_its_manifest_does() {
        ArtifactFolder unfinished = new ArtifactFolder(store, Samples.id("b0"));
        put(unfinished, "db.dump", new byte[] {1, 2, 3});
        backup("b1");
        assertThat(reader.list(store)).containsExactly(Samples.id("b1"));
        assertThat(reader.list(store, Samples.PROD)).containsExactly(Samples.id("b1"));
        assertThat(codeOf(() -> reader.read(store, Samples.id("b0")))).isEqualTo(FaultCode.UNKNOWN_ARTIFACT);
        assertThat(codeOf(() -> reader.read(store, Samples.id("b9")))).isEqualTo(FaultCode.UNKNOWN_ARTIFACT);
        assertThat(codeOf(() -> backup("b1"))).isEqualTo(FaultCode.OBJECT_EXISTS);
    }

    @Test
    void a_manifest_under_another_artifacts_name_is_refused() throws Exception {
        backup("b1");
        Files.createDirectories(root.resolve("acme/prod/b2"));
        Files.copy(root.resolve("acme/prod/b1/artifact.json"), root.resolve("acme/prod/b2/artifact.json"));
        assertThat(codeOf(() -> reader.read(store, Samples.id("b2")))).isEqualTo(FaultCode.MANIFEST_INVALID);
    }

    @Test
    void only_old_folders_without_a_manifest_are_unfinished() throws Exception {
        backup("b1");
        ArtifactFolder killed = new ArtifactFolder(store, Samples.id("b0"));
        put(killed, "db.dump", new byte[] {1, 2, 3});
        ArtifactFolder running = new ArtifactFolder(store, Samples.id("b2"));
        put(running, "db.dump", new byte[] {1});
        FileTime old = FileTime.from(Instant.now().minusSeconds(100_000));
        Files.setLastModifiedTime(root.resolve("acme/prod/b0/db.dump"), old);
        Files.setLastModifiedTime(root.resolve("acme/prod/b1/db.dump"), old);
        put(new ArtifactFolder(store, Samples.id("b3")), "db.dump", new byte[] {1});
        assertThat(reader.unfinished(
                        store, Samples.id("b1").environment(), Instant.now().minusSeconds(3600)))
                .singleElement()
                .satisfies(unfinished -> {
                    assertThat(unfinished.folder()).isEqualTo(killed);
                    assertThat(unfinished.bytes()).isEqualTo(3);
                });
        killed.remove();
        assertThat(root.resolve("acme/prod/b0")).doesNotExist();
    }

    @Test
    void a_removed_artifact_is_gone() {
        ArtifactFolder folder = backup("b1");
        folder.remove();
        assertThat(reader.list(store)).isEmpty();
        assertThat(folder.objects()).isEmpty();
    }

    @Test
    void a_store_that_does_not_answer_is_no_damage() {
        ArtifactFolder folder = backup("b1");
        SignedManifest manifest = reader.read(store, folder.id());
        var deaf = new FaultyStore(store);
        deaf.failReads("config_snapshot.json", FaultCode.STORE_UNREACHABLE, 0);
        assertThatThrownBy(() -> verifier.verify(
                        new ArtifactFolder(deaf, folder.id()), manifest, id -> Optional.empty(), Progress.NONE))
                .isInstanceOfSatisfying(
                        FaultException.class, e -> assertThat(e.fault().code()).isEqualTo(FaultCode.STORE_UNREACHABLE));
    }

    @Test
    void a_file_that_breaks_off_while_it_is_read_does_not_hide_the_others() {
        ArtifactFolder folder = backup("b1");
        SignedManifest manifest = reader.read(store, folder.id());
        var faulty = new FaultyStore(store);
        faulty.failReads("db.dump", FaultCode.STORE_READ_FAILED, 10);
        var copy = new ArtifactFolder(faulty, folder.id());
        ArtifactVerification found = verifier.verify(copy, manifest, PartResolver.besides(copy), Progress.NONE);
        assertThat(found.files()).hasSize(5);
        assertThat(found.files()).filteredOn(file -> !file.ok()).singleElement().satisfies(file -> {
            assertThat(file.path()).isEqualTo("db.dump");
            assertThat(file.state()).isEqualTo(State.UNREADABLE);
        });
        faulty.heal();
        assertThat(verifier.verify(copy, manifest, PartResolver.besides(copy), Progress.NONE)
                        .ok())
                .isTrue();
    }

    @Test
    void a_backup_whose_write_fails_is_no_artifact() {
        var faulty = new FaultyStore(store);
        faulty.failWrites("db.dump", FaultCode.STORE_FULL, 10);
        var folder = new ArtifactFolder(faulty, Samples.id("b1"));
        put(folder, "config_snapshot.json", new byte[] {1});
        assertThat(codeOf(() -> put(folder, "db.dump", new byte[100]))).isEqualTo(FaultCode.STORE_FULL);
        assertThat(reader.list(store)).isEmpty();
        assertThat(folder.find("db.dump")).isEmpty();
        assertThat(reader.unfinished(
                        store, Samples.id("b1").environment(), Instant.now().plusSeconds(60)))
                .hasSize(1);
    }

    private ArtifactVerification verify(ArtifactFolder folder) {
        return verifier.verify(folder, reader.read(store, folder.id()), PartResolver.besides(folder), Progress.NONE);
    }

    private ArtifactFolder backup(String name, Manifest.Part... foreign) {
        ArtifactFolder folder = new ArtifactFolder(store, Samples.id(name));
        Map<String, byte[]> contents = Samples.contents(name);
        contents.forEach((path, content) -> put(folder, path, content));
        folder.commit(codec.encode(Samples.manifest(name, contents, foreign)));
        return folder;
    }

    private static void put(ArtifactFolder folder, String path, byte[] content) {
        try (ObjectWriter writer = folder.store().create(folder.key(path))) {
            writer.write(content, 0, content.length);
            writer.commit();
        }
    }

    private static FaultCode codeOf(Runnable call) {
        try {
            call.run();
        } catch (FaultException e) {
            return e.fault().code();
        }
        throw new AssertionError("no fault");
    }
}
