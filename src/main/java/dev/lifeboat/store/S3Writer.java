package dev.lifeboat.store;

import dev.lifeboat.digest.Hashes;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import org.jboss.logging.Logger;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.UploadPartRequest;

/**
 * The one write of one object into a bucket: in one request where it is small, else in parts, of which a few are under way
 * at a time. So many blocks are held in memory at most as may be under way; a part is sent again from them where it fails.
 */
final class S3Writer extends ObjectWriter {
    private static final Logger LOG = Logger.getLogger(S3Writer.class);

    /** S3 allows 10,000 parts: the first ones are small, so that small objects need little memory. */
    static final int SMALL_PARTS = 1_000;

    static final int MOST_PARTS = 10_000;
    static final int BLOCKS_OF_LATER_PARTS = 4;
    private static final int BLOCKS_UNDER_WAY = 3;
    private static final byte[] NOTHING = {};
    private static final String BINARY = "application/octet-stream";

    private final S3Store store;
    private final ObjectKey key;
    private final ExecutorService senders = Executors.newVirtualThreadPerTaskExecutor();
    private final Semaphore room = new Semaphore(BLOCKS_UNDER_WAY, true);
    private final List<Future<CompletedPart>> parts = new ArrayList<>();
    private List<Block> gathered = new ArrayList<>();
    private byte[] filling = NOTHING;
    private int filled;
    private long size;
    private String upload;
    private boolean ended;

    S3Writer(S3Store store, ObjectKey key) {
        this.store = store;
        this.key = key;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        requireOpen();
        for (int from = offset, left = length; left > 0; ) {
            int part = Math.min(left, Block.BYTES - filled);
            makeRoomFor(part);
            System.arraycopy(bytes, from, filling, filled, part);
            filled += part;
            from += part;
            left -= part;
            if (filled == Block.BYTES) {
                gather();
            }
        }
    }

    /** Most objects are small, and many may be written at a time. */
    private void makeRoomFor(int more) {
        if (filled + more > filling.length) {
            filling = Arrays.copyOf(filling, Math.min(Block.BYTES, 2 * (filled + more)));
        }
    }

    @Override
    public void write(Block block) {
        if (filled > 0 || block.length() < Block.BYTES) {
            write(block.bytes(), 0, block.length());
            return;
        }
        requireOpen();
        block.hold();
        add(block);
    }

    /** Nothing is seen before the commit, so there is nothing to hasten. */
    @Override
    public void flush() {}

    private void gather() {
        Block block = new Block(filling, filled);
        filling = NOTHING;
        filled = 0;
        add(block);
    }

    private void add(Block block) {
        size += block.length();
        gathered.add(block);
        if (gathered.size() == (parts.size() < SMALL_PARTS ? 1 : BLOCKS_OF_LATER_PARTS)) {
            send();
        }
    }

    /** Sends what is gathered as a part, once there is room. */
    private void send() {
        List<Block> blocks = gathered;
        gathered = new ArrayList<>();
        int number = parts.size() + 1;
        if (number > MOST_PARTS) {
            throw Fault.of(
                            FaultCode.STORE_WRITE_FAILED,
                            key + " is larger than an object of store '" + store.name() + "' may be here (" + size
                                    + " bytes so far)",
                            "Keep this environment's artifacts in a folder store, and tell us: larger parts can be had.")
                    .toException();
        }
        if (upload == null) {
            begin();
        }
        lookForFailures();
        int permits = Math.min(blocks.size(), BLOCKS_UNDER_WAY);
        try {
            room.acquire(permits);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Fault.of(FaultCode.CANCELLED, "The write of " + key + " was ended", "Start the run again.")
                    .toException(e);
        }
        parts.add(senders.submit(() -> {
            try {
                return upload(number, blocks);
            } finally {
                blocks.forEach(Block::release);
                room.release(permits);
            }
        }));
    }

    private void begin() {
        try {
            upload = store.client()
                    .createMultipartUpload(request -> {
                        request.bucket(store.settings().bucket()).key(store.path(key));
                        if (store.settings().checksums()) {
                            request.checksumAlgorithm(ChecksumAlgorithm.SHA256);
                        }
                    })
                    .uploadId();
            store.begun(upload);
        } catch (SdkException e) {
            throw store.fault(e, key.toString(), true);
        }
    }

    private CompletedPart upload(int number, List<Block> blocks) {
        long length = blocks.stream().mapToLong(Block::length).sum();
        var request = UploadPartRequest.builder()
                .bucket(store.settings().bucket())
                .key(store.path(key))
                .uploadId(upload)
                .partNumber(number)
                .contentLength(length);
        String checksum = store.settings().checksums() ? checksum(blocks) : null;
        request.checksumSHA256(checksum);
        try {
            String tag = store.client()
                    .uploadPart(request.build(), RequestBody.fromContentProvider(body(blocks), length, BINARY))
                    .eTag();
            return CompletedPart.builder()
                    .partNumber(number)
                    .eTag(store.requireTag(tag, key))
                    .checksumSHA256(checksum)
                    .build();
        } catch (SdkException e) {
            throw store.fault(e, key.toString(), true);
        }
    }

    private static String checksum(List<Block> blocks) {
        if (blocks.size() == 1) {
            return Base64.getEncoder().encodeToString(blocks.getFirst().sha256());
        }
        MessageDigest digest = Hashes.sha256();
        blocks.forEach(block -> block.digestTo(digest));
        return Base64.getEncoder().encodeToString(digest.digest());
    }

    private static ContentStreamProvider body(List<Block> blocks) {
        return ContentStreamProvider.fromInputStreamSupplier(() -> blocks.size() == 1
                ? stream(blocks.getFirst())
                : new SequenceInputStream(Collections.enumeration(
                        blocks.stream().<InputStream>map(S3Writer::stream).toList())));
    }

    private static InputStream stream(Block block) {
        return new java.io.ByteArrayInputStream(block.bytes(), 0, block.length());
    }

    /** A part that has failed ends the write when the next one is due. */
    private void lookForFailures() {
        for (Future<CompletedPart> part : parts) {
            if (part.state() == Future.State.FAILED) {
                result(part);
            }
        }
    }

    private <T> T result(Future<T> part) {
        try {
            return part.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof FaultException fault ? fault : new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Fault.of(FaultCode.CANCELLED, "The write of " + key + " was ended", "Start the run again.")
                    .toException(e);
        }
    }

    @Override
    public void commit() {
        requireOpen();
        if (upload == null) {
            if (size > 0) {
                throw new IllegalStateException("the write of " + key + " has failed");
            }
            result(senders.submit(() -> putWhole(new Block(filling, filled))));
        } else {
            if (filled > 0) {
                gather();
            }
            if (!gathered.isEmpty()) {
                send();
            }
            complete();
            requireWhole();
        }
        close();
    }

    /** Servers have answered well for uploads that did not become objects. */
    private void requireWhole() {
        StoredObject stored = store.find(key).orElseThrow(() -> vanished("it is not there"));
        if (stored.size() != size) {
            throw vanished("it has " + stored.size() + " bytes");
        }
    }

    private FaultException vanished(String why) {
        return Fault.of(
                        FaultCode.STORE_WRITE_FAILED,
                        "Store '" + store.name() + "' said that " + key + " was written with " + size + " bytes, but "
                                + why,
                        "Start the run again; if it happens again, the service behind the store is at fault.")
                .toException();
    }

    private String putWhole(Block block) {
        RequestBody body = RequestBody.fromContentProvider(body(List.of(block)), block.length(), BINARY);
        try {
            return store.requireTag(
                    store.client()
                            .putObject(store.put(key, block).build(), body)
                            .eTag(),
                    key);
        } catch (SdkException e) {
            throw store.fault(e, key.toString(), true);
        }
    }

    private void complete() {
        List<CompletedPart> done = parts.stream().map(this::result).toList();
        String finished = upload;
        try {
            store.client().completeMultipartUpload(request -> request.bucket(
                            store.settings().bucket())
                    .key(store.path(key))
                    .uploadId(finished)
                    .multipartUpload(multipart -> multipart.parts(done)));
        } catch (SdkException e) {
            // Where the answer was lost the upload may be complete: then it can't be completed again, and is there.
            boolean isThere =
                    store.find(key).filter(object -> object.size() == size).isPresent();
            if (!isThere || wasThereBefore(e)) {
                throw store.fault(e, key.toString(), true);
            }
        }
        store.ended(upload);
        upload = null;
    }

    /** An answer other than "no such upload" says that this upload did not become the object. */
    private static boolean wasThereBefore(SdkException e) {
        return e instanceof software.amazon.awssdk.services.s3.model.S3Exception answer
                && answer.statusCode() != 404
                && answer.statusCode() < 500;
    }

    @Override
    public void close() {
        if (ended) {
            return;
        }
        ended = true;
        senders.shutdownNow();
        gathered = List.of();
        filling = NOTHING;
        if (upload != null) {
            try {
                store.client().abortMultipartUpload(request -> request.bucket(
                                store.settings().bucket())
                        .key(store.path(key))
                        .uploadId(upload));
            } catch (SdkException e) {
                LOG.warnf(
                        "store %s: an unfinished upload of %s stays until the next garbage collection: %s",
                        store.name(), key, e.getMessage());
            } finally {
                store.ended(upload);
            }
        }
    }

    private void requireOpen() {
        if (ended) {
            throw new IllegalStateException("the write of " + key + " has ended");
        }
    }
}
