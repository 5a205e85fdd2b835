package dev.lifeboat.store;

import dev.lifeboat.environment.Secret;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/**
 * Where a bucket is and how it is spoken to.
 *
 * @param bucket its name
 * @param prefix what every key begins with, without slashes at its ends; empty: nothing
 * @param region the region's name
 * @param endpoint the server; empty: that of AWS for the region
 * @param accessKey empty: the usual sources of the AWS SDK are asked (environment, profile, role of the machine)
 * @param secretKey goes with {@code accessKey}
 * @param pathStyle whether the bucket stands in the path and not in the host's name
 * @param checksums whether each part carries a SHA-256 for the server to check; some servers refuse that
 * @param lock how long objects are protected by Object Lock, by which mode; {@link LockMode#NONE}: not at all
 * @param expiry how an artifact that retention gives up goes
 * @param limit how long one request, of at most {@value Block#BYTES} bytes where it carries data, may take
 */
public record S3Settings(
        String bucket,
        String prefix,
        String region,
        Optional<URI> endpoint,
        Optional<String> accessKey,
        Optional<Secret> secretKey,
        boolean pathStyle,
        boolean checksums,
        LockMode lock,
        Expiry expiry,
        Duration limit) {
    /** The modes of Object Lock. */
    public enum LockMode {
        /** The store sets no locks. */
        NONE,
        /** Who has a special right may lift a lock. */
        GOVERNANCE,
        /** Nobody may, until its date. */
        COMPLIANCE
    }

    /** What is done with an artifact that goes. */
    public enum Expiry {
        /** Its objects are deleted. */
        DELETE,
        /** Its objects are tagged {@code lifeboat=expired}; a rule of the bucket deletes them. */
        TAG
    }
}
