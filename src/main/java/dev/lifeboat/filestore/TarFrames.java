package dev.lifeboat.filestore;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import dev.lifeboat.digest.Hashes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/** Builds the tar of one job and hands it on in compressed frames, each of which can be decompressed alone. */
final class TarFrames implements AutoCloseable {
    /** Bytes of tar in a frame, about. */
    static final int FRAME_BYTES = 2 * 1024 * 1024;

    /** Of a tar. */
    static final int BLOCK = 512;

    /** Files that share a frame at most. */
    static final int FILES_IN_FRAME = 512;

    private static final int END_BLOCKS = 2 * BLOCK;
    private static final int SHORT_NAME = 100;
    /** A frame holds many files, of which one is an image and the next is text: the sample has something of each. */
    private static final int PIECES = 16;

    private static final int PIECE = 4 * 1024;
    /** Of incompressible bytes the sample keeps nearly all; then the cheapest level is as good as any. */
    private static final double INCOMPRESSIBLE = 0.97;

    private static final int CHEAPEST_LEVEL = -7;
    private static final int LEVEL = 1;
    /** Room for what folders need beyond what the scan reckoned with; the headers of long names get more when they come. */
    private static final int SLACK = FILES_IN_FRAME * BLOCK;

    private final BlockingQueue<ArchiveJob.Frame> frames;
    private final Buffers buffers;
    private final ZstdCompressCtx zstd = new ZstdCompressCtx().setChecksum(true);
    private final MessageDigest sha1 = Hashes.sha1();
    private final byte[] sample = new byte[PIECES * PIECE];
    private byte[] buffer;
    private int filled;
    private long emitted;

    /**
     * The tar of a job.
     *
     * @param frames receives the frames; whoever takes them gives their bytes back to the buffers
     * @param buffers shared by all jobs of an archive
     */
    TarFrames(BlockingQueue<ArchiveJob.Frame> frames, Buffers buffers) {
        this.frames = frames;
        this.buffers = buffers;
        this.buffer = buffers.take(FRAME_BYTES + SLACK);
    }

    /** What frames are made in; used again and again, because a new one costs as much as filling it. */
    static final class Buffers {
        private final ConcurrentLinkedDeque<byte[]> free = new ConcurrentLinkedDeque<>();

        private byte[] take(int length) {
            for (byte[] buffer = free.poll(); buffer != null; buffer = free.poll()) {
                if (buffer.length >= length) {
                    return buffer;
                }
            }
            // Long enough for either use, so that nearly every buffer can be used again.
            return new byte[Math.max(length, (int) Zstd.compressBound(FRAME_BYTES + SLACK))];
        }

        void giveBack(byte[] buffer) {
            free.push(buffer);
        }
    }

    /** What was read of a file. */
    record Content(int length, String sha1) {}

    /** What ends a tar, as a frame. */
    static byte[] end() {
        return Zstd.compress(new byte[END_BLOCKS], LEVEL);
    }

    /** What a file takes of a tar at most, unless its name is a long one: bytes. */
    static long room(long size) {
        return 2L * BLOCK + size + BLOCK;
    }

    /** Whether a file is read piece by piece; {@link #read} is for those that are not. */
    static boolean isLarge(ArchiveJob.Item item) {
        return item.size() > FRAME_BYTES - 4L * BLOCK;
    }

    void folder(IndexEntry.Folder folder) {
        put(headerOf(new ArchiveJob.Item(null, null, folder.path() + "/", folder.mode(), 0, 0, 0, 0), 0));
    }

    /** Reads a file to where it will stand if it is kept; it may have become shorter since the scan. */
    Content read(ArchiveJob.Item item) throws IOException {
        int from = filled + headerLength(item);
        makeRoomUpTo(from + (int) item.size());
        int length;
        try (InputStream in = item.open()) {
            length = in.readNBytes(buffer, from, (int) item.size());
        }
        sha1.update(buffer, from, length);
        return new Content(length, HexFormat.of().formatHex(sha1.digest()));
    }

    /** Keeps what was read last; gives where its content begins, in bytes of tar since the beginning of the job. */
    long keep(ArchiveJob.Item item, Content content) {
        put(headerOf(item, content.length()));
        long offset = emitted + filled;
        filled += content.length();
        pad(content.length());
        return offset;
    }

    /**
     * What became of a large file.
     *
     * @param offset where its content begins, in bytes of tar since the beginning of the job
     * @param sha1 of what is in the tar
     * @param cut whether it had become shorter; zeros stand in its stead
     */
    record Large(long offset, String sha1, boolean cut) {}

    /** Copies a large file. The tar gets exactly as many bytes as its header says, whatever becomes of the file meanwhile. */
    Large copy(ArchiveJob.Item item) throws IOException, InterruptedException {
        boolean cut = false;
        try (InputStream in = item.open()) {
            put(headerOf(item, item.size()));
            long offset = emitted + filled;
            for (long left = item.size(); left > 0; ) {
                int want = (int) Math.min(left, FRAME_BYTES - filled);
                int got = in.readNBytes(buffer, filled, want);
                if (got < want) {
                    cut = true;
                    Arrays.fill(buffer, filled + got, filled + want, (byte) 0);
                }
                sha1.update(buffer, filled, want);
                filled += want;
                left -= want;
                if (filled == FRAME_BYTES) {
                    emit();
                }
            }
            pad(item.size());
            return new Large(offset, HexFormat.of().formatHex(sha1.digest()), cut);
        }
    }

    /** Compresses what there is as one frame. */
    void emit() throws InterruptedException {
        if (filled == 0) {
            return;
        }
        byte[] compressed = buffers.take((int) Zstd.compressBound(filled));
        zstd.setLevel(isCompressible(compressed) ? LEVEL : CHEAPEST_LEVEL);
        int length = zstd.compressByteArray(compressed, 0, compressed.length, buffer, 0, filled);
        frames.put(new ArchiveJob.Frame(compressed, length));
        emitted += filled;
        filled = 0;
    }

    private boolean isCompressible(byte[] scratch) {
        byte[] from = buffer;
        int length = filled;
        if (filled > PIECES * PIECE) {
            from = sample;
            length = PIECES * PIECE;
            for (int i = 0; i < PIECES; i++) {
                int at = (int) ((long) (filled - PIECE) * i / (PIECES - 1));
                System.arraycopy(buffer, at, sample, i * PIECE, PIECE);
            }
        }
        zstd.setLevel(LEVEL);
        return zstd.compressByteArray(scratch, 0, scratch.length, from, 0, length) < length * INCOMPRESSIBLE;
    }

    private void put(byte[] header) {
        makeRoomUpTo(filled + header.length);
        System.arraycopy(header, 0, buffer, filled, header.length);
        filled += header.length;
    }

    private void pad(long length) {
        int rest = (int) (length % BLOCK);
        if (rest > 0) {
            int padded = filled + BLOCK - rest;
            makeRoomUpTo(padded);
            Arrays.fill(buffer, filled, padded, (byte) 0);
            filled = padded;
        }
    }

    private void makeRoomUpTo(int end) {
        if (end > buffer.length) {
            buffer = Arrays.copyOf(buffer, end + SLACK);
        }
    }

    @Override
    public void close() {
        zstd.close();
        buffers.giveBack(buffer);
    }

    private static int headerLength(ArchiveJob.Item item) {
        return isPlain(item) ? BLOCK : headerOf(item, item.size()).length;
    }

    private static boolean isPlain(ArchiveJob.Item item) {
        return item.path().length() + 2 <= SHORT_NAME
                && item.size() < TarConstants.MAXSIZE
                && Names.isPrintable(item.path());
    }

    private static byte[] headerOf(ArchiveJob.Item item, long size) {
        byte type = item.path().endsWith("/") ? TarConstants.LF_DIR : TarConstants.LF_NORMAL;
        var header = new TarArchiveEntry("./" + item.path(), type);
        header.setMode(item.mode());
        header.setIds((int) item.uid(), (int) item.gid());
        header.setSize(size);
        header.setModTime(FileTime.fromMillis(item.modified() * 1000));
        if (isPlain(item)) {
            byte[] block = new byte[BLOCK];
            header.writeEntryHeader(block);
            return block;
        }
        var bytes = new ByteArrayOutputStream();
        try {
            // Not closed: the header alone is wanted, without content and without the end of an archive.
            var tar = new TarArchiveOutputStream(bytes, BLOCK, StandardCharsets.UTF_8.name());
            tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
            tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
            tar.setAddPaxHeadersForNonAsciiNames(true);
            tar.putArchiveEntry(header);
            tar.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }
}
