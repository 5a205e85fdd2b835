package dev.lifeboat.run;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import org.hibernate.annotations.DynamicUpdate;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.annotations.Mutability;
import org.hibernate.type.SqlTypes;
import org.hibernate.type.descriptor.java.Immutability;

/** A row of {@code ops.runs}. */
@Entity
@DynamicUpdate
@Table(schema = "ops", name = "runs")
public class Run extends PanacheEntityBase {
    @Id
    @Column(name = "run_id")
    public String runId;

    @Column(name = "project_id")
    public String projectId;

    @Column(name = "environment_id")
    public String environmentId;

    @Column(name = "operation_type")
    public String operationType;

    public String status;

    @Column(name = "created_by")
    public String createdBy;

    /** What the run was asked to do, and what came of it ({@code artifact_id}, {@code pre_restore_backup_id}). */
    @JdbcTypeCode(SqlTypes.JSON)
    @Mutability(Immutability.class)
    public ObjectNode metadata;

    @Column(name = "evidence_dir")
    public String evidenceDir;

    @Column(name = "created_at", insertable = false, updatable = false)
    public Instant createdAt;

    @Column(name = "started_at")
    public Instant startedAt;

    @Column(name = "completed_at")
    public Instant completedAt;

    @Column(name = "parent_run_id")
    public String parentRunId;

    @JdbcTypeCode(SqlTypes.JSON)
    @Mutability(Immutability.class)
    public ObjectNode fault;

    /** The key under which its caller asked for it, and what was asked: see {@link RequestKey}. */
    @Column(name = "request_key")
    public String requestKey;

    @Column(name = "request_sha256")
    public String requestSha256;

    public int epoch;

    @Column(name = "lease_owner")
    public String leaseOwner;

    @Column(name = "lease_until")
    public Instant leaseUntil;

    @Column(name = "wake_at")
    public Instant wakeAt;

    public int recoveries;

    @Column(name = "parked_at")
    public Instant parkedAt;

    @Column(name = "cancel_requested_at", insertable = false, updatable = false)
    public Instant cancelRequestedAt;

    @Column(name = "cancel_requested_by", insertable = false, updatable = false)
    public String cancelRequestedBy;

    /** The state. */
    public RunStatus status() {
        return RunStatus.of(status);
    }

    /** What the run does. */
    public Operation operation() {
        return Operation.of(operationType);
    }
}
