package dev.lifeboat.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.artifact.ArtifactFolder;
import dev.lifeboat.artifact.ArtifactId;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.Secret;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** The contract on Ceph's gateway, with versions and locks that are enforced; infra/radosgw/test.sh starts it. */
final class RadosgwStoreIT extends ArtifactStoreContract {
    private static final URI ENDPOINT = URI.create("http://127.0.0.1:7480");
    private static final String ACCESS_KEY = "lifeboat-test";
    private static final String SECRET_KEY = "canary-rgw-77e1";

    private S3Store opened;

    @Override
    protected ArtifactStore emptyStore(Path folder) {
        opened = open("plain", S3Settings.LockMode.NONE, S3Settings.Expiry.DELETE);
        return opened;
    }

    @AfterEach
    void close() {
        opened.close();
    }

    /** A store in a bucket of that name, which is made where it is not there; with locks where it is to set them. */
    private static S3Store open(String bucket, S3Settings.LockMode lock, S3Settings.Expiry expiry) {
        return open(bucket, ACCESS_KEY, lock, expiry);
    }

    private static S3Store open(String bucket, String accessKey, S3Settings.LockMode lock, S3Settings.Expiry expiry) {
        var store = new S3Store(
                "primary",
                new S3Settings(
                        bucket,
                        "t/" + UUID.randomUUID(),
                        "us-east-1",
                        Optional.of(ENDPOINT),
                        Optional.of(accessKey),
                        Optional.of(new Secret(SECRET_KEY)),
                        true,
                        true,
                        lock,
                        expiry,
                        Duration.ofSeconds(30)));
        try {
            store.client().headBucket(request -> request.bucket(bucket));
        } catch (S3Exception e) {
            store.client().createBucket(request -> request.bucket(bucket)
                    .objectLockEnabledForBucket(lock != S3Settings.LockMode.NONE));
        }
        return store;
    }

    @Test
    void a_locked_artifact_can_be_deleted_neither_by_lifeboat_nor_by_hand_and_that_is_said() {
        try (S3Store store = open("locked", S3Settings.LockMode.COMPLIANCE, S3Settings.Expiry.DELETE)) {
            var id = new ArtifactId(new EnvironmentId("acme", "prod"), "bk_locked");
            var folder = new ArtifactFolder(store, id);
            try (ObjectWriter writer = store.create(folder.key("db.dump"))) {
                writer.write(bytes("dump"), 0, 4);
                writer.commit();
            }
            folder.commit(bytes("{}"));
            Instant until = Instant.now().plusSeconds(3600).truncatedTo(ChronoUnit.SECONDS);
            folder.lock(until);

            assertThatThrownBy(folder::remove).isInstanceOfSatisfying(FaultException.class, e -> {
                assertThat(e.fault().code()).isEqualTo(FaultCode.OBJECT_LOCKED);
                assertThat(e.fault().message()).contains("is locked until " + until);
            });
            assertThat(folder.isCommitted()).isTrue();
            for (var object : folder.objects()) {
                String path = store.path(object.key());
                String version = store.client()
                        .headObject(request -> request.bucket("locked").key(path))
                        .versionId();
                assertThatThrownBy(() -> store.client()
                                .deleteObject(request ->
                                        request.bucket("locked").key(path).versionId(version)))
                        .isInstanceOfSatisfying(S3Exception.class, e -> assertThat(e.statusCode())
                                .isEqualTo(403));
            }
            assertThat(store.lockedUntil(folder.key("db.dump"))).contains(until);
            folder.lock(until.minusSeconds(60));
            assertThat(store.lockedUntil(folder.key("db.dump"))).contains(until);
            folder.lock(until.plusSeconds(60));
            assertThat(store.lockedUntil(folder.key("db.dump"))).contains(until.plusSeconds(60));
        }
    }

    @Test
    void in_a_bucket_with_versions_what_is_deleted_is_really_gone() {
        try (S3Store store = open("locked", S3Settings.LockMode.GOVERNANCE, S3Settings.Expiry.DELETE)) {
            ObjectKey key = ObjectKey.of("acme", "prod", "b1", "db.dump");
            for (String content : new String[] {"one", "two"}) {
                try (ObjectWriter writer = store.create(key)) {
                    writer.write(bytes(content), 0, 3);
                    writer.commit();
                }
            }
            store.delete(key);
            assertThat(store.find(key)).isEmpty();
            assertThat(store.client()
                            .listObjectVersions(
                                    request -> request.bucket("locked").prefix(store.path(key)))
                            .versions())
                    .isEmpty();
        }
    }

    @Test
    void what_is_given_up_is_tagged_for_the_buckets_own_rules() {
        try (S3Store store = open("plain", S3Settings.LockMode.NONE, S3Settings.Expiry.TAG)) {
            var folder = new ArtifactFolder(store, new ArtifactId(new EnvironmentId("acme", "prod"), "bk_tagged"));
            try (ObjectWriter writer = store.create(folder.key("db.dump"))) {
                writer.write(bytes("dump"), 0, 4);
                writer.commit();
            }
            folder.commit(bytes("{}"));
            assertThat(folder.isCommitted()).isTrue();
            folder.remove();
            assertThat(folder.isCommitted()).isFalse();
            for (String path : new String[] {"db.dump", ArtifactFolder.MANIFEST}) {
                assertThat(store.client()
                                .getObjectTagging(
                                        request -> request.bucket("plain").key(store.path(folder.key(path))))
                                .tagSet())
                        .containsExactly(S3Store.EXPIRED);
            }
            assertThat(store.expire(folder.key("never-written"))).isTrue();
        }
    }

    @Test
    void a_quota_that_is_reached_says_that_the_store_is_full() {
        try (S3Store store = open("small", "lifeboat-small", S3Settings.LockMode.NONE, S3Settings.Expiry.DELETE)) {
            ObjectKey key = ObjectKey.of("acme", "prod", "b1", "db.dump");
            assertThat(codeOf(() -> {
                        try (ObjectWriter writer = store.create(key)) {
                            byte[] content = random(3 << 20);
                            writer.write(content, 0, content.length);
                            writer.commit();
                        }
                    }))
                    .isEqualTo(FaultCode.STORE_FULL);
            assertThat(store.find(key)).isEmpty();
        }
    }
}
