package dev.lifeboat.filestore;

import dev.lifeboat.digest.Hashes;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.linux.SystemCalls;
import dev.lifeboat.process.ChildProcess;
import dev.lifeboat.progress.Progress;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Builds a filestore in a new folder: what the present one already holds under the name of its content is verified and
 * linked, only the rest is fetched. A linked file is never written, nor are its mode or owner changed. The index is the
 * authority: nothing is written that it does not name, and no byte beyond the sizes that it gives.
 *
 * <p>The folder is Lifeboat's own and closed to everybody else until it is finished: whoever may write there meanwhile, as
 * Odoo's user might, could put links into it that lead what is written elsewhere. The folder above may be theirs, so the new
 * one is worked in through a handle, not by its name.
 */
public final class FilestoreRestorer {
    private static final int BATCH_FILES = 256;
    private static final long BATCH_BYTES = 16L * 1024 * 1024;
    private static final int BUFFER = 64 * 1024;
    /** What a thread that fetches holds: what is read ahead of a part that comes from a bucket. */
    private static final long BYTES_OF_A_THREAD = 12L * 1024 * 1024;

    private static final int OWNER_ONLY = 0700;
    private static final FileAttribute<Set<PosixFilePermission>> OWN =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    private static final Duration SYNC_LIMIT = Duration.ofMinutes(30);

    private final PartSource parts;
    private final Optional<Path> present;
    private final Path target;
    private Path inside;
    private final Owner owner;
    private final int threads = Workers.reading();
    private final Semaphore fetching = new Semaphore(Workers.count(BYTES_OF_A_THREAD));
    private final Progress progress;
    private final Set<Path> made = ConcurrentHashMap.newKeySet();
    private final AtomicLong linked = new AtomicLong();
    private final AtomicLong extracted = new AtomicLong();
    private final AtomicLong extractedBytes = new AtomicLong();

    /** Who shall own the restored files, as numbers. */
    public record Owner(int uid, int gid) {
        /** The owner of a path that exists. */
        public static Owner of(Path path) throws IOException {
            Map<String, Object> ids = Files.readAttributes(path, "unix:uid,gid");
            return new Owner((int) ids.get("uid"), (int) ids.get("gid"));
        }
    }

    /**
     * What was built.
     *
     * @param summary as the index says it, proved by the files written
     * @param linked files that were there already
     * @param extracted files that were fetched
     * @param extractedBytes their bytes
     */
    public record Result(FilestoreIndex.Summary summary, long linked, long extracted, long extractedBytes) {}

    /**
     * A restorer.
     *
     * @param parts where the content comes from
     * @param present the filestore that is there now; empty: there is none
     * @param target the folder to build; must not exist, and lie beside {@code present}
     * @param owner who shall own the files
     * @param progress told files and bytes as they are in place
     */
    public FilestoreRestorer(PartSource parts, Optional<Path> present, Path target, Owner owner, Progress progress) {
        this.parts = parts;
        this.present = present;
        this.target = target;
        this.inside = target;
        this.owner = owner;
        this.progress = progress;
    }

    /**
     * Builds the folder; where that fails, what was built is removed again and the present filestore is as it was.
     *
     * @param index the bytes of the index
     * @throws FaultException ARTIFACT_DAMAGED, EXTRACT_FAILED, DISK_SPACE_LOW
     */
    public Result restore(InputStream index) {
        boolean built = false;
        boolean begun = false;
        try {
            Files.createDirectories(target.getParent());
            Files.createDirectory(target, OWN);
            begun = true;
            try (SystemCalls.OpenFolder opened = SystemCalls.openFolder(target)) {
                requireOwn(opened.path());
                inside = opened.path();
                FilestoreIndex.Summary summary = build(index);
                sync();
                give(opened.path());
                built = true;
                return new Result(summary, linked.get(), extracted.get(), extractedBytes.get());
            }
        } catch (IOException e) {
            throw failed(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Fault.of(FaultCode.CANCELLED, "restoring the filestore was ended", "Start the restore again.")
                    .toException(e);
        } finally {
            if (begun && !built) {
                Trees.removeQuietly(target);
            }
        }
    }

    /** Between its making and its opening, somebody could have put another in the folder's place. */
    private static void requireOwn(Path folder) throws IOException {
        Map<String, Object> is = Files.readAttributes(folder, "unix:uid,mode");
        if (!is.get("uid").equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"))
                || ((int) is.get("mode") & FilestoreIndex.PERMISSIONS & ~OWNER_ONLY) != 0) {
            throw new IOException("the new folder was exchanged for another one");
        }
    }

    /** Last of all the folder is given to who shall own it, with the mode of the present one, or of the folder above. */
    private void give(Path folder) throws IOException {
        Path like = present.filter(Files::isDirectory).orElse(target.getParent());
        int mode = (int) Files.getAttribute(like, "unix:mode") & FilestoreIndex.PERMISSIONS;
        Path itself = folder.resolve(".");
        own(itself);
        Trees.setMode(itself, mode);
    }

    private FilestoreIndex.Summary build(InputStream index) throws IOException, InterruptedException {
        var folders = new ArrayList<IndexEntry.Folder>();
        try (ExecutorService workers = Executors.newFixedThreadPool(
                threads, Thread.ofPlatform().daemon().name("filestore-", 1).factory())) {
            var batches = new Batches(workers);
            try {
                // The parts are the first lines of an index, so they are known before the first file.
                var partList = new ArrayList<FilestoreIndex.PartRef>();
                FilestoreIndex.Summary summary = FilestoreIndex.read(index, partList::add, entry -> {
                    switch (entry) {
                        case IndexEntry.Folder folder -> {
                            create(folder);
                            folders.add(folder);
                        }
                        case IndexEntry.File file -> batches.add(file, partList);
                    }
                });
                batches.finish(partList);
                for (IndexEntry.Folder folder : folders.reversed()) {
                    Path path = inside.resolve(folder.path());
                    Trees.setMode(path, folder.mode());
                    own(path);
                }
                return summary;
            } finally {
                workers.shutdownNow();
            }
        }
    }

    private void create(IndexEntry.Folder folder) {
        try {
            Files.createDirectories(inside.resolve(folder.path()));
        } catch (IOException e) {
            throw failed(e);
        }
    }

    /** Cuts the files into batches and keeps as many under way as there are threads, and a few. */
    private final class Batches {
        private final ExecutorService workers;
        private final List<Future<?>> running = new ArrayList<>();
        private List<IndexEntry.File> batch = new ArrayList<>();
        private long bytes;

        Batches(ExecutorService workers) {
            this.workers = workers;
        }

        void add(IndexEntry.File file, List<FilestoreIndex.PartRef> partList) {
            batch.add(file);
            bytes += file.size();
            if (batch.size() == BATCH_FILES || bytes > BATCH_BYTES) {
                submit(partList);
            }
        }

        private void submit(List<FilestoreIndex.PartRef> partList) {
            List<IndexEntry.File> files = batch;
            List<FilestoreIndex.PartRef> known = List.copyOf(partList);
            batch = new ArrayList<>();
            bytes = 0;
            running.add(workers.submit(() -> {
                place(files, known);
                return null;
            }));
            if (running.size() > 2 * threads) {
                await(running.removeFirst());
            }
        }

        void finish(List<FilestoreIndex.PartRef> partList) {
            submit(partList);
            running.forEach(this::await);
        }

        private void await(Future<?> future) {
            try {
                future.get();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw Fault.of(FaultCode.CANCELLED, "restoring the filestore was ended", "Start the restore again.")
                        .toException(e);
            } catch (ExecutionException e) {
                switch (e.getCause()) {
                    case FaultException fault -> throw fault;
                    case IOException io -> throw failed(io);
                    case Throwable other -> throw new IllegalStateException(other);
                }
            }
        }
    }

    private void place(List<IndexEntry.File> files, List<FilestoreIndex.PartRef> known)
            throws IOException, InterruptedException {
        var wanted = new ArrayList<IndexEntry.File>();
        for (IndexEntry.File file : files) {
            if (link(file)) {
                linked.incrementAndGet();
                progress.advance(file.size(), 1);
            } else {
                wanted.add(file);
            }
        }
        if (wanted.isEmpty()) {
            return;
        }
        fetching.acquire();
        try {
            fetch(wanted, known);
        } finally {
            fetching.release();
        }
    }

    private void fetch(List<IndexEntry.File> wanted, List<FilestoreIndex.PartRef> known) throws IOException {
        byte[] buffer = new byte[BUFFER];
        MessageDigest sha1 = Hashes.sha1();
        try (var reader = new ContentReader(parts, known)) {
            for (IndexEntry.File file : wanted) {
                extract(file, reader, sha1, buffer);
                extracted.incrementAndGet();
                extractedBytes.addAndGet(file.size());
                progress.advance(file.size(), 1);
            }
        }
    }

    /** Of the many files of a folder only the first looks whether it is there. */
    private void makeFolder(Path folder) throws IOException {
        if (!made.contains(folder)) {
            Files.createDirectories(folder);
            made.add(folder);
        }
    }

    /** Links a file of the present filestore where it is exactly the one that is wanted. */
    private boolean link(IndexEntry.File file) {
        if (present.isEmpty() || !Names.isContentAddressed(file.path()) || file.isDamaged()) {
            return false;
        }
        Path there = present.get().resolve(file.path());
        try {
            Map<String, Object> attributes =
                    Files.readAttributes(there, "unix:mode,uid,gid,size", LinkOption.NOFOLLOW_LINKS);
            boolean fits = (int) attributes.get("mode") == (0100000 | file.mode())
                    && (int) attributes.get("uid") == owner.uid()
                    && (int) attributes.get("gid") == owner.gid()
                    && (long) attributes.get("size") == file.size();
            if (!fits) {
                return false;
            }
            if (!Trees.sha1(there).equals(file.sha1())) {
                return false;
            }
            Path here = inside.resolve(file.path());
            makeFolder(here.getParent());
            Files.createLink(here, there);
            return true;
        } catch (UnsupportedOperationException | IOException e) {
            // Not there, not readable (a restore is wanted when a disk dies), a file system without links, or
            // a file that has as many as it may: it is fetched instead. What is wrong with the target shows then.
            return false;
        }
    }

    private void extract(IndexEntry.File file, ContentReader reader, MessageDigest sha1, byte[] buffer)
            throws IOException {
        Path path = inside.resolve(file.path());
        makeFolder(path.getParent());
        InputStream content = reader.at(file);
        try (OutputStream out = Files.newOutputStream(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (long left = file.size(); left > 0; ) {
                int n;
                try {
                    n = content.read(buffer, 0, (int) Math.min(left, buffer.length));
                } catch (IOException e) {
                    throw ContentReader.damaged(file, e);
                }
                if (n < 0) {
                    throw ContentReader.damaged(file, null);
                }
                sha1.update(buffer, 0, n);
                out.write(buffer, 0, n);
                left -= n;
            }
        }
        reader.advanced(file.size());
        if (!HexFormat.of().formatHex(sha1.digest()).equals(file.sha1())) {
            throw ContentReader.damaged(file, null);
        }
        Trees.setMode(path, file.mode());
        own(path);
        Files.setLastModifiedTime(path, FileTime.fromMillis(file.modified() * 1000));
    }

    private void own(Path path) throws IOException {
        Map<String, Object> is = Files.readAttributes(path, "unix:uid,gid", LinkOption.NOFOLLOW_LINKS);
        if (!is.get("gid").equals(owner.gid())) {
            Files.setAttribute(path, "unix:gid", owner.gid(), LinkOption.NOFOLLOW_LINKS);
        }
        if (!is.get("uid").equals(owner.uid())) {
            Files.setAttribute(path, "unix:uid", owner.uid(), LinkOption.NOFOLLOW_LINKS);
        }
    }

    /** Makes everything durable in one go: one call for the file system instead of one for each of many thousand files. */
    private void sync() throws IOException {
        ChildProcess.Result result = ChildProcess.run(
                ChildProcess.Spec.of("sync", "-f", target.toAbsolutePath().toString()), SYNC_LIMIT);
        if (!result.succeeded()) {
            throw new IOException("sync: " + result.errors());
        }
    }

    private FaultException failed(IOException e) {
        boolean full = String.valueOf(e.getMessage()).contains("No space left");
        return Fault.of(
                        full ? FaultCode.DISK_SPACE_LOW : FaultCode.EXTRACT_FAILED,
                        "the filestore could not be built in " + target + ": " + e.getMessage()
                                + "; the present filestore is as it was",
                        full
                                ? "Free some room on that volume, then restore again."
                                : "Look at that volume, then restore again.")
                .toException(e);
    }
}
