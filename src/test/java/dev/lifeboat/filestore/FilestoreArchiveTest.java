package dev.lifeboat.filestore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.process.ChildProcess;
import dev.lifeboat.progress.Progress;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class FilestoreArchiveTest {
    private static final String ELSEWHERE = "ab/ab" + "0".repeat(38);

    @TempDir
    Path temp;

    private Path root;
    private final List<String> names = new ArrayList<>();

    @BeforeEach
    void folder() throws IOException {
        root = Files.createDirectories(temp.resolve("filestore/shop"));
    }

    @Test
    void a_restored_tree_equals_the_archived_one() throws Exception {
        for (int i = 0; i < 700; i++) {
            names.add(Filestores.put(root, "attachment " + i));
        }
        Files.createDirectories(root.resolve("checklist/ab"));
        Filestores.put(root, "checklist/ab/" + ELSEWHERE.substring(3), new byte[0]);
        Trees.setMode(root.resolve(names.getFirst()), 0600);
        Trees.setMode(root.resolve(names.get(1)), 0440);
        Trees.setMode(root.resolve("checklist"), 0750);

        var archive = Filestores.archive(root, names);

        assertThat(archive.result().summary().files()).isEqualTo(701);
        assertThat(archive.result().missing()).isEmpty();
        assertThat(archive.result().damaged()).isEmpty();
        assertThat(archive.result().summary().treeSha256()).isEqualTo(Filestores.treeSha256(root));
        assertComesBack(archive);
    }

    @Test
    void names_of_every_kind_come_back() throws Exception {
        assumeThat(System.getProperty("sun.jnu.encoding")).isEqualTo("UTF-8");
        for (String name : List.of(
                "with spaces/a file",
                "line\nfeed",
                "umläute/größe €.txt",
                "back\\slash",
                "-rf",
                "'quotes\"",
                "a/" + "b".repeat(97),
                "a/" + "b".repeat(120),
                ("c".repeat(90) + "/").repeat(4) + "end",
                "ä".repeat(127),
                ("ü".repeat(100) + "/").repeat(3) + "end")) {
            Filestores.put(root, name, name.getBytes(StandardCharsets.UTF_8));
        }
        assertComesBack(Filestores.archive(root, names));
    }

    static Stream<Throwable> what_ends_the_question() {
        return Stream.of(
                Fault.of(FaultCode.DATABASE_UNREACHABLE, "gone", "wait").toException(),
                new NoClassDefFoundError("gone"));
    }

    @ParameterizedTest
    @MethodSource("what_ends_the_question")
    @Timeout(60)
    void files_that_wait_for_what_the_database_refers_to_end_with_its_error(Throwable error) throws Exception {
        for (int i = 0; i < 4; i++) {
            Filestores.put(root, "00/" + "0".repeat(39) + i, new byte[3 * 1024 * 1024]);
        }
        var archiver = new FilestoreArchiver(
                root,
                () -> {
                    while (waitingForTheDatabase() < 2) {
                        LockSupport.parkNanos(1_000_000);
                    }
                    if (error instanceof Error serious) {
                        throw serious;
                    }
                    throw (RuntimeException) error;
                },
                new FilestoreIndex.PartRef("id", "filestore.tar.zst"),
                Optional.empty(),
                Progress.NONE);

        assertThatThrownBy(() -> archiver.archive(OutputStream.nullOutputStream(), OutputStream.nullOutputStream()))
                .isSameAs(error);
    }

    private static long waitingForTheDatabase() {
        return Thread.getAllStackTraces().entrySet().stream()
                .filter(thread -> thread.getKey().getName().startsWith("archive-"))
                .filter(thread -> Stream.of(thread.getValue())
                        .anyMatch(frame -> frame.getClassName().equals(CompletableFuture.class.getName())))
                .count();
    }

    @Test
    void text_is_compressed_among_images() throws Exception {
        var random = new Random(1);
        for (int i = 0; i < 30; i++) {
            byte[] image = new byte[100_000];
            random.nextBytes(image);
            names.add(Filestores.put(root, image));
            names.add(Filestores.put(
                    root,
                    random.ints(10_000, 0, 1_000_000_000)
                            .mapToObj(Integer::toString)
                            .collect(Collectors.joining(","))));
        }

        var archive = Filestores.archive(root, names);

        assertThat(archive.part()).hasSizeLessThan(30 * (100_000 + 60_000));
        assertComesBack(archive);
    }

    @Test
    void a_file_that_spans_frames_comes_back() throws Exception {
        byte[] large = new byte[9 * 1024 * 1024 + 17];
        new Random(1).nextBytes(large);
        names.add(Filestores.put(root, large));
        names.add(Filestores.put(root, new byte[9 * 1024 * 1024]));
        names.add(Filestores.put(root, "small"));
        assertComesBack(Filestores.archive(root, names));
    }

    @Test
    void files_about_as_large_as_a_frame_come_back() throws Exception {
        for (int less : new int[] {0, 1, 511, 512, 513, 1024, 2047, 2048, 2049, 4096}) {
            byte[] content = new byte[2 * 1024 * 1024 - less];
            content[0] = (byte) less;
            content[1] = (byte) (less >> 8);
            names.add(Filestores.put(root, content));
        }
        assertComesBack(Filestores.archive(root, names));
    }

    @Test
    void empty_files_and_an_empty_filestore_come_back() throws Exception {
        var empty = Filestores.archive(root, names);
        assertThat(empty.result().summary().files()).isZero();
        assertComesBack(empty);
        names.add(Filestores.put(root, ""));
        Filestores.put(root, "another", new byte[0]);
        assertThat(Filestores.archive(root, names).result().summary().bytes()).isZero();
        assertComesBack(Filestores.archive(root, names), "again");
    }

    @Test
    void many_folders_without_files_are_archived() throws Exception {
        for (int i = 0; i < 9_000; i++) {
            Files.createDirectory(root.resolve("folder-" + i));
        }
        assertThat(Filestores.entries(Filestores.archive(root, names).index())).hasSize(9_000);
    }

    @Test
    void a_name_that_the_database_refers_to_and_that_is_not_there_is_missing() throws Exception {
        names.add(Filestores.put(root, "there"));
        names.add(ELSEWHERE);
        var result = Filestores.archive(root, names).result();
        assertThat(result.missing()).containsExactly(ELSEWHERE);
        assertThat(result.summary().files()).isEqualTo(1);
    }

    @Test
    void a_file_whose_content_is_another_is_damaged_and_archived_as_it_is() throws Exception {
        Filestores.put(root, ELSEWHERE, "something else".getBytes(StandardCharsets.UTF_8));
        names.add(ELSEWHERE);
        var archive = Filestores.archive(root, names);
        assertThat(archive.result().damaged()).containsExactly(ELSEWHERE);
        assertThat(archive.result().missing()).isEmpty();
        assertThat(archive.result().inFlight()).isZero();
        assertComesBack(archive);
    }

    @Test
    void what_is_exchanged_for_a_link_while_it_is_archived_leads_nothing_of_elsewhere_into_it() throws Exception {
        for (int i = 0; i < 40; i++) {
            names.add(Filestores.put(root, "attachment " + i));
        }
        List<String> inOrder = names.stream().sorted().toList();
        String file = inOrder.get(20);
        Path folder = root.resolve(inOrder.getLast()).getParent();
        Path elsewhere = Files.createDirectories(temp.resolve("root-only"));
        Path secret = Files.writeString(elsewhere.resolve("secret"), "of root");
        Files.writeString(elsewhere.resolve(root.resolve(inOrder.getLast()).getFileName()), "of root");
        var done = new AtomicBoolean();

        var archive = Filestores.archive(root, names, new Progress() {
            @Override
            public void expect(long bytes, long items) {}

            @Override
            public void phase(String name) {}

            @Override
            public void advance(long bytes, long items) {
                if (done.compareAndSet(false, true)) {
                    try {
                        Files.delete(root.resolve(file));
                        Files.createSymbolicLink(root.resolve(file), secret);
                        Files.move(folder, root.resolve("aside"));
                        Files.createSymbolicLink(folder, elsewhere);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                }
            }
        });

        // The folder too, where another thread had not opened it by then.
        String last = folder.getFileName().toString();
        assertThat(archive.result().passedOver())
                .anyMatch(word -> word.startsWith(file))
                .allMatch(word -> word.startsWith(file) || word.startsWith(last));
        assertThat(archive.result().missing())
                .contains(file)
                .allMatch(name -> name.equals(file) || name.startsWith(last));
        assertThat(archive.result().damaged()).isEmpty();
        assertThat(Filestores.entries(archive.index()).stream()
                        .filter(IndexEntry.File.class::isInstance)
                        .map(IndexEntry.File.class::cast)
                        .filter(entry -> !entry.path().endsWith(entry.sha1())))
                .isEmpty();
    }

    @Test
    void no_setuid_or_setgid_bit_gets_into_an_archive_or_out_of_one() throws Exception {
        Filestores.put(root, "checklist/tool", new byte[] {1});
        Trees.setMode(root.resolve("checklist/tool"), 06755);
        Trees.setMode(root.resolve("checklist"), 03775);
        var archive = Filestores.archive(root, names);
        assertThat(Filestores.entries(archive.index()))
                .extracting(entry -> switch (entry) {
                    case IndexEntry.Folder made -> made.mode();
                    case IndexEntry.File made -> made.mode();
                })
                .containsExactlyInAnyOrder(0775, 0755);

        var old = new ByteArrayOutputStream();
        try (var index = new FilestoreIndex.Writer(old, List.of(Filestores.PART))) {
            index.add(new IndexEntry.Folder("checklist", 02775));
            index.add(new IndexEntry.File("checklist/tool", 04755, 0, 1, "0".repeat(40), 0, 0, 0));
            index.finish(List.of(Filestores.PART));
        }
        assertThat(Filestores.entries(old.toByteArray()))
                .containsExactly(
                        new IndexEntry.Folder("checklist", 0775),
                        new IndexEntry.File("checklist/tool", 0755, 0, 1, "0".repeat(40), 0, 0, 0));
    }

    @Test
    void a_file_that_is_still_being_written_is_left_out() throws Exception {
        names.add(Filestores.put(root, "whole"));
        Filestores.put(root, ELSEWHERE, "half a fi".getBytes(StandardCharsets.UTF_8));
        Filestores.put(root, "ac/ac" + "0".repeat(38), new byte[3 * 1024 * 1024]);
        var result = Filestores.archive(root, names).result();
        assertThat(result.inFlight()).isEqualTo(2);
        assertThat(result.damaged()).isEmpty();
        assertThat(result.summary().files()).isEqualTo(1);
    }

    @Test
    void a_file_that_vanishes_after_the_scan_is_missing_if_the_database_refers_to_it() throws Exception {
        Filestores.put(root, "00-first", new byte[] {1});
        Filestores.put(root, "01-of nobody", new byte[] {2});
        Filestores.put(root, "02-referred", new byte[] {3});
        names.add("02-referred");
        var archive = Filestores.archive(root, names, onFirst(() -> {
            Files.delete(root.resolve("01-of nobody"));
            Files.delete(root.resolve("02-referred"));
        }));
        assertThat(archive.result().missing()).containsExactly("02-referred");
        assertThat(archive.result().summary().files()).isEqualTo(1);
        assertComesBack(archive);
    }

    @Test
    void a_file_that_shrinks_after_the_scan_does_not_spoil_the_archive() throws Exception {
        Filestores.put(root, "00-first", new byte[] {1});
        Filestores.put(root, ELSEWHERE, new byte[5000]);
        names.add(ELSEWHERE);
        names.add(Filestores.put(root, "the last"));
        Path shrinking = root.resolve(ELSEWHERE);
        var time = Files.getLastModifiedTime(shrinking);
        var archive = Filestores.archive(root, names, onFirst(() -> {
            Files.write(shrinking, new byte[700]);
            Files.setLastModifiedTime(shrinking, time);
        }));
        assertThat(archive.result().damaged()).containsExactly(ELSEWHERE);
        assertComesBack(archive);
    }

    @Test
    void what_is_neither_file_nor_folder_is_passed_over_and_named() throws Exception {
        names.add(Filestores.put(root, "there"));
        Files.createSymbolicLink(root.resolve("link"), Path.of("/etc/hostname"));
        Files.createSymbolicLink(root.resolve("folder-link"), temp);
        var result = Filestores.archive(root, names).result();
        assertThat(result.passedOver()).hasSize(2).allMatch(line -> line.contains("link"));
        assertThat(result.summary().files()).isEqualTo(1);
    }

    @Test
    void a_filestore_that_is_not_there_is_a_fault_that_names_it() {
        var fault = catchThrowableOfType(
                FaultException.class, () -> Filestores.archive(temp.resolve("nowhere"), List.of()));
        assertThat(fault.fault().code()).isEqualTo(FaultCode.FILESTORE_MISSING);
        assertThat(fault.fault().message()).contains(temp.resolve("nowhere").toString());
    }

    @Test
    void the_same_filestore_gives_the_same_bytes() throws Exception {
        for (int i = 0; i < 300; i++) {
            names.add(Filestores.put(root, "attachment " + i));
        }
        var first = Filestores.archive(root, names);
        var second = Filestores.archive(root, names);
        assertThat(second.part()).isEqualTo(first.part());
        assertThat(second.index()).isEqualTo(first.index());
    }

    private void assertComesBack(Filestores.Archive archive) throws Exception {
        assertComesBack(archive, "");
    }

    /** By the restorer, and by tar alone. */
    private void assertComesBack(Filestores.Archive archive, String again) throws Exception {
        var expected = Filestores.tree(root);
        Path restored = temp.resolve("restored" + again);
        Filestores.restore(archive, Optional.empty(), restored);
        assertThat(Filestores.tree(restored)).isEqualTo(expected);

        Path part = Files.write(temp.resolve("part" + again + ".tar.zst"), archive.part());
        Path extracted = Files.createDirectory(temp.resolve("extracted" + again));
        var tar = ChildProcess.run(
                ChildProcess.Spec.of("tar", "-I", "zstd", "-xpf", part.toString(), "-C", extracted.toString()),
                Duration.ofMinutes(1));
        assertThat(tar.succeeded()).as(tar.errors()).isTrue();
        assertThat(Filestores.tree(extracted)).isEqualTo(expected);
    }

    private interface Change {
        void make() throws IOException;
    }

    /** Files in one frame are read one after the other: a change when the first was read comes after the scan. */
    private static Progress onFirst(Change change) {
        return new Progress() {
            private boolean done;

            @Override
            public void expect(long bytes, long items) {}

            @Override
            public void advance(long bytes, long items) {
                if (!done) {
                    done = true;
                    try {
                        change.make();
                    } catch (IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                }
            }

            @Override
            public void phase(String name) {}
        };
    }
}
