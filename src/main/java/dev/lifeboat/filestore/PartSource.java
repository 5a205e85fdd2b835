package dev.lifeboat.filestore;

import java.io.InputStream;

/** Gives the bytes of a part from {@code offset} (bytes) to its end. */
@FunctionalInterface
public interface PartSource {
    /** Opens the part; the caller closes the stream. */
    InputStream open(FilestoreIndex.PartRef part, long offset);
}
