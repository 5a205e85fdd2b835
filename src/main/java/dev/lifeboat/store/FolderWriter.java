package dev.lifeboat.store;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The one write of one object: into the temporary file, digesting on the way. */
final class FolderWriter extends ObjectWriter {
    private static final int BUFFER_BYTES = 256 * 1024;
    private static final long SYNC_LIMIT_MINUTES = 60;

    /**
     * How many bytes are written before they are sent on to the disk in the background. Without it everything waits in memory
     * until the commit, which then takes about a second for 2 GiB on a quick disk and minutes on a slow one.
     */
    private static final long WRITE_BACK_BYTES = 64L << 20;

    private final FolderStore store;
    private final ObjectKey key;
    private final Path temporary;
    private final FileChannel channel;
    private final Arena arena = Arena.ofShared();
    private final ByteBuffer buffer = arena.allocate(BUFFER_BYTES).asByteBuffer();
    private final MessageDigest digest = sha256();
    private long size;
    private long synced;
    private FutureTask<Void> writeBack;
    private boolean broken;
    private boolean closed;

    FolderWriter(FolderStore store, ObjectKey key, Path temporary, FileChannel channel) {
        this.store = store;
        this.key = key;
        this.temporary = temporary;
        this.channel = channel;
    }

    @Override
    public void write(int b) {
        requireOpen();
        digest.update((byte) b);
        buffer.put((byte) b);
        size++;
        if (!buffer.hasRemaining()) {
            drain();
        }
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        requireOpen();
        digest.update(bytes, offset, length);
        size += length;
        int from = offset;
        int left = length;
        while (left > 0) {
            int part = Math.min(left, buffer.remaining());
            buffer.put(bytes, from, part);
            from += part;
            left -= part;
            if (!buffer.hasRemaining()) {
                drain();
            }
        }
    }

    @Override
    public void flush() {
        // streams around this one flush when they are closed, which may be after the commit
        if (!closed && !broken) {
            drain();
        }
    }

    @Override
    public StoredObject commit() {
        requireOpen();
        try {
            return finish(true);
        } catch (IOException e) {
            throw store.writeFault(e, key.toString());
        }
    }

    StoredObject finish(boolean replace) throws IOException {
        drain();
        broken = true;
        awaitWriteBack();
        channel.force(true);
        StoredObject stored =
                store.place(key, temporary, replace, size, HexFormat.of().formatHex(digest.digest()));
        close();
        return stored;
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
            arena.close();
            store.forget(temporary);
        }
    }

    private void requireOpen() {
        if (closed || broken) {
            throw new IllegalStateException("the write of " + key + " has ended");
        }
    }

    private void drain() {
        buffer.flip();
        try {
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            if (size - synced >= WRITE_BACK_BYTES && (writeBack == null || writeBack.isDone())) {
                awaitWriteBack();
                synced = size;
                writeBack = new FutureTask<>(() -> {
                    channel.force(false);
                    return null;
                });
                Thread.ofVirtual().name("write-back").start(writeBack);
            }
        } catch (IOException e) {
            broken = true;
            throw store.writeFault(e, key.toString());
        }
        buffer.clear();
    }

    /** The system reports a failed write-back once only: if it told the background, a later force would say nothing. */
    private void awaitWriteBack() throws IOException {
        if (writeBack == null) {
            return;
        }
        try {
            writeBack.get(SYNC_LIMIT_MINUTES, TimeUnit.MINUTES);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException io ? io : new IOException("write-back failed", e.getCause());
        } catch (TimeoutException e) {
            throw new IOException("the disk took more than " + SYNC_LIMIT_MINUTES + " minutes to write back", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            var interrupted = new java.nio.channels.ClosedByInterruptException();
            interrupted.initCause(e);
            throw interrupted;
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
