package dev.lifeboat.filestore;

import dev.lifeboat.digest.Hashes;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.linux.SystemCalls;
import dev.lifeboat.progress.Progress;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;

/**
 * Archives a filestore in one pass: reading, hashing and compressing go on in twice as many threads as there are processors
 * (some wait for the disk), writing keeps the order. The archive is a tar in zstd that {@code tar -I zstd -xf filestore.tar.zst -C <data_dir>/filestore/<database>}
 * restores; it consists of independent zstd frames of about 2 MiB of tar each, so that a single file can be fetched from
 * where its frame begins. Memory is bounded by the number of frames under way, whatever the size of files and filestore.
 *
 * <p>A content-addressed file is hashed against its name. One that the database refers to and whose content is not the one
 * is archived as it is and reported as damaged; one that nobody refers to is an upload in flight and left out (Odoo writes
 * files plainly, before its transaction commits).
 *
 * <p>Odoo's user can exchange a file or a folder for a symbolic link at any moment, also between a look and a reading. So
 * folders are opened within the open folder above them and files within theirs, and no link is followed: what lies outside
 * of the filestore never gets into an archive.
 *
 * <p>With a {@link Base}, a content-addressed file whose name the base knows is not looked at: its content can't be another, and
 * the index refers to the part that holds it.
 */
public final class FilestoreArchiver {
    /** A frame as it is read, as it is compressed, and the one that waits. */
    private static final long BYTES_OF_A_THREAD = 3L * TarFrames.FRAME_BYTES;

    private final Path root;
    private final Supplier<ReferredNames> asked;
    private final CompletableFuture<ReferredNames> referred = new CompletableFuture<>();
    private final FilestoreIndex.PartRef part;
    private final Optional<Base> base;
    private final int threads;
    private final Progress progress;
    private final Set<PinnedFolder> open = ConcurrentHashMap.newKeySet();
    private final TarFrames.Buffers buffers = new TarFrames.Buffers();

    /**
     * What an earlier artifact holds.
     *
     * @param index the bytes of its index; the archiver closes it
     * @param parts the parts that may be referred to
     */
    public record Base(InputStream index, List<FilestoreIndex.PartRef> parts) {
        public Base {
            parts = List.copyOf(parts);
        }
    }

    /**
     * What of a part is used.
     *
     * @param part the part
     * @param files how many files of it
     * @param bytes their bytes, uncompressed
     */
    public record PartUse(FilestoreIndex.PartRef part, long files, long bytes) {}

    /**
     * What a pass gave.
     *
     * @param summary counts and tree digest of the whole, with what the base holds
     * @param uses what of each part is used; parts of which nothing is are left out, the own one comes last
     * @param missing names that the database refers to and that are not there
     * @param damaged names that the database refers to and whose content is another
     * @param inFlight how many files were left out because they were still being written
     * @param passedOver what is no regular file or folder, or has a name that is no text
     */
    public record Result(
            FilestoreIndex.Summary summary,
            List<PartUse> uses,
            List<String> missing,
            List<String> damaged,
            long inFlight,
            List<String> passedOver) {}

    /**
     * An archiver of one filestore.
     *
     * @param root the folder
     * @param referred gives the names that the database refers to; asked for once, by the caller's thread, while the scan goes on
     * @param part how the index names the archive
     * @param base what need not be archived again; empty: every file is archived
     * @param progress told files and bytes as they are read
     */
    public FilestoreArchiver(
            Path root,
            Supplier<ReferredNames> referred,
            FilestoreIndex.PartRef part,
            Optional<Base> base,
            Progress progress) {
        this.root = root;
        this.asked = referred;
        this.part = part;
        this.base = base;
        this.threads = Workers.count(BYTES_OF_A_THREAD);
        this.progress = progress;
    }

    /**
     * Archives.
     *
     * @param archive receives the tar in zstd
     * @param index receives the index
     * @throws FaultException FILESTORE_MISSING, FILESTORE_UNREADABLE, FILESTORE_READ_FAILED
     */
    public Result archive(OutputStream archive, OutputStream index) {
        if (!Files.isDirectory(root)) {
            throw Fault.of(
                            FaultCode.FILESTORE_MISSING,
                            "the filestore " + root + " is not there",
                            "Set 'filestore' of the environment, or data_dir in its odoo.conf.")
                    .toException();
        }
        var jobs = new ArrayBlockingQueue<ArchiveJob>(2 * threads + 1);
        try (var known = base.map(KnownFiles::new).orElseGet(KnownFiles::none);
                ExecutorService workers = Executors.newFixedThreadPool(
                        threads,
                        Thread.ofPlatform().daemon().name("archive-", 1).factory())) {
            var scan = new FilestoreScan(root, known, open, jobs, job -> workers.submit(() -> perform(job)));
            Thread scanning = Thread.ofPlatform().daemon().name("scan").start(scan);
            try {
                ask();
                return write(jobs, archive, index, scan, known.partsWith(part));
            } catch (IOException e) {
                throw readFailed(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw Fault.of(FaultCode.CANCELLED, "archiving the filestore was ended", "Start the run again.")
                        .toException(e);
            } finally {
                scanning.interrupt();
                workers.shutdownNow();
                join(scanning);
            }
        } finally {
            open.forEach(PinnedFolder::close);
        }
    }

    /** A job that wants to know waits until this has ended, one way or the other. */
    private void ask() {
        try {
            referred.complete(asked.get());
        } catch (RuntimeException | Error e) {
            referred.completeExceptionally(e);
            throw e;
        }
    }

    /** The scan reads what its caller is about to close. */
    private static void join(Thread scanning) {
        boolean interrupted = false;
        while (scanning.isAlive()) {
            try {
                scanning.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private Result write(
            BlockingQueue<ArchiveJob> jobs,
            OutputStream archive,
            OutputStream index,
            FilestoreScan scan,
            List<FilestoreIndex.PartRef> parts)
            throws IOException, InterruptedException {
        var damaged = new ArrayList<String>();
        var exchanged = new ArrayList<String>();
        long inFlight = 0;
        long at = 0;
        int own = parts.size() - 1;
        long[] files = new long[parts.size()];
        long[] bytes = new long[parts.size()];
        FilestoreIndex.Summary summary;
        try (var entries = new FilestoreIndex.Writer(index, parts)) {
            for (ArchiveJob job = jobs.take(); job != ArchiveJob.END; job = jobs.take()) {
                long begin = at;
                for (ArchiveJob.Frame frame = job.frames.take(); frame.length > 0; frame = job.frames.take()) {
                    archive.write(frame.bytes, 0, frame.length);
                    at += frame.length;
                    buffers.giveBack(frame.bytes);
                }
                finished(job.worker);
                for (IndexEntry.Folder folder : job.folders) {
                    entries.add(folder);
                }
                int next = 0;
                for (ArchiveJob.Archived archived : job.archived) {
                    next = carry(job.carried, next, Optional.of(archived.entry().path()), entries, files, bytes);
                    IndexEntry.File entry = archived.entry().placed(own, begin);
                    enter(entry, entries, files, bytes);
                    if (archived.damaged()) {
                        damaged.add(entry.path());
                    }
                }
                carry(job.carried, next, Optional.empty(), entries, files, bytes);
                progress.advance(0, job.carried.size());
                inFlight += job.inFlight;
                exchanged.addAll(job.exchanged);
            }
            finished(scan.failure());
            archive.write(TarFrames.end());
            summary = entries.finish(parts);
        }
        exchanged.addAll(scan.passedOver());
        var uses = new ArrayList<PartUse>();
        for (int i = 0; i < parts.size(); i++) {
            if (files[i] > 0 || i == own) {
                uses.add(new PartUse(parts.get(i), files[i], bytes[i]));
            }
        }
        return new Result(
                summary, List.copyOf(uses), referred.join().unseen(), damaged, inFlight, List.copyOf(exchanged));
    }

    /** Enters what the base holds, up to a path or to the end; gives where it stopped. */
    private int carry(
            List<IndexEntry.File> carried,
            int from,
            Optional<String> before,
            FilestoreIndex.Writer entries,
            long[] files,
            long[] bytes)
            throws IOException {
        int next = from;
        while (next < carried.size()
                && (before.isEmpty() || Names.compare(carried.get(next).path(), before.get()) < 0)) {
            enter(carried.get(next), entries, files, bytes);
            next++;
        }
        return next;
    }

    private void enter(IndexEntry.File entry, FilestoreIndex.Writer entries, long[] files, long[] bytes)
            throws IOException {
        entries.add(entry);
        referred.join().markSeen(entry.path());
        files[entry.part()]++;
        bytes[entry.part()] += entry.size();
    }

    private static void finished(Future<?> worker) throws InterruptedException {
        try {
            worker.get();
        } catch (java.util.concurrent.ExecutionException e) {
            finished(e.getCause());
        }
    }

    private static void finished(Throwable failure) {
        switch (failure) {
            case null -> {
                // It went well.
            }
            case FaultException fault -> throw fault;
            case UncheckedIOException io -> throw readFailed(io.getCause());
            case IOException io -> throw readFailed(io);
            case RuntimeException unexpected -> throw unexpected;
            case Error error -> throw error;
            case Throwable other -> throw new IllegalStateException(other);
        }
    }

    private static FaultException readFailed(IOException e) {
        return Fault.of(
                        FaultCode.FILESTORE_READ_FAILED,
                        "the filestore could not be read: " + e.getMessage(),
                        "Look at the disk that holds the filestore, then start the backup again.")
                .toException(e);
    }

    static FaultException unreadable(Path path, IOException cause) {
        return Fault.of(
                        FaultCode.FILESTORE_UNREADABLE,
                        path + " of the filestore may not be read by this user",
                        "Run Lifeboat as Odoo's user or as root; see who owns that path.")
                .toException(cause);
    }

    private void perform(ArchiveJob job) {
        try (var tar = new TarFrames(job.frames, buffers)) {
            for (IndexEntry.Folder folder : job.folders) {
                tar.folder(folder);
            }
            for (ArchiveJob.Item item : job.items) {
                try {
                    file(job, item, tar);
                } finally {
                    item.folder().release();
                }
            }
            tar.emit();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            // The writer must never wait for a job that has failed: it sees the end, and then the failure.
            try {
                job.frames.put(ArchiveJob.Frame.END);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void file(ArchiveJob job, ArchiveJob.Item item, TarFrames tar) throws InterruptedException {
        try {
            Optional<ArchiveJob.Archived> archived =
                    TarFrames.isLarge(item) ? largeFile(item, tar) : smallFile(item, tar);
            archived.ifPresentOrElse(job.archived::add, () -> job.inFlight++);
        } catch (NoSuchFileException e) {
            // Deleted since the scan. Where the database refers to it, it will be found missing.
        } catch (java.nio.file.AccessDeniedException e) {
            throw unreadable(item.file(), e);
        } catch (IOException e) {
            if (Files.isSymbolicLink(item.file())) {
                job.exchanged.add(item.path() + FilestoreScan.EXCHANGED);
                return;
            }
            throw new UncheckedIOException(new IOException(item.file() + ": " + e.getMessage(), e));
        }
        SystemCalls.forgetPages(item.file());
        progress.advance(item.size(), 1);
    }

    private Optional<ArchiveJob.Archived> smallFile(ArchiveJob.Item item, TarFrames tar) throws IOException {
        TarFrames.Content content = tar.read(item);
        boolean wrong = isWrong(item, content.sha1());
        if (wrong && !referred.join().contains(item.path())) {
            return Optional.empty();
        }
        long offset = tar.keep(item, content);
        return Optional.of(new ArchiveJob.Archived(entry(item, content.length(), content.sha1(), offset), wrong));
    }

    private Optional<ArchiveJob.Archived> largeFile(ArchiveJob.Item item, TarFrames tar)
            throws IOException, InterruptedException {
        boolean mayBeInFlight =
                Names.isContentAddressed(item.path()) && !referred.join().contains(item.path());
        if (mayBeInFlight && isWrong(item, sha1Of(item))) {
            return Optional.empty();
        }
        TarFrames.Large copied = tar.copy(item);
        return Optional.of(new ArchiveJob.Archived(
                entry(item, item.size(), copied.sha1(), copied.offset()),
                copied.cut() || isWrong(item, copied.sha1())));
    }

    private static boolean isWrong(ArchiveJob.Item item, String sha1) {
        return Names.isContentAddressed(item.path()) && !sha1.equals(Names.sha1Of(item.path()));
    }

    private static String sha1Of(ArchiveJob.Item item) throws IOException {
        try (InputStream in = item.open()) {
            return Hashes.sha1(in);
        }
    }

    private static IndexEntry.File entry(ArchiveJob.Item item, long size, String sha1, long offset) {
        return new IndexEntry.File(item.path(), item.mode(), item.modified(), size, sha1, 0, 0, offset);
    }
}
