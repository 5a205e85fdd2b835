package dev.lifeboat.artifact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ManifestCodecTest {
    private static final Manifest MANIFEST = Samples.manifest("b1", Samples.contents("b1"));

    private InstallationKey key;
    private ManifestCodec codec;

    @BeforeEach
    void open(@TempDir Path data) {
        key = InstallationKey.openOrCreateIn(data.resolve("keys"));
        codec = new ManifestCodec(key);
    }

    @Test
    void what_was_written_is_read_back() {
        byte[] json = codec.encode(MANIFEST);
        SignedManifest signed = codec.decode(json);
        assertThat(signed.manifest()).isEqualTo(MANIFEST);
        assertThat(signed.keyId()).isEqualTo(key.keyId());
        assertThat(signed.signer()).isEqualTo(SignedManifest.Signer.KNOWN);
        assertThat(signed.note()).isEmpty();
        assertThat(codec.encode(signed.manifest())).isEqualTo(json);
    }

    @Test
    void the_members_of_the_restore_specification_have_its_names() throws Exception {
        JsonNode json = Json.mapper().readTree(codec.encode(MANIFEST));
        assertThat(json.at("/artifact_id").asText()).isEqualTo("b1");
        assertThat(json.at("/created_at").asText()).isEqualTo("2026-11-20T02:00:00Z");
        assertThat(json.at("/source_env/name").asText()).isEqualTo("prod");
        assertThat(json.at("/source_env/db").asText()).isEqualTo("odoo_prod");
        assertThat(json.at("/db_dump/path").asText()).isEqualTo("db.dump");
        assertThat(json.at("/db_dump/sha256").asText()).hasSize(64);
        assertThat(json.at("/filestore/path").asText()).isEqualTo("filestore.tar.zst");
        assertThat(json.at("/filestore/sha256").asText()).hasSize(64);
        assertThat(json.at("/manifest/odoo_version").asText()).isEqualTo("19.0");
        assertThat(json.at("/manifest").has("addons_hash")).isTrue();
        assertThat(json.at("/manifest/modules_installed/1").asText()).isEqualTo("web");
        assertThat(json.at("/manifest/db_major_version").asInt()).isEqualTo(16);
        assertThat(json.at("/backup_type").asText()).isEqualTo("full");
    }

    @Test
    void every_flipped_bit_is_detected() {
        byte[] json = codec.encode(MANIFEST);
        for (int bit = 0; bit < json.length * 8; bit++) {
            json[bit / 8] ^= (byte) (1 << bit % 8);
            int flipped = bit;
            assertThatThrownBy(() -> codec.decode(json))
                    .as("bit %d of byte %d", flipped % 8, flipped / 8)
                    .isInstanceOfSatisfying(
                            FaultException.class,
                            e -> assertThat(e.fault().code()).isEqualTo(FaultCode.MANIFEST_INVALID));
            json[bit / 8] ^= (byte) (1 << bit % 8);
        }
        assertThat(codec.decode(json).manifest()).isEqualTo(MANIFEST);
    }

    @Test
    void another_way_to_write_the_same_is_refused() {
        String json = text(codec.encode(MANIFEST));
        refused(json + "\n");
        refused(json.stripTrailing());
        refused(" " + json);
        refused("\uFEFF" + json);
        refused(json.replace("\n", "\r\n"));
        refused(json.replace("\"base\"", "\"\\u0062ase\""));
        refused(json.replace("\\u0001", "\\U0001"));
        refused(json.replace(": 1234,", ": 1234.0,"));
        refused(json.replace(": 1234,", ": 12.34e2,"));
        refused(json.replaceFirst("\\{\n", "{\n  \"artifact_id\": \"b1\",\n"));
        refused(Json.pretty(reordered(json)));
        refused(json + json);
        refused(json.substring(0, json.length() / 2));
        refused("");
        refused("[]");
        refused("{}\n");
        refused("null\n");
    }

    @Test
    void a_changed_content_needs_a_new_digest_and_a_new_signature() {
        String json = text(codec.encode(MANIFEST));
        refused(json.replace("\"odoo_prod\"", "\"odoo_dev\""));
        byte[] other = codec.encode(Samples.manifest("b2", Samples.contents("b2")));
        String digest = member(json, "manifest_sha256");
        refused(json.replace("\"odoo_prod\"", "\"odoo_dev\"").replace(digest, member(text(other), "manifest_sha256")));
        refused(json.replace(signature(json), signature(text(other))));
        refused(json.replace("\"Ed25519\"", "\"Ed448\""));
        refused(json.replace(key.keyId(), "0123456789abcdef"));
    }

    @Test
    void another_installations_signature_is_read_with_a_note(@TempDir Path other) {
        InstallationKey foreign = InstallationKey.openOrCreateIn(other.resolve("keys"));
        byte[] json = new ManifestCodec(foreign).encode(MANIFEST);
        SignedManifest signed = codec.decode(json);
        assertThat(signed.signer()).isEqualTo(SignedManifest.Signer.OTHER_INSTALLATION);
        assertThat(signed.note().orElseThrow()).contains("another installation", foreign.keyId());
        assertThat(new ManifestCodec(
                                key, TrustedKeys.of(key, List.of(InstallationKey.fingerprint(foreign.publicKey()))))
                        .decode(json)
                        .note())
                .isEmpty();
    }

    @Test
    void the_canonical_form_is_that_of_an_independent_implementation() throws Exception {
        byte[] json = codec.encode(MANIFEST);
        ObjectNode tree = (ObjectNode) Json.mapper().readTree(json);
        String digest = tree.get("manifest_sha256").asText();
        JsonNode signature = tree.get("signature");
        tree.remove(List.of("manifest_sha256", "signature"));
        String canonical = Json.mapper().writeValueAsString(tree);
        assertThat(Samples.sha256(canonical.getBytes(StandardCharsets.UTF_8))).isEqualTo(digest);
        var publicKey = KeyFactory.getInstance("Ed25519")
                .generatePublic(new X509EncodedKeySpec(
                        Base64.getDecoder().decode(signature.get("public_key").asText())));
        assertThat(InstallationKey.verify(
                        publicKey,
                        ("lifeboat/1 manifest " + digest).getBytes(StandardCharsets.US_ASCII),
                        Base64.getDecoder().decode(signature.get("value").asText())))
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"artifact_id", "created_at", "source_env", "db_dump", "filestore", "manifest", "files", "tools"})
    void a_missing_member_is_refused(String member) {
        refusedAfter(tree -> tree.remove(member));
    }

    @Test
    void unknown_and_impossible_members_are_refused() {
        refusedAfter(tree -> tree.put("surprise", 1));
        refusedAfter(tree -> ((ObjectNode) tree.get("source_env")).put("surprise", 1));
        refusedAfter(tree -> ((ObjectNode) tree.get("source_env")).remove("db"));
        refusedAfter(tree -> ((ObjectNode) tree.get("manifest")).remove("addons_hash"));
        refusedAfter(tree -> tree.put("format", "lifeboat/2"));
        refusedAfter(tree -> tree.put("artifact_id", "../b1"));
        refusedAfter(tree -> tree.put("project_id", "Acme"));
        refusedAfter(tree -> tree.put("backup_type", "db_only"));
        refusedAfter(tree -> tree.put("backup_type", "all"));
        refusedAfter(tree -> tree.putNull("db_dump"));
        refusedAfter(tree -> tree.putNull("files"));
        refusedAfter(tree -> ((ObjectNode) tree.get("db_dump")).put("path", "../../etc/passwd"));
        refusedAfter(tree -> ((ObjectNode) tree.get("db_dump")).put("path", "/etc/passwd"));
        refusedAfter(tree -> ((ObjectNode) tree.get("db_dump")).put("size", -1));
        refusedAfter(tree -> ((ObjectNode) tree.get("db_dump")).put("size", "12"));
        refusedAfter(tree -> ((ObjectNode) tree.get("db_dump")).put("sha256", "abc"));
        refusedAfter(tree -> ((ObjectNode) tree.get("filestore")).put("incremental", true));
        refusedAfter(tree -> ((ObjectNode) tree.get("filestore")).put("index", "elsewhere"));
        refusedAfter(tree -> tree.withArray("files").add(tree.get("db_dump")));
    }

    @Test
    void a_huge_or_deep_text_is_refused_without_being_read() {
        assertThat(codeOf(new byte[ManifestCodec.MAX_BYTES + 1])).isEqualTo(FaultCode.MANIFEST_INVALID);
        refused("[".repeat(100_000));
        refused("{\"a\":".repeat(100_000));
    }

    // a manifest as somebody with a valid key, but not with this codec, could make it
    private void refusedAfter(java.util.function.Consumer<ObjectNode> change) {
        try {
            ObjectNode tree = (ObjectNode) Json.mapper().readTree(codec.encode(MANIFEST));
            change.accept(tree);
            tree.remove(List.of("manifest_sha256", "signature"));
            ObjectNode sorted = (ObjectNode) sorted(tree);
            String digest =
                    Samples.sha256(Json.mapper().writeValueAsString(sorted).getBytes(StandardCharsets.UTF_8));
            sorted.put("manifest_sha256", digest);
            sorted.putObject("signature")
                    .put("algorithm", "Ed25519")
                    .put("key_id", key.keyId())
                    .put(
                            "public_key",
                            Base64.getEncoder().encodeToString(key.publicKey().getEncoded()))
                    .put(
                            "value",
                            Base64.getEncoder()
                                    .encodeToString(key.sign(
                                            ("lifeboat/1 manifest " + digest).getBytes(StandardCharsets.US_ASCII))));
            var out = new java.io.ByteArrayOutputStream();
            try (var pretty = new CanonicalJson.Writer(out, true)) {
                CanonicalJson.copy(CanonicalJson.parser(Json.mapper().writeValueAsBytes(sorted(sorted))), pretty);
            }
            assertThatThrownBy(() -> codec.decode(out.toByteArray()))
                    .isInstanceOfSatisfying(FaultException.class, e -> {
                        assertThat(e.fault().code()).isEqualTo(FaultCode.MANIFEST_INVALID);
                        assertThat(e.fault().message()).doesNotContain("digest: it was changed", "signature does not");
                    });
        } catch (java.io.IOException e) {
            throw new AssertionError(e);
        }
    }

    private static JsonNode sorted(JsonNode node) {
        if (node instanceof ObjectNode object) {
            ObjectNode sorted = Json.object();
            var names = new java.util.TreeSet<String>();
            object.fieldNames().forEachRemaining(names::add);
            names.forEach(name -> sorted.set(name, sorted(object.get(name))));
            return sorted;
        }
        if (node.isArray()) {
            var array = Json.mapper().createArrayNode();
            node.forEach(element -> array.add(sorted(element)));
            return array;
        }
        return node;
    }

    private static ObjectNode reordered(String json) {
        try {
            ObjectNode tree = (ObjectNode) Json.mapper().readTree(json);
            JsonNode first = tree.remove("artifact_id");
            return tree.set("artifact_id", first);
        } catch (java.io.IOException e) {
            throw new AssertionError(e);
        }
    }

    private static String member(String json, String name) {
        int at = json.indexOf("\"" + name + "\": \"") + name.length() + 5;
        return json.substring(at, json.indexOf('"', at));
    }

    private static String signature(String json) {
        return member(json, "value");
    }

    private void refused(String json) {
        assertThat(codeOf(json.getBytes(StandardCharsets.UTF_8))).isEqualTo(FaultCode.MANIFEST_INVALID);
    }

    private FaultCode codeOf(byte[] json) {
        try {
            codec.decode(json);
        } catch (FaultException e) {
            assertThat(e.fault().remedy()).isNotBlank();
            return e.fault().code();
        }
        throw new AssertionError("accepted");
    }

    private static String text(byte[] json) {
        return new String(json, StandardCharsets.UTF_8);
    }
}
