package dev.lifeboat.artifact;

import dev.lifeboat.artifact.Manifest.FileEntry;
import dev.lifeboat.digest.Hashes;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.store.ArtifactStore;
import dev.lifeboat.store.Block;
import dev.lifeboat.store.ObjectWriter;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Writes an artifact's files into all stores of its environment at once: one read, one compression, one digest. A store that
 * fails, or hangs for longer than there is patience, or is so slow that the others wait for it most of the time, is given up
 * for this artifact: it gets its copy later.
 * Only where no store is left is there a failure. Not thread-safe.
 */
public final class ArtifactWriter {
    private static final Logger LOG = Logger.getLogger(ArtifactWriter.class);
    private static final int SMALL = 64 * 1024;
    private static final long LOOK_MILLIS = 50;
    private static final Duration FAREWELL = Duration.ofSeconds(2);

    private final ArtifactId artifact;
    private final List<ArtifactStore> stores;
    private final Duration patience;
    private final int blockBytes;
    private final Map<String, Fault> lost = Collections.synchronizedMap(new LinkedHashMap<>());
    private final ConcurrentLinkedDeque<byte[]> arrays = new ConcurrentLinkedDeque<>();

    /**
     * A writer.
     *
     * @param stores where to, the primary first
     * @param patience how long a store may hang, and how long in all it may be waited for before it is asked whether it is slow
     */
    public ArtifactWriter(ArtifactId artifact, List<ArtifactStore> stores, Duration patience) {
        this.artifact = artifact;
        this.stores = List.copyOf(stores);
        this.patience = patience;
        this.blockBytes =
                stores.stream().mapToInt(ArtifactStore::blockBytes).max().orElseThrow();
    }

    /** The stores that were given up, and why. */
    public Map<String, Fault> lost() {
        synchronized (lost) {
            return Collections.unmodifiableMap(new LinkedHashMap<>(lost));
        }
    }

    /** Begins a file; without {@link File#commit} it leaves nothing in any store. */
    public File create(String path) {
        return new File(path);
    }

    /** Writes a small file. */
    public FileEntry write(String path, String content) {
        return write(path, content.getBytes(StandardCharsets.UTF_8));
    }

    /** Writes a small file. */
    public FileEntry write(String path, byte[] content) {
        try (File file = create(path)) {
            file.write(content, 0, content.length);
            return file.commit();
        }
    }

    /** A file that is being written. */
    public final class File extends OutputStream {
        private final String path;
        private final List<Copy> copies = new ArrayList<>();
        private final MessageDigest digest = Hashes.sha256();
        private byte[] filling = new byte[SMALL];
        private int filled;
        private long size;

        private File(String path) {
            this.path = path;
            for (ArtifactStore store : stores) {
                if (!lost.containsKey(store.name())) {
                    copies.add(new Copy(store, path));
                }
            }
            requireOne();
        }

        @Override
        public void write(int b) {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            for (int from = offset, left = length; left > 0; ) {
                int part = Math.min(left, blockBytes - filled);
                makeRoomFor(part);
                System.arraycopy(bytes, from, filling, filled, part);
                filled += part;
                from += part;
                left -= part;
                if (filled == blockBytes) {
                    handOn();
                }
            }
        }

        /** Small files need no large array. */
        private void makeRoomFor(int more) {
            if (filled + more > filling.length) {
                byte[] larger = filled + more > blockBytes / 2 ? array() : new byte[2 * (filled + more)];
                System.arraycopy(filling, 0, larger, 0, filled);
                filling = larger;
            }
        }

        private byte[] array() {
            byte[] used = arrays.poll();
            return used == null ? new byte[blockBytes] : used;
        }

        private void handOn() {
            boolean recyclable = filling.length == blockBytes;
            var block = new Block(filling, filled, recyclable ? arrays::push : array -> {});
            size += filled;
            filling = recyclable ? array() : new byte[SMALL];
            filled = 0;
            // The stores begin with it while it is digested.
            offer(block, () -> block.digestTo(digest));
            block.release();
        }

        /** Gives a block to every store, and to none more than it can take. */
        private void offer(Block block, Runnable meanwhile) {
            var waiting = new ArrayList<>(copies.stream().filter(Copy::isAlive).toList());
            waiting.forEach(copy -> block.hold());
            waiting.removeIf(copy -> copy.queue.offer(block));
            meanwhile.run();
            waiting.removeIf(copy -> copy.queue.offer(block));
            while (!waiting.isEmpty()) {
                long begin = System.nanoTime();
                Copy slow = waiting.getFirst();
                boolean taken = slow.offer(block);
                boolean alone = copies.stream().filter(Copy::isAlive).count() == waiting.size();
                if (!taken && !alone) {
                    waiting.forEach(copy -> copy.keptWaiting(System.nanoTime() - begin));
                }
                waiting.removeIf(copy -> {
                    boolean done = (copy == slow && taken) || (copy != slow && copy.queue.offer(block));
                    if (done) {
                        copy.hasTaken();
                    }
                    if (!done && !copy.isAlive()) {
                        block.release();
                        return true;
                    }
                    return done;
                });
            }
            requireOne();
        }

        private void requireOne() {
            for (Copy copy : copies) {
                if (copy.isAlive()) {
                    return;
                }
            }
            Map<String, Fault> all = lost();
            Fault first = all.get(stores.getFirst().name());
            throw (first == null ? all.values().iterator().next() : first).toException();
        }

        /**
         * Makes the file durable in every store that is left.
         *
         * @throws FaultException what the primary store said, where none is left
         */
        public FileEntry commit() {
            if (filled > 0) {
                handOn();
            }
            copies.forEach(Copy::end);
            boolean one = false;
            for (boolean waiting = true; waiting; ) {
                waiting = false;
                for (Copy copy : copies) {
                    long begin = System.nanoTime();
                    if (copy.isEnding() && !copy.awaitEnd()) {
                        waiting = true;
                        if (one) {
                            copy.keptWaiting(System.nanoTime() - begin);
                        }
                    }
                    one |= copy.isStored();
                }
            }
            copies.removeIf(copy -> !copy.isStored());
            if (copies.isEmpty()) {
                requireOne();
            }
            return new FileEntry(path, size, HexFormat.of().formatHex(digest.digest()));
        }

        @Override
        public void flush() {
            // Nothing is seen before the commit, so there is nothing to hasten.
        }

        @Override
        public void close() {
            copies.forEach(Copy::giveUp);
            copies.forEach(Copy::farewell);
        }
    }

    /** The file's way into one store, in a thread of its own. */
    private final class Copy implements Runnable {
        private static final Block END = new Block(new byte[0], 0);

        private final ArtifactStore store;
        private final String path;
        private final BlockingQueue<Block> queue = new SynchronousQueue<>();
        private final CountDownLatch ended = new CountDownLatch(1);
        private final Thread thread;
        private volatile boolean stored;
        private volatile boolean ending;
        private final long begunNanos = System.nanoTime();
        private long waitedNanos;
        private long hangingNanos;

        Copy(ArtifactStore store, String path) {
            this.store = store;
            this.path = path;
            this.thread =
                    Thread.ofPlatform().daemon().name("copy " + store.name()).start(this);
        }

        @Override
        public void run() {
            try (ObjectWriter writer = store.create(artifact.path(path))) {
                for (Block block = queue.take(); block != END; block = queue.take()) {
                    try {
                        writer.write(block);
                    } finally {
                        block.release();
                    }
                }
                writer.commit();
                stored = true;
            } catch (FaultException e) {
                lost.putIfAbsent(store.name(), e.fault());
            } catch (RuntimeException | Error e) {
                // Also of memory that is short: a thread that ended without a word would leave nobody to say why.
                LOG.error("a write into store " + store.name() + " broke", e);
                lost.putIfAbsent(
                        store.name(),
                        Fault.of(
                                FaultCode.INTERNAL,
                                "the write of " + path + " into store '" + store.name() + "' broke",
                                "This is an error of the program; the log has more. Please report it."));
            } catch (InterruptedException e) {
                // Given up: whoever did so has said why, or wants nothing written.
                Thread.currentThread().interrupt();
            } finally {
                ended.countDown();
            }
        }

        boolean isAlive() {
            return ended.getCount() > 0 && !lost.containsKey(store.name());
        }

        boolean isEnding() {
            return ending && isAlive();
        }

        boolean isStored() {
            return stored && !lost.containsKey(store.name());
        }

        boolean offer(Block block) {
            try {
                return queue.offer(block, LOOK_MILLIS, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                throw cancelled(e);
            }
        }

        void hasTaken() {
            hangingNanos = 0;
        }

        void keptWaiting(long nanos) {
            waitedNanos += nanos;
            hangingNanos += nanos;
            boolean hangs = hangingNanos > patience.toNanos();
            boolean isSlow = waitedNanos > patience.toNanos() && waitedNanos > (System.nanoTime() - begunNanos) / 2;
            if ((hangs || isSlow) && isAlive()) {
                lost.putIfAbsent(
                        store.name(),
                        Fault.of(
                                        FaultCode.STORE_UNREACHABLE,
                                        "Store '" + store.name() + "' (" + store.location()
                                                + ") kept the others waiting for " + waitedNanos / 1_000_000_000
                                                + " s while "
                                                + path + " was written",
                                        "It gets its copy later, from another store. See the way to it and its state; a"
                                                + " store that is only slow can be given more time"
                                                + " (lifeboat.store-patience).")
                                .with("store", store.name()));
                thread.interrupt();
            }
        }

        void end() {
            ending = true;
            // The thread may have to write what it has before it takes the end.
            Thread.ofVirtual().start(() -> {
                try {
                    while (isAlive() && !queue.offer(END, LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
                        Thread.onSpinWait();
                    }
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
        }

        boolean awaitEnd() {
            try {
                return ended.await(LOOK_MILLIS, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                throw cancelled(e);
            }
        }

        void giveUp() {
            if (!stored) {
                thread.interrupt();
            }
        }

        /** A store that hangs is not waited for; what its write leaves is garbage that is collected. */
        void farewell() {
            boolean interrupted = Thread.interrupted();
            try {
                ended.await(FAREWELL.toMillis(), TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }

        private FaultException cancelled(InterruptedException e) {
            Thread.currentThread().interrupt();
            return Fault.of(FaultCode.CANCELLED, "the write of " + path + " was ended", "Start the run again.")
                    .toException(e);
        }
    }
}
