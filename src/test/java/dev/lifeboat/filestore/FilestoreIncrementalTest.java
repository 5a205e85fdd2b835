package dev.lifeboat.filestore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.fault.FaultException;
import dev.lifeboat.progress.Progress;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Archives that refer to what earlier ones hold. */
final class FilestoreIncrementalTest {
    @TempDir
    Path temp;

    private Path root;
    private final List<String> names = new ArrayList<>();
    private final Map<FilestoreIndex.PartRef, byte[]> parts = new HashMap<>();
    private final Map<FilestoreIndex.PartRef, byte[]> indexes = new HashMap<>();

    @BeforeEach
    void folder() throws IOException {
        root = Files.createDirectories(temp.resolve("filestore/shop"));
        for (int i = 0; i < 300; i++) {
            names.add(Filestores.put(root, "attachment " + i));
        }
        Files.createDirectories(root.resolve("checklist/ab"));
        Filestores.put(root, "checklist/ab/marker", new byte[0]);
    }

    private record Backup(FilestoreIndex.PartRef part, FilestoreArchiver.Result result) {
        List<FilestoreIndex.PartRef> used() {
            return result.uses().stream().map(FilestoreArchiver.PartUse::part).toList();
        }
    }

    private Backup backup(String id, Optional<Backup> base) {
        var ref = new FilestoreIndex.PartRef(id, "filestore.tar.zst");
        var part = new ByteArrayOutputStream();
        var index = new ByteArrayOutputStream();
        var result = new FilestoreArchiver(
                        root,
                        () -> Filestores.referred(names),
                        ref,
                        base.map(earlier -> new FilestoreArchiver.Base(
                                new ByteArrayInputStream(indexes.get(earlier.part())), earlier.used())),
                        Progress.NONE)
                .archive(part, index);
        parts.put(ref, part.toByteArray());
        indexes.put(ref, index.toByteArray());
        return new Backup(ref, result);
    }

    private void assertComesBack(Backup backup, String name) throws Exception {
        Path target = Files.createDirectories(temp.resolve("restored")).resolve(name);
        new FilestoreRestorer(
                        (part, offset) -> from(parts.get(part), offset),
                        Optional.empty(),
                        target,
                        FilestoreRestorer.Owner.of(temp),
                        Progress.NONE)
                .restore(new ByteArrayInputStream(indexes.get(backup.part())));
        assertThat(Filestores.tree(target)).isEqualTo(Filestores.tree(root));
        assertThat(backup.result().summary().treeSha256()).isEqualTo(Filestores.treeSha256(root));
    }

    private static InputStream from(byte[] part, long offset) {
        return new ByteArrayInputStream(part, (int) offset, part.length - (int) offset);
    }

    @Test
    void only_what_is_new_is_archived_and_all_of_it_comes_back() throws Exception {
        Backup full = backup("bk_1", Optional.empty());
        names.add(Filestores.put(root, "new one"));
        names.add(Filestores.put(root, "new two"));

        Backup incremental = backup("bk_2", Optional.of(full));

        assertThat(incremental.used()).containsExactly(full.part(), incremental.part());
        assertThat(incremental.result().uses().getFirst().files()).isEqualTo(300);
        assertThat(incremental.result().uses().getLast().files()).isEqualTo(3);
        assertThat(incremental.result().missing()).isEmpty();
        assertComesBack(incremental, "incremental");
    }

    @Test
    void parts_are_flat_and_those_of_which_nothing_is_left_are_given_up() throws Exception {
        Backup first = backup("bk_1", Optional.empty());
        String second = Filestores.put(root, "of the second");
        names.add(second);
        Backup two = backup("bk_2", Optional.of(first));
        names.add(Filestores.put(root, "of the third"));
        Backup three = backup("bk_3", Optional.of(two));
        assertThat(three.used()).containsExactly(first.part(), two.part(), three.part());

        Files.delete(root.resolve(second));
        names.remove(second);
        Backup four = backup("bk_4", Optional.of(three));
        Backup five = backup("bk_5", Optional.of(four));

        assertThat(four.used()).containsExactly(first.part(), three.part(), four.part());
        assertThat(five.used()).containsExactly(first.part(), three.part(), five.part());
        assertComesBack(five, "five");
    }

    @Test
    void a_file_that_the_base_knows_is_neither_opened_nor_looked_at() throws Exception {
        Backup full = backup("bk_1", Optional.empty());
        String damagedSince = names.getFirst();
        Files.writeString(root.resolve(damagedSince), "cut");

        Backup incremental = backup("bk_2", Optional.of(full));

        assertThat(incremental.result().damaged()).isEmpty();
        Path target = Files.createDirectories(temp.resolve("restored")).resolve("good");
        new FilestoreRestorer(
                        (part, offset) -> from(parts.get(part), offset),
                        Optional.of(root),
                        target,
                        FilestoreRestorer.Owner.of(temp),
                        Progress.NONE)
                .restore(new ByteArrayInputStream(indexes.get(incremental.part())));
        assertThat(Trees.sha1(target.resolve(damagedSince))).isEqualTo(Names.sha1Of(damagedSince));
    }

    @Test
    void a_file_that_was_damaged_in_the_base_is_read_again() throws Exception {
        String name = names.getFirst();
        byte[] good = Files.readAllBytes(root.resolve(name));
        Files.writeString(root.resolve(name), "damaged");
        Backup full = backup("bk_1", Optional.empty());
        assertThat(full.result().damaged()).containsExactly(name);

        Filestores.put(root, name, good);
        Backup incremental = backup("bk_2", Optional.of(full));

        assertThat(incremental.result().damaged()).isEmpty();
        assertComesBack(incremental, "mended");
    }

    @Test
    void files_that_are_not_named_by_their_content_are_archived_each_time() throws Exception {
        Backup full = backup("bk_1", Optional.empty());
        Filestores.put(root, "checklist/ab/marker", "changed".getBytes(StandardCharsets.UTF_8));
        Backup incremental = backup("bk_2", Optional.of(full));
        assertComesBack(incremental, "changed");
    }

    @Test
    void a_name_that_is_gone_from_the_folder_is_missing_though_the_base_has_it() throws Exception {
        Backup full = backup("bk_1", Optional.empty());
        Files.delete(root.resolve(names.getFirst()));
        assertThat(backup("bk_2", Optional.of(full)).result().missing()).containsExactly(names.getFirst());
    }

    @Test
    void a_folder_with_the_name_of_a_content_is_passed_over() throws Exception {
        String name = "ab/ab" + "0".repeat(38);
        Files.createDirectories(root.resolve(name));
        assertThat(backup("bk_1", Optional.empty()).result().passedOver()).anyMatch(text -> text.startsWith(name));
    }

    @Test
    void a_base_whose_index_breaks_off_fails_the_archive() {
        Backup full = backup("bk_1", Optional.empty());
        indexes.computeIfPresent(full.part(), (part, index) -> Arrays.copyOf(index, index.length / 2));
        assertThatThrownBy(() -> backup("bk_2", Optional.of(full)))
                .isInstanceOf(FaultException.class)
                .hasMessageContaining("index");
    }
}
