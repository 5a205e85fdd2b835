package dev.lifeboat.sidecar;

import dev.lifeboat.artifact.ArtifactId;
import dev.lifeboat.artifact.BackupType;
import dev.lifeboat.environment.EnvironmentId;
import java.time.Instant;
import java.util.Optional;

/**
 * A heavy task. There are only these; none carries a command, a path or a secret: where things are is read from the
 * configuration beside the data.
 */
public sealed interface Task {
    /** The run that it belongs to. */
    String runId();

    /** The environment whose data it reads or writes. */
    EnvironmentId environment();

    /**
     * Dumps the database into the artifact.
     *
     * @param capture which capture it reads in: one per attempt of a run
     */
    record DumpDatabase(String runId, EnvironmentId environment, ArtifactId artifact, String capture) implements Task {}

    /**
     * Archives the filestore into the artifact.
     *
     * @param base the artifact whose files are referred to where they are the same; empty: every file is archived
     */
    record ArchiveFilestore(
            String runId, EnvironmentId environment, ArtifactId artifact, String capture, Optional<String> base)
            implements Task {}

    /** Captures the configuration into the artifact, and ends the capture. */
    record SnapshotConfig(String runId, EnvironmentId environment, ArtifactId artifact, String capture, BackupType type)
            implements Task {}

    /** Reads every byte of an artifact and compares it with the manifest. */
    record VerifyArtifact(String runId, EnvironmentId environment, ArtifactId artifact) implements Task {}

    /** Loads the artifact's dump beside the present database and puts it in its place. */
    record RestoreDatabase(String runId, EnvironmentId environment, ArtifactId artifact, int attempt) implements Task {}

    /** Builds the artifact's filestore beside the present one and puts it in its place. */
    record RestoreFilestore(String runId, EnvironmentId environment, ArtifactId artifact) implements Task {}

    /**
     * Runs the seven checks.
     *
     * @param artifact what the environment is compared with; empty: it is checked on its own
     * @param since log lines from then on count (UTC)
     */
    record Validate(String runId, EnvironmentId environment, Optional<ArtifactId> artifact, Instant since)
            implements Task {}

    /** Puts back what a restore moved aside. */
    record RollBack(String runId, EnvironmentId environment) implements Task {}

    /** Drops what a successful restore moved aside. */
    record DropDisplaced(String runId, EnvironmentId environment) implements Task {}
}
