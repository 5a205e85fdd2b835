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

/** A row of {@code ops.break_glass}: a window in which nothing is done in an environment by itself. Times are UTC. */
@Entity
@Table(schema = "ops", name = "break_glass")
public class BreakGlass extends PanacheEntityBase {
    @Id
    @GeneratedValue(strategy = GenerationType.IDENTITY)
    @Column(name = "window_id")
    public Long id;

    @Column(name = "environment_id")
    public String environmentId;

    @Column(name = "opened_by")
    public String openedBy;

    public String reason;

    @Column(name = "opened_at")
    public Instant openedAt;

    /** When it ends by itself. */
    public Instant until;

    /** When it ended; null: it is open, or its time is over and nobody has entered that yet. */
    @Column(name = "closed_at")
    public Instant closedAt;

    /** Who ended it; null where it ended by itself. */
    @Column(name = "closed_by")
    public String closedBy;

    /** The environment. */
    public EnvironmentId environment() {
        return EnvironmentId.parse(environmentId);
    }
}
