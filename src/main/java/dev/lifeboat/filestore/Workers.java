package dev.lifeboat.filestore;

/** How many threads share the processors, the disks and the heap. */
public final class Workers {
    /** A disk that has this many small files to find at a time finds them about as fast as it ever can. */
    private static final int AT_A_DISK = 16;

    private Workers() {}

    /**
     * Twice as many as there are processors, because some wait for the disk, but no more than half of the heap has room for.
     *
     * @param bytesEach what one of them holds on the heap at most
     */
    static int count(long bytesEach) {
        long room = Runtime.getRuntime().maxMemory() / 2 / bytesEach;
        return (int) Math.clamp(2L * Runtime.getRuntime().availableProcessors(), 2, Math.max(2, room));
    }

    /** Those that only read files to hash them, and hold next to nothing: most of them wait for a disk where it has to be read. */
    public static int reading() {
        return Math.max(AT_A_DISK, Runtime.getRuntime().availableProcessors());
    }
}
