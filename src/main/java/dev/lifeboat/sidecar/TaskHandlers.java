package dev.lifeboat.sidecar;

import dev.lifeboat.progress.Progress;
import dev.lifeboat.step.StepResult;
import jakarta.enterprise.context.ApplicationScoped;

/** Knows who does which task. */
@ApplicationScoped
class TaskHandlers implements TaskHandler {
    private final Captures captures;
    private final BackupTasks backup;
    private final RestoreTasks restore;
    private final CopyTasks copies;
    private final ImportTasks imports;
    private final DeploymentTasks deployments;
    private final TableTasks tables;

    TaskHandlers(
            Captures captures,
            BackupTasks backup,
            RestoreTasks restore,
            CopyTasks copies,
            ImportTasks imports,
            DeploymentTasks deployments,
            TableTasks tables) {
        this.captures = captures;
        this.backup = backup;
        this.restore = restore;
        this.copies = copies;
        this.imports = imports;
        this.deployments = deployments;
        this.tables = tables;
    }

    @Override
    public StepResult perform(Task task, Progress progress) {
        return task.inCapture()
                .map(capture -> captures.during(capture, () -> dispatch(task, progress)))
                .orElseGet(() -> dispatch(task, progress));
    }

    private StepResult dispatch(Task task, Progress progress) {
        return switch (task) {
            case Task.DumpDatabase dump -> backup.dump(dump, progress);
            case Task.ArchiveFilestore archive -> backup.archive(archive, progress);
            case Task.SnapshotConfig snapshot -> backup.snapshotConfig(snapshot, progress);
            case Task.VerifyArtifact verify -> copies.verify(verify, progress);
            case Task.ReplicateArtifact replicate -> copies.replicate(replicate, progress);
            case Task.PrepareRestore prepare -> restore.prepare(prepare, progress);
            case Task.RestoreDatabase database -> restore.restoreDatabase(database, progress);
            case Task.RestoreFilestore filestore -> restore.restoreFilestore(filestore, progress);
            case Task.Validate validate -> restore.validate(validate, progress);
            case Task.CheckDeployment check -> deployments.check(check, progress);
            case Task.UnpackImport unpack -> imports.unpack(unpack, progress);
            case Task.CheckCorruption check -> restore.checkCorruption(check, progress);
            case Task.ExtractTables extract -> tables.extract(extract, progress);
            case Task.MergeTables merge -> tables.merge(merge, progress);
            case Task.RollBack rollBack -> restore.rollBack(rollBack, progress);
            case Task.Abandon abandon -> restore.abandon(abandon, progress);
            case Task.DiscardBackup discard -> backup.discard(discard, progress);
            case Task.DropDisplaced drop -> restore.dropDisplaced(drop, progress);
        };
    }
}
