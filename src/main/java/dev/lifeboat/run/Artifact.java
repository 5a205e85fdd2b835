package dev.lifeboat.run;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.artifact.BackupType;
import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.Locale;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.type.SqlTypes;

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
    public ArrayNode degraded;

    public String uri;

    @JdbcTypeCode(SqlTypes.JSON)
    public ObjectNode checksums;

    @JdbcTypeCode(SqlTypes.JSON)
    public ObjectNode sizes;

    /** The SHA-256 of the manifest's bytes as it was registered; null where that is not known. */
    @Column(name = "manifest_sha256")
    public String manifestSha256;

    @Column(name = "size_bytes")
    public long sizeBytes;

    /** The artifacts whose parts this one needs. */
    @JdbcTypeCode(SqlTypes.JSON)
    public ArrayNode needs;

    @Column(name = "created_at")
    public Instant createdAt;

    @Column(name = "registered_at", insertable = false, updatable = false)
    public Instant registeredAt;

    @Column(name = "pruned_at")
    public Instant prunedAt;
}
