package dev.lifeboat.filestore;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import dev.lifeboat.digest.Hashes;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.linux.SystemCalls;
import dev.lifeboat.progress.Progress;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/**
 * Archives a filestore in one pass: reading, hashing and compressing go on in twice as many threads as there are processors (some wait for the disk),
 * writing keeps the order. The archive is a tar in zstd that {@code tar -I zstd -xf filestore.tar.zst -C <data_dir>/filestore/<database>}
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
    private static final int FRAME_BYTES = 2 * 1024 * 1024;
    private static final int BLOCK = 512;
    private static final int END_BLOCKS = 2 * BLOCK;
    private static final int FILES_IN_FRAME = 512;
    /** A frame as it is read, as it is compressed, and the one that waits. */
    private static final long BYTES_OF_A_THREAD = 3L * FRAME_BYTES;

    /** So many folders are open for one job at most: a process may open no more than some thousand files. */
    private static final int FOLDERS_IN_JOB = 32;

    private static final String EXCHANGED = ": it was exchanged for a link while it was looked at";
    private static final int SAMPLE = 64 * 1024;
    /** Of incompressible bytes the sample keeps nearly all; then the cheapest level is as good as any. */
    private static final double INCOMPRESSIBLE = 0.97;

    private static final int CHEAPEST_LEVEL = -7;
    private static final int LEVEL = 1;
    private static final int FRAMES_WAITING = 1;
    private static final int SHORT_NAME = 100;
    private static final int CARRIED_IN_JOB = 4096;

    private final Path root;
    private final ReferredNames referred;
    private final FilestoreIndex.PartRef part;
    private final Optional<Base> base;
    private final int threads;
    private final Progress progress;
    private final Set<PinnedFolder> open = ConcurrentHashMap.newKeySet();
    private final ConcurrentLinkedDeque<byte[]> buffers = new ConcurrentLinkedDeque<>();

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
     * @param referred the names that the database refers to
     * @param part how the index names the archive
     * @param base what need not be archived again; empty: every file is archived
     * @param progress told files and bytes as they are read
     */
    public FilestoreArchiver(
            Path root, ReferredNames referred, FilestoreIndex.PartRef part, Optional<Base> base, Progress progress) {
        this.root = root;
        this.referred = referred;
        this.part = part;
        this.base = base;
        this.threads = Workers.count(BYTES_OF_A_THREAD);
        this.progress = progress;
    }

    /** A file as the scan saw it. */
    private record Item(
            PinnedFolder folder, Path file, String path, int mode, long uid, long gid, long modified, long size) {
        InputStream open() throws IOException {
            return folder.open(file.getFileName());
        }
    }

    /** A finished frame: the first {@code length} bytes. One without bytes ends a job. */
    private static final class Frame {
        private static final Frame END = new Frame(new byte[0], 0);

        private final byte[] bytes;
        private final int length;

        Frame(byte[] bytes, int length) {
            this.bytes = bytes;
            this.length = length;
        }
    }

    /** A file that was read; {@code entry} counts its offset from the beginning of its job. */
    private record Archived(IndexEntry.File entry, boolean damaged) {}

    /**
     * Work for one thread: folders, and files that share a frame or one large file. Its frames come out in order; {@code
     * archived} is complete when they have ended. What the base holds lies between them and costs nothing.
     */
    private static final class Job {
        private final List<Item> items;
        private final List<IndexEntry.Folder> folders;
        private final List<IndexEntry.File> carried;
        private final BlockingQueue<Frame> frames = new ArrayBlockingQueue<>(FRAMES_WAITING);
        private final List<Archived> archived = new ArrayList<>();
        private final List<String> exchanged = new ArrayList<>();
        private int inFlight;
        private Future<?> worker;

        Job(List<Item> items, List<IndexEntry.Folder> folders, List<IndexEntry.File> carried) {
            this.items = items;
            this.folders = folders;
            this.carried = carried;
        }

        boolean hasWork() {
            return !items.isEmpty() || !folders.isEmpty();
        }
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
        var jobs = new ArrayBlockingQueue<Job>(2 * threads + 1);
        try (var known = base.map(KnownFiles::new).orElseGet(KnownFiles::none);
                ExecutorService workers = Executors.newFixedThreadPool(
                        threads,
                        Thread.ofPlatform().daemon().name("archive-", 1).factory())) {
            var scanner = new Scanner(jobs, known, workers);
            Thread scan = Thread.ofPlatform().daemon().name("scan").start(scanner);
            try {
                return write(jobs, archive, index, scanner, known.partsWith(part));
            } catch (IOException e) {
                throw readFailed(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw Fault.of(FaultCode.CANCELLED, "archiving the filestore was ended", "Start the run again.")
                        .toException(e);
            } finally {
                scan.interrupt();
                workers.shutdownNow();
                join(scan);
            }
        } finally {
            open.forEach(PinnedFolder::close);
        }
    }

    /** The scan reads what its caller is about to close. */
    private static void join(Thread scan) {
        boolean interrupted = false;
        while (scan.isAlive()) {
            try {
                scan.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private Result write(
            BlockingQueue<Job> jobs,
            OutputStream archive,
            OutputStream index,
            Scanner scanner,
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
            for (Job job = jobs.take(); job != Scanner.END; job = jobs.take()) {
                long begin = at;
                for (Frame frame = job.frames.take(); frame.length > 0; frame = job.frames.take()) {
                    archive.write(frame.bytes, 0, frame.length);
                    at += frame.length;
                    buffers.push(frame.bytes);
                }
                finished(job.worker);
                for (IndexEntry.Folder folder : job.folders) {
                    entries.add(folder);
                }
                int next = 0;
                for (Archived archived : job.archived) {
                    next = carry(job.carried, next, Optional.of(archived.entry.path()), entries, files, bytes);
                    IndexEntry.File entry = placed(archived.entry, own, begin);
                    enter(entry, entries, files, bytes);
                    if (archived.damaged) {
                        damaged.add(entry.path());
                    }
                }
                carry(job.carried, next, Optional.empty(), entries, files, bytes);
                progress.advance(0, job.carried.size());
                inFlight += job.inFlight;
                exchanged.addAll(job.exchanged);
            }
            finished(scanner.failure);
            byte[] end = Zstd.compress(new byte[END_BLOCKS], LEVEL);
            archive.write(end);
            summary = entries.finish(parts);
        }
        exchanged.addAll(scanner.passedOver);
        var uses = new ArrayList<PartUse>();
        for (int i = 0; i < parts.size(); i++) {
            if (files[i] > 0 || i == own) {
                uses.add(new PartUse(parts.get(i), files[i], bytes[i]));
            }
        }
        return new Result(summary, List.copyOf(uses), referred.unseen(), damaged, inFlight, List.copyOf(exchanged));
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
        referred.markSeen(entry.path());
        files[entry.part()]++;
        bytes[entry.part()] += entry.size();
    }

    private static IndexEntry.File placed(IndexEntry.File file, int part, long frame) {
        return new IndexEntry.File(
                file.path(), file.mode(), file.modified(), file.size(), file.sha1(), part, frame, file.offset());
    }

    /** The files of the base, asked for in byte order, while its index is read once. */
    private static final class KnownFiles implements AutoCloseable {
        private final Optional<FilestoreIndex.Reader> index;
        private final List<FilestoreIndex.PartRef> usable;
        private final List<Integer> numbers = new ArrayList<>();
        private IndexEntry.File next;

        private KnownFiles(Optional<FilestoreIndex.Reader> index, List<FilestoreIndex.PartRef> usable) {
            this.index = index;
            this.usable = usable;
        }

        KnownFiles(Base base) {
            this.usable = base.parts();
            this.index =
                    Optional.of(new FilestoreIndex.Reader(base.index(), part -> numbers.add(usable.indexOf(part))));
            advance();
        }

        static KnownFiles none() {
            return new KnownFiles(Optional.empty(), List.of());
        }

        /** The parts of an index: those that can be referred to, and the own one. */
        List<FilestoreIndex.PartRef> partsWith(FilestoreIndex.PartRef own) {
            var parts = new ArrayList<>(usable);
            parts.add(own);
            return List.copyOf(parts);
        }

        /** A content-addressed file as the base holds it; null where it does not. Paths come in ascending order. */
        IndexEntry.File find(String path) {
            while (next != null && Names.compare(next.path(), path) < 0) {
                advance();
            }
            if (next == null || !next.path().equals(path) || next.isDamaged() || numbers.get(next.part()) < 0) {
                return null;
            }
            return placed(next, numbers.get(next.part()), next.frame());
        }

        private void advance() {
            IndexEntry entry = index.map(FilestoreIndex.Reader::next).orElse(null);
            while (entry instanceof IndexEntry.Folder) {
                entry = index.orElseThrow().next();
            }
            next = (IndexEntry.File) entry;
        }

        @Override
        public void close() {
            index.ifPresent(FilestoreIndex.Reader::close);
        }
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

    /** Walks the tree in byte order and cuts it into jobs. */
    private final class Scanner implements Runnable {
        static final Job END = new Job(List.of(), List.of(), List.of());

        private final BlockingQueue<Job> jobs;
        private final KnownFiles known;
        private final ExecutorService workers;
        private final List<String> passedOver = new ArrayList<>();
        private volatile Throwable failure;
        private List<Item> batch = new ArrayList<>();
        private List<IndexEntry.Folder> folders = new ArrayList<>();
        private List<IndexEntry.File> carried = new ArrayList<>();
        private long batchBytes;
        private PinnedFolder lastOfBatch;
        private int foldersOfBatch;

        Scanner(BlockingQueue<Job> jobs, KnownFiles known, ExecutorService workers) {
            this.jobs = jobs;
            this.known = known;
            this.workers = workers;
        }

        @Override
        public void run() {
            try {
                PinnedFolder top = PinnedFolder.open(root, open);
                try {
                    folder(top, root, "");
                } finally {
                    top.release();
                }
                flush();
            } catch (java.nio.file.AccessDeniedException e) {
                failure = unreadable(e.getFile() == null ? root : Path.of(e.getFile()), e);
            } catch (IOException | DirectoryIteratorException | FaultException | UncheckedIOException e) {
                failure = e instanceof DirectoryIteratorException iteration ? iteration.getCause() : e;
            } catch (InterruptedException e) {
                return;
            }
            try {
                jobs.put(END);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        /** One name of a folder; {@code attributes} are null where the name says all. */
        private record Child(String name, Map<String, Object> attributes, String order) {}

        /** Lists an open folder, and goes on with what is in it; {@code path} is only what the folder is called. */
        private void folder(PinnedFolder folder, Path path, String prefix) throws IOException, InterruptedException {
            var children = new ArrayList<Child>();
            for (Path listed : folder.listing()) {
                String name = listed.getFileName().toString();
                if (name.indexOf('\uFFFD') >= 0) {
                    passedOver.add(prefix + name + ": its name is no text");
                } else if (Names.isContentAddressed(prefix + name)) {
                    children.add(new Child(name, null, name));
                } else {
                    look(path.resolve(name))
                            .ifPresent(attributes -> children.add(
                                    new Child(name, attributes, type(attributes) == FOLDER ? name + "/" : name)));
                }
            }
            children.sort((a, b) -> Names.compare(a.order, b.order));
            for (Child child : children) {
                child(folder, path.resolve(child.name), prefix + child.name, child.attributes);
            }
        }

        /** Opens a folder within the one above; one that is a link by now is passed over. */
        private void within(PinnedFolder above, Path file, String path) throws IOException, InterruptedException {
            PinnedFolder folder;
            try {
                folder = above.within(file.getFileName());
            } catch (java.nio.file.AccessDeniedException e) {
                throw unreadable(file, e);
            } catch (NoSuchFileException e) {
                return;
            } catch (FileSystemException e) {
                if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
                    throw e;
                }
                passedOver.add(path + EXCHANGED);
                return;
            }
            try {
                folder(folder, file, path + "/");
            } finally {
                folder.release();
            }
        }

        private void child(PinnedFolder above, Path file, String path, Map<String, Object> attributes)
                throws IOException, InterruptedException {
            if (attributes == null) {
                IndexEntry.File held = known.find(path);
                if (held != null) {
                    carry(held);
                    return;
                }
                Optional<Map<String, Object>> looked = look(file);
                if (looked.isPresent() && type(looked.get()) == REGULAR) {
                    add(above, file, path, looked.get());
                } else if (looked.isPresent()) {
                    passedOver.add(path + ": it has the name of a content, and is no regular file");
                }
                return;
            }
            switch (type(attributes)) {
                case FOLDER -> {
                    if (folders.size() == FILES_IN_FRAME) {
                        flush();
                    }
                    folders.add(new IndexEntry.Folder(path, (int) attributes.get("mode") & FilestoreIndex.PERMISSIONS));
                    within(above, file, path);
                }
                case REGULAR -> add(above, file, path, attributes);
                default -> passedOver.add(path + ": neither a regular file nor a folder");
            }
        }

        /** Empty where it is gone since the listing: nobody refers to it, or it will be found missing. */
        private static Optional<Map<String, Object>> look(Path path) throws IOException {
            try {
                return Optional.of(Files.readAttributes(
                        path, "unix:mode,uid,gid,size,lastModifiedTime", LinkOption.NOFOLLOW_LINKS));
            } catch (NoSuchFileException e) {
                return Optional.empty();
            }
        }

        private static final int FOLDER = 0040000;
        private static final int REGULAR = 0100000;
        private static final int TYPE = 0170000;

        private static int type(Map<String, Object> attributes) {
            return (int) attributes.get("mode") & TYPE;
        }

        private void carry(IndexEntry.File held) throws InterruptedException {
            if (carried.size() == CARRIED_IN_JOB) {
                flush();
            }
            carried.add(held);
        }

        private void add(PinnedFolder folder, Path file, String path, Map<String, Object> attributes)
                throws InterruptedException {
            if (folder != lastOfBatch) {
                if (foldersOfBatch == FOLDERS_IN_JOB) {
                    flush();
                }
                lastOfBatch = folder;
                foldersOfBatch++;
            }
            var item = new Item(
                    folder,
                    file,
                    path,
                    (int) attributes.get("mode") & FilestoreIndex.PERMISSIONS,
                    (int) attributes.get("uid"),
                    (int) attributes.get("gid"),
                    ((FileTime) attributes.get("lastModifiedTime")).toMillis() / 1000,
                    (long) attributes.get("size"));
            long room = 2L * BLOCK + item.size + BLOCK;
            if (batchBytes + room > FRAME_BYTES || batch.size() == FILES_IN_FRAME) {
                flush();
                lastOfBatch = folder;
                foldersOfBatch = 1;
            }
            folder.use();
            batch.add(item);
            batchBytes += room;
            if (batchBytes > FRAME_BYTES) {
                flush();
            }
        }

        private void flush() throws InterruptedException {
            if (batch.isEmpty() && folders.isEmpty() && carried.isEmpty()) {
                return;
            }
            var job = new Job(batch, folders, carried);
            batch = new ArrayList<>();
            folders = new ArrayList<>();
            carried = new ArrayList<>();
            batchBytes = 0;
            lastOfBatch = null;
            foldersOfBatch = 0;
            if (job.hasWork()) {
                job.worker = workers.submit(() -> perform(job));
            } else {
                job.worker = CompletableFuture.completedFuture(null);
                job.frames.add(Frame.END);
            }
            jobs.put(job);
        }
    }

    private static FaultException unreadable(Path path, IOException cause) {
        return Fault.of(
                        FaultCode.FILESTORE_UNREADABLE,
                        path + " of the filestore may not be read by this user",
                        "Run Lifeboat as Odoo's user or as root; see who owns that path.")
                .toException(cause);
    }

    private void perform(Job job) {
        try (var tar = new FrameMaker(job.frames)) {
            for (IndexEntry.Folder folder : job.folders) {
                tar.folder(folder);
            }
            for (Item item : job.items) {
                try {
                    file(job, item, tar);
                } finally {
                    item.folder.release();
                }
            }
            tar.emit();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            // The writer must never wait for a job that has failed: it sees the end, and then the failure.
            try {
                job.frames.put(Frame.END);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void file(Job job, Item item, FrameMaker tar) throws InterruptedException {
        boolean large = item.size > FRAME_BYTES - 4L * BLOCK;
        try {
            Optional<Archived> archived = large ? largeFile(item, tar) : smallFile(item, tar);
            archived.ifPresentOrElse(job.archived::add, () -> job.inFlight++);
        } catch (NoSuchFileException e) {
            // Deleted since the scan. Where the database refers to it, it will be found missing.
        } catch (java.nio.file.AccessDeniedException e) {
            throw unreadable(item.file, e);
        } catch (IOException e) {
            if (Files.isSymbolicLink(item.file)) {
                job.exchanged.add(item.path + EXCHANGED);
                return;
            }
            throw new UncheckedIOException(new IOException(item.file + ": " + e.getMessage(), e));
        }
        SystemCalls.forgetPages(item.file);
        progress.advance(item.size, 1);
    }

    private Optional<Archived> smallFile(Item item, FrameMaker tar) throws IOException {
        int header = tar.headerLength(item);
        int length;
        tar.makeRoomFor(header + (int) item.size);
        try (InputStream in = item.open()) {
            length = in.readNBytes(tar.buffer, tar.filled + header, (int) item.size);
        }
        tar.sha1.update(tar.buffer, tar.filled + header, length);
        String sha1 = HexFormat.of().formatHex(tar.sha1.digest());
        boolean wrong = isWrong(item, sha1);
        if (wrong && !referred.contains(item.path)) {
            return Optional.empty();
        }
        tar.header(item, length);
        long offset = tar.position();
        tar.filled += length;
        tar.pad(length);
        return Optional.of(new Archived(entry(item, length, sha1, offset), wrong));
    }

    /** The tar gets exactly as many bytes as the header says, whatever becomes of the file meanwhile. */
    private Optional<Archived> largeFile(Item item, FrameMaker tar) throws IOException, InterruptedException {
        boolean mayBeInFlight = Names.isContentAddressed(item.path) && !referred.contains(item.path);
        if (mayBeInFlight && isWrong(item, sha1Of(item))) {
            return Optional.empty();
        }
        boolean cut = false;
        try (InputStream in = item.open()) {
            tar.header(item, item.size);
            long offset = tar.position();
            for (long left = item.size; left > 0; ) {
                int want = (int) Math.min(left, FRAME_BYTES - tar.filled);
                int got = in.readNBytes(tar.buffer, tar.filled, want);
                if (got < want) {
                    cut = true;
                    Arrays.fill(tar.buffer, tar.filled + got, tar.filled + want, (byte) 0);
                }
                tar.sha1.update(tar.buffer, tar.filled, want);
                tar.filled += want;
                left -= want;
                if (tar.filled == FRAME_BYTES) {
                    tar.emit();
                }
            }
            tar.pad(item.size);
            String sha1 = HexFormat.of().formatHex(tar.sha1.digest());
            return Optional.of(new Archived(entry(item, item.size, sha1, offset), cut || isWrong(item, sha1)));
        }
    }

    private static boolean isWrong(Item item, String sha1) {
        return Names.isContentAddressed(item.path) && !sha1.equals(Names.sha1Of(item.path));
    }

    private static String sha1Of(Item item) throws IOException {
        MessageDigest digest = Hashes.sha1();
        try (InputStream in = item.open()) {
            byte[] buffer = new byte[SAMPLE];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static IndexEntry.File entry(Item item, long size, String sha1, long offset) {
        return new IndexEntry.File(item.path, item.mode, item.modified, size, sha1, 0, 0, offset);
    }

    /** Builds a job's tar and hands it on in compressed frames. */
    private final class FrameMaker implements AutoCloseable {
        /** Room for what folders need beyond what the scanner reckoned with; the headers of long names get more when they come. */
        private static final int SLACK = FILES_IN_FRAME * BLOCK;

        private final BlockingQueue<Frame> frames;
        private final ZstdCompressCtx zstd = new ZstdCompressCtx().setChecksum(true);
        private final MessageDigest sha1 = Hashes.sha1();
        private byte[] buffer = take(FRAME_BYTES + SLACK);
        private int filled;
        private long emitted;

        FrameMaker(BlockingQueue<Frame> frames) {
            this.frames = frames;
        }

        /** Bytes of tar since the beginning of the job. */
        long position() {
            return emitted + filled;
        }

        void folder(IndexEntry.Folder folder) {
            put(headerOf(new Item(null, root, folder.path() + "/", folder.mode(), 0, 0, 0, 0), 0));
        }

        int headerLength(Item item) {
            return isPlain(item) ? BLOCK : headerOf(item, item.size).length;
        }

        void header(Item item, long size) {
            put(headerOf(item, size));
        }

        private void put(byte[] header) {
            makeRoomFor(header.length);
            System.arraycopy(header, 0, buffer, filled, header.length);
            filled += header.length;
        }

        void makeRoomFor(int more) {
            if (filled + more > buffer.length) {
                buffer = Arrays.copyOf(buffer, filled + more + SLACK);
            }
        }

        void pad(long length) {
            int rest = (int) (length % BLOCK);
            if (rest > 0) {
                makeRoomFor(BLOCK);
                Arrays.fill(buffer, filled, filled + BLOCK - rest, (byte) 0);
                filled += BLOCK - rest;
            }
        }

        /** Compresses what there is as one frame. */
        void emit() throws InterruptedException {
            if (filled == 0) {
                return;
            }
            byte[] compressed = take((int) Zstd.compressBound(filled));
            zstd.setLevel(isCompressible(compressed) ? LEVEL : CHEAPEST_LEVEL);
            int length = zstd.compressByteArray(compressed, 0, compressed.length, buffer, 0, filled);
            frames.put(new Frame(compressed, length));
            emitted += filled;
            filled = 0;
        }

        private boolean isCompressible(byte[] scratch) {
            int length = Math.min(SAMPLE, filled);
            zstd.setLevel(LEVEL);
            int sample = zstd.compressByteArray(scratch, 0, scratch.length, buffer, (filled - length) / 2, length);
            return sample < length * INCOMPRESSIBLE;
        }

        @Override
        public void close() {
            zstd.close();
            buffers.push(buffer);
        }
    }

    private byte[] take(int length) {
        for (byte[] buffer = buffers.poll(); buffer != null; buffer = buffers.poll()) {
            if (buffer.length >= length) {
                return buffer;
            }
        }
        // Long enough for either use, so that nearly every buffer can be used again.
        return new byte[Math.max(length, (int) Zstd.compressBound(FRAME_BYTES + FrameMaker.SLACK))];
    }

    private static boolean isPlain(Item item) {
        return item.path.length() + 2 <= SHORT_NAME
                && item.size < TarConstants.MAXSIZE
                && item.path.chars().allMatch(c -> c > ' ' && c < 127);
    }

    private static byte[] headerOf(Item item, long size) {
        byte type = item.path.endsWith("/") ? TarConstants.LF_DIR : TarConstants.LF_NORMAL;
        var header = new TarArchiveEntry("./" + item.path, type);
        header.setMode(item.mode);
        header.setIds((int) item.uid, (int) item.gid);
        header.setSize(size);
        header.setModTime(FileTime.fromMillis(item.modified * 1000));
        if (isPlain(item)) {
            byte[] block = new byte[BLOCK];
            header.writeEntryHeader(block);
            return block;
        }
        var bytes = new ByteArrayOutputStream();
        try {
            // Not closed: the header alone is wanted, without content and without the end of an archive.
            var tar = new TarArchiveOutputStream(bytes, BLOCK, StandardCharsets.UTF_8.name());
            tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
            tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
            tar.setAddPaxHeadersForNonAsciiNames(true);
            tar.putArchiveEntry(header);
            tar.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }
}
