package dev.lifeboat.filestore;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Future;

/**
 * Work for one thread of an archive: folders, and files that share a frame or one large file. Its frames come out in order; {@code
 * archived} is complete when they have ended. What the base holds lies between them and costs nothing.
 */
final class ArchiveJob {
    /** Ends the jobs of a scan. */
    static final ArchiveJob END = new ArchiveJob(List.of(), List.of(), List.of());

    private static final int FRAMES_WAITING = 1;

    final List<Item> items;
    final List<IndexEntry.Folder> folders;
    final List<IndexEntry.File> carried;
    final BlockingQueue<Frame> frames = new ArrayBlockingQueue<>(FRAMES_WAITING);
    final List<Archived> archived = new ArrayList<>();
    final List<String> exchanged = new ArrayList<>();
    int inFlight;
    Future<?> worker;

    ArchiveJob(List<Item> items, List<IndexEntry.Folder> folders, List<IndexEntry.File> carried) {
        this.items = items;
        this.folders = folders;
        this.carried = carried;
    }

    boolean hasWork() {
        return !items.isEmpty() || !folders.isEmpty();
    }

    /** A file as the scan saw it. */
    record Item(PinnedFolder folder, Path file, String path, int mode, long uid, long gid, long modified, long size) {
        InputStream open() throws IOException {
            return folder.open(file.getFileName());
        }
    }

    /** A file that was read; {@code entry} counts its offset from the beginning of its job. */
    record Archived(IndexEntry.File entry, boolean damaged) {}

    /** A finished frame: the first {@code length} bytes. One without bytes ends a job. */
    static final class Frame {
        static final Frame END = new Frame(new byte[0], 0);

        final byte[] bytes;
        final int length;

        Frame(byte[] bytes, int length) {
            this.bytes = bytes;
            this.length = length;
        }
    }
}
