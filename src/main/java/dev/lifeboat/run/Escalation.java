package dev.lifeboat.run;

import dev.lifeboat.environment.EnvironmentId;
import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;

/** A row of {@code ops.escalations}: a run whose trouble somebody has to take care of. */
@Entity
@Table(schema = "ops", name = "escalations")
public class Escalation extends PanacheEntityBase {
    @Id
    @Column(name = "run_id")
    public String runId;

    @Column(name = "environment_id")
    public String environmentId;

    public String reason;

    @Column(name = "raised_at")
    public Instant raisedAt;

    /** Null: nobody has taken it yet. */
    @Column(name = "acknowledged_at")
    public Instant acknowledgedAt;

    @Column(name = "acknowledged_by")
    public String acknowledgedBy;

    public String note;

    /** The environment. */
    public EnvironmentId environment() {
        return EnvironmentId.parse(environmentId);
    }
}
