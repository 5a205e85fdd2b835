package dev.lifeboat.filestore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.progress.Progress;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.SortedMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FilestoreRestoreTest {
    @TempDir
    Path temp;

    private Path live;
    private Path target;
    private final List<String> names = new ArrayList<>();
    private Filestores.Archive archive;
    private SortedMap<String, String> archived;

    @BeforeEach
    void filestore() throws IOException {
        live = Files.createDirectories(temp.resolve("filestore/shop"));
        target = live.resolveSibling(".new");
        for (int i = 0; i < 40; i++) {
            names.add(Filestores.put(live, ("attachment " + i + " ").repeat(1 + i * 20)));
        }
        byte[] large = new byte[2_500_000];
        new Random(2).nextBytes(large);
        names.add(Filestores.put(live, large));
        Filestores.put(live, "checklist/note", new byte[] {1, 2, 3});
        archive = Filestores.archive(live, names);
        archived = Filestores.tree(live);
    }

    @Test
    void what_is_there_and_right_is_linked() throws IOException {
        var result = Filestores.restore(archive, Optional.of(live), target);
        assertThat(result.linked()).isEqualTo(41);
        assertThat(result.extracted()).isEqualTo(1);
        assertThat(inode(target.resolve(names.getFirst()))).isEqualTo(inode(live.resolve(names.getFirst())));
        assertThat(inode(target.resolve("checklist/note"))).isNotEqualTo(inode(live.resolve("checklist/note")));
        assertThat(Filestores.tree(target)).isEqualTo(archived);
    }

    @Test
    void a_linked_file_is_never_written() throws IOException {
        for (String name : names) {
            Files.setLastModifiedTime(live.resolve(name), java.nio.file.attribute.FileTime.fromMillis(1_000_000_000));
        }
        var before = Filestores.tree(live);
        Filestores.restore(archive, Optional.of(live), target);
        assertThat(Filestores.tree(live)).isEqualTo(before);
    }

    @Test
    void a_file_of_another_content_is_fetched_and_the_present_one_left_alone() throws IOException {
        Path spoilt = live.resolve(names.get(5));
        byte[] content = Files.readAllBytes(spoilt);
        content[content.length / 2] ^= 1;
        Files.write(spoilt, content);
        Path shorter = live.resolve(names.get(6));
        Files.write(shorter, new byte[1]);
        Path link = live.resolve(names.get(7));
        Files.delete(link);
        Files.createSymbolicLink(link, live.resolve(names.get(8)));
        Path folder = live.resolve(names.get(9));
        Files.delete(folder);
        Files.createDirectory(folder);
        Files.delete(live.resolve(names.get(10)));

        var result = Filestores.restore(archive, Optional.of(live), target);

        assertThat(Filestores.tree(target)).isEqualTo(archived);
        assertThat(result.extracted()).isEqualTo(6);
        assertThat(Files.readAllBytes(spoilt)).isEqualTo(content);
        assertThat(Files.size(shorter)).isEqualTo(1);
    }

    @Test
    void a_file_of_another_mode_is_fetched_and_the_present_one_keeps_its_mode() throws IOException {
        Path other = live.resolve(names.get(3));
        Trees.setMode(other, 0600);
        Filestores.restore(archive, Optional.of(live), target);
        assertThat(Filestores.tree(target)).isEqualTo(archived);
        assertThat((int) Files.getAttribute(other, "unix:mode") & 0777).isEqualTo(0600);
    }

    @Test
    void the_new_folder_lets_in_no_more_people_than_the_present_one() throws IOException {
        Trees.setMode(live, 0700);
        Filestores.restore(archive, Optional.of(live), target);
        assertThat((int) Files.getAttribute(target, "unix:mode") & 07777).isEqualTo(0700);
    }

    @Test
    void a_flipped_byte_of_the_part_is_detected_or_harmless() throws IOException {
        var random = new Random(3);
        int detected = 0;
        for (int i = 0; i < 200; i++) {
            byte[] flipped = archive.part().clone();
            int at = random.nextInt(flipped.length);
            flipped[at] ^= (byte) (1 << random.nextInt(8));
            Throwable thrown =
                    catchThrowable(() -> Filestores.restore(flipped, archive.index(), Optional.empty(), target));
            if (thrown == null) {
                assertThat(Filestores.tree(target)).as("byte %d", at).isEqualTo(archived);
                Trees.remove(target);
            } else {
                assertThat(thrown).as("byte %d", at).isInstanceOfSatisfying(FaultException.class, e -> assertThat(
                                e.fault().code())
                        .isEqualTo(FaultCode.ARTIFACT_DAMAGED));
                assertThat(target).doesNotExist();
                detected++;
            }
        }
        assertThat(detected).isGreaterThan(150);
    }

    @Test
    void a_part_that_is_cut_short_is_detected() throws IOException {
        byte[] cut = Arrays.copyOf(archive.part(), archive.part().length / 2);
        var fault = catchThrowableOfType(
                FaultException.class, () -> Filestores.restore(cut, archive.index(), Optional.empty(), target));
        assertThat(fault.fault().code()).isEqualTo(FaultCode.ARTIFACT_DAMAGED);
    }

    @Test
    void a_failed_restore_leaves_nothing_and_the_present_filestore_as_it_was() throws IOException {
        Files.delete(live.resolve(names.getFirst()));
        var before = Filestores.tree(live);
        assertThat(catchThrowable(() -> Filestores.restore(new byte[0], archive.index(), Optional.of(live), target)))
                .isInstanceOf(FaultException.class);
        byte[] shortIndex = Arrays.copyOf(archive.index(), archive.index().length - 1);
        assertThat(catchThrowable(() -> Filestores.restore(archive.part(), shortIndex, Optional.of(live), target)))
                .isInstanceOf(FaultException.class);
        assertThat(Filestores.tree(live)).isEqualTo(before);
        try (Stream<Path> siblings = Files.list(live.getParent())) {
            assertThat(siblings).containsExactly(live);
        }
    }

    @Test
    void a_target_that_is_there_already_is_a_fault_and_stays() throws IOException {
        Filestores.put(target, "of somebody", new byte[] {7});
        assertThat(catchThrowable(() -> Filestores.restore(archive, Optional.empty(), target)))
                .isInstanceOf(FaultException.class);
        assertThat(target.resolve("of somebody")).exists();
    }

    /** Restores all of it, for somebody else where this user may do that; {@code meanwhile} comes before the first byte. */
    private FilestoreRestorer.Owner restoreWhile(Path folder, Meanwhile meanwhile) throws IOException {
        boolean root = Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
        var owner = root ? new FilestoreRestorer.Owner(65534, 65534) : FilestoreRestorer.Owner.of(folder.getParent());
        var begun = new AtomicBoolean();
        new FilestoreRestorer(
                        (ref, offset) -> {
                            if (begun.compareAndSet(false, true)) {
                                meanwhile.happens();
                            }
                            return new ByteArrayInputStream(
                                    archive.part(), (int) offset, archive.part().length - (int) offset);
                        },
                        Optional.empty(),
                        folder,
                        owner,
                        Progress.NONE)
                .restore(new ByteArrayInputStream(archive.index()));
        return owner;
    }

    private interface Meanwhile {
        void happens();
    }

    @Test
    void nobody_else_may_enter_the_new_folder_until_it_is_finished_and_is_given_away() throws IOException {
        var during = new ArrayList<String>();
        var own = FilestoreRestorer.Owner.of(live);
        var owner = restoreWhile(target, () -> {
            try {
                during.add(FilestoreRestorer.Owner.of(target) + " "
                        + PosixFilePermissions.toString(Files.getPosixFilePermissions(target)));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        assertThat(during).containsExactly(own + " rwx------");
        assertThat(Filestores.tree(target)).isEqualTo(archived);
        try (Stream<Path> all = Files.walk(target)) {
            for (Path path : all.toList()) {
                assertThat(FilestoreRestorer.Owner.of(path)).as(path.toString()).isEqualTo(owner);
            }
        }
    }

    @Test
    void a_link_that_takes_the_new_folders_name_leads_nothing_elsewhere() throws IOException {
        Path elsewhere = Files.createDirectory(temp.resolve("etc"));
        Trees.setMode(elsewhere, 0750);
        var before = FilestoreRestorer.Owner.of(elsewhere);
        Path aside = target.resolveSibling("aside");
        restoreWhile(target, () -> {
            try {
                Files.move(target, aside);
                Files.createSymbolicLink(target, elsewhere);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        assertThat(Filestores.tree(elsewhere)).isEmpty();
        assertThat(FilestoreRestorer.Owner.of(elsewhere)).isEqualTo(before);
        assertThat((int) Files.getAttribute(elsewhere, "unix:mode") & 07777).isEqualTo(0750);
        assertThat(Filestores.tree(aside)).isEqualTo(archived);
    }

    @Test
    void a_tree_is_removed_without_what_its_links_lead_to() throws IOException {
        Path elsewhere = Files.createDirectory(temp.resolve("kept"));
        Files.writeString(elsewhere.resolve("file"), "kept");
        Files.createSymbolicLink(live.resolve("link"), elsewhere);
        Trees.remove(live);
        assertThat(live).doesNotExist();
        assertThat(elsewhere.resolve("file")).hasContent("kept");
    }

    private static Object inode(Path path) throws IOException {
        return Files.getAttribute(path, "unix:ino");
    }
}
