package dev.lifeboat.filestore;

/** How many threads share the processors and the heap. */
final class Workers {
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
}
