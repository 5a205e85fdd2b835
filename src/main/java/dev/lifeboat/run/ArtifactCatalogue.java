package dev.lifeboat.run;

import dev.lifeboat.artifact.BackupType;
import dev.lifeboat.artifact.Manifest;
import dev.lifeboat.artifact.ManifestCodec;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.json.Json;
import io.quarkus.panache.common.Sort;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** What is known of the artifacts. The stores hold the truth; this is the index that is quick to ask. */
@ApplicationScoped
public class ArtifactCatalogue {
    /**
     * Enters an artifact; one that is known already is left as it is.
     *
     * @param purpose {@code backup} or {@code pre_restore}
     * @param uris where it is, by store; the first is the primary
     */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void register(Manifest manifest, String purpose, Map<String, String> uris) {
        if (Artifact.findById(manifest.artifactId()) != null) {
            return;
        }
        var artifact = new Artifact();
        artifact.artifactId = manifest.artifactId();
        artifact.projectId = manifest.projectId();
        artifact.environmentId = manifest.projectId() + "/" + manifest.environmentId();
        artifact.runId = manifest.runId();
        artifact.backupType = manifest.backupType().wireName();
        artifact.purpose = purpose;
        artifact.label = manifest.label().orElse(null);
        artifact.status = "available";
        artifact.degraded = Json.mapper().valueToTree(manifest.degraded());
        artifact.uri = uris.values().iterator().next();
        artifact.checksums = Json.object();
        artifact.sizes = Json.object();
        ManifestCodec.files(manifest).forEach(file -> {
            artifact.checksums.put(file.path(), file.sha256());
            artifact.sizes.put(file.path(), file.size());
            artifact.sizeBytes += file.size();
        });
        artifact.needs = Json.mapper().createArrayNode();
        manifest.filestore().ifPresent(filestore -> filestore.parts().stream()
                .map(Manifest.Part::artifactId)
                .filter(id -> !id.equals(manifest.artifactId()))
                .distinct()
                .forEach(artifact.needs::add));
        artifact.createdAt = manifest.createdAt();
        artifact.persist();
        uris.forEach((store, uri) -> {
            var copy = new ArtifactCopy();
            copy.artifactId = manifest.artifactId();
            copy.store = store;
            copy.uri = uri;
            copy.status = "good";
            copy.persist();
        });
    }

    /** The artifact of that id, where it is in the catalogue. */
    @Transactional
    public Optional<Artifact> find(String artifactId) {
        return Artifact.findByIdOptional(artifactId);
    }

    /**
     * The artifact of that id.
     *
     * @throws dev.lifeboat.fault.FaultException UNKNOWN_ARTIFACT
     */
    public Artifact get(String artifactId) {
        return find(artifactId).orElseThrow(() -> Fault.of(
                        FaultCode.UNKNOWN_ARTIFACT,
                        "there is no artifact '" + artifactId + "' in the catalogue",
                        "`lifeboat artifacts` lists those that there are.")
                .toException());
    }

    /** The artifacts of an environment (empty: of all) that can be restored, the newest first. */
    @Transactional
    public List<Artifact> available(Optional<EnvironmentId> environment) {
        Sort newest = Sort.by("createdAt").descending();
        return environment
                .map(id ->
                        Artifact.<Artifact>list("status = 'available' and environmentId = ?1", newest, id.toString()))
                .orElseGet(() -> Artifact.list("status = 'available'", newest));
    }

    /** The newest backup of an environment (safety backups of restores are not among them) of a type. */
    public Optional<Artifact> latest(EnvironmentId environment, Predicate<BackupType> type) {
        return available(Optional.of(environment)).stream()
                .filter(artifact -> artifact.purpose.equals("backup"))
                .filter(artifact -> type.test(artifact.type()))
                .findFirst();
    }

    /** Where an artifact's good copies are. */
    @Transactional
    public List<ArtifactCopy> copies(String artifactId) {
        return ArtifactCopy.list("artifactId", Sort.by("store"), artifactId);
    }

    /** Says how a copy was found when it was verified. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void verified(String artifactId, String store, boolean good) {
        ArtifactCopy copy = ArtifactCopy.findById(new ArtifactCopy.Key(artifactId, store));
        if (copy != null) {
            copy.status = good ? "good" : "damaged";
            copy.verifiedAt = java.time.Instant.now();
        }
    }

    /** Takes a removed artifact out of the count. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void pruned(String artifactId) {
        Artifact artifact = Artifact.findById(artifactId);
        artifact.status = "pruned";
        artifact.prunedAt = java.time.Instant.now();
        copies(artifactId).forEach(copy -> copy.status = "deleted");
    }
}
