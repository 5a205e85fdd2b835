package dev.lifeboat.filestore;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import dev.lifeboat.linux.SystemCalls;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * Puts a new folder in the place of the live one and the live one aside. Where the system can, the two names are exchanged
 * in one call, so that the live name is never free. The new folder's inode is written to a journal before anything is
 * renamed; inodes keep their number when they are renamed, so whoever comes after a crash can tell what has happened.
 */
public final class FolderSwap {
    private final Path live;
    private final Path fresh;
    private final Path displaced;
    private final Path journal;

    /**
     * A swap.
     *
     * @param live the folder that is to be replaced; may be missing
     * @param tag names the swap's folders; the run's id
     * @param journal the file for the intent, in a folder that survives a crash
     */
    public FolderSwap(Path live, String tag, Path journal) {
        this.live = live;
        this.fresh = live.resolveSibling(".lifeboat-new-" + tag);
        this.displaced = live.resolveSibling(".lifeboat-displaced-" + tag);
        this.journal = journal;
    }

    /** The folder to build, beside the live one. */
    public Path fresh() {
        return fresh;
    }

    /** Where the live folder is kept after the swap. */
    public Path displaced() {
        return displaced;
    }

    /** Whether the new folder stands in the live one's place. */
    public boolean isSwapped() {
        return call(() -> {
            Optional<Long> intended = intended();
            return intended.isPresent() && inode(live).equals(intended);
        });
    }

    /** Swaps; where that has happened already, it only completes what is left to do. */
    public void swap() {
        call(() -> {
            if (!isSwapped()) {
                if (!Files.isDirectory(fresh, LinkOption.NOFOLLOW_LINKS)) {
                    throw failed("the new folder " + fresh + " is not there", null);
                }
                boolean hadLive = Files.exists(live, LinkOption.NOFOLLOW_LINKS)
                        || Files.exists(displaced, LinkOption.NOFOLLOW_LINKS);
                write(inode(fresh).orElseThrow(), hadLive);
                exchange();
            }
            // After an exchange the old folder bears the new one's name.
            if (Files.exists(fresh, LinkOption.NOFOLLOW_LINKS)) {
                Files.move(fresh, displaced, StandardCopyOption.ATOMIC_MOVE);
            }
            syncParent();
            return true;
        });
    }

    /**
     * Puts the displaced folder back; where that has happened already, or nothing was swapped, it does nothing but remove
     * the new folder. Gives whether the live folder was changed by the call.
     */
    public boolean swapBack() {
        return call(() -> {
            boolean swapped = isSwapped();
            if (swapped) {
                if (Files.exists(fresh, LinkOption.NOFOLLOW_LINKS)) {
                    // Killed between exchange and renaming: the old folder still bears the new one's name.
                    Files.move(fresh, displaced, StandardCopyOption.ATOMIC_MOVE);
                }
                if (Files.exists(displaced, LinkOption.NOFOLLOW_LINKS)) {
                    Files.move(displaced, fresh, StandardCopyOption.ATOMIC_MOVE);
                    exchange();
                } else if (hadLive()) {
                    throw Fault.of(
                                    FaultCode.DISPLACED_GONE,
                                    "the filestore that was moved aside to " + displaced + " is gone",
                                    "Restore the safety backup.")
                            .toException();
                } else {
                    // There was no live folder before: the one that was put there goes.
                    Files.move(live, fresh, StandardCopyOption.ATOMIC_MOVE);
                }
            } else if (Files.exists(displaced, LinkOption.NOFOLLOW_LINKS)
                    && !Files.exists(live, LinkOption.NOFOLLOW_LINKS)) {
                // Killed between the two renames of a system that can't exchange: on the way there the old folder is
                // the
                // displaced one, on the way back it bears the new one's name.
                boolean back = inode(displaced).equals(intended());
                Files.move(back ? fresh : displaced, live, StandardCopyOption.ATOMIC_MOVE);
            }
            syncParent();
            Trees.remove(fresh);
            if (intended().isPresent() && inode(displaced).equals(intended())) {
                // On a system that can't exchange the way back leaves the new folder under this name.
                Trees.remove(displaced);
            }
            Files.deleteIfExists(journal);
            return swapped;
        });
    }

    /** The inode of the new folder; empty where there is none. */
    public Optional<Long> freshInode() {
        return call(() -> inode(fresh));
    }

    /** Removes a new folder that was not swapped in, and its intent. After a swap it removes nothing. */
    public void abandon() {
        call(() -> {
            if (isSwapped()) {
                // Killed right after the exchange, the new folder's name is the old one's until this is completed.
                swap();
            } else {
                Trees.remove(fresh);
                Files.deleteIfExists(journal);
            }
            return true;
        });
    }

    /** Removes what was put aside, and the journal. */
    public void discard() {
        call(() -> {
            Trees.remove(displaced);
            Trees.remove(fresh);
            Files.deleteIfExists(journal);
            return true;
        });
    }

    /** Live and new folder change names; a missing live folder leaves the new one's name free. */
    private void exchange() throws IOException {
        if (!Files.exists(live, LinkOption.NOFOLLOW_LINKS)) {
            Files.move(fresh, live, StandardCopyOption.ATOMIC_MOVE);
        } else if (!SystemCalls.exchange(fresh, live)) {
            Files.move(live, displaced, StandardCopyOption.ATOMIC_MOVE);
            Files.move(fresh, live, StandardCopyOption.ATOMIC_MOVE);
        }
        syncParent();
    }

    private Optional<Long> intended() throws IOException {
        return intent().map(intent -> intent.path("new_inode").asLong());
    }

    /** Whether there was a live folder before the swap. */
    private boolean hadLive() throws IOException {
        return intent().map(intent -> intent.path("live_present").asBoolean()).orElse(false);
    }

    private Optional<JsonNode> intent() throws IOException {
        return Files.exists(journal)
                ? Optional.of(Json.mapper().readTree(Files.readString(journal)))
                : Optional.empty();
    }

    private void write(long inode, boolean present) throws IOException {
        Files.createDirectories(journal.getParent());
        Path temporary = journal.resolveSibling(journal.getFileName() + ".new");
        Files.writeString(
                temporary,
                Json.pretty(Json.object()
                        .put("live", live.toString())
                        .put("new", fresh.toString())
                        .put("displaced", displaced.toString())
                        .put("live_present", present)
                        .put("new_inode", inode)));
        try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        Files.move(temporary, journal, StandardCopyOption.ATOMIC_MOVE);
        sync(journal.getParent());
    }

    private static Optional<Long> inode(Path path) throws IOException {
        return Files.exists(path, LinkOption.NOFOLLOW_LINKS)
                ? Optional.of((Long) Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS))
                : Optional.empty();
    }

    private void syncParent() throws IOException {
        sync(live.toAbsolutePath().getParent());
    }

    private static void sync(Path folder) throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    private interface Work<T> {
        T run() throws IOException;
    }

    private <T> T call(Work<T> work) {
        try {
            return work.run();
        } catch (IOException e) {
            throw failed(e.getMessage(), e);
        }
    }

    private FaultException failed(String why, IOException cause) {
        return Fault.of(
                        FaultCode.SWAP_FAILED,
                        "the filestore " + live + " could not be swapped: " + why,
                        "Look at " + live.toAbsolutePath().getParent()
                                + ": names that begin with .lifeboat- are this restore's; then try again.")
                .toException(cause);
    }
}
