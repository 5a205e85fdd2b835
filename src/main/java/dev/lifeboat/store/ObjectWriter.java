package dev.lifeboat.store;

import java.io.OutputStream;

/**
 * A write in progress. Bytes go in as to any stream; the SHA-256 is computed on the way. {@link #commit} makes the object
 * durable and seen; {@link #close} without it leaves nothing behind. Failures are {@link dev.lifeboat.fault.FaultException}s
 * (STORE_FULL, STORE_WRITE_FAILED), not {@link java.io.IOException}s. Not thread-safe.
 */
public abstract class ObjectWriter extends OutputStream {
    /**
     * Makes what was written durable and seen under its key.
     *
     * @return what was stored, with size and SHA-256 of exactly the bytes written
     */
    public abstract StoredObject commit();

    /** Ends the write; without a commit before, nothing was written. */
    @Override
    public abstract void close();

    @Override
    public abstract void write(byte[] bytes, int offset, int length);

    @Override
    public void write(int b) {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public abstract void flush();
}
