package dev.lifeboat.store;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jboss.logging.Logger;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.StandardRetryStrategy;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3Configuration;
import software.amazon.awssdk.services.s3.model.BucketVersioningStatus;
import software.amazon.awssdk.services.s3.model.CommonPrefix;
import software.amazon.awssdk.services.s3.model.ExpirationStatus;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.MultipartUpload;
import software.amazon.awssdk.services.s3.model.ObjectLockEnabled;
import software.amazon.awssdk.services.s3.model.ObjectLockRetentionMode;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.S3Object;
import software.amazon.awssdk.services.s3.model.Tag;

/**
 * A bucket of any server that speaks S3. Nothing is leant on that servers do differently: an object's own SHA-256 is the
 * manifest's, an ETag only says that something was taken and is compared with itself, and where the answer to a write was lost
 * it is written again or looked up.
 */
public final class S3Store implements ArtifactStore, AutoCloseable {
    /** The tag that says that an object may be deleted by a rule of the bucket. */
    public static final Tag EXPIRED =
            Tag.builder().key("lifeboat").value("expired").build();

    private static final Logger LOG = Logger.getLogger(S3Store.class);
    private static final String PROBE = ".lifeboat-probe-";
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(5);
    private static final Duration BUCKET_SEEN_FOR = Duration.ofSeconds(30);
    private static final Duration VERSIONING_SEEN_FOR = Duration.ofSeconds(60);
    private static final int ATTEMPTS = 4;
    private static final int CONNECTIONS = 32;
    private static final int VERSIONS_AT_MOST = 100;

    private final String name;
    private final S3Settings settings;
    private final S3Client client;
    private final Set<String> uploads = ConcurrentHashMap.newKeySet();
    private volatile long bucketSeen = System.nanoTime() - BUCKET_SEEN_FOR.toNanos();
    private volatile Optional<Versioning> versioning = Optional.empty();

    /** A store; the bucket is not asked before it is used. */
    public S3Store(String name, S3Settings settings) {
        this.name = name;
        this.settings = settings;
        this.client = client(settings);
    }

    private static S3Client client(S3Settings settings) {
        AwsCredentialsProvider credentials = settings.accessKey()
                .<AwsCredentialsProvider>map(key -> StaticCredentialsProvider.create(AwsBasicCredentials.create(
                        key, settings.secretKey().map(secret -> secret.value()).orElse(""))))
                .orElseGet(() -> DefaultCredentialsProvider.builder().build());
        var builder = S3Client.builder()
                .region(Region.of(settings.region()))
                .credentialsProvider(credentials)
                .putAuthScheme(new SigningOfKnownDigests())
                .forcePathStyle(settings.pathStyle())
                // Signed chunk by chunk, an empty body is refused by one server; the whole is signed at once.
                .serviceConfiguration(
                        S3Configuration.builder().chunkedEncodingEnabled(false).build())
                // Lifeboat's own digests decide; servers that know no others refuse these.
                .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
                .httpClientBuilder(ApacheHttpClient.builder()
                        .maxConnections(CONNECTIONS)
                        .connectionTimeout(CONNECT_LIMIT)
                        .socketTimeout(settings.limit())
                        .expectContinueEnabled(false))
                .overrideConfiguration(override -> override.apiCallAttemptTimeout(settings.limit())
                        .retryStrategy(StandardRetryStrategy.builder()
                                .maxAttempts(ATTEMPTS)
                                .build()));
        settings.endpoint().ifPresent(builder::endpointOverride);
        return builder.build();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String location() {
        return "s3://" + settings.bucket() + (settings.prefix().isEmpty() ? "" : "/" + settings.prefix());
    }

    @Override
    public int blockBytes() {
        return Block.BYTES;
    }

    @Override
    public ObjectWriter create(ObjectKey key) {
        return new S3Writer(this, key);
    }

    @Override
    public void putIfAbsent(ObjectKey key, byte[] content) {
        if (find(key).isPresent()) {
            throw exists(key);
        }
        try {
            requireTag(
                    client.putObject(put(key, content).ifNoneMatch("*").build(), RequestBody.fromBytes(content))
                            .eTag(),
                    key);
        } catch (SdkException e) {
            boolean unsaid = !(e instanceof S3Exception answer) || answer.statusCode() >= 500;
            boolean taken =
                    e instanceof S3Exception answer && (answer.statusCode() == 412 || answer.statusCode() == 409);
            if (!unsaid && !taken) {
                throw fault(e, key.toString(), true);
            }
            // The answer to an attempt may be lost, and a repeated one finds what the first has written.
            Optional<StoredObject> there = find(key);
            if (there.isEmpty()) {
                throw fault(e, key.toString(), true);
            }
            if (taken || !Arrays.equals(content(key, there.get().size()), content)) {
                throw exists(key);
            }
        }
    }

    private byte[] content(ObjectKey key, long size) {
        try (InputStream in = open(key, 0)) {
            return in.readNBytes((int) Math.min(size, Integer.MAX_VALUE - 8));
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private FaultException exists(ObjectKey key) {
        return Fault.of(
                        FaultCode.OBJECT_EXISTS,
                        key + " is in store '" + name + "' already; it was left as it is",
                        "An artifact never changes: start a new run, which writes under a name of its own.")
                .with("store", name)
                .with("key", key)
                .toException();
    }

    private FaultException missing(ObjectKey key) {
        return Fault.of(
                        FaultCode.OBJECT_MISSING,
                        "Store '" + name + "' has no object " + key,
                        "Use the artifact's copy in another store; `lifeboat verify ARTIFACT` tells what is missing.")
                .with("store", name)
                .with("key", key)
                .toException();
    }

    /** Every S3 server names what it took; what stands between may answer well for one that took nothing. */
    String requireTag(String tag, ObjectKey key) {
        if (tag == null) {
            throw Fault.of(
                            FaultCode.STORE_WRITE_FAILED,
                            "Store '" + name + "' said that it took " + key
                                    + " or a part of it, without naming it (ETag)",
                            "See what stands between this machine and the service behind the store, and start the run again.")
                    .with("store", name)
                    .with("key", key)
                    .toException();
        }
        return tag;
    }

    PutObjectRequest.Builder put(ObjectKey key, byte[] content) {
        var block = new Block(content, content.length);
        return put(key, block);
    }

    PutObjectRequest.Builder put(ObjectKey key, Block block) {
        var request = PutObjectRequest.builder().bucket(settings.bucket()).key(path(key));
        if (settings.checksums()) {
            request.checksumSHA256(Base64.getEncoder().encodeToString(block.sha256()));
        }
        return request;
    }

    @Override
    public Optional<StoredObject> find(ObjectKey key) {
        return head(key)
                .map(head -> new StoredObject(
                        key,
                        Optional.ofNullable(head.contentLength()).orElseThrow(() -> withoutSize(key)),
                        head.lastModified()));
    }

    /** What stands between may leave the size out; without it nothing can be said of the object. */
    private FaultException withoutSize(ObjectKey key) {
        return Fault.of(
                        FaultCode.STORE_READ_FAILED,
                        "Store '" + name + "' does not tell the size of " + key,
                        "See what stands between this machine and the server: its answers lack Content-Length.")
                .with("store", name)
                .toException();
    }

    private Optional<HeadObjectResponse> head(ObjectKey key) {
        try {
            return Optional.of(client.headObject(
                    request -> request.bucket(settings.bucket()).key(path(key))));
        } catch (S3Exception e) {
            if (e.statusCode() == 404) {
                // A HEAD has no body: whether the bucket or the object is missing, it does not say.
                requireBucket(key.toString());
                return Optional.empty();
            }
            throw fault(e, key.toString(), false);
        } catch (SdkException e) {
            throw fault(e, key.toString(), false);
        }
    }

    private void requireBucket(String key) {
        if (System.nanoTime() - bucketSeen > BUCKET_SEEN_FOR.toNanos()) {
            call(key, false, () -> client.headBucket(request -> request.bucket(settings.bucket())));
            bucketSeen = System.nanoTime();
        }
    }

    @Override
    public InputStream open(ObjectKey key, long offset) {
        if (offset < 0) {
            throw beyond(key, offset);
        }
        return S3Reader.open(this, key, offset);
    }

    FaultException beyond(ObjectKey key, long offset) {
        return Fault.of(
                        FaultCode.BAD_INPUT,
                        offset + " is no position in " + key + " of store '" + name + "'",
                        "This is an error of the program; nothing was changed. Please report it.")
                .toException();
    }

    @Override
    public List<StoredObject> list(ObjectKey prefix) {
        var found = new ArrayList<StoredObject>();
        call(prefix.toString(), false, () -> {
            found.clear();
            client.listObjectsV2Paginator(listing(path(prefix) + "/").build())
                    .contents()
                    .forEach(object -> keyOf(object)
                            .ifPresent(key -> found.add(new StoredObject(key, object.size(), object.lastModified()))));
            return null;
        });
        return List.copyOf(found);
    }

    @Override
    public List<String> names(Optional<ObjectKey> prefix) {
        String below =
                prefix.map(key -> path(key) + "/").orElse(settings.prefix().isEmpty() ? "" : settings.prefix() + "/");
        var names = new TreeSet<String>();
        call(below, false, () -> {
            for (var page :
                    client.listObjectsV2Paginator(listing(below).delimiter("/").build())) {
                page.contents().forEach(object -> names.add(object.key().substring(below.length())));
                for (CommonPrefix common : page.commonPrefixes()) {
                    names.add(common.prefix()
                            .substring(below.length(), common.prefix().length() - 1));
                }
            }
            return null;
        });
        return names.stream().filter(ObjectKey::isSegment).toList();
    }

    private ListObjectsV2Request.Builder listing(String prefix) {
        return ListObjectsV2Request.builder().bucket(settings.bucket()).prefix(prefix);
    }

    /** Empty where the key is none of ours. */
    private Optional<ObjectKey> keyOf(S3Object object) {
        String path = settings.prefix().isEmpty()
                ? object.key()
                : object.key().substring(settings.prefix().length() + 1);
        String[] segments = path.split("/", -1);
        return segments.length <= 8 && Arrays.stream(segments).allMatch(ObjectKey::isSegment)
                ? Optional.of(ObjectKey.of(segments))
                : Optional.empty();
    }

    @Override
    public void delete(ObjectKey key) {
        if (!isVersioned()) {
            call(
                    key.toString(),
                    true,
                    () -> client.deleteObject(
                            request -> request.bucket(settings.bucket()).key(path(key))));
            return;
        }
        // Without a version only a marker would be set: the bytes would stay, and a locked object would seem to be
        // gone.
        for (int i = 0; i < VERSIONS_AT_MOST; i++) {
            Optional<HeadObjectResponse> head = head(key);
            if (head.isEmpty()) {
                return;
            }
            Instant until = head.get().objectLockRetainUntilDate();
            if (until != null && until.isAfter(Instant.now())) {
                throw locked(key, until);
            }
            String version = head.get().versionId();
            call(
                    key.toString(),
                    true,
                    () -> client.deleteObject(request ->
                            request.bucket(settings.bucket()).key(path(key)).versionId(version)));
        }
    }

    /** Whether the bucket keeps versions, and when (nanoseconds) it said so: somebody may switch that on at any time. */
    private record Versioning(boolean on, long at) {
        boolean isFresh() {
            return System.nanoTime() - at < VERSIONING_SEEN_FOR.toNanos();
        }
    }

    private boolean isVersioned() {
        return versioning
                .filter(Versioning::isFresh)
                .orElseGet(this::askForVersioning)
                .on();
    }

    private Versioning askForVersioning() {
        boolean on = call(settings.bucket(), false, () -> {
            try {
                return client.getBucketVersioning(request -> request.bucket(settings.bucket()))
                                .status()
                        == BucketVersioningStatus.ENABLED;
            } catch (S3Exception e) {
                if (e.statusCode() == 501 || e.statusCode() == 405) {
                    return false;
                }
                throw e;
            }
        });
        var seen = new Versioning(on, System.nanoTime());
        versioning = Optional.of(seen);
        return seen;
    }

    @Override
    public void lock(ObjectKey key, Instant until) {
        if (settings.lock() == S3Settings.LockMode.NONE) {
            return;
        }
        HeadObjectResponse head = head(key).orElseThrow(() -> missing(key));
        Instant already = head.objectLockRetainUntilDate();
        if (already != null && !already.isBefore(until)) {
            return;
        }
        call(
                key.toString(),
                true,
                () -> client.putObjectRetention(request -> request.bucket(settings.bucket())
                        .key(path(key))
                        .retention(retention -> retention
                                .mode(ObjectLockRetentionMode.fromValue(
                                        settings.lock().name()))
                                .retainUntilDate(until))));
    }

    @Override
    public Optional<Instant> lockedUntil(ObjectKey key) {
        // Only versions can be locked: where none are kept and none of ours is to be locked, no object need be asked.
        if (settings.lock() == S3Settings.LockMode.NONE && !isVersioned()) {
            return Optional.empty();
        }
        return head(key)
                .map(HeadObjectResponse::objectLockRetainUntilDate)
                .filter(until -> until.isAfter(Instant.now()));
    }

    @Override
    public boolean expire(ObjectKey key) {
        if (settings.expiry() == S3Settings.Expiry.DELETE) {
            return false;
        }
        try {
            call(
                    key.toString(),
                    true,
                    () -> client.putObjectTagging(request -> request.bucket(settings.bucket())
                            .key(path(key))
                            .tagging(tagging -> tagging.tagSet(EXPIRED))));
        } catch (FaultException e) {
            // For one that is gone servers have several answers, and proxies more.
            if (head(key).isPresent()) {
                throw e;
            }
        }
        return true;
    }

    @Override
    public boolean isExpired(ObjectKey key) {
        return settings.expiry() == S3Settings.Expiry.TAG
                && call(
                                key.toString(),
                                false,
                                () -> client.getObjectTagging(request ->
                                        request.bucket(settings.bucket()).key(path(key))))
                        .tagSet()
                        .contains(EXPIRED);
    }

    @Override
    public Optional<Path> localPath(ObjectKey key) {
        return Optional.empty();
    }

    @Override
    public OptionalLong freeBytes() {
        return OptionalLong.empty();
    }

    @Override
    public void probe() {
        String key = (settings.prefix().isEmpty() ? "" : settings.prefix() + "/") + PROBE + UUID.randomUUID();
        byte[] content = key.getBytes(StandardCharsets.UTF_8);
        call(
                "probe",
                true,
                () -> client.putObject(
                        request -> request.bucket(settings.bucket()).key(key), RequestBody.fromBytes(content)));
        byte[] back = call(
                        "probe",
                        false,
                        () -> client.getObjectAsBytes(
                                request -> request.bucket(settings.bucket()).key(key)))
                .asByteArray();
        if (!Arrays.equals(back, content)) {
            throw Fault.of(
                            FaultCode.STORE_UNREACHABLE,
                            "Store '" + name + "' gave back other bytes than were written",
                            "Look at what stands between this machine and " + location() + ".")
                    .toException();
        }
        try {
            client.deleteObject(request -> request.bucket(settings.bucket()).key(key));
        } catch (S3Exception e) {
            if (e.statusCode() != 403) {
                throw fault(e, "probe", true);
            }
            // Credentials that may not delete are a choice: a rule of the bucket deletes what was tagged.
            LOG.debugf("store %s: the probe %s may not be deleted", name, key);
        }
    }

    @Override
    public String examine() {
        var found = new ArrayList<String>();
        if (settings.lock() != S3Settings.LockMode.NONE) {
            requireLock();
            found.add("Object Lock is on");
        }
        if (settings.expiry() == S3Settings.Expiry.TAG) {
            requireRule();
            found.add("a rule deletes what is tagged expired");
        }
        return found.isEmpty() ? "neither locks nor rules are wanted of it" : String.join(", ", found);
    }

    private void requireLock() {
        try {
            var lock = client.getObjectLockConfiguration(request -> request.bucket(settings.bucket()))
                    .objectLockConfiguration();
            if (lock != null && lock.objectLockEnabled() == ObjectLockEnabled.ENABLED) {
                return;
            }
        } catch (SdkException e) {
            if (!isMissing(e)) {
                throw fault(e, "its Object Lock", false);
            }
        }
        throw Fault.of(
                        FaultCode.BAD_CONFIGURATION,
                        "store '" + name + "' is to set locks (object-lock), and bucket " + settings.bucket()
                                + " has no Object Lock",
                        "Make a bucket with Object Lock: most servers can't switch it on later. Or set object-lock: none.")
                .toException();
    }

    private void requireRule() {
        try {
            boolean rule =
                    client
                            .getBucketLifecycleConfiguration(request -> request.bucket(settings.bucket()))
                            .rules()
                            .stream()
                            .anyMatch(each -> each.status() == ExpirationStatus.ENABLED
                                    && each.expiration() != null
                                    && each.filter() != null
                                    && (EXPIRED.equals(each.filter().tag())
                                            || (each.filter().and() != null
                                                    && each.filter()
                                                            .and()
                                                            .tags()
                                                            .contains(EXPIRED))));
            if (rule) {
                return;
            }
        } catch (SdkException e) {
            if (!isMissing(e)) {
                throw fault(e, "its lifecycle rules", false);
            }
        }
        throw Fault.of(
                        FaultCode.BAD_CONFIGURATION,
                        "store '" + name + "' leaves deleting to bucket " + settings.bucket()
                                + " (expiry: tag), which has no lifecycle rule for the tag lifeboat=expired",
                        "Add one (docs/stores.md shows it), or set expiry: delete.")
                .toException();
    }

    /** Not set up at all. */
    private static boolean isMissing(SdkException e) {
        return e instanceof S3Exception answer && answer.statusCode() == 404;
    }

    @Override
    public int collectGarbage(Instant before) {
        return call("unfinished uploads", true, () -> {
            int ended = 0;
            String prefix = settings.prefix().isEmpty() ? "" : settings.prefix() + "/";
            for (MultipartUpload upload : client.listMultipartUploadsPaginator(
                            request -> request.bucket(settings.bucket()).prefix(prefix))
                    .uploads()) {
                if (!uploads.contains(upload.uploadId()) && upload.initiated().isBefore(before)) {
                    client.abortMultipartUpload(request ->
                            request.bucket(settings.bucket()).key(upload.key()).uploadId(upload.uploadId()));
                    ended++;
                }
            }
            return ended;
        });
    }

    @Override
    public void close() {
        client.close();
    }

    // ---- for writer and reader

    S3Client client() {
        return client;
    }

    S3Settings settings() {
        return settings;
    }

    String path(ObjectKey key) {
        return settings.prefix().isEmpty() ? key.toString() : settings.prefix() + "/" + key;
    }

    void begun(String upload) {
        uploads.add(upload);
    }

    void ended(String upload) {
        uploads.remove(upload);
    }

    private <T> T call(String key, boolean writing, Supplier<T> request) {
        try {
            return request.get();
        } catch (SdkException e) {
            throw fault(e, key, writing);
        }
    }

    /** What the server or the way to it said, in words that name the store, the key and what to do. */
    FaultException fault(SdkException e, String key, boolean writing) {
        return S3Faults.of(this, e, key, writing);
    }
}
