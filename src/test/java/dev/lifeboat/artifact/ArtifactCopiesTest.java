package dev.lifeboat.artifact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.store.ArtifactStore;
import dev.lifeboat.store.FaultyStore;
import dev.lifeboat.store.FolderStore;
import dev.lifeboat.store.ObjectKey;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An artifact written into several stores at once, and read from whichever gives it. */
final class ArtifactCopiesTest {
    private static final ArtifactId ID = new ArtifactId(new EnvironmentId("acme", "prod"), "b1");
    private static final String PART = "filestore.tar.zst";
    private static final ObjectKey KEY = ID.path(PART);
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    @TempDir
    Path temp;

    private final List<FaultyStore> stores = new ArrayList<>();
    private final byte[] content = new byte[7 * 1024 * 1024 + 3];

    @BeforeEach
    void make() {
        new Random(7).nextBytes(content);
        for (String name : List.of("primary", "secondary", "tertiary")) {
            stores.add(new FaultyStore(new FolderStore(name, temp.resolve(name))));
        }
    }

    private ArtifactWriter writer() {
        return new ArtifactWriter(ID, List.copyOf(stores), PATIENCE);
    }

    private static byte[] read(ArtifactStore store) throws IOException {
        try (var in = store.open(KEY, 0)) {
            return in.readAllBytes();
        }
    }

    @Test
    void every_store_gets_the_same_bytes_and_the_entry_tells_their_digest() throws IOException {
        Manifest.FileEntry entry = writer().write(PART, content);
        assertThat(entry.size()).isEqualTo(content.length);
        assertThat(entry.sha256()).isEqualTo(Samples.sha256(content));
        for (ArtifactStore store : stores) {
            assertThat(read(store)).isEqualTo(content);
        }
    }

    @Test
    void a_store_that_fails_is_given_up_and_the_others_have_it_whole() throws IOException {
        stores.get(1).failWrites(PART, FaultCode.STORE_WRITE_FAILED, 3_000_000);
        ArtifactWriter writer = writer();

        Manifest.FileEntry entry = writer.write(PART, content);
        writer.write("config_snapshot.json", "{}");

        assertThat(entry.sha256()).isEqualTo(Samples.sha256(content));
        assertThat(writer.lost()).containsOnlyKeys("secondary");
        assertThat(read(stores.get(0))).isEqualTo(content);
        assertThat(read(stores.get(2))).isEqualTo(content);
        assertThat(stores.get(1).find(KEY)).isEmpty();
        assertThat(stores.get(1).find(ID.path("config_snapshot.json"))).isEmpty();
    }

    @Test
    void where_no_store_is_left_the_primarys_fault_is_told() {
        stores.get(0).failWrites(PART, FaultCode.STORE_FULL, 0);
        stores.get(1).failWrites(PART, FaultCode.STORE_UNREACHABLE, 2_000_000);
        stores.get(2).failWrites(PART, FaultCode.STORE_UNREACHABLE, 4_000_000);
        assertThatThrownBy(() -> writer().write(PART, content))
                .isInstanceOfSatisfying(
                        FaultException.class, e -> assertThat(e.fault().code()).isEqualTo(FaultCode.STORE_FULL));
    }

    @Test
    void a_write_that_has_no_memory_gives_its_store_up_and_says_so() throws IOException {
        Runnable outOfMemory = () -> {
            throw new OutOfMemoryError("injected");
        };
        stores.get(1).onWrite(outOfMemory);
        ArtifactWriter writer = writer();
        writer.write(PART, content);
        assertThat(writer.lost()).containsOnlyKeys("secondary");
        assertThat(writer.lost().get("secondary").code()).isEqualTo(FaultCode.INTERNAL);
        assertThat(read(stores.get(0))).isEqualTo(content);

        stores.forEach(store -> store.onWrite(outOfMemory));
        assertThatThrownBy(() -> writer().write(PART, content))
                .isInstanceOfSatisfying(
                        FaultException.class, e -> assertThat(e.fault().code()).isEqualTo(FaultCode.INTERNAL));
    }

    @Test
    void a_store_that_hangs_is_waited_for_only_so_long() throws Exception {
        var release = new CountDownLatch(1);
        stores.get(1).onWrite(() -> {
            try {
                release.await(60, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Instant begin = Instant.now();
        ArtifactWriter writer = writer();
        writer.write(PART, content);
        assertThat(Duration.between(begin, Instant.now())).isLessThan(Duration.ofSeconds(20));
        release.countDown();
        assertThat(writer.lost()).containsOnlyKeys("secondary");
        assertThat(writer.lost().get("secondary").message()).contains("kept the others waiting");
        assertThat(read(stores.get(0))).isEqualTo(content);
    }

    @Test
    void without_a_commit_no_store_has_anything() {
        try (ArtifactWriter.File file = writer().create(PART)) {
            file.write(content, 0, content.length);
        }
        stores.forEach(store -> assertThat(store.find(KEY)).isEmpty());
    }

    @Test
    void reading_goes_on_from_another_store_in_the_middle_of_a_file() throws IOException {
        writer().write(PART, content);
        stores.get(0).failReads(PART, FaultCode.STORE_READ_FAILED, 1_000_000);
        stores.get(1).failReads(PART, FaultCode.STORE_READ_FAILED, 2_000_000);
        var artifact =
                new OpenArtifact(new ArtifactFolder(stores.get(0), ID), List.of(stores.get(1), stores.get(2)), null);
        try (var in = artifact.open(PART, 0)) {
            assertThat(in.readAllBytes()).isEqualTo(content);
        }
        stores.get(2).failReads(PART, FaultCode.STORE_READ_FAILED, 0);
        assertThatThrownBy(() -> {
                    try (var in = artifact.open(PART, 0)) {
                        in.readAllBytes();
                    }
                })
                .isInstanceOf(FaultException.class);
    }
}
