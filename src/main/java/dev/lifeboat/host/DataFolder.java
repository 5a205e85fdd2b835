package dev.lifeboat.host;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;

/** Lifeboat's data folder, held by one process at a time. The lock ends with the process, however that ends. */
public final class DataFolder implements AutoCloseable {
    private final Path path;
    private final FileChannel channel;
    private final FileLock lock;

    private DataFolder(Path path, FileChannel channel, FileLock lock) {
        this.path = path;
        this.channel = channel;
        this.lock = lock;
    }

    /**
     * Takes the folder, which is made if it is not there.
     *
     * @return empty where another process holds it
     * @throws dev.lifeboat.fault.FaultException BAD_CONFIGURATION where the folder can't be made or written
     */
    public static Optional<DataFolder> take(Path dataDir) {
        Path path = dataDir.toAbsolutePath().normalize();
        try {
            if (!Files.isDirectory(path)) {
                Files.createDirectories(path);
                Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwx------"));
            }
            FileChannel channel =
                    FileChannel.open(path.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock;
            try {
                lock = channel.tryLock();
            } catch (OverlappingFileLockException e) {
                lock = null;
            }
            if (lock == null) {
                channel.close();
                return Optional.empty();
            }
            return Optional.of(new DataFolder(path, channel, lock));
        } catch (IOException e) {
            throw Fault.of(
                            FaultCode.BAD_CONFIGURATION,
                            "the data folder " + path + " can't be used: " + e.getMessage(),
                            "Set lifeboat.data-dir (or --data-dir) to a folder that this user can write.")
                    .toException(e);
        }
    }

    /** The folder, absolute. */
    public Path path() {
        return path;
    }

    @Override
    public void close() throws IOException {
        lock.release();
        channel.close();
    }
}
