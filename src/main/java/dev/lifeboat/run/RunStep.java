package dev.lifeboat.run;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.IdClass;
import jakarta.persistence.Table;
import java.time.Instant;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.annotations.Mutability;
import org.hibernate.type.SqlTypes;
import org.hibernate.type.descriptor.java.Immutability;

/** A row of {@code ops.run_steps}: one attempt at one step. */
@Entity
@IdClass(RunStep.Key.class)
@Table(schema = "ops", name = "run_steps")
public class RunStep extends PanacheEntityBase {
    @Id
    @Column(name = "run_id")
    public String runId;

    @Id
    public String step;

    @Id
    public int attempt;

    public int seq;

    public String status;

    public int epoch;

    @Column(name = "task_id")
    public String taskId;

    @Column(name = "started_at", insertable = false, updatable = false)
    public Instant startedAt;

    @Column(name = "check_at")
    public Instant checkAt;

    @Column(name = "deadline_at")
    public Instant deadlineAt;

    @Column(name = "finished_at")
    public Instant finishedAt;

    @JdbcTypeCode(SqlTypes.JSON)
    @Mutability(Immutability.class)
    public ObjectNode outputs;

    @JdbcTypeCode(SqlTypes.JSON)
    @Mutability(Immutability.class)
    public ObjectNode fault;

    /** The state. */
    public StepStatus status() {
        return StepStatus.of(status);
    }

    /** The primary key. */
    public record Key(String runId, String step, int attempt) {}
}
