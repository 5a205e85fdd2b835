package dev.lifeboat.evidence;

import dev.lifeboat.artifact.InstallationKey;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;

/** Evidence of runs that follow each other, as the engine leaves it. */
public final class EvidenceSamples {
    /** When every run was created. */
    public static final Instant CREATED = Instant.parse("2026-11-20T12:00:00Z");

    private EvidenceSamples() {}

    /** The backups {@code run_1} … of an environment, below {@code <folder>/evidence}; gives that. */
    public static Path of(String environment, int count, InstallationKey key, Path folder) {
        Path root = folder.resolve("evidence");
        chain(root, environment, "run_", 1, count, Optional.empty(), key);
        return root;
    }

    /** Records from {@code first} to {@code last}, after one with that hash; gives the last one's. */
    static Optional<String> chain(
            Path root,
            String environment,
            String prefix,
            int first,
            int last,
            Optional<String> previous,
            InstallationKey key) {
        Optional<String> sha256 = previous;
        for (int i = first; i <= last; i++) {
            int before = i - 1;
            sha256 = Optional.of(close(
                    root, record(environment, prefix + i, sha256.map(there -> prefix + before), sha256, i, key), key));
        }
        return sha256;
    }

    static String close(Path root, EvidenceRecord record, InstallationKey key) {
        var folder =
                new EvidenceFolder(root, record.operation(), record.runId(), record.createdAt(), new Redactor(), key);
        folder.write("a.json", "{\"run\": \"" + record.runId() + "\"}");
        folder.write("run_id.txt", record.runId() + "\n");
        return folder.close(record);
    }

    static EvidenceRecord record(
            String environment,
            String run,
            Optional<String> previousRun,
            Optional<String> previousSha256,
            int sequence,
            InstallationKey key) {
        return new EvidenceRecord(
                run,
                "backup",
                environment,
                CREATED,
                CREATED.plusSeconds(sequence),
                previousRun,
                previousSha256,
                sequence,
                key.keyId(),
                Base64.getEncoder().encodeToString(key.publicKey().getEncoded()));
    }
}
