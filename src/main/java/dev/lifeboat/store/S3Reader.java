package dev.lifeboat.store;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import software.amazon.awssdk.core.exception.RetryableException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.ResponseTransformer;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * Reads an object in ranges. The first is small, for who wants a few files of a part; whoever goes on gets larger ones, of
 * which the next ones are fetched while one is read. Every range must be of the same version (ETag), so that an object that
 * is replaced meanwhile is never mixed with its successor. A range that breaks off is fetched again.
 */
final class S3Reader extends BulkInputStream {
    private static final int FIRST_RANGE = 2 << 20;
    private static final int RANGE = 4 << 20;
    private static final int AHEAD = 2;

    private final S3Store store;
    private final ObjectKey key;
    private final long size;
    private final String tag;
    private final ExecutorService fetchers = Executors.newVirtualThreadPerTaskExecutor();
    private final Deque<Future<byte[]>> ahead = new ArrayDeque<>();
    private byte[] current;
    private int position;
    /** Where the next range begins that was not asked for yet. */
    private long next;

    private boolean closed;

    private S3Reader(S3Store store, ObjectKey key, byte[] first, long next, long size, String tag) {
        this.store = store;
        this.key = key;
        this.current = first;
        this.next = next;
        this.size = size;
        this.tag = tag;
    }

    static InputStream open(S3Store store, ObjectKey key, long offset) {
        try {
            Range first = fetch(store, key, offset, FIRST_RANGE, null);
            return new S3Reader(store, key, first.bytes(), offset + first.bytes().length, first.size(), first.tag());
        } catch (S3Exception e) {
            if (e.statusCode() == 416) {
                StoredObject there = store.find(key).orElseThrow(() -> store.fault(e, key.toString(), false));
                if (there.size() == offset) {
                    return InputStream.nullInputStream();
                }
                throw store.beyond(key, offset);
            }
            if (e.statusCode() == 404) {
                // Says whether it is the bucket that is missing.
                store.find(key);
                throw Fault.of(
                                FaultCode.OBJECT_MISSING,
                                "Store '" + store.name() + "' has no object " + key,
                                "Use the artifact's copy in another store; `lifeboat verify ARTIFACT` tells what is"
                                        + " missing.")
                        .with("store", store.name())
                        .with("key", key)
                        .toException(e);
            }
            throw store.fault(e, key.toString(), false);
        } catch (SdkException e) {
            throw store.fault(e, key.toString(), false);
        }
    }

    /** Bytes of a range with the object's size and version. */
    private static final class Range {
        private final byte[] bytes;
        private final long size;
        private final String tag;

        Range(byte[] bytes, long size, String tag) {
            this.bytes = bytes;
            this.size = size;
            this.tag = tag;
        }

        byte[] bytes() {
            return bytes;
        }

        long size() {
            return size;
        }

        String tag() {
            return tag;
        }
    }

    private static Range fetch(S3Store store, ObjectKey key, long from, int length, String tag) {
        var request = GetObjectRequest.builder()
                .bucket(store.settings().bucket())
                .key(store.path(key))
                .ifMatch(tag);
        // An empty object has no range.
        boolean wanted = from > 0 || tag != null;
        request.range("bytes=" + from + "-" + (from + length - 1));
        try {
            return store.client().getObject(request.build(), reading(from, length));
        } catch (S3Exception e) {
            if (e.statusCode() == 416 && !wanted) {
                return store.client()
                        .getObject(
                                GetObjectRequest.builder()
                                        .bucket(store.settings().bucket())
                                        .key(store.path(key))
                                        .build(),
                                reading(0, length));
            }
            throw e;
        }
    }

    /** Reads a whole answer within the request, so that one that breaks off is asked for again. */
    private static ResponseTransformer<GetObjectResponse, Range> reading(long from, int length) {
        return (GetObjectResponse answer, software.amazon.awssdk.http.AbortableInputStream in) -> {
            try {
                byte[] bytes = in.readNBytes(length);
                if (!Objects.equals((long) bytes.length, answer.contentLength())) {
                    throw new IOException(
                            bytes.length + " bytes of " + answer.contentLength() + ", then the connection ended");
                }
                return new Range(bytes, sizeOf(answer, from, bytes.length), answer.eTag());
            } catch (IOException e) {
                in.abort();
                throw RetryableException.builder()
                        .message("the answer broke off: " + e.getMessage())
                        .cause(e)
                        .build();
            }
        };
    }

    private static long sizeOf(GetObjectResponse answer, long from, int length) {
        String range = answer.contentRange();
        int slash = range == null ? -1 : range.lastIndexOf('/');
        return slash < 0 ? from + length : Long.parseLong(range.substring(slash + 1));
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        if (closed) {
            throw new IOException("the stream is closed");
        }
        if (length == 0) {
            return 0;
        }
        if (position == current.length && !advance()) {
            return -1;
        }
        int n = Math.min(length, current.length - position);
        System.arraycopy(current, position, bytes, offset, n);
        position += n;
        return n;
    }

    private boolean advance() {
        current = new byte[0];
        position = 0;
        while (ahead.size() < AHEAD && next < size) {
            long from = next;
            int length = (int) Math.min(RANGE, size - from);
            ahead.add(fetchers.submit(() -> fetch(store, key, from, length, tag).bytes()));
            next += length;
        }
        Future<byte[]> first = ahead.poll();
        if (first == null) {
            return false;
        }
        try {
            current = first.get();
            return true;
        } catch (ExecutionException e) {
            throw failed(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Fault.of(FaultCode.CANCELLED, "Reading " + key + " was ended", "Start the run again.")
                    .toException(e);
        }
    }

    private FaultException failed(Throwable cause) {
        if (cause instanceof S3Exception answer && (answer.statusCode() == 412 || answer.statusCode() == 404)) {
            return Fault.of(
                            FaultCode.STORE_READ_FAILED,
                            key + " in store '" + store.name() + "' was replaced or removed while it was read",
                            "Read it again, or use the artifact's copy in another store.")
                    .with("store", store.name())
                    .with("key", key)
                    .toException(cause);
        }
        if (cause instanceof SdkException e) {
            FaultException fault = store.fault(e, key.toString(), false);
            return fault.fault().code() == FaultCode.STORE_UNREACHABLE
                    ? new Fault(
                                    FaultCode.STORE_READ_FAILED,
                                    fault.fault().message(),
                                    fault.fault().facts(),
                                    fault.fault().remedy())
                            .toException(e)
                    : fault;
        }
        throw new IllegalStateException(cause);
    }

    @Override
    public void close() {
        closed = true;
        fetchers.shutdownNow();
        ahead.clear();
        current = new byte[0];
    }
}
