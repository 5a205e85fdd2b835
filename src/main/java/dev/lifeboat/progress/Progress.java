package dev.lifeboat.progress;

/** Receives how far a piece of long work is. Implementations are thread-safe and cheap: callers report every few MiB. */
public interface Progress {
    /** Tells nobody. */
    Progress NONE = new Progress() {
        @Override
        public void expect(long bytes, long items) {}

        @Override
        public void advance(long bytes, long items) {}

        @Override
        public void phase(String name) {}
    };

    /** How much there is to do: bytes and items (tables, files); 0 where unknown. A later call replaces the earlier. */
    void expect(long bytes, long items);

    /** So much more was done: bytes and items. */
    void advance(long bytes, long items);

    /** What is being done now, in a word or two ("dump", "digest"). */
    void phase(String name);
}
