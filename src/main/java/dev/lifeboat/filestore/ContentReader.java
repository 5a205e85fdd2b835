package dev.lifeboat.filestore;

import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/** Reads files of parts, in the order of the index, from as few openings as can be. */
final class ContentReader implements AutoCloseable {
    /** Skipping costs decompression; beyond this distance (bytes) a new opening is cheaper. */
    private static final long FAR = 4L * 1024 * 1024;

    private final PartSource parts;
    private final List<FilestoreIndex.PartRef> known;
    private InputStream open;
    private int part = -1;
    private long frame = -1;
    private long position;

    /**
     * A reader.
     *
     * @param known the parts, in the order of the index
     */
    ContentReader(PartSource parts, List<FilestoreIndex.PartRef> known) {
        this.parts = parts;
        this.known = known;
    }

    /** A stream that stands where the file begins; {@link #advanced} is told when it was read. */
    InputStream at(IndexEntry.File file) throws IOException {
        boolean ahead = open != null && part == file.part() && frame == file.frame() && file.offset() >= position;
        if (!ahead || file.offset() - position > FAR) {
            close();
            part = file.part();
            frame = file.frame();
            position = 0;
            open = new ZstdInputStreamNoFinalizer(parts.open(known.get(part), frame));
        }
        try {
            open.skipNBytes(file.offset() - position);
        } catch (IOException e) {
            throw damaged(file, e);
        }
        position = file.offset();
        return open;
    }

    void advanced(long bytes) {
        position += bytes;
    }

    static FaultException damaged(IndexEntry.File file, IOException cause) {
        return Fault.of(
                        FaultCode.ARTIFACT_DAMAGED,
                        "the artifact's content of " + file.path()
                                + " is not the one that its index names; the present filestore is as it was",
                        "Restore another artifact, or from another store.")
                .toException(cause);
    }

    @Override
    public void close() throws IOException {
        if (open != null) {
            open.close();
            open = null;
        }
    }
}
