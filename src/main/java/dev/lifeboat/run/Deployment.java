package dev.lifeboat.run;

import dev.lifeboat.environment.EnvironmentId;
import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.GenerationType;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;

/** A row of {@code ops.deployments}: a deployment as its events told it, and what became of it. Only {@link DeploymentStore} writes. */
@Entity
@Table(schema = "ops", name = "deployments")
public class Deployment extends PanacheEntityBase {
    @Id
    @GeneratedValue(strategy = GenerationType.IDENTITY)
    @Column(name = "deployment_id")
    public Long id;

    @Column(name = "environment_id")
    public String environmentId;

    public String version;

    /** What ran before; null: not known. */
    @Column(name = "version_before")
    public String versionBefore;

    /** Who deploys, as the event says. */
    public String operator;

    @Column(name = "starting_at")
    public Instant startingAt;

    @Column(name = "completed_at")
    public Instant completedAt;

    @Column(name = "backup_run_id")
    public String backupRunId;

    /** The run that looked at what it left. */
    @Column(name = "validation_run_id")
    public String checkRunId;

    /** How long the login page took before it, in seconds. */
    @Column(name = "normal_seconds")
    public Double normalSeconds;

    /** good, failed, proposed, rolling_back, rolled_back or rollback_failed; null: its checks have not ended. */
    public String outcome;

    public String reason;

    /** Which level of rollback its trouble asks for: 1 the version, 2 the data too; null: none. */
    public Integer level;

    @Column(name = "judged_at")
    public Instant judgedAt;

    @Column(name = "rollback_run_id")
    public String rollbackRunId;

    @Column(name = "rolled_back_to")
    public String rolledBackTo;

    @Column(name = "rollback_started_at")
    public Instant rollbackStartedAt;

    @Column(name = "rollback_ended_at")
    public Instant rollbackEndedAt;

    /** The environment. */
    public EnvironmentId environment() {
        return EnvironmentId.parse(environmentId);
    }
}
