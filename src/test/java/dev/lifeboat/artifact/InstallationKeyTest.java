package dev.lifeboat.artifact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InstallationKeyTest {
    @TempDir
    Path data;

    @Test
    void the_key_stays_the_same_and_is_the_owners_alone() throws IOException {
        InstallationKey first = InstallationKey.openOrCreateIn(data.resolve("keys"));
        byte[] signature = first.sign(new byte[] {1, 2});
        Files.delete(data.resolve("keys/installation.pub"));
        InstallationKey second = InstallationKey.openOrCreateIn(data.resolve("keys"));
        assertThat(second.keyId()).isEqualTo(first.keyId()).matches("[0-9a-f]{16}");
        assertThat(InstallationKey.verify(second.publicKey(), new byte[] {1, 2}, signature))
                .isTrue();
        assertThat(InstallationKey.verify(second.publicKey(), new byte[] {1, 3}, signature))
                .isFalse();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data.resolve("keys/installation.key"))))
                .isEqualTo("rw-------");
        assertThat(data.resolve("keys/installation.pub")).content().startsWith("-----BEGIN PUBLIC KEY-----");
    }

    @Test
    void of_many_that_come_first_all_get_the_same_key() throws Exception {
        try (var executor = Executors.newFixedThreadPool(8)) {
            Callable<String> open =
                    () -> InstallationKey.openOrCreateIn(data.resolve("keys")).keyId();
            var ids = new java.util.HashSet<String>();
            for (var id :
                    executor.invokeAll(IntStream.range(0, 8).mapToObj(i -> open).toList())) {
                ids.add(id.get());
            }
            assertThat(ids).hasSize(1);
        }
    }

    @Test
    void a_damaged_key_is_refused_and_left_as_it_is() throws IOException {
        InstallationKey.openOrCreateIn(data.resolve("keys"));
        Path file = data.resolve("keys/installation.key");
        Files.writeString(file, "nonsense");
        assertThatThrownBy(() -> InstallationKey.openOrCreateIn(data.resolve("keys")))
                .isInstanceOfSatisfying(
                        FaultException.class, e -> assertThat(e.fault().code()).isEqualTo(FaultCode.BAD_CONFIGURATION));
        assertThat(file).hasContent("nonsense");
    }
}
