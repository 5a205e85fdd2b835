package dev.lifeboat.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.Set;
import java.util.UUID;

/** Files and folders that survive a power cut once a call has returned: 0600 and 0700, written whole or not at all. */
public final class DurableFiles {
    /** Read and write for the owner alone. */
    static final FileAttribute<Set<PosixFilePermission>> OWNER_FILE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    /** Everything for the owner alone. */
    static final FileAttribute<Set<PosixFilePermission>> OWNER_FOLDER =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    private DurableFiles() {}

    /**
     * Creates a folder and those above it that are missing, each 0700 and durable. A folder that is there stays as it is.
     *
     * @throws NoSuchFileException where somebody else removes one of them meanwhile
     */
    public static void createFolders(Path folder) throws IOException {
        var missing = new ArrayDeque<Path>();
        for (Path path = folder.toAbsolutePath(); path != null && !Files.exists(path); path = path.getParent()) {
            missing.push(path);
        }
        for (Path path : missing) {
            try {
                Files.createDirectory(path, OWNER_FOLDER);
            } catch (FileAlreadyExistsException e) {
                if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
                    throw new NoSuchFileException(path.toString());
                }
                if (!Files.isDirectory(path)) {
                    throw e;
                }
            }
            sync(path.getParent());
        }
    }

    /** Writes a file of its own name beside {@code target}, and renames it to that: a reader sees the old content or the new. */
    public static void replace(Path target, byte[] content) throws IOException {
        Path temporary = writeTemporary(target, content);
        try {
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(temporary);
        }
        sync(target.getParent());
    }

    /**
     * Like {@link #replace}, but only where nothing has that name yet.
     *
     * @throws FileAlreadyExistsException where something has; it is left as it was
     */
    public static void createNew(Path target, byte[] content) throws IOException {
        Path temporary = writeTemporary(target, content);
        try {
            Files.createLink(target, temporary);
        } finally {
            Files.deleteIfExists(temporary);
        }
        sync(target.getParent());
    }

    /** Makes the names in a folder durable. */
    public static void sync(Path folder) throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    private static Path writeTemporary(Path target, byte[] content) throws IOException {
        Path temporary = target.resolveSibling(".tmp-" + UUID.randomUUID());
        try (FileChannel channel = FileChannel.open(
                temporary,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS),
                OWNER_FILE)) {
            ByteBuffer bytes = ByteBuffer.wrap(content);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        } catch (IOException e) {
            try {
                Files.deleteIfExists(temporary);
            } catch (IOException left) {
                e.addSuppressed(left);
            }
            throw e;
        }
        return temporary;
    }

    /** What went wrong, as the system would say it: the JDK's messages for these are nothing but the path. */
    public static String reason(IOException e) {
        return switch (e) {
            case NoSuchFileException missing -> "no such file or folder: " + missing.getFile();
            case AccessDeniedException denied -> "permission denied: " + denied.getFile();
            case FileAlreadyExistsException there -> "it is there already: " + there.getFile();
            case NotDirectoryException file -> "no folder: " + file.getFile();
            case IOException other -> String.valueOf(other.getMessage());
        };
    }
}
