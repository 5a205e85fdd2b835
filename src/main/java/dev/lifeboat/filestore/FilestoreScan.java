package dev.lifeboat.filestore;

import dev.lifeboat.fault.FaultException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;

/** Walks the tree of a filestore in byte order and cuts it into jobs. */
final class FilestoreScan implements Runnable {
    /** So many folders are open for one job at most: a process may open no more than some thousand files. */
    private static final int FOLDERS_IN_JOB = 32;

    private static final int CARRIED_IN_JOB = 4096;
    static final String EXCHANGED = ": it was exchanged for a link while it was looked at";

    private final Path root;
    private final KnownFiles known;
    private final Set<PinnedFolder> open;
    private final BlockingQueue<ArchiveJob> jobs;
    private final Function<ArchiveJob, Future<?>> start;
    private final List<String> passedOver = new ArrayList<>();
    private volatile Throwable failure;
    private List<ArchiveJob.Item> batch = new ArrayList<>();
    private List<IndexEntry.Folder> folders = new ArrayList<>();
    private List<IndexEntry.File> carried = new ArrayList<>();
    private long batchBytes;
    private PinnedFolder lastOfBatch;
    private int foldersOfBatch;

    /**
     * A scan of one filestore.
     *
     * @param root the folder
     * @param known what need not be archived again, and is not looked at
     * @param open holds the folders that are open
     * @param jobs receives the jobs in order, and {@link ArchiveJob#END} in the end, also where the scan has failed
     * @param start begins a job that has work
     */
    FilestoreScan(
            Path root,
            KnownFiles known,
            Set<PinnedFolder> open,
            BlockingQueue<ArchiveJob> jobs,
            Function<ArchiveJob, Future<?>> start) {
        this.root = root;
        this.known = known;
        this.open = open;
        this.jobs = jobs;
        this.start = start;
    }

    /** Why the scan has ended early; null where it has not. To be asked after its last job. */
    Throwable failure() {
        return failure;
    }

    /** What is no regular file or folder, or has a name that is no text; to be asked after its last job. */
    List<String> passedOver() {
        return passedOver;
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
            failure = FilestoreArchiver.unreadable(e.getFile() == null ? root : Path.of(e.getFile()), e);
        } catch (IOException | DirectoryIteratorException | FaultException | UncheckedIOException e) {
            failure = e instanceof DirectoryIteratorException iteration ? iteration.getCause() : e;
        } catch (InterruptedException | RejectedExecutionException e) {
            // The archive was given up, and nobody takes jobs any more.
            return;
        } catch (RuntimeException | Error e) {
            failure = e;
        }
        try {
            jobs.put(ArchiveJob.END);
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
            throw FilestoreArchiver.unreadable(file, e);
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
                if (folders.size() == TarFrames.FILES_IN_FRAME) {
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
            return Optional.of(
                    Files.readAttributes(path, "unix:mode,uid,gid,size,lastModifiedTime", LinkOption.NOFOLLOW_LINKS));
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
        var item = new ArchiveJob.Item(
                folder,
                file,
                path,
                (int) attributes.get("mode") & FilestoreIndex.PERMISSIONS,
                (int) attributes.get("uid"),
                (int) attributes.get("gid"),
                ((FileTime) attributes.get("lastModifiedTime")).toMillis() / 1000,
                (long) attributes.get("size"));
        long room = TarFrames.room(item.size());
        if (batchBytes + room > TarFrames.FRAME_BYTES || batch.size() == TarFrames.FILES_IN_FRAME) {
            flush();
            lastOfBatch = folder;
            foldersOfBatch = 1;
        }
        folder.use();
        batch.add(item);
        batchBytes += room;
        if (batchBytes > TarFrames.FRAME_BYTES) {
            flush();
        }
    }

    private void flush() throws InterruptedException {
        if (batch.isEmpty() && folders.isEmpty() && carried.isEmpty()) {
            return;
        }
        var job = new ArchiveJob(batch, folders, carried);
        batch = new ArrayList<>();
        folders = new ArrayList<>();
        carried = new ArrayList<>();
        batchBytes = 0;
        lastOfBatch = null;
        foldersOfBatch = 0;
        if (job.hasWork()) {
            job.worker = start.apply(job);
        } else {
            job.worker = CompletableFuture.completedFuture(null);
            job.frames.add(ArchiveJob.Frame.END);
        }
        jobs.put(job);
    }
}
