package dev.lifeboat.evidence;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.lifeboat.artifact.InstallationKey;
import dev.lifeboat.json.Json;
import dev.lifeboat.store.ObjectKey;
import java.nio.charset.StandardCharsets;
import java.security.PublicKey;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * {@code record.json}: the place of a run's evidence in the chain of its environment. The checksums cover it and the signature
 * covers them, so that no record can be changed, taken away or put elsewhere without the next one telling.
 *
 * @param previousRunId the run that ended before this one in the environment; empty for the first
 * @param previousSha256 SHA-256 of that run's {@value EvidenceFolder#SUMS}
 * @param sequence 1, 2, 3 … in each environment
 * @param signer the id of the key that signs
 * @param publicKey that key (X.509 SubjectPublicKeyInfo) in Base64
 */
public record EvidenceRecord(
        String runId,
        String operation,
        String environmentId,
        Instant createdAt,
        Instant closedAt,
        Optional<String> previousRunId,
        Optional<String> previousSha256,
        int sequence,
        String signer,
        String publicKey) {
    private static final Pattern ENVIRONMENT = Pattern.compile("[a-z0-9_-]+/[a-z0-9_-]+");
    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
    private static final Pattern SIGNER = Pattern.compile("[0-9a-f]{16}");

    public EvidenceRecord {
        previousRunId = previousRunId == null ? Optional.empty() : previousRunId;
        previousSha256 = previousSha256 == null ? Optional.empty() : previousSha256;
    }

    /** Reads what {@link #text} wrote; empty where it is anything else. */
    static Optional<EvidenceRecord> read(byte[] content) {
        try {
            var record = Json.mapper().readValue(new String(content, StandardCharsets.UTF_8), EvidenceRecord.class);
            return Optional.ofNullable(record).filter(EvidenceRecord::isWhole);
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
    }

    /** The key that the record carries; empty where it is none, or not the one that {@link #signer} names. */
    Optional<PublicKey> key() {
        try {
            return InstallationKey.publicKey(Base64.getDecoder().decode(publicKey))
                    .filter(key -> InstallationKey.keyId(key).equals(signer));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** The file's content. Nothing is redacted: a name that happens to be somebody's password must not break the chain. */
    String text() {
        return Json.pretty(this);
    }

    /** The same record, closed at another time. */
    EvidenceRecord closedAt(Instant time) {
        return new EvidenceRecord(
                runId,
                operation,
                environmentId,
                createdAt,
                time,
                previousRunId,
                previousSha256,
                sequence,
                signer,
                publicKey);
    }

    private boolean isWhole() {
        return runId != null
                && ObjectKey.isSegment(runId)
                && operation != null
                && ObjectKey.isSegment(operation)
                && environmentId != null
                && ENVIRONMENT.matcher(environmentId).matches()
                && previousRunId.filter(id -> !ObjectKey.isSegment(id)).isEmpty()
                && previousSha256.filter(sha -> !SHA256.matcher(sha).matches()).isEmpty()
                && createdAt != null
                && closedAt != null
                && sequence > 0
                && signer != null
                && SIGNER.matcher(signer).matches()
                && publicKey != null;
    }
}
