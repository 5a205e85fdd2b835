package dev.lifeboat.artifact;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What a verification of an artifact found: the content of {@code artifact_verification.json}.
 *
 * @param artifactId the artifact
 * @param store the store whose copy was read
 * @param ok whether every file that is needed is there and unchanged
 * @param manifestSha256 the digest of the manifest that was checked against
 * @param keyId the key that signed the manifest
 * @param note what a person should know about the signature
 * @param startedAt UTC
 * @param finishedAt UTC
 * @param bytes how many bytes were read
 * @param files every file of the artifact and every part of another artifact that it needs
 * @param extra files in the artifact's folder that the manifest does not know; they do not harm
 */
public record ArtifactVerification(
        String artifactId,
        String store,
        boolean ok,
        String manifestSha256,
        String keyId,
        Optional<String> note,
        Instant startedAt,
        Instant finishedAt,
        long bytes,
        List<FileCheck> files,
        List<String> extra) {

    /** What was found of one file. */
    public enum State {
        @JsonProperty("ok")
        OK,
        @JsonProperty("missing")
        MISSING,
        @JsonProperty("size_differs")
        SIZE_DIFFERS,
        @JsonProperty("content_differs")
        CONTENT_DIFFERS,
        @JsonProperty("unreadable")
        UNREADABLE
    }

    /**
     * One file.
     *
     * @param artifactId the artifact in whose folder it is
     * @param path its path there
     * @param ok whether it is there and unchanged
     * @param state what was found
     * @param expectedSize bytes, as the manifest says
     * @param actualSize bytes, as read; absent where it could not be read
     * @param expectedSha256 as the manifest says
     * @param actualSha256 as read; absent where it could not be read
     * @param problem what is wrong, in words; absent where nothing is
     */
    public record FileCheck(
            String artifactId,
            String path,
            boolean ok,
            State state,
            long expectedSize,
            Optional<Long> actualSize,
            String expectedSha256,
            Optional<String> actualSha256,
            Optional<String> problem) {}

    /** The fault that a damaged artifact is; empty where it is whole. */
    @JsonIgnore
    public Optional<Fault> fault() {
        if (ok) {
            return Optional.empty();
        }
        String wrong = files.stream()
                .filter(file -> !file.ok())
                .map(file -> file.artifactId() + "/" + file.path() + ": "
                        + file.problem().orElse("damaged"))
                .collect(Collectors.joining("; "));
        return Optional.of(Fault.of(
                        FaultCode.ARTIFACT_DAMAGED,
                        "Artifact " + artifactId + " in store '" + store + "' is damaged; nothing was restored from it",
                        "Use its copy in another store or an older artifact; look after the disk or bucket of this one.")
                .with("artifact", artifactId)
                .with("store", store)
                .with("damaged", wrong));
    }
}
