package dev.lifeboat.store;

import dev.lifeboat.linux.SystemCalls;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The one write of one object: into the temporary file. Where the file system allows it, the bytes go
 * to the disk directly, past the page cache: an artifact is not read again soon, filling the cache with it costs more time
 * than compressing it, and what Odoo and PostgreSQL have there stays. One buffer is filled while the other is written.
 */
final class FolderWriter extends ObjectWriter {
    private static final int BUFFER_BYTES = 1 << 20;
    private static final long WRITE_LIMIT_MINUTES = 60;

    /** Without direct writing: how much waits in memory at most before it is sent on to the disk. */
    private static final long WRITE_BACK_BYTES = 64L << 20;

    private final FolderStore store;
    private final ObjectKey key;
    private final Path temporary;
    private final FileChannel channel;
    /** What writes have to be a multiple of: the file system's block where they are direct, else 1. */
    private final int block;

    private final Arena arena = Arena.ofShared();
    private ByteBuffer filling;
    private ByteBuffer idle;
    private FutureTask<Void> writing;
    private long size;
    private long synced;
    private boolean broken;
    private boolean closed;

    private FolderWriter(FolderStore store, ObjectKey key, Path temporary, FileChannel channel, int block) {
        this.store = store;
        this.key = key;
        this.temporary = temporary;
        this.channel = channel;
        this.block = block;
        this.filling = arena.allocate(BUFFER_BYTES, block).asByteBuffer();
        this.idle = arena.allocate(BUFFER_BYTES, block).asByteBuffer();
    }

    /** Begins the write of an object into a temporary file that is not there yet. */
    static FolderWriter open(FolderStore store, ObjectKey key, Path temporary) throws IOException {
        long block = Files.getFileStore(temporary.getParent()).getBlockSize();
        if (SystemCalls.DIRECT.isPresent() && BUFFER_BYTES % block == 0) {
            try {
                return new FolderWriter(
                        store, key, temporary, create(temporary, Set.of(SystemCalls.DIRECT.get())), (int) block);
            } catch (FileAlreadyExistsException e) {
                throw e;
            } catch (FileSystemException | UnsupportedOperationException e) {
                // This file system can't; some have made the file before they say so.
                Files.deleteIfExists(temporary);
            }
        }
        return new FolderWriter(store, key, temporary, create(temporary, Set.of()), 1);
    }

    private static FileChannel create(Path file, Set<OpenOption> how) throws IOException {
        var options = new HashSet<>(how);
        options.addAll(Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
        return FileChannel.open(file, options, DurableFiles.OWNER_FILE);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        requireOpen();
        size += length;
        int from = offset;
        int left = length;
        while (left > 0) {
            int part = Math.min(left, filling.remaining());
            filling.put(bytes, from, part);
            from += part;
            left -= part;
            if (!filling.hasRemaining()) {
                drain();
            }
        }
    }

    /** Nothing is seen before the commit, so there is nothing to hasten. */
    @Override
    public void flush() {}

    @Override
    public void commit() {
        requireOpen();
        try {
            finish(true);
        } catch (IOException e) {
            throw store.writeFault(e, key.toString());
        }
    }

    void finish(boolean replace) throws IOException {
        while (filling.position() % block != 0) {
            filling.put((byte) 0);
        }
        drain();
        broken = true;
        awaitWriting();
        channel.truncate(size);
        channel.force(true);
        store.place(key, temporary, replace);
        close();
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            channel.close();
        } catch (IOException e) {
            throw store.writeFault(e, key.toString());
        } finally {
            endWriting();
            arena.close();
            store.forget(temporary);
        }
    }

    private void requireOpen() {
        if (closed || broken) {
            throw new IllegalStateException("the write of " + key + " has ended");
        }
    }

    /** Hands the full buffer on to be written, once the other one is. */
    private void drain() {
        try {
            awaitWriting();
        } catch (IOException e) {
            broken = true;
            throw store.writeFault(e, key.toString());
        }
        ByteBuffer full = filling.flip();
        filling = idle.clear();
        idle = full;
        boolean sync = block == 1 && size - synced >= WRITE_BACK_BYTES;
        if (sync) {
            synced = size;
        }
        writing = new FutureTask<>(() -> {
            while (full.hasRemaining()) {
                channel.write(full);
            }
            if (sync) {
                channel.force(false);
            }
            return null;
        });
        Thread.ofVirtual().name("write " + key).start(writing);
    }

    /** The system reports a failed write-back once only: every one is looked at. */
    private void awaitWriting() throws IOException {
        if (writing == null) {
            return;
        }
        try {
            writing.get(WRITE_LIMIT_MINUTES, TimeUnit.MINUTES);
            writing = null;
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException io ? io : new IOException("the write failed", e.getCause());
        } catch (TimeoutException e) {
            throw new IOException("the disk took more than " + WRITE_LIMIT_MINUTES + " minutes to write", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            var interrupted = new ClosedByInterruptException();
            interrupted.initCause(e);
            throw interrupted;
        }
    }

    /** The buffers must not go while they are written from. The channel is closed, so that write ends. */
    private void endWriting() {
        boolean interrupted = false;
        while (writing != null) {
            try {
                writing.get();
                writing = null;
            } catch (ExecutionException e) {
                // Of a write that is given up it is of no interest how it ended.
                writing = null;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
