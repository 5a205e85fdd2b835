package dev.lifeboat.run;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.artifact.BackupType;
import dev.lifeboat.artifact.Retention;
import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.Collections;
import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.annotations.Mutability;
import org.hibernate.type.SqlTypes;
import org.hibernate.type.descriptor.java.Immutability;

/** A row of {@code ops.artifacts}: what the catalogue knows of one backup. */
@Entity
@Table(schema = "ops", name = "artifacts")
public class Artifact extends PanacheEntityBase {
    @Id
    @Column(name = "artifact_id")
    public String artifactId;

    @Column(name = "project_id")
    public String projectId;

    @Column(name = "environment_id")
    public String environmentId;

    @Column(name = "run_id")
    public String runId;

    @Column(name = "backup_type")
    public String backupType;

    /** What it covers. */
    public BackupType type() {
        return BackupType.valueOf(backupType.toUpperCase(Locale.ROOT));
    }

    /** {@code backup} or {@code pre_restore}. */
    public String purpose;

    public String label;

    /** {@code available} or {@code pruned}. */
    public String status;

    @JdbcTypeCode(SqlTypes.JSON)
    @Mutability(Immutability.class)
    public ArrayNode degraded;

    public String uri;

    @JdbcTypeCode(SqlTypes.JSON)
    @Mutability(Immutability.class)
    public ObjectNode checksums;

    @JdbcTypeCode(SqlTypes.JSON)
    @Mutability(Immutability.class)
    public ObjectNode sizes;

    /** The SHA-256 of the manifest's bytes as it was registered; null where that is not known. */
    @Column(name = "manifest_sha256")
    public String manifestSha256;

    @Column(name = "size_bytes")
    public long sizeBytes;

    /** The artifacts whose parts this one needs. */
    @JdbcTypeCode(SqlTypes.JSON)
    @Mutability(Immutability.class)
    public ArrayNode needs;

    @Column(name = "created_at")
    public Instant createdAt;

    @Column(name = "registered_at", insertable = false, updatable = false)
    public Instant registeredAt;

    @Column(name = "pruned_at")
    public Instant prunedAt;

    /** Whether it can be restored, as far as its copies can. */
    public boolean isAvailable() {
        return status.equals("available");
    }

    /** Whether it was, or is being, removed. */
    public boolean isPruned() {
        return status.equals("pruned");
    }

    /** The ids of the artifacts whose parts this one needs. */
    public Set<String> neededIds() {
        var ids = new HashSet<String>();
        needs.forEach(id -> ids.add(id.asText()));
        return ids;
    }

    /**
     * What retention has to know of it.
     *
     * @param beforeDeployments the runs that made a backup before a deployment
     * @param unusable the artifacts without a good copy
     */
    Retention.Candidate candidate(Set<String> beforeDeployments, Set<String> unusable) {
        Set<String> needed = neededIds();
        return new Retention.Candidate(
                artifactId,
                createdAt,
                type(),
                switch (purpose) {
                    case "pre_restore" -> Retention.Kind.PRE_RESTORE;
                    case "import" -> Retention.Kind.IMPORT;
                    default -> beforeDeployments.contains(runId) ? Retention.Kind.PRE_DEPLOY : Retention.Kind.REGULAR;
                },
                Optional.ofNullable(label),
                !unusable.contains(artifactId) && Collections.disjoint(needed, unusable),
                needed);
    }
}
