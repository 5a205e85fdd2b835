package dev.lifeboat.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataFolderTest {
    @TempDir
    Path temp;

    @Test
    void the_folder_and_its_lock_are_for_their_owner_only_and_the_lock_names_who_holds_it() throws IOException {
        Path dataDir = temp.resolve("new/data");
        try (DataFolder folder = DataFolder.take(dataDir).orElseThrow()) {
            assertThat(folder.path()).isEqualTo(dataDir.toRealPath());
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(dataDir)))
                    .isEqualTo("rwx------");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(dataDir.resolve("lock"))))
                    .isEqualTo("rw-------");
            assertThat(DataFolder.holder(dataDir))
                    .contains(ProcessHandle.current().pid());
        }
    }

    @Test
    void a_folder_that_was_open_to_others_is_closed_to_them() throws IOException {
        Path open = Files.createDirectory(temp.resolve("state"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxr-xr-x"));
        try (DataFolder folder = DataFolder.take(open).orElseThrow()) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.path())))
                    .isEqualTo("rwx------");
        }
    }

    @Test
    void a_second_try_in_the_same_process_is_refused_and_does_not_give_the_lock_up() throws Exception {
        try (DataFolder folder = DataFolder.take(temp).orElseThrow()) {
            Path link = Files.createSymbolicLink(temp.resolveSibling(temp.getFileName() + "-link"), folder.path());
            assertThat(DataFolder.take(temp)).isEmpty();
            assertThat(DataFolder.take(link)).isEmpty();
            Files.delete(link);
            try (OtherProcess other = OtherProcess.holding(temp)) {
                assertThat(other.said()).isEqualTo("refused");
            }
        }
    }

    @Test
    void what_another_process_holds_is_refused_until_that_process_is_killed() throws Exception {
        try (OtherProcess other = OtherProcess.holding(temp)) {
            assertThat(other.said()).isEqualTo("held");
            assertThat(DataFolder.take(temp)).isEmpty();
            assertThat(DataFolder.holder(temp)).contains(other.pid());
            other.kill();
            DataFolder.take(temp).orElseThrow().close();
        }
    }

    @Test
    void a_folder_that_was_given_back_can_be_taken_again_and_given_back_twice() throws IOException {
        DataFolder folder = DataFolder.take(temp).orElseThrow();
        folder.close();
        DataFolder again = DataFolder.take(temp).orElseThrow();
        folder.close();
        assertThat(DataFolder.take(temp)).isEmpty();
        again.close();
    }

    @Test
    void a_folder_that_cannot_be_made_is_a_fault_that_names_it() throws IOException {
        Path file = Files.createFile(temp.resolve("file"));
        assertThatThrownBy(() -> DataFolder.take(file.resolve("data")))
                .isInstanceOfSatisfying(FaultException.class, e -> {
                    assertThat(e.fault().code()).isEqualTo(FaultCode.BAD_CONFIGURATION);
                    assertThat(e.fault().message()).contains(file.toString());
                });
    }
}
