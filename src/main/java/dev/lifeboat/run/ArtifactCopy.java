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

    /** {@code good}, {@code damaged} or {@code deleted}. */
    public String status;

    @Column(name = "verified_at")
    public Instant verifiedAt;

    /** The primary key. */
    public record Key(String artifactId, String store) {}
}
