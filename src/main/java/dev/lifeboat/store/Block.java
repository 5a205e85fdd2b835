package dev.lifeboat.store;

import dev.lifeboat.digest.Hashes;
import java.security.MessageDigest;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Bytes on their way to several stores at once. Whoever fills it hands it on and does not touch it again, so that no store
 * needs a copy of its own, and its digest is computed once for all of them. Who wants it longer than the call in which it
 * was given holds it; when nobody does any more, its array is used again.
 */
public final class Block {
    /** How many bytes the largest block has: the least that an S3 part may have. */
    public static final int BYTES = 5 << 20;

    /** How many bytes a block has where nobody wants large ones. */
    public static final int SMALL = 1 << 20;

    private final byte[] bytes;
    private final int length;
    private final Consumer<byte[]> recycle;
    private final AtomicInteger holders = new AtomicInteger(1);
    private byte[] sha256;

    /** The first {@code length} bytes; the array is the block's from now on. */
    public Block(byte[] bytes, int length) {
        this(bytes, length, array -> {});
    }

    /** The same; {@code recycle} gets the array when nobody holds the block any more. The caller holds it. */
    public Block(byte[] bytes, int length, Consumer<byte[]> recycle) {
        this.bytes = bytes;
        this.length = length;
        this.recycle = recycle;
    }

    /** The array; only {@link #length} of it count, and none may be changed. */
    byte[] bytes() {
        return bytes;
    }

    /** How many bytes. */
    public int length() {
        return length;
    }

    /** Keeps the block; each call wants a {@link #release}. */
    public void hold() {
        holders.incrementAndGet();
    }

    /** Says that the block is not wanted any more. */
    public void release() {
        if (holders.decrementAndGet() == 0) {
            recycle.accept(bytes);
        }
    }

    /** Adds the bytes to a digest. */
    public void digestTo(MessageDigest digest) {
        digest.update(bytes, 0, length);
    }

    synchronized byte[] sha256() {
        if (sha256 == null) {
            MessageDigest digest = Hashes.sha256();
            digestTo(digest);
            sha256 = digest.digest();
        }
        return sha256;
    }
}
