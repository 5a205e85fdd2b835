package dev.lifeboat.filestore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A crash is the situation that it leaves on the disk; each is made by hand. */
final class FolderSwapTest {
    @TempDir
    Path temp;

    private Path live;
    private Path journal;

    @BeforeEach
    void folders() throws IOException {
        live = Files.createDirectories(temp.resolve("filestore")).resolve("shop");
        journal = temp.resolve("runs/run_1/swap.json");
    }

    private FolderSwap swap() {
        return new FolderSwap(live, "run_1", journal);
    }

    @Test
    void the_new_folder_takes_the_place_and_the_old_one_is_kept() throws IOException {
        put(live, "old");
        put(swap().fresh(), "new");

        swap().swap();

        assertThat(content(live)).isEqualTo("new");
        assertThat(content(swap().displaced())).isEqualTo("old");
        assertThat(swap().fresh()).doesNotExist();
        assertThat(swap().isSwapped()).isTrue();
    }

    @Test
    void before_the_swap_nothing_is_swapped() throws IOException {
        put(live, "old");
        put(swap().fresh(), "new");
        assertThat(swap().isSwapped()).isFalse();
    }

    @Test
    void swapping_again_changes_nothing() throws IOException {
        put(live, "old");
        put(swap().fresh(), "new");
        swap().swap();
        swap().swap();
        assertThat(content(live)).isEqualTo("new");
        assertThat(content(swap().displaced())).isEqualTo("old");
    }

    @Test
    void swapping_back_brings_the_old_folder_and_leaves_nothing_behind() throws IOException {
        put(live, "old");
        put(swap().fresh(), "new");
        swap().swap();
        assertThat(swap().swapBack()).isTrue();
        assertOnlyOld();
    }

    @Test
    void swapping_back_again_changes_nothing() throws IOException {
        put(live, "old");
        put(swap().fresh(), "new");
        swap().swap();
        swap().swapBack();
        assertThat(swap().swapBack()).isFalse();
        assertOnlyOld();
    }

    @Test
    void swapping_back_what_was_not_swapped_removes_the_new_folder_only() throws IOException {
        put(live, "old");
        put(swap().fresh(), "new");
        assertThat(swap().swapBack()).isFalse();
        assertOnlyOld();
    }

    @Test
    void discarding_leaves_the_new_folder_alone() throws IOException {
        put(live, "old");
        put(swap().fresh(), "new");
        swap().swap();
        swap().discard();
        assertThat(content(live)).isEqualTo("new");
        assertThat(names()).containsExactly("shop");
        assertThat(journal).doesNotExist();
        swap().discard();
        assertThat(content(live)).isEqualTo("new");
    }

    @Test
    void a_missing_live_folder_is_made() throws IOException {
        put(swap().fresh(), "new");
        swap().swap();
        assertThat(content(live)).isEqualTo("new");
        assertThat(names()).containsExactly("shop");
        swap().swap();
        assertThat(content(live)).isEqualTo("new");
    }

    @Test
    void a_missing_live_folder_is_missing_again_after_swapping_back() throws IOException {
        put(swap().fresh(), "new");
        swap().swap();
        assertThat(swap().swapBack()).isTrue();
        assertThat(names()).isEmpty();
        assertThat(swap().swapBack()).isFalse();
    }

    @Test
    void a_missing_new_folder_is_a_fault_and_the_live_one_stays() throws IOException {
        put(live, "old");
        var fault = catchThrowableOfType(FaultException.class, () -> swap().swap());
        assertThat(fault.fault().code()).isEqualTo(FaultCode.SWAP_FAILED);
        assertThat(fault.fault().message()).contains(live.toString());
        assertThat(content(live)).isEqualTo("old");
    }

    @Test
    void killed_after_the_journal_the_swap_is_done_again() throws IOException {
        put(live, "old");
        put(swap().fresh(), "new");
        journal(swap().fresh(), true);
        assertThat(swap().isSwapped()).isFalse();
        swap().swap();
        assertThat(content(live)).isEqualTo("new");
        assertThat(content(swap().displaced())).isEqualTo("old");
    }

    @Test
    void killed_after_the_journal_swapping_back_leaves_the_old_folder() throws IOException {
        put(live, "old");
        put(swap().fresh(), "new");
        journal(swap().fresh(), true);
        assertThat(swap().swapBack()).isFalse();
        assertOnlyOld();
    }

    @Test
    void killed_after_the_exchange_the_swap_is_completed() throws IOException {
        killedAfterExchange();
        assertThat(swap().isSwapped()).isTrue();
        swap().swap();
        assertThat(content(live)).isEqualTo("new");
        assertThat(content(swap().displaced())).isEqualTo("old");
        assertThat(swap().fresh()).doesNotExist();
    }

    @Test
    void killed_after_the_exchange_swapping_back_brings_the_old_folder() throws IOException {
        killedAfterExchange();
        assertThat(swap().swapBack()).isTrue();
        assertOnlyOld();
    }

    @Test
    void killed_between_two_renames_the_swap_is_completed() throws IOException {
        killedBetweenRenames();
        assertThat(swap().isSwapped()).isFalse();
        swap().swap();
        assertThat(content(live)).isEqualTo("new");
        assertThat(content(swap().displaced())).isEqualTo("old");
        swap().swapBack();
        assertOnlyOld();
    }

    @Test
    void killed_between_two_renames_swapping_back_brings_the_old_folder() throws IOException {
        killedBetweenRenames();
        swap().swapBack();
        assertOnlyOld();
    }

    @Test
    void killed_while_swapping_back_before_the_exchange_it_is_completed() throws IOException {
        // live is the new one, the old one has its name of before the swap
        killedAfterExchange();
        assertThat(swap().swapBack()).isTrue();
        assertOnlyOld();
    }

    @Test
    void killed_while_swapping_back_after_the_exchange_it_is_completed() throws IOException {
        put(live, "old");
        put(swap().fresh(), "new");
        journal(swap().fresh(), true);
        assertThat(swap().swapBack()).isFalse();
        assertOnlyOld();
    }

    @Test
    void killed_while_swapping_back_between_two_renames_the_old_folder_comes_back() throws IOException {
        put(swap().displaced(), "new");
        put(swap().fresh(), "old");
        journal(swap().displaced(), true);
        swap().swapBack();
        assertOnlyOld();
    }

    @Test
    void killed_while_swapping_back_to_no_live_folder_it_is_completed() throws IOException {
        put(swap().fresh(), "new");
        journal(swap().fresh(), false);
        assertThat(swap().swapBack()).isFalse();
        assertThat(names()).isEmpty();
    }

    @Test
    void the_live_folder_is_never_removed_where_the_old_one_is_lost() throws IOException {
        put(live, "old");
        put(swap().fresh(), "new");
        swap().swap();
        Trees.remove(swap().displaced());

        var fault = catchThrowableOfType(FaultException.class, () -> swap().swapBack());

        assertThat(fault.fault().code()).isEqualTo(FaultCode.DISPLACED_GONE);
        assertThat(content(live)).isEqualTo("new");
    }

    private void killedAfterExchange() throws IOException {
        put(live, "new");
        put(swap().fresh(), "old");
        journal(live, true);
    }

    private void killedBetweenRenames() throws IOException {
        put(swap().displaced(), "old");
        put(swap().fresh(), "new");
        journal(swap().fresh(), true);
    }

    /** The journal as it is written before anything is renamed. */
    private void journal(Path newFolder, boolean livePresent) throws IOException {
        Files.createDirectories(journal.getParent());
        Files.writeString(
                journal,
                Json.pretty(Json.object()
                        .put("live", live.toString())
                        .put("new", swap().fresh().toString())
                        .put("displaced", swap().displaced().toString())
                        .put("live_present", livePresent)
                        .put("new_inode", (Long) Files.getAttribute(newFolder, "unix:ino"))));
    }

    private void assertOnlyOld() throws IOException {
        assertThat(names()).containsExactly("shop");
        assertThat(content(live)).isEqualTo("old");
        assertThat(journal).doesNotExist();
        assertThat(swap().isSwapped()).isFalse();
    }

    private List<String> names() throws IOException {
        try (Stream<Path> names = Files.list(live.getParent())) {
            return names.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }

    private static void put(Path folder, String content) throws IOException {
        Files.createDirectories(folder.resolve("ab"));
        Files.writeString(folder.resolve("ab/file"), content);
    }

    private static String content(Path folder) throws IOException {
        return Files.readString(folder.resolve("ab/file"));
    }
}
