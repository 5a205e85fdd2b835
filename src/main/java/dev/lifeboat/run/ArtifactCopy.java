package dev.lifeboat.run;

import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.IdClass;
import jakarta.persistence.Table;
import java.time.Instant;

/** A row of {@code ops.artifact_copies}: an artifact in one store. */
@Entity
@IdClass(ArtifactCopy.Key.class)
@Table(schema = "ops", name = "artifact_copies")
public class ArtifactCopy extends PanacheEntityBase {
    @Id
    @Column(name = "artifact_id")
    public String artifactId;

    @Id
    public String store;

    public String uri;

    /** {@code good}, {@code pending}, {@code damaged} or {@code deleted}. */
    public String status;

    @Column(name = "verified_at")
    public Instant verifiedAt;

    /** How often it was tried in vain to make it. */
    public int attempts;

    @Column(name = "next_attempt_at")
    public Instant nextAttemptAt;

    /** Why it is not good. */
    public String problem;

    @Column(name = "stored_at")
    public Instant storedAt;

    /** Whether it can be restored from, as far as is known. */
    public boolean isGood() {
        return status.equals("good");
    }

    /** The primary key. */
    public record Key(String artifactId, String store) {}
}
