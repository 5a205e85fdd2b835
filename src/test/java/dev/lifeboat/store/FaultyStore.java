package dev.lifeboat.store;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;

/** A store that fails where a test wants it to: an operation on an object of a given name, from a given byte on. */
public final class FaultyStore implements ArtifactStore {
    private static final long NEVER = Long.MAX_VALUE;

    private final ArtifactStore store;
    private final ConcurrentHashMap<String, Failure> reads = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<String, Failure> writes = new ConcurrentHashMap<>();

    private volatile Runnable beforeWrite = () -> {};

    private record Failure(FaultCode code, long afterBytes) {
        void checkAt(long bytes, String key) {
            if (bytes >= afterBytes) {
                throw Fault.of(code, "injected at byte " + bytes + " of " + key, "none: this is a test")
                        .toException();
            }
        }
    }

    /** A store that does not fail yet. */
    public FaultyStore(ArtifactStore store) {
        this.store = store;
    }

    /** Reading objects of this name fails once {@code afterBytes} bytes were given out. */
    public void failReads(String name, FaultCode code, long afterBytes) {
        reads.put(name, new Failure(code, afterBytes));
    }

    /** Writing objects of this name fails once {@code afterBytes} bytes were taken; at the latest the commit fails. */
    public void failWrites(String name, FaultCode code, long afterBytes) {
        writes.put(name, new Failure(code, afterBytes));
    }

    /** Each write does this first: it may hang. */
    public void onWrite(Runnable before) {
        beforeWrite = before;
    }

    /** Nothing fails any more. */
    public void heal() {
        reads.clear();
        writes.clear();
    }

    @Override
    public String name() {
        return store.name();
    }

    @Override
    public String location() {
        return store.location();
    }

    @Override
    public ObjectWriter create(ObjectKey key) {
        Failure failure = writes.get(key.name());
        ObjectWriter writer = store.create(key);
        return new FailingWriter(
                writer,
                failure == null ? new Failure(FaultCode.INTERNAL, NEVER) : failure,
                key.toString(),
                beforeWrite);
    }

    @Override
    public void putIfAbsent(ObjectKey key, byte[] content) {
        Failure failure = writes.get(key.name());
        if (failure != null) {
            failure.checkAt(Long.MAX_VALUE, key.toString());
        }
        store.putIfAbsent(key, content);
    }

    @Override
    public Optional<StoredObject> find(ObjectKey key) {
        return store.find(key);
    }

    @Override
    public InputStream open(ObjectKey key, long offset) {
        Failure failure = reads.get(key.name());
        if (failure == null) {
            return store.open(key, offset);
        }
        failure.checkAt(offset, key.toString());
        return new FailingInput(store.open(key, offset), failure, key.toString(), offset);
    }

    @Override
    public List<StoredObject> list(ObjectKey prefix) {
        return store.list(prefix);
    }

    @Override
    public List<String> names(Optional<ObjectKey> prefix) {
        return store.names(prefix);
    }

    @Override
    public void delete(ObjectKey key) {
        store.delete(key);
    }

    @Override
    public Optional<Path> localPath(ObjectKey key) {
        return Optional.empty();
    }

    @Override
    public OptionalLong freeBytes() {
        return store.freeBytes();
    }

    @Override
    public void probe() {
        store.probe();
    }

    @Override
    public int collectGarbage(Instant before) {
        return store.collectGarbage(before);
    }

    private static final class FailingInput extends FilterInputStream {
        private final Failure failure;
        private final String key;
        private long position;

        FailingInput(InputStream in, Failure failure, String key, long position) {
            super(in);
            this.failure = failure;
            this.key = key;
            this.position = position;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            failure.checkAt(position, key);
            int n = super.read(bytes, offset, (int) Math.min(length, failure.afterBytes() - position));
            position += Math.max(0, n);
            return n;
        }
    }

    private static final class FailingWriter extends ObjectWriter {
        private final ObjectWriter writer;
        private final Failure failure;
        private final String key;
        private final Runnable before;
        private long position;

        FailingWriter(ObjectWriter writer, Failure failure, String key, Runnable before) {
            this.before = before;
            this.writer = writer;
            this.failure = failure;
            this.key = key;
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            before.run();
            failure.checkAt(position, key);
            position += length;
            writer.write(bytes, offset, length);
        }

        @Override
        public void flush() {
            writer.flush();
        }

        @Override
        public void commit() {
            failure.checkAt(NEVER - 1, key);
            writer.commit();
        }

        @Override
        public void close() {
            writer.close();
        }
    }
}
