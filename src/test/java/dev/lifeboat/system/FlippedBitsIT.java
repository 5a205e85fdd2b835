package dev.lifeboat.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.artifact.ArtifactFolder;
import dev.lifeboat.artifact.ArtifactId;
import dev.lifeboat.artifact.ArtifactReader;
import dev.lifeboat.artifact.ArtifactVerifier;
import dev.lifeboat.artifact.InstallationKey;
import dev.lifeboat.artifact.ManifestCodec;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.progress.Progress;
import dev.lifeboat.store.FolderStore;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the restore's second step does with an artifact in which one bit is another; before it, nothing is touched. */
class FlippedBitsIT {
    private static final int FLIPS = 1000;

    @TempDir
    Path folder;

    @Test
    void of_a_thousand_single_flipped_bits_a_thousand_are_found() throws IOException {
        try (Installation shop = Installation.create(folder, "it_flips", 20)) {
            String id = shop.lifeboat("backup", "shop", "--json")
                    .succeeded()
                    .json()
                    .path("artifact_id")
                    .asText();
            Path parts = shop.manifests().getFirst().getParent();
            var store = new FolderStore("primary", shop.store());
            var artifact = new ArtifactId(EnvironmentId.parse("acme/shop"), id);
            var reader = new ArtifactReader(new ManifestCodec(
                    InstallationKey.openOrCreateIn(folder.resolve("data").resolve("keys"))));
            List<Path> files;
            try (var all = Files.walk(parts)) {
                files = all.filter(Files::isRegularFile).sorted().toList();
            }
            assertThat(files).hasSizeGreaterThan(15);
            assertThat(isWhole(reader, store, artifact)).isTrue();

            var random = new Random(20261121);
            var missed = new ArrayList<String>();
            for (int n = 0; n < FLIPS; n++) {
                Path file = files.get(random.nextInt(files.size()));
                long bit = random.nextLong(8 * Files.size(file));
                flip(file, bit);
                if (isWhole(reader, store, artifact)) {
                    missed.add(parts.relativize(file) + " bit " + bit);
                }
                flip(file, bit);
            }

            assertThat(missed).isEmpty();
            assertThat(isWhole(reader, store, artifact)).isTrue();
        }
    }

    private static boolean isWhole(ArtifactReader reader, FolderStore store, ArtifactId id) {
        try {
            var manifest = reader.read(store, id);
            var opened = new ArtifactFolder(store, id);
            return new ArtifactVerifier()
                    .verify(opened, manifest, ArtifactVerifier.PartResolver.besides(opened), Progress.NONE)
                    .ok();
        } catch (FaultException e) {
            return false;
        }
    }

    private static void flip(Path file, long bit) throws IOException {
        try (var open = new RandomAccessFile(file.toFile(), "rw")) {
            open.seek(bit / 8);
            int old = open.read();
            open.seek(bit / 8);
            open.write(old ^ (1 << (bit % 8)));
        }
    }
}
