package dev.lifeboat.store;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/**
 * A store in a folder of this machine: an object's key is its path below the root. Objects are written to
 * {@code <root>/.tmp/<uuid>}, synchronised, and renamed to their place (for {@link #putIfAbsent}: linked), and the folders are
 * synchronised after that, so that an object that is seen survives a power cut. Files are 0600, folders 0700.
 *
 * <p>The root may be a symbolic link. Below it none is followed: lists pass over them, and a key that leads through one is
 * refused. Foreign files whose names could not be a key's are never touched. An object's name can't also be a folder's.
 */
public final class FolderStore implements ArtifactStore {
    private static final String TEMPORARY = ".tmp";
    private static final String LOCK = ".lock";
    private static final Duration LOCK_LIMIT = Duration.ofSeconds(30);
    private static final int PLACE_ATTEMPTS = 50;
    private static final System.Logger LOG = System.getLogger(FolderStore.class.getName());

    private final String name;
    private final Path root;
    private final boolean hardLinks;
    private final Set<Path> live = ConcurrentHashMap.newKeySet();

    /**
     * A store in {@code root}; the folder is created at the first write.
     *
     * @param name the name under which the configuration knows it
     * @param root any path; a relative one is of the working folder
     */
    public FolderStore(String name, Path root) {
        this(name, root, true);
    }

    FolderStore(String name, Path root, boolean hardLinks) {
        this.name = Objects.requireNonNull(name);
        this.root = root.toAbsolutePath().normalize();
        this.hardLinks = hardLinks;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String location() {
        return root.toString();
    }

    @Override
    public ObjectWriter create(ObjectKey key) {
        try {
            refuseLinks(key);
            return newWriter(key);
        } catch (IOException e) {
            throw writeFault(e, key.toString());
        }
    }

    @Override
    public void putIfAbsent(ObjectKey key, byte[] content) {
        try {
            refuseLinks(key);
            try (FolderWriter writer = newWriter(key)) {
                writer.write(content, 0, content.length);
                writer.finish(false);
            }
        } catch (IOException e) {
            throw writeFault(e, key.toString());
        }
    }

    @Override
    public Optional<StoredObject> find(ObjectKey key) {
        try {
            return Optional.of(describe(key, locate(key)));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw readFault(e, key.toString());
        }
    }

    @Override
    public InputStream open(ObjectKey key, long offset) {
        try {
            Path path = locate(key);
            FileChannel channel = FileChannel.open(path, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
            try {
                long size = channel.size();
                if (offset < 0 || offset > size) {
                    throw Fault.of(
                                    FaultCode.BAD_INPUT,
                                    "Can't read " + key + " in store '" + name + "' from byte " + offset + ": it has "
                                            + size + " bytes",
                                    "Ask for an offset between 0 and the object's size.")
                            .toException();
                }
                channel.position(offset);
                return new FolderInput(key, channel);
            } catch (IOException | RuntimeException e) {
                channel.close();
                throw e;
            }
        } catch (NoSuchFileException e) {
            throw new Fault(
                            FaultCode.OBJECT_MISSING,
                            "There is no " + key + " in store '" + name + "'",
                            java.util.Map.of("store", name, "key", key.toString(), "path", root.toString()),
                            "Look for the artifact in another store (`lifeboat artifact show`), or check that the right"
                                    + " disk is mounted at this path.")
                    .toException(e);
        } catch (IOException e) {
            throw readFault(e, key.toString());
        }
    }

    @Override
    public List<StoredObject> list(ObjectKey prefix) {
        var found = new ArrayList<StoredObject>();
        try {
            Path folder = folder(prefix);
            Files.walkFileTree(folder, new Visitor() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    if (isObject(file, attributes)) {
                        keyOf(prefix, folder.relativize(file))
                                .ifPresent(key -> found.add(new StoredObject(
                                        key,
                                        attributes.size(),
                                        attributes.lastModifiedTime().toInstant())));
                    }
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException e) {
            throw readFault(e, prefix.toString());
        }
        found.sort(Comparator.comparing(object -> object.key().toString()));
        return List.copyOf(found);
    }

    @Override
    public List<String> names(Optional<ObjectKey> prefix) {
        var names = new ArrayList<String>();
        try {
            Path folder = prefix.isPresent() ? folder(prefix.get()) : realRoot();
            try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
                for (Path entry : entries) {
                    if (isSegment(entry) && holdsObject(entry)) {
                        names.add(entry.getFileName().toString());
                    }
                }
            } catch (java.nio.file.DirectoryIteratorException e) {
                throw e.getCause();
            }
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException e) {
            throw readFault(e, prefix.map(ObjectKey::toString).orElse("/"));
        }
        names.sort(Comparator.naturalOrder());
        return List.copyOf(names);
    }

    @Override
    public void delete(ObjectKey key) {
        try {
            Path path = locate(key);
            Files.deleteIfExists(path);
            Path top = realRoot();
            Path folder = path.getParent();
            while (!folder.equals(top) && removeIfEmpty(folder)) {
                folder = folder.getParent();
            }
            DurableFiles.sync(folder);
        } catch (NoSuchFileException e) {
            LOG.log(System.Logger.Level.DEBUG, "{0} was not in store {1}", key, name);
        } catch (IOException e) {
            throw writeFault(e, key.toString());
        }
    }

    @Override
    public Optional<Path> localPath(ObjectKey key) {
        try {
            return Optional.of(locate(key));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw readFault(e, key.toString());
        }
    }

    @Override
    public OptionalLong freeBytes() {
        Path path = root;
        while (path != null && !Files.exists(path)) {
            path = path.getParent();
        }
        if (path == null) {
            return OptionalLong.empty();
        }
        try {
            return OptionalLong.of(Files.getFileStore(path).getUsableSpace());
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "free space of " + path + " is unknown", e);
            return OptionalLong.empty();
        }
    }

    @Override
    public void probe() {
        if (Files.exists(root) && !Files.isDirectory(root)) {
            throw unreachable("is not a folder", null);
        }
        byte[] content = ("lifeboat probe " + UUID.randomUUID()).getBytes(java.nio.charset.StandardCharsets.UTF_8);
        try {
            Path folder = temporaryFolder();
            Path subject = folder.resolve(UUID.randomUUID().toString());
            live.add(subject);
            try {
                DurableFiles.replace(subject, content);
                if (!Arrays.equals(Files.readAllBytes(subject), content)) {
                    throw unreachable("gave back other bytes than were written", null);
                }
            } finally {
                Files.deleteIfExists(subject);
                live.remove(subject);
            }
            Path project = realRoot().resolve(".probe-" + UUID.randomUUID());
            Files.createDirectory(project, DurableFiles.OWNER_FOLDER);
            Files.delete(project);
        } catch (IOException e) {
            FaultException fault = writeFault(e, "probe");
            if (fault.fault().code() == FaultCode.STORE_WRITE_FAILED) {
                throw unreachable("can't be written and read", e);
            }
            throw fault;
        }
    }

    @Override
    public int collectGarbage(Instant before) {
        int removed = 0;
        try {
            Path top = realRoot();
            Path temporary = top.resolve(TEMPORARY);
            if (Files.isDirectory(temporary, LinkOption.NOFOLLOW_LINKS)) {
                try (DirectoryStream<Path> entries = Files.newDirectoryStream(temporary)) {
                    for (Path entry : entries) {
                        if (!live.contains(entry) && isOlder(entry, before) && Files.deleteIfExists(entry)) {
                            removed++;
                        }
                    }
                } catch (java.nio.file.DirectoryIteratorException e) {
                    throw e.getCause();
                }
            }
            removeEmptyFolders(top, before);
            return removed;
        } catch (NoSuchFileException e) {
            return removed;
        } catch (IOException e) {
            throw writeFault(e, TEMPORARY);
        }
    }

    // ---- places

    private Path realRoot() throws IOException {
        return root.toRealPath();
    }

    /** The object's file; NoSuchFileException where there is none. */
    private Path locate(ObjectKey key) throws IOException {
        Path path = walk(key);
        if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
            throw new NoSuchFileException(path.toString());
        }
        return path;
    }

    private Path folder(ObjectKey prefix) throws IOException {
        Path path = walk(prefix);
        if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            throw new NoSuchFileException(path.toString());
        }
        return path;
    }

    private Path walk(ObjectKey key) throws IOException {
        Path path = realRoot();
        for (String segment : key.segments()) {
            path = path.resolve(segment);
            if (Files.isSymbolicLink(path)) {
                throw new SymbolicLinkException(path);
            }
        }
        return path;
    }

    private void refuseLinks(ObjectKey key) throws IOException {
        if (Files.exists(root)) {
            walk(key);
        }
    }

    private Path temporaryFolder() throws IOException {
        DurableFiles.createFolders(root);
        Path folder = realRoot().resolve(TEMPORARY);
        if (Files.isSymbolicLink(folder)) {
            throw new SymbolicLinkException(folder);
        }
        DurableFiles.createFolders(folder);
        return folder;
    }

    private FolderWriter newWriter(ObjectKey key) throws IOException {
        Path temporary = temporaryFolder().resolve(UUID.randomUUID().toString());
        live.add(temporary);
        try {
            return FolderWriter.open(this, key, temporary);
        } catch (IOException | RuntimeException e) {
            live.remove(temporary);
            throw e;
        }
    }

    /** Gives the finished temporary file its name. */
    void place(ObjectKey key, Path temporary, boolean replace) throws IOException {
        Path target = null;
        for (int attempt = 1; target == null; attempt++) {
            Path candidate = walk(key);
            try {
                DurableFiles.createFolders(candidate.getParent());
                if (replace) {
                    Files.move(temporary, candidate, StandardCopyOption.ATOMIC_MOVE);
                } else {
                    placeIfAbsent(temporary, candidate);
                }
                target = candidate;
            } catch (NoSuchFileException e) {
                // a delete of the folder's last object may have taken the folder away in between
                if (attempt == PLACE_ATTEMPTS || !Files.exists(temporary)) {
                    throw e;
                }
            } catch (FileAlreadyExistsException e) {
                if (!replace && Files.exists(candidate, LinkOption.NOFOLLOW_LINKS)) {
                    throw new Fault(
                                    FaultCode.OBJECT_EXISTS,
                                    key + " is in store '" + name + "' already; it was left as it is",
                                    java.util.Map.of("store", name, "key", key.toString()),
                                    "An artifact never changes: start a new run, which writes under a name of its own.")
                            .toException(e);
                }
                throw e;
            }
        }
        Path top = realRoot();
        for (Path folder = target.getParent(); ; folder = folder.getParent()) {
            DurableFiles.sync(folder);
            if (folder.equals(top)) {
                break;
            }
        }
    }

    void forget(Path temporary) {
        try {
            Files.deleteIfExists(temporary);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, temporary + " stays until the next garbage collection", e);
        }
        live.remove(temporary);
    }

    private void placeIfAbsent(Path temporary, Path target) throws IOException {
        if (hardLinks) {
            try {
                Files.createLink(target, temporary);
                return;
            } catch (UnsupportedOperationException e) {
                LOG.log(System.Logger.Level.DEBUG, "no hard links in " + root, e);
            } catch (FileSystemException e) {
                // link(2): EPERM where the file system has no hard links (exFAT, some network shares)
                if (!says(e, "operation not permitted", "not supported", "not implemented")) {
                    throw e;
                }
            }
        }
        placeUnderLock(temporary, target);
    }

    private void placeUnderLock(Path temporary, Path target) throws IOException {
        long end = System.nanoTime() + LOCK_LIMIT.toNanos();
        try (FileChannel channel = FileChannel.open(
                realRoot().resolve(LOCK),
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS),
                DurableFiles.OWNER_FILE)) {
            while (System.nanoTime() < end) {
                try (FileLock lock = channel.tryLock()) {
                    if (lock != null) {
                        if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
                            throw new FileAlreadyExistsException(target.toString());
                        }
                        Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
                        return;
                    }
                } catch (OverlappingFileLockException e) {
                    LOG.log(System.Logger.Level.TRACE, "another thread places an object in " + root, e);
                }
                LockSupport.parkNanos(Duration.ofMillis(2).toNanos());
            }
            throw new IOException("the lock " + LOCK + " was not free within " + LOCK_LIMIT);
        }
    }

    // ---- lists

    private static StoredObject describe(ObjectKey key, Path path) throws IOException {
        BasicFileAttributes attributes =
                Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        return new StoredObject(
                key, attributes.size(), attributes.lastModifiedTime().toInstant());
    }

    private static boolean isSegment(Path path) {
        return ObjectKey.isSegment(path.getFileName().toString());
    }

    private static boolean isObject(Path file, BasicFileAttributes attributes) {
        return attributes.isRegularFile() && isSegment(file);
    }

    private static Optional<ObjectKey> keyOf(ObjectKey prefix, Path relative) {
        var segments = new ArrayList<>(prefix.segments());
        relative.forEach(part -> segments.add(part.toString()));
        return segments.size() > 8 ? Optional.empty() : Optional.of(new ObjectKey(segments));
    }

    private static boolean holdsObject(Path entry) throws IOException {
        var visitor = new Visitor() {
            private boolean found;

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                found = isObject(file, attributes);
                return found ? FileVisitResult.TERMINATE : FileVisitResult.CONTINUE;
            }
        };
        Files.walkFileTree(entry, visitor);
        return visitor.found;
    }

    /** Passes over what is no part of the store and what vanishes while it looks. */
    private static class Visitor extends SimpleFileVisitor<Path> {
        @Override
        public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            return isSegment(folder) ? FileVisitResult.CONTINUE : FileVisitResult.SKIP_SUBTREE;
        }

        @Override
        public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (e instanceof NoSuchFileException) {
                return FileVisitResult.CONTINUE;
            }
            throw e;
        }

        @Override
        public FileVisitResult postVisitDirectory(Path folder, IOException e) throws IOException {
            if (e == null || e instanceof NoSuchFileException) {
                return FileVisitResult.CONTINUE;
            }
            throw e;
        }
    }

    // ---- garbage

    private static boolean isOlder(Path path, Instant before) throws IOException {
        try {
            return Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS)
                    .toInstant()
                    .isBefore(before);
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    private static boolean removeIfEmpty(Path folder) throws IOException {
        try {
            Files.deleteIfExists(folder);
            return true;
        } catch (DirectoryNotEmptyException e) {
            return false;
        }
    }

    private static void removeEmptyFolders(Path top, Instant before) throws IOException {
        Files.walkFileTree(top, new Visitor() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                return folder.equals(top) ? FileVisitResult.CONTINUE : super.preVisitDirectory(folder, attributes);
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, IOException e) throws IOException {
                super.postVisitDirectory(folder, e);
                if (!folder.equals(top) && isOlder(folder, before)) {
                    removeIfEmpty(folder);
                }
                return FileVisitResult.CONTINUE;
            }
        });
    }

    // ---- faults

    private static final class SymbolicLinkException extends FileSystemException {
        SymbolicLinkException(Path path) {
            super(path.toString(), null, "is a symbolic link");
        }
    }

    FaultException writeFault(IOException e, String key) {
        if (e instanceof ClosedByInterruptException) {
            return cancelled(e, key);
        }
        if (isFull(e)) {
            return fault(
                            FaultCode.STORE_FULL,
                            "Store '" + name + "' is full: " + key
                                    + " was not written; what is stored already is unharmed",
                            key,
                            "Free space at " + root
                                    + " or enlarge the disk (`lifeboat prune ENV --dry-run` shows what retention would"
                                    + " remove), then run again.",
                            e)
                    .toException(e);
        }
        if (e instanceof SymbolicLinkException) {
            return fault(
                            FaultCode.STORE_UNWRITABLE,
                            "Store '" + name + "': the path of " + key
                                    + " leads through a symbolic link, which is never followed; nothing was written",
                            key,
                            "Replace the link below " + root + " by a real folder (or mount the other disk there).",
                            e)
                    .toException(e);
        }
        if (isReadOnly(e) || !Files.isDirectory(root)) {
            return fault(
                            FaultCode.STORE_UNWRITABLE,
                            "Store '" + name + "' can't be written: " + key
                                    + " was not written; what is stored already is unharmed",
                            key,
                            "Check that " + root + " is mounted for writing and belongs to the user that Lifeboat"
                                    + " runs as.",
                            e)
                    .toException(e);
        }
        return fault(
                        FaultCode.STORE_WRITE_FAILED,
                        "Store '" + name + "' failed while " + key
                                + " was written; nothing is seen under that name that was not there before",
                        key,
                        "Look into the system's log for errors of the disk below " + root + ", then run again.",
                        e)
                .toException(e);
    }

    FaultException readFault(IOException e, String key) {
        if (e instanceof ClosedByInterruptException) {
            return cancelled(e, key);
        }
        String remedy = e instanceof SymbolicLinkException
                ? "Replace the link below " + root + " by a real folder (or mount the other disk there)."
                : e instanceof AccessDeniedException
                        ? "Give the user that Lifeboat runs as the right to read " + root + "."
                        : "Look into the system's log for errors of the disk below " + root
                                + "; use the artifact's copy in another store meanwhile.";
        return fault(
                        FaultCode.STORE_READ_FAILED,
                        "Store '" + name + "' can't read " + key + "; nothing was changed",
                        key,
                        remedy,
                        e)
                .toException(e);
    }

    private FaultException unreachable(String how, IOException e) {
        Fault fault = Fault.of(
                        FaultCode.STORE_UNREACHABLE,
                        "Store '" + name + "': " + root + " " + how,
                        "Check that " + root + " is a folder on a healthy, mounted disk.")
                .with("store", name)
                .with("path", root);
        return e == null
                ? fault.toException()
                : fault.with("tool_output", DurableFiles.reason(e)).toException(e);
    }

    private static FaultException cancelled(IOException e, String key) {
        return Fault.of(
                        FaultCode.CANCELLED,
                        "The work on " + key + " was cancelled; nothing half-written is seen",
                        "Run again when wanted.")
                .toException(e);
    }

    private Fault fault(FaultCode code, String message, String key, String remedy, IOException e) {
        var facts = new java.util.LinkedHashMap<String, String>();
        facts.put("store", name);
        facts.put("key", key);
        facts.put("path", root.toString());
        freeBytes().ifPresent(free -> facts.put("free_bytes", Long.toString(free)));
        facts.put("tool_output", DurableFiles.reason(e));
        return new Fault(code, message, facts, remedy);
    }

    /** The system's words depend on its language, so the free space is asked too. */
    private boolean isFull(IOException e) {
        if (says(e, "no space left", "quota exceeded")) {
            return true;
        }
        OptionalLong free = freeBytes();
        return Files.isDirectory(root) && free.isPresent() && free.getAsLong() == 0 && !isReadOnly(e);
    }

    private boolean isReadOnly(IOException e) {
        if (e instanceof AccessDeniedException || says(e, "read-only file system", "operation not permitted")) {
            return true;
        }
        try {
            return Files.exists(root) && Files.getFileStore(root).isReadOnly();
        } catch (IOException unknown) {
            e.addSuppressed(unknown);
            return false;
        }
    }

    private static boolean says(IOException e, String... words) {
        String text = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
        return Arrays.stream(words).anyMatch(text::contains);
    }

    /** An object's bytes; failures name the store and the key. */
    private final class FolderInput extends InputStream {
        private final ObjectKey key;
        private final FileChannel channel;

        FolderInput(ObjectKey key, FileChannel channel) {
            this.key = key;
            this.channel = channel;
        }

        @Override
        public int read() {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) {
            if (length == 0) {
                return 0;
            }
            try {
                return channel.read(ByteBuffer.wrap(bytes, offset, length));
            } catch (IOException e) {
                throw readFault(e, key.toString());
            }
        }

        @Override
        public long skip(long bytes) {
            try {
                long from = channel.position();
                long to = Math.clamp(from + Math.max(0, bytes), from, Math.max(from, channel.size()));
                channel.position(to);
                return to - from;
            } catch (IOException e) {
                throw readFault(e, key.toString());
            }
        }

        @Override
        public void close() {
            try {
                channel.close();
            } catch (IOException e) {
                throw readFault(e, key.toString());
            }
        }
    }
}
