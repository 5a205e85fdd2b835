package dev.lifeboat.host;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Lifeboat's data folder, held by one process at a time. The lock ends with the process, however that ends. */
public final class DataFolder implements AutoCloseable {
    /**
     * The folders that this process holds. A second channel to a lock file must not even be opened here: on POSIX, closing
     * it would give up the lock of the first.
     */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");

    private final Path path;
    private final FileChannel channel;
    private final FileLock lock;

    private DataFolder(Path path, FileChannel channel, FileLock lock) {
        this.path = path;
        this.channel = channel;
        this.lock = lock;
    }

    /**
     * Takes the folder, which is made if it is not there, and closed to everybody else if it is. One of another user (a volume
     * that a platform has mounted) stays as it is, which is logged: what is made in it is closed by itself.
     *
     * @return empty where it is held already, by another process or by this one
     * @throws dev.lifeboat.fault.FaultException BAD_CONFIGURATION where the folder can't be made or written
     */
    public static Optional<DataFolder> take(Path dataDir) {
        try {
            Files.createDirectories(dataDir.toAbsolutePath().getParent());
            Files.createDirectories(dataDir, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
            Path path = dataDir.toRealPath();
            close(path);
            if (!HELD.add(path)) {
                return Optional.empty();
            }
            Optional<DataFolder> taken = Optional.empty();
            try {
                taken = lock(path);
                return taken;
            } finally {
                if (taken.isEmpty()) {
                    HELD.remove(path);
                }
            }
        } catch (IOException e) {
            throw Fault.of(
                            FaultCode.BAD_CONFIGURATION,
                            "the data folder " + dataDir.toAbsolutePath() + " can't be used: "
                                    + e.getClass().getSimpleName() + " " + e.getMessage(),
                            "Set lifeboat.data-dir (or --data-dir) to a folder that this user can write.")
                    .toException(e);
        }
    }

    private static void close(Path path) throws IOException {
        if (OWNER_ONLY.containsAll(Files.getPosixFilePermissions(path))) {
            return;
        }
        try {
            Files.setPosixFilePermissions(path, OWNER_ONLY);
        } catch (FileSystemException e) {
            System.getLogger(DataFolder.class.getName())
                    .log(
                            System.Logger.Level.WARNING,
                            "the data folder {0} is open to other users and is not this one''s to close: `chmod 0700` it as its"
                                    + " owner, or set lifeboat.data-dir to a folder in it",
                            path);
        }
    }

    /** The process that holds the folder, or held it last, as the lock file names it. */
    public static Optional<Long> holder(Path dataDir) throws IOException {
        Path file = lockFile(dataDir);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        return Optional.of(Files.readString(file).strip())
                .filter(text -> text.matches("[0-9]{1,10}"))
                .map(Long::valueOf);
    }

    private static Optional<DataFolder> lock(Path path) throws IOException {
        FileChannel channel = FileChannel.open(
                lockFile(path),
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Optional<DataFolder> taken = Optional.empty();
        try {
            FileLock lock = channel.tryLock();
            if (lock != null) {
                channel.truncate(0);
                channel.write(ByteBuffer.wrap((ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.UTF_8)));
                taken = Optional.of(new DataFolder(path, channel, lock));
            }
            return taken;
        } finally {
            if (taken.isEmpty()) {
                channel.close();
            }
        }
    }

    private static Path lockFile(Path dataDir) {
        return dataDir.resolve("lock");
    }

    /** The folder, absolute and without links. */
    public Path path() {
        return path;
    }

    /** Gives the folder back; a second call does nothing. */
    @Override
    public void close() throws IOException {
        if (channel.isOpen()) {
            lock.release();
            channel.close();
            HELD.remove(path);
        }
    }
}
