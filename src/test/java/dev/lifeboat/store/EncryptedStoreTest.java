package dev.lifeboat.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The contract on a folder whose bytes are encrypted, and what can be read there without a key. */
final class EncryptedStoreTest extends ArtifactStoreContract {
    private static final AgeKeys KEYS = AgeKeys.fresh();
    private static final ObjectKey ARTIFACT = ObjectKey.of("acme", "prod", "b7");
    private static final ObjectKey DUMP = ARTIFACT.child("db.dump");

    private Path root;
    private ArtifactStore inner;

    @Override
    protected ArtifactStore emptyStore(Path folder) {
        root = folder.resolve("sealed");
        inner = new FolderStore("primary", root);
        return new EncryptedStore(inner, KEYS);
    }

    @Test
    void no_byte_of_the_content_is_on_the_disk_but_the_manifest() throws IOException {
        String canary = "canary-content-5d2e";
        put(DUMP, bytes(canary.repeat(10_000)));
        put(ARTIFACT.child("evidence").child("inputs.json"), bytes(canary));
        put(ARTIFACT.child("artifact.json"), bytes("{\"readable\": true}"));
        try (var files = Files.walk(root)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String text = Files.readString(file, StandardCharsets.ISO_8859_1);
                assertThat(text).as(file.toString()).doesNotContain(canary).doesNotContain("AGE-SECRET-KEY");
                assertThat(file.getFileName().toString()).matches("artifact\\.json|.*\\.age");
            }
        }
        assertThat(read(DUMP, 0)).isEqualTo(bytes(canary.repeat(10_000)));
        assertThat(inner.find(ARTIFACT.child("artifact.json"))).isPresent();
    }

    @Test
    void reading_may_begin_in_any_chunk() throws IOException {
        byte[] content = random(3 * 64 * 1024 + 5);
        put(DUMP, content);
        for (int offset : new int[] {0, 1, 65_535, 65_536, 65_537, 131_072, 196_608, 196_612, content.length}) {
            assertThat(read(DUMP, offset))
                    .as("from %d", offset)
                    .isEqualTo(Arrays.copyOfRange(content, offset, content.length));
        }
        byte[] whole = random(2 * 64 * 1024);
        put(DUMP, whole);
        assertThat(read(DUMP, 65_536)).isEqualTo(Arrays.copyOfRange(whole, 65_536, whole.length));
        assertThat(store().find(DUMP).orElseThrow().size()).isEqualTo(whole.length);
    }

    @Test
    void another_key_opens_nothing_and_says_so() {
        put(DUMP, bytes("secret"));
        var other = new EncryptedStore(inner, AgeKeys.fresh());
        assertThat(codeOf(() -> other.unlock(ARTIFACT))).isEqualTo(FaultCode.STORE_KEY_WRONG);
        assertThatThrownBy(() -> other.open(DUMP, 0)).isInstanceOfSatisfying(FaultException.class, e -> {
            assertThat(e.fault().code()).isEqualTo(FaultCode.STORE_KEY_WRONG);
            assertThat(e.fault().remedy()).contains("key-file");
        });
    }

    @Test
    void an_altered_byte_is_found_wherever_it_is() throws IOException {
        put(DUMP, random(70_000));
        Path file = inner.localPath(ARTIFACT.child("db.dump.age")).orElseThrow();
        byte[] sealed = Files.readAllBytes(file);
        for (int at : new int[] {30, 100, 170, 200, 40_000, sealed.length - 1}) {
            byte[] altered = sealed.clone();
            altered[at] ^= 4;
            Files.write(file, altered);
            var fresh = new EncryptedStore(inner, KEYS);
            assertThat(codeOf(() -> {
                        try (var in = fresh.open(DUMP, 0)) {
                            in.readAllBytes();
                        }
                    }))
                    .as("byte %d", at)
                    .isEqualTo(FaultCode.STORE_READ_FAILED);
        }
    }

    @Test
    void a_new_key_opens_old_artifacts_once_they_were_rekeyed() throws IOException {
        put(DUMP, bytes("content"));
        AgeKeys next = AgeKeys.fresh();
        var both = new EncryptedStore(
                inner,
                new AgeKeys(
                        List.of(next.identities().getFirst(), KEYS.identities().getFirst())));
        assertThat(both.rekey(ARTIFACT)).isTrue();
        assertThat(both.rekey(ARTIFACT)).isFalse();
        try (var in = new EncryptedStore(inner, next).open(DUMP, 0)) {
            assertThat(in.readAllBytes()).isEqualTo(bytes("content"));
        }
    }

    @Test
    void a_key_file_is_read_as_age_keygen_writes_it() throws IOException {
        Path file = root.resolveSibling("key.txt");
        Files.createDirectories(file.getParent());
        Files.writeString(
                file,
                "# created: 2026-11-21\n# public key: " + KEYS.recipient() + "\n"
                        + KEYS.identities().getFirst() + "\n");
        assertThat(AgeKeys.read("primary", file)).isEqualTo(KEYS);
        assertThat(KEYS.toString()).doesNotContain("SECRET");
        Files.writeString(file, "nothing\n");
        assertThat(codeOf(() -> AgeKeys.read("primary", file))).isEqualTo(FaultCode.STORE_KEY_WRONG);
        assertThat(codeOf(() -> AgeKeys.read("primary", file.resolveSibling("none"))))
                .isEqualTo(FaultCode.STORE_KEY_WRONG);
    }

    @Test
    void a_key_that_a_program_prints_is_taken_as_it_is_or_in_base64_and_its_failure_is_told_without_its_output() {
        String identity = KEYS.identities().getFirst();
        String base64 = Base64.getEncoder().encodeToString((identity + "\n").getBytes(StandardCharsets.US_ASCII));
        assertThat(AgeKeys.ofCommand("primary", List.of("echo", identity))).isEqualTo(KEYS);
        assertThat(AgeKeys.ofCommand("primary", List.of("echo", base64))).isEqualTo(KEYS);
        for (List<String> command : List.of(
                List.of("sh", "-c", "echo " + identity + "; echo 'AccessDeniedException' >&2; exit 1"),
                List.of("echo", "no key at all"),
                List.of("/no/such/program"))) {
            assertThatThrownBy(() -> AgeKeys.ofCommand("primary", command))
                    .isInstanceOfSatisfying(FaultException.class, e -> {
                        assertThat(e.fault().code()).isEqualTo(FaultCode.STORE_KEY_WRONG);
                        assertThat(e.fault().toString()).doesNotContain(identity);
                    });
        }
    }
}
