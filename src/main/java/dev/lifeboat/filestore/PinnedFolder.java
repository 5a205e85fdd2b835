package dev.lifeboat.filestore;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An open folder: what is opened within it is in that very folder, whatever becomes of its name. It stays open as long as
 * somebody uses it; who opens it is its first user.
 */
final class PinnedFolder {
    private static final Set<OpenOption> READ = Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);

    private final SecureDirectoryStream<Path> folder;
    private final Set<PinnedFolder> open;
    private final AtomicInteger users = new AtomicInteger(1);

    private PinnedFolder(SecureDirectoryStream<Path> folder, Set<PinnedFolder> open) {
        this.folder = folder;
        this.open = open;
        open.add(this);
    }

    /**
     * Opens a folder.
     *
     * @param open holds it, and those that are opened within it, as long as they are open
     */
    @SuppressWarnings("StreamResourceLeak") // It stays open beyond this method: its last user closes it.
    static PinnedFolder open(Path path, Set<PinnedFolder> open) throws IOException {
        DirectoryStream<Path> opened = Files.newDirectoryStream(path);
        if (opened instanceof SecureDirectoryStream<Path> secure) {
            return new PinnedFolder(secure, open);
        }
        opened.close();
        throw new IOException("this system can't open files within an open folder");
    }

    /** Opens a folder in this one, and no link to one. */
    PinnedFolder within(Path name) throws IOException {
        return new PinnedFolder(folder.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS), open);
    }

    /** What is in it; to be asked for once. */
    Iterable<Path> listing() {
        return folder;
    }

    /** Opens a file in it, and no link to one. */
    InputStream open(Path name) throws IOException {
        return Channels.newInputStream(folder.newByteChannel(name, READ));
    }

    /** One more uses it. */
    void use() {
        users.incrementAndGet();
    }

    /** One less does; the last one closes it. */
    void release() {
        if (users.decrementAndGet() == 0) {
            close();
        }
    }

    /** Closes it, whoever uses it: where an archive was given up, nobody comes to release it. */
    void close() {
        open.remove(this);
        try {
            folder.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
