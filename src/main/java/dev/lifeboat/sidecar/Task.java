package dev.lifeboat.sidecar;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.lifeboat.artifact.ArtifactId;
import dev.lifeboat.artifact.BackupType;
import dev.lifeboat.artifact.KnownArtifact;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.postgres.TableOrder;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A heavy task. There are only these; none carries a command, a path or a secret: where things are is read from the
 * configuration beside the data.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
@JsonSubTypes({
    @JsonSubTypes.Type(value = Task.DumpDatabase.class, name = "dump_database"),
    @JsonSubTypes.Type(value = Task.ArchiveFilestore.class, name = "archive_filestore"),
    @JsonSubTypes.Type(value = Task.SnapshotConfig.class, name = "snapshot_config"),
    @JsonSubTypes.Type(value = Task.VerifyArtifact.class, name = "verify_artifact"),
    @JsonSubTypes.Type(value = Task.ReplicateArtifact.class, name = "replicate_artifact"),
    @JsonSubTypes.Type(value = Task.PrepareRestore.class, name = "prepare_restore"),
    @JsonSubTypes.Type(value = Task.RestoreDatabase.class, name = "restore_database"),
    @JsonSubTypes.Type(value = Task.RestoreFilestore.class, name = "restore_filestore"),
    @JsonSubTypes.Type(value = Task.Validate.class, name = "validate"),
    @JsonSubTypes.Type(value = Task.CheckDeployment.class, name = "check_deployment"),
    @JsonSubTypes.Type(value = Task.RollBack.class, name = "roll_back"),
    @JsonSubTypes.Type(value = Task.UnpackImport.class, name = "unpack_import"),
    @JsonSubTypes.Type(value = Task.CheckCorruption.class, name = "check_corruption"),
    @JsonSubTypes.Type(value = Task.ExtractTables.class, name = "extract_tables"),
    @JsonSubTypes.Type(value = Task.MergeTables.class, name = "merge_tables"),
    @JsonSubTypes.Type(value = Task.Abandon.class, name = "abandon"),
    @JsonSubTypes.Type(value = Task.DiscardBackup.class, name = "discard_backup"),
    @JsonSubTypes.Type(value = Task.DropDisplaced.class, name = "drop_displaced")
})
public sealed interface Task {
    /** The run that it belongs to. */
    String runId();

    /** The environment whose data it reads or writes. */
    EnvironmentId environment();

    /** The capture that it reads in. */
    default Optional<String> inCapture() {
        return switch (this) {
            case DumpDatabase dump -> Optional.of(dump.capture());
            case ArchiveFilestore archive -> Optional.of(archive.capture());
            case SnapshotConfig snapshot -> Optional.of(snapshot.capture());
            case VerifyArtifact verify -> Optional.empty();
            case ReplicateArtifact replicate -> Optional.empty();
            case PrepareRestore prepare -> Optional.empty();
            case RestoreDatabase database -> Optional.empty();
            case RestoreFilestore filestore -> Optional.empty();
            case Validate validate -> Optional.empty();
            case CheckDeployment check -> Optional.empty();
            case UnpackImport unpack -> Optional.empty();
            case RollBack rollBack -> Optional.empty();
            case CheckCorruption check -> Optional.empty();
            case ExtractTables extract -> Optional.empty();
            case MergeTables merge -> Optional.empty();
            case Abandon abandon -> Optional.empty();
            case DiscardBackup discard -> Optional.empty();
            case DropDisplaced drop -> Optional.empty();
        };
    }

    /**
     * Dumps the database into the artifact.
     *
     * @param capture which capture it reads in: one per attempt of a run
     */
    record DumpDatabase(String runId, EnvironmentId environment, ArtifactId artifact, String capture) implements Task {}

    /**
     * Archives the filestore into the artifact.
     *
     * @param bases the artifacts of which one may be referred to, the preferred one first; empty: every file is archived
     */
    record ArchiveFilestore(
            String runId, EnvironmentId environment, ArtifactId artifact, String capture, List<String> bases)
            implements Task {}

    /** Captures the configuration into the artifact, and ends the capture. */
    record SnapshotConfig(String runId, EnvironmentId environment, ArtifactId artifact, String capture, BackupType type)
            implements Task {}

    /**
     * Reads every byte of an artifact and compares it with the manifest.
     *
     * @param store the copy of which its own files are read; empty: the nearest whole copy, with all parts that it needs
     */
    record VerifyArtifact(String runId, EnvironmentId environment, KnownArtifact artifact, Optional<String> store)
            implements Task {}

    /**
     * Copies an artifact into a store, from any other one.
     *
     * @param store where to
     */
    record ReplicateArtifact(String runId, EnvironmentId environment, KnownArtifact artifact, String store)
            implements Task {}

    /**
     * Loads the artifact's dump and builds its filestore beside the present ones, and proves both; nothing is swapped.
     *
     * @param store the store whose copy was verified; empty: the nearest is read
     * @param type what of the artifact
     * @param neutralize whether what is loaded is neutralised
     * @param check whether Odoo itself has to load a copy of it, where it can be run
     * @param whole whether every file is read from the artifact, also what the environment has already
     */
    record PrepareRestore(
            String runId,
            EnvironmentId environment,
            KnownArtifact artifact,
            Optional<String> store,
            BackupType type,
            boolean neutralize,
            boolean check,
            boolean whole)
            implements Task {}

    /**
     * Puts the artifact's database in the place of the present one.
     *
     * @param store the store whose copy was verified; empty: the nearest is read
     * @param neutralize whether what is loaded is neutralised
     * @param check whether Odoo itself has to load a copy of it, where it can be run
     * @param prepared OID of the database that {@link PrepareRestore} has loaded; empty: it is loaded now
     */
    record RestoreDatabase(
            String runId,
            EnvironmentId environment,
            KnownArtifact artifact,
            Optional<String> store,
            boolean neutralize,
            boolean check,
            Optional<Long> prepared)
            implements Task {}

    /**
     * Puts the artifact's filestore in the place of the present one.
     *
     * @param store the store whose copy was verified; empty: the nearest is read
     * @param prepared inode of the folder that {@link PrepareRestore} has built; empty: it is built now
     */
    record RestoreFilestore(
            String runId,
            EnvironmentId environment,
            KnownArtifact artifact,
            Optional<String> store,
            Optional<Long> prepared)
            implements Task {}

    /**
     * Runs the seven checks.
     *
     * @param artifact what the environment is compared with; empty: it is checked on its own
     * @param since log lines from then on count (UTC)
     * @param compare whether the present content is compared with the artifact's, too
     * @param prepared whether it is what the run has prepared beside the environment that is checked
     */
    record Validate(
            String runId,
            EnvironmentId environment,
            Optional<KnownArtifact> artifact,
            Instant since,
            boolean compare,
            boolean prepared)
            implements Task {}

    /**
     * Looks at an environment after a deployment or a rollback.
     *
     * @param before the backup that was made before; empty: nothing is compared
     * @param since log lines from then on count (UTC)
     * @param normalSeconds how long the login page took before; empty: not known
     * @param watch whether response times and errors are watched for the configured window
     */
    record CheckDeployment(
            String runId,
            EnvironmentId environment,
            Optional<KnownArtifact> before,
            Instant since,
            Optional<Double> normalSeconds,
            boolean watch)
            implements Task {}

    /**
     * Unpacks a backup that Odoo itself has made, beside the environment.
     *
     * @param file its plain name in the folder of imports
     */
    record UnpackImport(String runId, EnvironmentId environment, String file) implements Task {}

    /** Looks for corruption in the pages of the live database. */
    record CheckCorruption(String runId, EnvironmentId environment) implements Task {}

    /**
     * Loads tables of the artifact beside the live database, and proves them.
     *
     * @param store the store whose copy was verified; empty: the nearest is read
     * @param order which tables; those whose rows are deleted along are loaded with them
     */
    record ExtractTables(
            String runId, EnvironmentId environment, KnownArtifact artifact, Optional<String> store, TableOrder order)
            implements Task {}

    /**
     * Brings rows of the tables that {@link ExtractTables} has loaded into the live database.
     *
     * @param write false: only says what would be written
     */
    record MergeTables(String runId, EnvironmentId environment, KnownArtifact artifact, TableOrder order, boolean write)
            implements Task {}

    /** Puts back what a restore moved aside. */
    record RollBack(String runId, EnvironmentId environment) implements Task {}

    /** Removes what a restore that failed had prepared and not put in place; what was moved aside stays. */
    record Abandon(String runId, EnvironmentId environment) implements Task {}

    /**
     * Removes what a backup that was stopped has written, from every store, and ends its captures.
     *
     * @param artifact that of the first attempt; later ones have a number behind its id
     */
    record DiscardBackup(String runId, EnvironmentId environment, ArtifactId artifact) implements Task {}

    /** Drops what the successful restore {@code runId} moved aside. */
    record DropDisplaced(String runId, EnvironmentId environment) implements Task {}
}
