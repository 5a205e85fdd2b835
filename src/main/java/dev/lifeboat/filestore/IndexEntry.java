package dev.lifeboat.filestore;

/** One line of an index. */
public sealed interface IndexEntry {
    /** The path below the filestore, with {@code /} between names. */
    String path();

    /** The permission bits. */
    int mode();

    /**
     * A folder.
     *
     * @param path below the filestore
     * @param mode permission bits
     */
    record Folder(String path, int mode) implements IndexEntry {}

    /**
     * A regular file.
     *
     * @param path below the filestore
     * @param mode permission bits
     * @param modified seconds since 1970 (UTC)
     * @param size bytes
     * @param sha1 of its content, lower-case hex: for a file that is whole, the one that its name says
     * @param part the number of the part that holds it
     * @param frame where its zstd frame begins in the part, bytes
     * @param offset where its content begins in what the part gives when it is decompressed from there, bytes
     */
    record File(String path, int mode, long modified, long size, String sha1, int part, long frame, long offset)
            implements IndexEntry {
        /** Whether the name is that of a content, and the content is not the one. */
        boolean isDamaged() {
            return Names.isContentAddressed(path) && !Names.sha1Of(path).equals(sha1);
        }

        /** The same file in another part, or in a frame that begins elsewhere. */
        File placed(int part, long frame) {
            return new File(path, mode, modified, size, sha1, part, frame, offset);
        }
    }
}
