package dev.lifeboat.filestore;

import dev.lifeboat.digest.Hashes;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.BasicFileAttributeView;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Objects;
import org.jboss.logging.Logger;

/** Whole trees of files. Symbolic links are never followed. */
public final class Trees {
    private static final Logger LOG = Logger.getLogger(Trees.class);
    /** Small enough that what is read is still in a processor's own cache when it is hashed. */
    private static final int BUFFER = 64 * 1024;

    private static final ThreadLocal<Hashing> HASHING = ThreadLocal.withInitial(Hashing::new);

    private Trees() {}

    /** The SHA-1 of a file's content, lower-case hex. */
    public static String sha1(Path file) throws IOException {
        return HASHING.get().sha1(file);
    }

    /** What a thread needs to hash one file after the other: most are small, so a buffer for each would cost more than they do. */
    private static final class Hashing {
        private final MessageDigest digest = Hashes.sha1();
        private final byte[] buffer = new byte[BUFFER];

        String sha1(Path file) throws IOException {
            digest.reset();
            try (var in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
                for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                    digest.update(buffer, 0, n);
                }
            }
            return HexFormat.of().formatHex(digest.digest());
        }
    }

    /**
     * Removes a tree; one that is not there is no error. What is removed is found through folders that are open, so that
     * nobody who may write in the tree can lead the removal elsewhere by exchanging a folder for a link.
     */
    public static void remove(Path root) throws IOException {
        if (!Files.exists(root, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (DirectoryStream<Path> above = Files.newDirectoryStream(
                Objects.requireNonNull(root.toAbsolutePath().getParent()))) {
            if (!(above instanceof SecureDirectoryStream<Path> parent)) {
                throw new IOException("this system can't open folders in folders, so " + root + " is not removed");
            }
            remove(parent, root.getFileName());
        }
    }

    private static void remove(SecureDirectoryStream<Path> parent, Path name) throws IOException {
        boolean folder = parent.getFileAttributeView(name, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                .readAttributes()
                .isDirectory();
        if (!folder) {
            parent.deleteFile(name);
            return;
        }
        try (SecureDirectoryStream<Path> inside = parent.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)) {
            for (Path path : inside) {
                remove(inside, path.getFileName());
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        parent.deleteDirectory(name);
    }

    /** Removes a tree on the way out of a failure, which must not be hidden by another. */
    public static void removeQuietly(Path root) {
        try {
            remove(root);
        } catch (IOException e) {
            LOG.warnf(e, "%s was left behind; it can be removed", root);
        }
    }

    /** Sets the permissions of a file or folder; of a symbolic link it is an error. */
    static void setMode(Path path, int mode) throws IOException {
        Files.setAttribute(path, "unix:mode", mode, LinkOption.NOFOLLOW_LINKS);
    }
}
