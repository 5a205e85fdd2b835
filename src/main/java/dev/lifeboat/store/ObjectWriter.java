package dev.lifeboat.store;

import java.io.OutputStream;

/**
 * A write in progress. Bytes go in as to any stream. {@link #commit} makes the object durable and seen; {@link #close} without it leaves nothing behind. Failures are {@link dev.lifeboat.fault.FaultException}s
 * (STORE_FULL, STORE_WRITE_FAILED), not {@link java.io.IOException}s. Not thread-safe.
 */
public abstract class ObjectWriter extends OutputStream {
    /** Makes exactly what was written durable and seen under its key. */
    public abstract void commit();

    /** Ends the write; without a commit before, nothing was written. */
    @Override
    public abstract void close();

    @Override
    public abstract void write(byte[] bytes, int offset, int length);

    /** Writes a block; it is only read. */
    public void write(Block block) {
        write(block.bytes(), 0, block.length());
    }

    @Override
    public void write(int b) {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public abstract void flush();
}
