package dev.lifeboat.artifact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lifeboat.digest.Hashes;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.store.ArtifactStore;
import dev.lifeboat.store.FolderStore;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whose manifests are believed, where somebody can write into a store. */
class ArtifactLibraryTest {
    private static final ArtifactId ID = Samples.id("b1");

    private InstallationKey own;
    private InstallationKey other;
    private ArtifactLibrary library;
    private ArtifactStore primary;
    private ArtifactStore secondary;
    private byte[] good;
    private byte[] forged;

    @BeforeEach
    void oneForgedAndOneGoodCopy(@TempDir Path folder) {
        own = InstallationKey.openOrCreateIn(folder.resolve("own"));
        other = InstallationKey.openOrCreateIn(folder.resolve("other"));
        library = new ArtifactLibrary(own, TrustedKeys.of(own, List.of()));
        primary = new FolderStore("primary", folder.resolve("primary"));
        secondary = new FolderStore("secondary", folder.resolve("secondary"));
        good = new ManifestCodec(own).encode(Samples.manifest("b1", Samples.contents("b1")));
        forged = new ManifestCodec(other).encode(Samples.manifest("b1", Samples.contents("of somebody else")));
    }

    private static void put(ArtifactStore store, byte[] manifest) {
        new ArtifactFolder(store, ID).commit(manifest);
    }

    private Fault refused(KnownArtifact artifact, ArtifactStore... stores) {
        return catchThrowableOfType(FaultException.class, () -> library.open(artifact, List.of(stores)))
                .fault();
    }

    @Test
    void another_installations_manifest_is_passed_over_where_a_store_has_the_own_one() {
        put(primary, forged);
        put(secondary, good);
        assertThat(library.open(KnownArtifact.of(ID), List.of(primary, secondary))
                        .folder()
                        .store()
                        .name())
                .isEqualTo("secondary");
    }

    @Test
    void where_all_are_another_installations_nothing_is_opened_and_whose_key_it_is_and_both_ways_out_are_told() {
        put(primary, forged);
        Fault fault = refused(KnownArtifact.of(ID), primary, secondary);
        String fingerprint = InstallationKey.fingerprint(other.publicKey());
        assertThat(fault.code()).isEqualTo(FaultCode.UNTRUSTED_KEY);
        assertThat(fault.message()).contains(fingerprint, "nothing was touched");
        assertThat(fault.remedy()).contains("--trust-key " + fingerprint, "lifeboat.trusted-keys");
    }

    @Test
    void a_manifest_other_than_the_registered_one_is_damaged_whoever_has_signed_it() {
        byte[] later = new ManifestCodec(own).encode(Samples.manifest("b1", Samples.contents("later")));
        put(primary, later);
        var registered = new KnownArtifact(ID, Optional.of(Hashes.sha256(good)));
        Fault fault = refused(registered, primary);
        assertThat(fault.code()).isEqualTo(FaultCode.ARTIFACT_DAMAGED);
        assertThat(fault.facts()).containsEntry("store", "primary");

        put(secondary, good);
        assertThat(library.open(registered, List.of(primary, secondary))
                        .folder()
                        .store()
                        .name())
                .isEqualTo("secondary");
    }

    @Test
    void what_was_registered_of_another_installation_is_believed_by_its_bytes() {
        put(primary, forged);
        var registered = new KnownArtifact(ID, Optional.of(Hashes.sha256(forged)));
        assertThat(library.open(registered, List.of(primary)).signed().signer())
                .isEqualTo(SignedManifest.Signer.OTHER_INSTALLATION);
    }

    @Test
    void a_key_that_is_named_is_trusted_by_fingerprint_and_by_itself() {
        put(primary, forged);
        for (String named : List.of(
                InstallationKey.fingerprint(other.publicKey()),
                Base64.getEncoder().encodeToString(other.publicKey().getEncoded()))) {
            var trusting = new ArtifactLibrary(own, TrustedKeys.of(own, List.of(named)));
            assertThat(trusting.open(KnownArtifact.of(ID), List.of(primary))
                            .signed()
                            .signer())
                    .isEqualTo(SignedManifest.Signer.KNOWN);
        }
        assertThat(catchThrowableOfType(FaultException.class, () -> TrustedKeys.of(own, List.of(other.keyId())))
                        .fault()
                        .code())
                .as("the short id of a key can be met by trying")
                .isEqualTo(FaultCode.BAD_INPUT);
    }
}
