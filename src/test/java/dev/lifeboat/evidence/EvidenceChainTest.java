package dev.lifeboat.evidence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lifeboat.artifact.InstallationKey;
import dev.lifeboat.evidence.EvidenceChain.Report;
import dev.lifeboat.evidence.EvidenceFolder.Finding;
import dev.lifeboat.evidence.EvidenceFolder.Problem;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvidenceChainTest {
    private static final String DAY = "2026-11-20/backup/";

    @TempDir
    Path temp;

    private InstallationKey key;
    private InstallationKey forger;
    private Path root;

    @BeforeEach
    void five() {
        key = InstallationKey.openOrCreateIn(temp.resolve("data").resolve("keys"));
        forger = InstallationKey.openOrCreateIn(temp.resolve("forger").resolve("keys"));
        root = EvidenceSamples.of("acme/shop", 5, key, temp);
        EvidenceSamples.chain(root, "acme/other", "run_other_", 1, 2, Optional.empty(), key);
    }

    @Test
    void what_was_left_as_it_was_written_is_clean_and_each_chain_s_extent_is_told() {
        Report report = verify();
        assertThat(report.findings()).isEmpty();
        assertThat(report.checked()).isEqualTo(7);
        assertThat(report.ownKeys()).isFalse();
        assertThat(report.signers()).containsExactly(key.keyId());
        assertThat(report.chains())
                .extracting(chain ->
                        chain.environmentId() + " " + chain.first() + "-" + chain.last() + " " + chain.lastRunId())
                .containsExactly("acme/other 1-2 run_other_2", "acme/shop 1-5 run_5");
    }

    @Test
    void an_altered_a_missing_and_an_added_file_are_found() throws IOException {
        Files.writeString(run("run_2").resolve("a.json"), "{}");
        Files.delete(run("run_3").resolve("run_id.txt"));
        Files.writeString(run("run_4").resolve("more.txt"), "x");
        assertThat(found())
                .containsExactlyInAnyOrder(
                        "ALTERED " + DAY + "run_2/a.json",
                        "MISSING " + DAY + "run_3/run_id.txt",
                        "EXTRA " + DAY + "run_4/more.txt");
    }

    @Test
    void a_record_that_is_taken_away_is_found_at_the_next_one() throws IOException {
        delete(run("run_2"));
        delete(run("run_3"));
        assertThat(found()).containsExactly("RECORD_MISSING " + DAY + "run_4/record.json");
        assertThat(verify().findings().getFirst().detail())
                .isEqualTo("before it, records 2 to 3 of acme/shop are missing; the last of them is that of run_3");
    }

    @Test
    void a_record_that_lost_its_checksums_is_found_even_where_only_the_folder_s_name_is_left() throws IOException {
        for (String name : List.of("SHA256SUMS", "SHA256SUMS.sig", "record.json")) {
            Files.delete(run("run_5").resolve(name));
        }
        assertThat(found()).containsExactly("NOT_CLOSED " + DAY + "run_5/SHA256SUMS");
    }

    @Test
    void two_records_in_each_other_s_place_are_found() throws IOException {
        swap(run("run_2"), run("run_3"));
        assertThat(found())
                .containsExactlyInAnyOrder(
                        "RECORD_REORDERED " + DAY + "run_2/record.json",
                        "RECORD_REORDERED " + DAY + "run_3/record.json");
        swap(run("run_2"), run("run_3"));
        Files.createDirectories(root.resolve("2026-11-19/backup"));
        Files.move(run("run_4"), root.resolve("2026-11-19/backup/run_4"));
        assertThat(found()).containsExactly("RECORD_REORDERED 2026-11-19/backup/run_4/record.json");
    }

    @Test
    void a_copy_of_a_record_beside_it_is_found() throws IOException {
        copy(run("run_2"), root.resolve(DAY + "run_2b"));
        assertThat(found())
                .containsExactlyInAnyOrder(
                        "RECORD_REORDERED " + DAY + "run_2b/record.json",
                        "RECORD_REORDERED " + DAY + "run_2b/record.json");
    }

    @Test
    void numbers_that_the_signer_himself_has_changed_do_not_fit_the_hashes() throws IOException {
        Optional<String> first = EvidenceFolder.sumsSha256(run("run_1"));
        delete(run("run_2"));
        delete(run("run_3"));
        EvidenceSamples.close(
                root, EvidenceSamples.record("acme/shop", "run_3", Optional.of("run_1"), first, 2, key), key);
        EvidenceSamples.close(
                root, EvidenceSamples.record("acme/shop", "run_2", Optional.of("run_3"), first, 3, key), key);
        assertThat(found())
                .containsExactlyInAnyOrder(
                        "CHAIN_BROKEN " + DAY + "run_2/record.json", "RECORD_REORDERED " + DAY + "run_4/record.json");
    }

    @Test
    void a_record_forged_with_another_key_is_found_with_the_key_and_also_without() throws IOException {
        Optional<String> second = EvidenceFolder.sumsSha256(run("run_2"));
        delete(run("run_3"));
        EvidenceSamples.close(
                root, EvidenceSamples.record("acme/shop", "run_3", Optional.of("run_2"), second, 3, forger), forger);
        assertThat(found())
                .containsExactlyInAnyOrder(
                        "BAD_SIGNATURE " + DAY + "run_3/SHA256SUMS.sig", "CHAIN_BROKEN " + DAY + "run_4/record.json");
        Report unknown = EvidenceChain.verify(root, List.of());
        assertThat(unknown.ownKeys()).isTrue();
        assertThat(unknown.signers()).containsExactlyInAnyOrder(key.keyId(), forger.keyId());
        assertThat(found(unknown)).contains("CHAIN_BROKEN " + DAY + "run_3/record.json");
    }

    @Test
    void a_key_that_was_changed_is_no_finding_where_both_are_trusted() throws IOException {
        Optional<String> last = EvidenceFolder.sumsSha256(run("run_5"));
        EvidenceSamples.chain(root, "acme/shop", "run_", 6, 7, last, forger);
        assertThat(EvidenceChain.verify(root, List.of(key.publicKey(), forger.publicKey()))
                        .findings())
                .isEmpty();
        assertThat(verify().findings())
                .extracting(Finding::problem)
                .containsExactly(Problem.BAD_SIGNATURE, Problem.BAD_SIGNATURE);
    }

    @Test
    void a_part_that_was_copied_away_is_clean_and_says_after_which_record_it_begins() throws IOException {
        Path away = temp.resolve("away");
        for (String name : List.of("run_3", "run_4", "run_5")) {
            copy(run(name), away.resolve(name));
        }
        Report report = EvidenceChain.verify(away, List.of());
        assertThat(report.findings()).isEmpty();
        assertThat(report.ownKeys()).isTrue();
        assertThat(report.chains().getFirst().first()).isEqualTo(3);

        copy(run("run_4"), temp.resolve("renamed"));
        Report one = EvidenceChain.verify(temp.resolve("renamed"), List.of(key.publicKey()));
        assertThat(one.findings()).isEmpty();
        assertThat(one.checked()).isEqualTo(1);
        assertThat(one.chains().getFirst().first()).isEqualTo(4);
    }

    @Test
    void a_record_that_carries_no_key_or_none_that_it_names_proves_nothing() throws IOException {
        Path record = run("run_5").resolve("record.json");
        var changed = Json.mapper().readTree(record.toFile());
        ((com.fasterxml.jackson.databind.node.ObjectNode) changed).put("signer", forger.keyId());
        Files.writeString(record, Json.pretty(changed));
        assertThat(found(EvidenceChain.verify(root, List.of())))
                .contains("BAD_SIGNATURE " + DAY + "run_5/SHA256SUMS.sig", "ALTERED " + DAY + "run_5/record.json");
        Files.writeString(record, "{");
        assertThat(found()).containsExactly("ALTERED " + DAY + "run_5/record.json");
    }

    @Test
    void a_folder_that_was_closed_without_a_record_has_no_place() {
        var folder = new EvidenceFolder(root, "backup", "run_x", EvidenceSamples.CREATED, new Redactor(), key);
        folder.write("a.json", "{}");
        folder.close();
        assertThat(found()).containsExactly("RECORD_MISSING " + DAY + "run_x/record.json");
    }

    @Test
    void a_link_is_told_and_not_followed() throws IOException {
        Files.move(run("run_3"), temp.resolve("aside"));
        Files.createSymbolicLink(run("run_3"), temp.resolve("aside"));
        assertThat(found())
                .containsExactlyInAnyOrder("EXTRA " + DAY + "run_3", "RECORD_MISSING " + DAY + "run_4/record.json");
    }

    @Test
    void where_there_is_no_evidence_a_fault_says_so() throws IOException {
        Path empty = Files.createDirectory(temp.resolve("empty"));
        for (Path folder : List.of(empty, temp.resolve("nowhere"))) {
            var fault = catchThrowableOfType(FaultException.class, () -> EvidenceChain.verify(folder, List.of()));
            assertThat(fault.fault().code()).isEqualTo(FaultCode.EVIDENCE_MISSING);
        }
    }

    @Test
    void closing_again_with_the_same_record_changes_nothing_whenever_it_is() throws IOException {
        Optional<String> before = EvidenceFolder.sumsSha256(run("run_5"));
        EvidenceRecord record = EvidenceFolder.record(run("run_5")).orElseThrow();
        String again =
                EvidenceSamples.close(root, record.closedAt(record.closedAt().plusSeconds(3600)), key);
        assertThat(before).contains(again);
        assertThat(found()).isEmpty();
    }

    private Path run(String name) {
        return root.resolve(DAY + name);
    }

    private Report verify() {
        return EvidenceChain.verify(root, List.of(key.publicKey()));
    }

    private List<String> found() {
        return found(verify());
    }

    private static List<String> found(Report report) {
        return report.findings().stream()
                .map(finding -> finding.problem() + " " + finding.file())
                .toList();
    }

    private void swap(Path one, Path other) throws IOException {
        Path between = temp.resolve("between");
        Files.move(one, between);
        Files.move(other, one);
        Files.move(between, other);
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        try (var files = Files.list(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
    }

    private static void delete(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> {
                try {
                    Files.delete(file);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }
}
