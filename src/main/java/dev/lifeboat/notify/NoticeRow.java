package dev.lifeboat.notify;

import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.GenerationType;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;

/** A row of {@code ops.notices}: a notice for one target. */
@Entity
@Table(schema = "ops", name = "notices")
public class NoticeRow extends PanacheEntityBase {
    @Id
    @GeneratedValue(strategy = GenerationType.IDENTITY)
    public Long id;

    public String key;
    public String target;
    public String event;

    @Column(name = "environment_id")
    public String environmentId;

    @Column(name = "run_id")
    public String runId;

    public String title;
    public String body;

    @Column(name = "created_at")
    public Instant createdAt;

    public int attempts;

    @Column(name = "next_attempt_at")
    public Instant nextAttemptAt;

    @Column(name = "delivered_at")
    public Instant deliveredAt;

    @Column(name = "given_up_at")
    public Instant givenUpAt;

    public String problem;
}
