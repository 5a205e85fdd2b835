package dev.lifeboat.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderStoreTest extends ArtifactStoreContract {
    private static final ObjectKey KEY = ObjectKey.of("acme", "prod", "b1", "db.dump");

    @TempDir
    Path outside;

    private Path root;

    @Override
    protected ArtifactStore emptyStore(Path folder) {
        root = folder.resolve("deep/artifacts");
        return new FolderStore("primary", root);
    }

    @Test
    void files_and_folders_are_the_owners_alone() throws IOException {
        put(KEY, bytes("x"));
        for (Path path = root.resolve("acme/prod/b1"); !path.equals(root.getParent()); path = path.getParent()) {
            assertThat(mode(path)).isEqualTo("rwx------");
        }
        assertThat(mode(root.resolve(KEY.toString()))).isEqualTo("rw-------");
        assertThat(mode(root.resolve(".tmp"))).isEqualTo("rwx------");
        assertThat(root.resolve(".tmp")).isEmptyDirectory();
    }

    @Test
    void a_root_that_is_a_link_is_followed() throws IOException {
        Path real = Files.createDirectory(outside.resolve("disk"));
        Path link = Files.createSymbolicLink(outside.resolve("artifacts"), real);
        var store = new FolderStore("linked", link);
        store.putIfAbsent(KEY, bytes("x"));
        assertThat(real.resolve(KEY.toString())).hasContent("x");
        assertThat(store.names(Optional.empty())).containsExactly("acme");
        store.delete(KEY);
        assertThat(real.resolve("acme")).doesNotExist();
    }

    @Test
    void a_symbolic_link_below_the_root_is_never_followed() throws IOException {
        Path secret = Files.writeString(outside.resolve("db.dump"), "not yours");
        Files.createDirectories(root.resolve("acme/prod"));
        Files.createSymbolicLink(root.resolve("evil"), outside);
        Files.createSymbolicLink(root.resolve("acme/prod/b1"), outside);
        Files.createDirectories(root.resolve("acme/prod/b2"));
        Files.createSymbolicLink(root.resolve("acme/prod/b2/db.dump"), secret);

        assertThat(codeOf(() -> store().find(KEY))).isEqualTo(FaultCode.STORE_READ_FAILED);
        assertThat(codeOf(() -> store().open(KEY, 0))).isEqualTo(FaultCode.STORE_READ_FAILED);
        assertThat(codeOf(() -> store().localPath(KEY))).isEqualTo(FaultCode.STORE_READ_FAILED);
        assertThat(codeOf(() -> store().open(ObjectKey.of("acme", "prod", "b2", "db.dump"), 0)))
                .isEqualTo(FaultCode.STORE_READ_FAILED);
        assertThat(codeOf(() -> store().create(KEY))).isEqualTo(FaultCode.STORE_UNWRITABLE);
        assertThat(codeOf(() -> store().putIfAbsent(ObjectKey.of("evil", "x"), bytes("x"))))
                .isEqualTo(FaultCode.STORE_UNWRITABLE);
        assertThat(codeOf(() -> store().delete(KEY))).isEqualTo(FaultCode.STORE_UNWRITABLE);
        assertThat(codeOf(() -> store().list(ObjectKey.of("evil")))).isEqualTo(FaultCode.STORE_READ_FAILED);
        assertThat(store().list(ObjectKey.of("acme"))).isEmpty();
        assertThat(store().names(Optional.empty())).isEmpty();
        assertThat(secret).hasContent("not yours");
    }

    @Test
    void a_link_that_appears_during_a_write_is_refused_at_commit() throws IOException {
        try (ObjectWriter writer = store().create(KEY)) {
            writer.write('x');
            Files.createSymbolicLink(root.resolve("acme"), outside);
            assertThat(codeOf(writer::commit)).isEqualTo(FaultCode.STORE_UNWRITABLE);
        }
        assertThat(outside).isEmptyDirectory();
        assertThat(root.resolve(".tmp")).isEmptyDirectory();
    }

    @Test
    void foreign_files_are_not_listed_and_not_touched() throws IOException {
        put(KEY, bytes("x"));
        Files.writeString(root.resolve("acme/prod/b1/.hidden"), "h");
        Files.writeString(root.resolve("acme/prod/b1/with space"), "s");
        Files.createDirectories(root.resolve("lost+found"));
        Files.createDirectories(root.resolve("empty/folder"));
        assertThat(names(store().list(ObjectKey.of("acme")))).containsExactly("db.dump");
        assertThat(store().names(Optional.empty())).containsExactly("acme");
        store().delete(KEY);
        assertThat(root.resolve("acme/prod/b1/.hidden")).hasContent("h");
    }

    @Test
    void a_delete_removes_the_folders_that_it_empties() {
        put(KEY, bytes("x"));
        put(ObjectKey.of("acme", "dev", "b1", "db.dump"), bytes("x"));
        store().delete(KEY);
        assertThat(root.resolve("acme/prod")).doesNotExist();
        assertThat(root.resolve("acme/dev/b1/db.dump")).exists();
    }

    @Test
    void garbage_collection_takes_what_a_killed_writer_left() throws IOException {
        put(KEY, bytes("x"));
        Path old = Files.writeString(root.resolve(".tmp/killed"), "half");
        Path fresh = Files.writeString(root.resolve(".tmp/fresh"), "half");
        Path empty = Files.createDirectories(root.resolve("acme/prod/b0/evidence"));
        Instant longAgo = Instant.now().minusSeconds(100_000);
        Files.setLastModifiedTime(old, FileTime.from(longAgo));
        Files.setLastModifiedTime(empty, FileTime.from(longAgo));
        assertThat(store().collectGarbage(Instant.now().minusSeconds(3600))).isEqualTo(1);
        assertThat(old).doesNotExist();
        assertThat(fresh).exists();
        assertThat(empty).doesNotExist();
        assertThat(root.resolve(KEY.toString())).exists();
    }

    @Test
    void where_a_file_is_in_the_way_the_write_fails_and_says_so() {
        put(KEY, bytes("x"));
        assertThatThrownBy(() -> put(KEY.child("below"), bytes("y")))
                .isInstanceOfSatisfying(FaultException.class, e -> {
                    assertThat(e.fault().code()).isEqualTo(FaultCode.STORE_WRITE_FAILED);
                    assertThat(e.fault().facts()).containsEntry("store", "primary");
                });
        assertThat(store().find(KEY.child("below"))).isEmpty();
    }

    @Test
    void a_root_that_is_no_folder_is_unreachable() throws IOException {
        Path file = Files.writeString(outside.resolve("file"), "x");
        assertThat(codeOf(() -> new FolderStore("broken", file).probe())).isEqualTo(FaultCode.STORE_UNREACHABLE);
    }

    @Test
    void the_free_space_is_told_before_the_root_exists() {
        assertThat(store().freeBytes().orElseThrow()).isPositive();
        assertThat(root).doesNotExist();
    }

    @Test
    void a_cancelled_write_leaves_nothing() {
        try (ObjectWriter writer = store().create(KEY)) {
            writer.write(bytes("half"), 0, 4);
            Thread.currentThread().interrupt();
            assertThat(codeOf(writer::commit)).isEqualTo(FaultCode.CANCELLED);
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
        assertThat(store().find(KEY)).isEmpty();
        assertThat(root.resolve(".tmp")).isEmptyDirectory();
    }

    @Test
    void a_full_disk_is_told_and_leaves_nothing_half_written() throws Exception {
        Path disk = Files.createDirectory(outside.resolve("small"));
        try (var mounted = new Mounted(disk, "size=2m")) {
            var store = new FolderStore("small", disk);
            store.putIfAbsent(KEY, bytes("kept"));
            try (ObjectWriter writer = store.create(ObjectKey.of("acme", "prod", "b2", "db.dump"))) {
                assertThatThrownBy(() -> writer.write(random(4 << 20), 0, 4 << 20))
                        .isInstanceOfSatisfying(FaultException.class, e -> {
                            assertThat(e.fault().code()).isEqualTo(FaultCode.STORE_FULL);
                            assertThat(e.fault().facts())
                                    .containsEntry("store", "small")
                                    .containsEntry("key", "acme/prod/b2/db.dump")
                                    .containsEntry("path", disk.toString())
                                    .containsEntry("free_bytes", "0");
                        });
            }
            assertThat(store.find(KEY)).isPresent();
            assertThat(store.list(ObjectKey.of("acme"))).hasSize(1);
            assertThat(disk.resolve(".tmp")).isEmptyDirectory();
            assertThat(store.freeBytes().orElseThrow()).isPositive();

            Files.write(disk.resolve("filler"), new byte[(int) store.freeBytes().orElseThrow()]);
            assertThat(codeOf(() -> store.probe())).isEqualTo(FaultCode.STORE_FULL);
            mounted.readOnly();
            assertThat(codeOf(() -> store.putIfAbsent(ObjectKey.of("x"), bytes("x"))))
                    .isEqualTo(FaultCode.STORE_UNWRITABLE);
            assertThat(codeOf(() -> store.probe())).isEqualTo(FaultCode.STORE_UNWRITABLE);
            assertThat(codeOf(() -> store.delete(KEY))).isEqualTo(FaultCode.STORE_UNWRITABLE);
            try (var in = store.open(KEY, 0)) {
                assertThat(in.readAllBytes()).isEqualTo(bytes("kept"));
            }
        }
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS));
    }

    /** A small file system of its own; the test is skipped, visibly, where this user may not mount one. */
    private static final class Mounted implements AutoCloseable {
        private final Path folder;

        Mounted(Path folder, String options) throws IOException {
            this.folder = folder;
            int exit = run("mount", "-t", "tmpfs", "-o", options, "tmpfs", folder.toString());
            Assumptions.assumeTrue(
                    exit == 0, "a full and a read-only disk were NOT tested: this user can't mount a tmpfs");
        }

        void readOnly() throws IOException {
            assertThat(run("mount", "-o", "remount,ro", folder.toString())).isZero();
        }

        @Override
        public void close() throws IOException {
            assertThat(run("umount", folder.toString())).isZero();
        }

        private static int run(String... command) throws IOException {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            assertThat(process.onExit().orTimeout(20, TimeUnit.SECONDS).join().isAlive())
                    .isFalse();
            return process.exitValue();
        }
    }
}
