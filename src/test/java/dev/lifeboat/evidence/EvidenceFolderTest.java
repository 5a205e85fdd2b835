package dev.lifeboat.evidence;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.artifact.InstallationKey;
import dev.lifeboat.environment.Secret;
import dev.lifeboat.evidence.EvidenceFolder.Finding;
import dev.lifeboat.evidence.EvidenceFolder.Problem;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EvidenceFolderTest {
    private static final Instant CREATED = Instant.parse("2026-11-20T23:59:30Z");

    @TempDir
    Path temp;

    private Path root;
    private InstallationKey key;
    private EvidenceFolder evidence;

    @BeforeEach
    void open() {
        root = temp.resolve("docs/evidence");
        key = InstallationKey.openOrCreateIn(temp.resolve("data").resolve("keys"));
        evidence = folder("backup", "run-1");
    }

    @Test
    void the_folders_are_those_of_the_specifications() {
        assertThat(evidence.path()).isEqualTo(root.resolve("2026-11-20/backup/run-1"));
        assertThat(folder("restore", "run-2").path()).isEqualTo(root.resolve("20261120-2359/restore/run-2"));
        assertThat(folder("drill", "run-3").path()).isEqualTo(root.resolve("2026-11-20/drill/run-3"));
        assertThat(codeOf(() -> folder("backup", "../x"))).isEqualTo(FaultCode.BAD_INPUT);
        assertThat(codeOf(() -> folder("..", "x"))).isEqualTo(FaultCode.BAD_INPUT);
    }

    @Test
    void what_is_written_is_redacted_and_the_owners_alone() throws IOException {
        evidence.write("inputs.json", "{\"db_password\": \"x1\", \"note\": \"has cAn4ry-S3cr3t in it\"}");
        evidence.write("db_restore.log", "password = x1\nand cAn4ry-S3cr3t\n");
        assertThat(evidence.path().resolve("inputs.json"))
                .content()
                .isEqualTo("{\n  \"db_password\" : \"[REDACTED]\",\n  \"note\" : \"has [REDACTED] in it\"\n}\n");
        assertThat(evidence.path().resolve("db_restore.log")).hasContent("password = [REDACTED]\nand [REDACTED]\n");
        assertThat(mode(evidence.path().resolve("inputs.json"))).isEqualTo("rw-------");
        for (Path path = evidence.path(); !path.equals(temp); path = path.getParent()) {
            assertThat(mode(path)).isEqualTo("rwx------");
        }
    }

    @Test
    void a_closed_folder_verifies_and_closing_again_changes_nothing() throws IOException {
        fill();
        byte[] sums = Files.readAllBytes(evidence.path().resolve("SHA256SUMS"));
        byte[] signature = Files.readAllBytes(evidence.path().resolve("SHA256SUMS.sig"));
        assertThat(verify()).isEmpty();
        evidence.write("run_id.txt", "run-1\n");
        evidence.close();
        assertThat(evidence.path().resolve("SHA256SUMS")).hasBinaryContent(sums);
        assertThat(evidence.path().resolve("SHA256SUMS.sig")).hasBinaryContent(signature);
        assertThat(evidence.list().stream().map(EvidenceFolder.Entry::name).toList())
                .containsExactly("SHA256SUMS", "SHA256SUMS.sig", "a.json", "db.log", "run_id.txt");
    }

    @Test
    void whatever_is_changed_after_closing_is_found() throws IOException {
        fill();
        Files.writeString(evidence.path().resolve("a.json"), "{}");
        Files.delete(evidence.path().resolve("db.log"));
        Files.writeString(evidence.path().resolve("more.txt"), "x");
        Files.writeString(evidence.path().resolve(".hidden"), "x");
        assertThat(verify().stream().map(f -> f.problem() + " " + f.file()).toList())
                .containsExactlyInAnyOrder("ALTERED a.json", "MISSING db.log", "EXTRA more.txt", "EXTRA .hidden");
    }

    @Test
    void checksums_that_were_made_to_fit_do_not_have_the_signature() throws IOException {
        fill();
        var forger = InstallationKey.openOrCreateIn(temp.resolve("other").resolve("keys"));
        new EvidenceFolder(root, "backup", "run-1", CREATED, new Redactor(), forger).write("a.json", "{\"x\":2}");
        assertThat(verify()).extracting(Finding::problem).containsExactly(Problem.NOT_CLOSED);
        new EvidenceFolder(root, "backup", "run-1", CREATED, new Redactor(), forger).close();
        assertThat(verify()).extracting(Finding::problem).containsExactly(Problem.BAD_SIGNATURE);
        assertThat(EvidenceFolder.verify(evidence.path(), forger.publicKey())).isEmpty();
    }

    @Test
    void every_flipped_bit_of_checksums_and_signature_is_found() throws IOException {
        fill();
        for (String name : List.of("SHA256SUMS", "SHA256SUMS.sig")) {
            Path file = evidence.path().resolve(name);
            byte[] content = Files.readAllBytes(file);
            for (int bit = 0; bit < content.length * 8; bit++) {
                content[bit / 8] ^= (byte) (1 << bit % 8);
                Files.write(file, content);
                assertThat(verify()).as("%s bit %d", name, bit).isNotEmpty();
                content[bit / 8] ^= (byte) (1 << bit % 8);
            }
            Files.write(file, content);
        }
        assertThat(verify()).isEmpty();
    }

    @Test
    void a_link_in_the_place_of_a_file_is_found_and_not_read() throws IOException {
        fill();
        Path copy = Files.copy(evidence.path().resolve("a.json"), temp.resolve("copy"));
        Files.delete(evidence.path().resolve("a.json"));
        Files.createSymbolicLink(evidence.path().resolve("a.json"), copy);
        assertThat(verify()).extracting(Finding::problem).containsExactly(Problem.ALTERED);
        assertThat(codeOf(() -> evidence.open("a.json"))).isEqualTo(FaultCode.EVIDENCE_MISSING);
    }

    @Test
    void the_standard_tools_check_it_too() throws Exception {
        fill();
        assertThat(run("sha256sum", "--strict", "--check", "SHA256SUMS")).isZero();
        Path signature = temp.resolve("signature");
        Files.write(
                signature,
                Base64.getDecoder()
                        .decode(Files.readString(evidence.path().resolve("SHA256SUMS.sig"))
                                .strip()));
        Assumptions.assumeTrue(
                Files.isExecutable(Path.of("/usr/bin/openssl")),
                "the signature was NOT checked by openssl: it is missing");
        assertThat(run(
                        "openssl",
                        "pkeyutl",
                        "-verify",
                        "-pubin",
                        "-inkey",
                        temp.resolve("data/keys/installation.pub").toString(),
                        "-rawin",
                        "-in",
                        "SHA256SUMS",
                        "-sigfile",
                        signature.toString()))
                .isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../inputs.json",
                "a/b",
                "",
                ".",
                "..",
                ".hidden",
                "SHA256SUMS",
                "SHA256SUMS.sig",
                "record.json",
                "a\u0000"
            })
    void a_name_that_is_not_a_files_is_refused(String name) {
        assertThat(codeOf(() -> {
                    evidence.write(name, "x");
                    return null;
                }))
                .isEqualTo(FaultCode.BAD_INPUT);
    }

    @Test
    void files_are_read_by_name_only_within_the_folder() throws IOException {
        fill();
        try (var in = evidence.open("a.json")) {
            assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8)).contains("\"x\"");
        }
        try (var in = evidence.open("SHA256SUMS")) {
            assertThat(in.readAllBytes()).isNotEmpty();
        }
        assertThat(codeOf(() -> evidence.open("../run-1/a.json"))).isEqualTo(FaultCode.BAD_INPUT);
        assertThat(codeOf(() -> evidence.open("nothing.json"))).isEqualTo(FaultCode.EVIDENCE_MISSING);
        assertThat(folder("backup", "run-9").list()).isEmpty();
    }

    @Test
    void the_required_files_are_those_of_the_specifications() {
        assertThat(EvidenceContract.RESTORE).hasSize(16).doesNotHaveDuplicates();
        assertThat(EvidenceContract.BACKUP).hasSize(11).doesNotHaveDuplicates();
        assertThat(evidence.missing(EvidenceContract.BACKUP)).isEqualTo(EvidenceContract.BACKUP);
        evidence.write("inputs.json", "{}");
        for (String name : List.of("db.dump.meta.json", "db.dump.sha256")) {
            evidence.write(name, EvidenceContract.placeholder(name, "the backup is filestore_only"));
        }
        assertThat(evidence.missing(EvidenceContract.BACKUP))
                .containsExactly(
                        "runtime_bindings_redacted.json",
                        "quiesce_status.json",
                        "filestore.meta.json",
                        "filestore.tar.zst.sha256",
                        "config_snapshot.json",
                        "artifact_registration.json",
                        "retention_prune.json",
                        "final_status.json");
    }

    @Test
    void a_placeholder_says_why() throws Exception {
        assertThat(Json.mapper()
                        .readTree(EvidenceContract.placeholder("a.json", "not \"asked\" for"))
                        .get("reason")
                        .asText())
                .isEqualTo("not \"asked\" for");
        assertThat(EvidenceContract.placeholder("a.log", "two\nlines")).isEqualTo("# skipped: two lines\n");
    }

    @Test
    void where_evidence_cannot_be_written_the_fault_says_so() throws IOException {
        Files.createDirectories(root);
        Files.writeString(root.resolve("2026-11-20"), "in the way");
        assertThat(codeOf(() -> {
                    evidence.write("inputs.json", "{}");
                    return null;
                }))
                .isEqualTo(FaultCode.EVIDENCE_UNWRITABLE);
    }

    @Test
    void what_a_killed_writer_left_is_cleared_when_the_folder_is_closed() throws IOException {
        evidence.write("inputs.json", "{}");
        Files.writeString(evidence.path().resolve(".tmp-0000"), "half");
        evidence.close();
        assertThat(evidence.path().resolve(".tmp-0000")).doesNotExist();
        assertThat(verify()).isEmpty();
    }

    private void fill() {
        evidence.write("run_id.txt", "run-1\n");
        evidence.write("db.log", "");
        evidence.write("a.json", "{\"x\":1}");
        evidence.close();
    }

    private List<Finding> verify() {
        return EvidenceFolder.verify(evidence.path(), key.publicKey());
    }

    private EvidenceFolder folder(String operation, String run) {
        return new EvidenceFolder(
                root, operation, run, CREATED, new Redactor(List.of(new Secret("cAn4ry-S3cr3t"))), key);
    }

    private int run(String... command) throws Exception {
        Process process = new ProcessBuilder(command)
                .directory(evidence.path().toFile())
                .redirectErrorStream(true)
                .start();
        process.getInputStream().readAllBytes();
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        return process.exitValue();
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    private static FaultCode codeOf(Callable<?> call) {
        try {
            call.call();
        } catch (FaultException e) {
            return e.fault().code();
        } catch (Exception e) {
            throw new AssertionError("not a fault: " + e, e);
        }
        throw new AssertionError("no fault");
    }
}
