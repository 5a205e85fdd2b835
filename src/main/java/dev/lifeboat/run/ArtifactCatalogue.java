package dev.lifeboat.run;

import dev.lifeboat.artifact.ArtifactId;
import dev.lifeboat.artifact.BackupType;
import dev.lifeboat.artifact.KnownArtifact;
import dev.lifeboat.artifact.Manifest;
import dev.lifeboat.artifact.ManifestCodec;
import dev.lifeboat.artifact.Retention;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import io.quarkus.narayana.jta.QuarkusTransaction;
import io.quarkus.panache.common.Sort;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** What is known of the artifacts. The stores hold the truth; this is the index that is quick to ask. */
@ApplicationScoped
public class ArtifactCatalogue {
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(15);
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(30);
    private static final Duration LOCK_LIMIT = Duration.ofMinutes(15);

    /**
     * Enters an artifact, and its environment where that is not known; an artifact that is known already is left as it is, but
     * for what is not known of its manifest.
     *
     * @param manifestSha256 the SHA-256 of the manifest's bytes
     * @param uris where it is, by store; the first is the nearest
     * @param pending the stores that did not take it, and why
     */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void register(
            Manifest manifest, String manifestSha256, Map<String, String> uris, Map<String, String> pending) {
        Artifact known = Artifact.findById(manifest.artifactId());
        if (known != null) {
            known.manifestSha256 = known.manifestSha256 == null ? manifestSha256 : known.manifestSha256;
            return;
        }
        RunStore.know(
                new EnvironmentId(manifest.projectId(), manifest.environmentId()),
                manifest.sourceEnv().type());
        var artifact = new Artifact();
        artifact.artifactId = manifest.artifactId();
        artifact.projectId = manifest.projectId();
        artifact.environmentId = manifest.projectId() + "/" + manifest.environmentId();
        artifact.runId = manifest.runId();
        artifact.backupType = manifest.backupType().wireName();
        artifact.purpose = manifest.purpose();
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
        artifact.manifestSha256 = manifestSha256;
        artifact.createdAt = manifest.createdAt();
        artifact.persist();
        uris.forEach((store, uri) -> {
            ArtifactCopy copy = copy(manifest.artifactId(), store, uri);
            copy.status = "good";
            copy.storedAt = Instant.now();
            copy.persist();
        });
        pending.forEach((store, problem) -> {
            ArtifactCopy copy = copy(manifest.artifactId(), store, "");
            copy.status = "pending";
            copy.problem = problem;
            copy.nextAttemptAt = Instant.now().plus(FIRST_PAUSE);
            copy.persist();
        });
    }

    private static ArtifactCopy copy(String artifactId, String store, String uri) {
        var copy = new ArtifactCopy();
        copy.artifactId = artifactId;
        copy.store = store;
        copy.uri = uri;
        return copy;
    }

    /**
     * Does something while no other backup of the environment is registered and none is pruned.
     *
     * @param work may take minutes
     */
    public <T> T exclusively(EnvironmentId environment, Supplier<T> work) {
        return QuarkusTransaction.requiringNew()
                .timeout((int) LOCK_LIMIT.toSeconds())
                .call(() -> {
                    // Not FOR UPDATE: the rows that are written meanwhile refer to this one.
                    Artifact.getEntityManager()
                            .createNativeQuery(
                                    "SELECT 1 FROM ops.environments WHERE environment_id = ?1 FOR NO KEY UPDATE",
                                    Integer.class)
                            .setParameter(1, environment.toString())
                            .getResultList();
                    return work.get();
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
        return find(artifactId).orElseThrow(() -> unknown(artifactId));
    }

    /** What is said of an artifact that is not there, and of one that the caller may not know of: the same. */
    public static FaultException unknown(String artifactId) {
        return Fault.of(
                        FaultCode.UNKNOWN_ARTIFACT,
                        "there is no artifact '" + artifactId + "' in the catalogue",
                        "`lifeboat artifacts` lists those that there are.")
                .toException();
    }

    /** An artifact with what is known of its manifest, which is nothing where it is not in the catalogue. */
    public KnownArtifact known(ArtifactId id) {
        return new KnownArtifact(id, find(id.id()).map(artifact -> artifact.manifestSha256));
    }

    /** Enters the SHA-256 of a manifest that was read and proved, where none is known. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void proved(String artifactId, String manifestSha256) {
        Artifact.update(
                "manifestSha256 = ?1 where artifactId = ?2 and manifestSha256 is null", manifestSha256, artifactId);
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

    /** An artifact's copies, those that are not good among them. */
    @Transactional
    public List<ArtifactCopy> copies(String artifactId) {
        return ArtifactCopy.list("artifactId", Sort.by("store"), artifactId);
    }

    /** The state of each of an artifact's copies that was not deleted, by store. */
    @Transactional
    public Map<String, String> statuses(String artifactId) {
        return copies(artifactId).stream()
                .filter(copy -> !copy.status.equals("deleted"))
                .collect(Collectors.toMap(copy -> copy.store, copy -> copy.status));
    }

    /** The artifacts of an environment of which a copy was found damaged and was not made anew yet. */
    @Transactional
    public Set<String> damaged(EnvironmentId environment) {
        return ids(environment, "c.status = 'damaged'");
    }

    /** The artifacts of an environment that have a good copy. */
    @Transactional
    public Set<String> good(EnvironmentId environment) {
        return ids(environment, "c.status = 'good'");
    }

    /** The artifacts of an environment that retention has taken out of the catalogue. */
    @Transactional
    public Set<String> pruned(EnvironmentId environment) {
        return Artifact.getEntityManager()
                .createQuery(
                        "select artifactId from Artifact where status = 'pruned' and environmentId = ?1", String.class)
                .setParameter(1, environment.toString())
                .getResultStream()
                .collect(Collectors.toUnmodifiableSet());
    }

    /** The newest backup of an environment that can be restored from: safety backups of restores are none. */
    @Transactional
    public Optional<Artifact> newestGood(EnvironmentId environment) {
        return Artifact.<Artifact>find(
                        "from Artifact a where a.status = 'available' and a.purpose = 'backup' and a.environmentId = ?1"
                                + " and exists (select 1 from ArtifactCopy c where c.artifactId = a.artifactId"
                                + " and c.status = 'good') order by a.createdAt desc",
                        environment.toString())
                .firstResultOptional();
    }

    /**
     * What retention decides on: the artifacts of an environment that were not pruned, and which of them can be restored from.
     *
     * @param beforeDeployments the runs that made a backup before a deployment
     */
    @Transactional
    public List<Retention.Candidate> candidates(EnvironmentId environment, Set<String> beforeDeployments) {
        List<Artifact> available = available(Optional.of(environment));
        Set<String> good = good(environment);
        Set<String> unusable = available.stream()
                .map(artifact -> artifact.artifactId)
                .filter(id -> !good.contains(id))
                .collect(Collectors.toUnmodifiableSet());
        return available.stream()
                .map(artifact -> artifact.candidate(beforeDeployments, unusable))
                .toList();
    }

    private static Set<String> ids(EnvironmentId environment, String condition) {
        return ArtifactCopy.getEntityManager()
                .createQuery(
                        "select distinct c.artifactId from ArtifactCopy c, Artifact a where a.artifactId = c.artifactId"
                                + " and a.environmentId = ?1 and " + condition,
                        String.class)
                .setParameter(1, environment.toString())
                .getResultStream()
                .collect(Collectors.toUnmodifiableSet());
    }

    /** The stores that have a good copy of an artifact. */
    public List<String> goodStores(String artifactId) {
        return copies(artifactId).stream()
                .filter(ArtifactCopy::isGood)
                .map(copy -> copy.store)
                .toList();
    }

    /** Says how a copy was found when it was verified; one that is not good is made anew from another one. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void verified(String artifactId, String store, boolean good) {
        ArtifactCopy copy = ArtifactCopy.findById(new ArtifactCopy.Key(artifactId, store));
        if (copy == null || copy.status.equals("deleted")) {
            return;
        }
        copy.verifiedAt = Instant.now();
        copy.status = good ? "good" : "damaged";
        copy.problem = good ? null : "its verification found it damaged";
        copy.nextAttemptAt = good ? null : Instant.now();
    }

    /**
     * The copies that are to be made now, the oldest artifact's first, so that what an artifact needs is there before it.
     *
     * @param now the time is the caller's to tell
     */
    @Transactional
    public List<ArtifactCopy> wantedCopies(Instant now) {
        return ArtifactCopy.<ArtifactCopy>list(
                        "status in ('pending', 'damaged') and (nextAttemptAt is null or nextAttemptAt <= ?1)", now)
                .stream()
                .sorted(Comparator.comparing(copy -> get(copy.artifactId).createdAt))
                .toList();
    }

    /** The good copies that nobody has read again since then. */
    @Transactional
    public List<ArtifactCopy> unverifiedSince(Instant then) {
        return ArtifactCopy.list("status = 'good' and coalesce(verifiedAt, storedAt) < ?1", Sort.by("storedAt"), then);
    }

    /** Says that an artifact is to have a copy in a store, where it has none. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void want(String artifactId, String store) {
        ArtifactCopy copy = ArtifactCopy.findById(new ArtifactCopy.Key(artifactId, store));
        if (copy == null) {
            copy = copy(artifactId, store, "");
            copy.status = "pending";
            copy.persist();
        } else if (copy.status.equals("deleted")) {
            copy.status = "pending";
        }
        copy.nextAttemptAt = Instant.now();
    }

    /**
     * Says that a copy is there. False where the artifact was pruned meanwhile: then it is to be removed again.
     *
     * @param verified whether it was read back
     */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public boolean copied(String artifactId, String store, String uri, boolean verified) {
        if (!get(artifactId).isAvailable()) {
            return false;
        }
        ArtifactCopy known = ArtifactCopy.findById(new ArtifactCopy.Key(artifactId, store));
        ArtifactCopy copy = known == null ? copy(artifactId, store, uri) : known;
        copy.uri = uri;
        copy.status = "good";
        copy.problem = null;
        copy.nextAttemptAt = null;
        copy.attempts = 0;
        copy.storedAt = Instant.now();
        copy.verifiedAt = verified ? copy.storedAt : copy.verifiedAt;
        copy.persist();
        return true;
    }

    /** Says that a copy was found where it lies. One that is known to be good or damaged stays that; a pruned artifact stays pruned. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void found(String artifactId, String store, String uri) {
        ArtifactCopy known = ArtifactCopy.findById(new ArtifactCopy.Key(artifactId, store));
        if (known == null || !(known.isGood() || known.status.equals("damaged"))) {
            copied(artifactId, store, uri, false);
        }
    }

    /** Says that a copy could not be made; the pauses grow. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void copyFailed(String artifactId, String store, String problem) {
        ArtifactCopy copy = ArtifactCopy.findById(new ArtifactCopy.Key(artifactId, store));
        if (copy == null || copy.isGood()) {
            return;
        }
        copy.attempts++;
        copy.problem = problem;
        Duration pause = FIRST_PAUSE.multipliedBy(1L << Math.min(copy.attempts, 10));
        copy.nextAttemptAt = Instant.now().plus(pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE);
    }

    /** Takes a removed artifact out of the count. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void pruned(String artifactId) {
        Artifact artifact = Artifact.findById(artifactId);
        artifact.status = "pruned";
        artifact.prunedAt = Instant.now();
        copies(artifactId).forEach(copy -> copy.status = "deleted");
    }

    /**
     * Puts an artifact that could not be removed back into the count.
     *
     * @param statuses of the copies that are still there, by store
     */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void unpruned(String artifactId, Map<String, String> statuses) {
        Artifact artifact = Artifact.findById(artifactId);
        artifact.status = "available";
        artifact.prunedAt = null;
        copies(artifactId).forEach(copy -> copy.status = statuses.getOrDefault(copy.store, copy.status));
    }
}
