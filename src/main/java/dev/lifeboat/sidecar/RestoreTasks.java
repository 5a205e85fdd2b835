package dev.lifeboat.sidecar;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.artifact.ArtifactId;
import dev.lifeboat.artifact.ArtifactLibrary;
import dev.lifeboat.artifact.KnownArtifact;
import dev.lifeboat.artifact.OpenArtifact;
import dev.lifeboat.environment.Bindings;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.environment.ServiceControl;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.filestore.FolderSwap;
import dev.lifeboat.json.Json;
import dev.lifeboat.odoo.CheckResult;
import dev.lifeboat.odoo.Validation;
import dev.lifeboat.postgres.CorruptionCheck;
import dev.lifeboat.postgres.DatabaseLoader;
import dev.lifeboat.postgres.DatabaseSwap;
import dev.lifeboat.postgres.PgTools;
import dev.lifeboat.progress.Progress;
import dev.lifeboat.step.EvidenceFile;
import dev.lifeboat.step.StepResult;
import dev.lifeboat.store.Stores;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The heavy half of a restore. New things are built and proved beside the present ones, then swapped; what was there is kept
 * aside until the run has succeeded. Each task finds out from journals, folders and OIDs what an earlier attempt has done.
 */
@ApplicationScoped
class RestoreTasks {
    private static final String DATABASE = "database";
    private static final String FILESTORE = "filestore";

    private final EnvironmentCatalogue environments;
    private final LifeboatConfig config;
    private final Stores stores;
    private final ArtifactLibrary library;

    RestoreTasks(EnvironmentCatalogue environments, LifeboatConfig config, Stores stores, ArtifactLibrary library) {
        this.environments = environments;
        this.config = config;
        this.stores = stores;
        this.library = library;
    }

    /** Nothing of the environment is touched. */
    StepResult prepare(Task.PrepareRestore task, Progress progress) {
        Instant begin = Instant.now();
        RestoreSite site = site(task);
        OpenArtifact artifact = open(task.artifact(), task.store());
        ObjectNode outputs = Json.object();
        ObjectNode prepared = Json.object().put("started_at", begin.toString());
        var evidence = new ArrayList<EvidenceFile>();
        if (task.type().coversDatabase()) {
            List<EvidenceFile> proof =
                    new NewDatabase(site, artifact, config.pgBin()).load(task.neutralize(), task.check(), progress);
            site.keep(DATABASE, proof);
            evidence.addAll(proof);
            outputs.put("database_oid", site.server().oidOf(site.newDatabase()).orElseThrow());
            prepared.put("database", site.newDatabase())
                    .put("database_seconds", BackupTasks.seconds(begin, Instant.now()));
        }
        if (task.type().coversFilestore()) {
            Instant build = Instant.now();
            progress.phase("build");
            List<EvidenceFile> proof = new NewFilestore(site, artifact).build(task.whole(), progress);
            site.keep(FILESTORE, proof);
            evidence.addAll(proof);
            outputs.put("filestore_inode", site.folders().freshInode().orElseThrow());
            prepared.put("filestore", site.folders().fresh().toString())
                    .put("filestore_seconds", BackupTasks.seconds(build, Instant.now()));
        }
        prepared.put("finished_at", Instant.now().toString())
                .put("seconds", BackupTasks.seconds(begin, Instant.now()))
                .put(
                        "proved",
                        "what is to be restored was loaded beside what is there and compared with the artifact's"
                                + " digests, while the environment went on working; steps restore-db and restore-filestore only"
                                + " swap");
        evidence.add(new EvidenceFile("preparation.json", Json.pretty(prepared)));
        return new StepResult.Done(outputs.put("summary", "loaded, built and proved beside what is there"), evidence);
    }

    StepResult restoreDatabase(Task.RestoreDatabase task, Progress progress) {
        Instant begin = Instant.now();
        RestoreSite site = site(task);
        OpenArtifact artifact = open(task.artifact(), task.store());
        DatabaseSwap swap = site.databases();
        Optional<Long> there = site.server().oidOf(site.newDatabase());
        String how;
        if (swap.state() == DatabaseSwap.State.SWAPPED) {
            how = "an earlier attempt of this step has swapped the databases";
        } else {
            boolean prepared = task.prepared().isPresent() && task.prepared().equals(there);
            if (!prepared) {
                site.keep(
                        DATABASE,
                        new NewDatabase(site, artifact, config.pgBin())
                                .load(task.neutralize(), task.check(), progress));
            }
            how = prepared ? "the database had been prepared" : "the database was loaded in this step";
            progress.phase("swap");
            swap.swap(site.bindings().database().name(), site.newDatabase(), site.displacedDatabase());
        }
        var evidence = new ArrayList<>(site.kept(DATABASE));
        evidence.add(new EvidenceFile("db_restore_duration.json", duration(begin, how)));
        return new StepResult.Done(
                Json.object().put("displaced", site.displacedDatabase()).put("summary", how + ", digests equal"),
                evidence);
    }

    StepResult restoreFilestore(Task.RestoreFilestore task, Progress progress) {
        Instant begin = Instant.now();
        RestoreSite site = site(task);
        OpenArtifact artifact = open(task.artifact(), task.store());
        FolderSwap swap = site.folders();
        String how;
        if (swap.isSwapped()) {
            swap.swap();
            how = "an earlier attempt of this step has swapped the folders";
        } else {
            boolean prepared = task.prepared().isPresent() && task.prepared().equals(swap.freshInode());
            if (!prepared) {
                progress.phase("build");
                site.keep(FILESTORE, new NewFilestore(site, artifact).build(false, progress));
            }
            how = prepared ? "the filestore had been prepared" : "the filestore was built in this step";
            progress.phase("swap");
            swap.swap();
        }
        var evidence = new ArrayList<>(site.kept(FILESTORE));
        evidence.add(new EvidenceFile("filestore_restore_duration.json", duration(begin, how)));
        return new StepResult.Done(
                Json.object().put("displaced", swap.displaced().toString()).put("summary", how + ", tree equal"),
                evidence);
    }

    StepResult validate(Task.Validate task, Progress progress) {
        RestoreSite site = site(task);
        Bindings bindings = task.prepared() ? site.unpacked().apart() : site.bindings();
        Optional<OpenArtifact> artifact = task.artifact().map(this::open);
        progress.phase("validate");
        Validation.Report report =
                Validation.run(bindings, artifact.map(OpenArtifact::manifest), task.since(), syntax(site), progress);
        ObjectNode document = Json.tree(report);
        Optional<ContentComparison> comparison = Optional.empty();
        if (task.compare()) {
            progress.phase("compare");
            comparison = Optional.of(ContentComparison.of(bindings, artifact.orElseThrow(), config.pgBin(), progress));
            document.put("mode", "validation only: nothing was restored");
            document.set("compared_with_artifact", Json.tree(comparison.get()));
        }
        var evidence = List.of(new EvidenceFile("validation_report.json", Json.pretty(document)));
        if (!report.passed()) {
            return new StepResult.Failed(
                    Fault.of(
                                    FaultCode.VALIDATION_FAILED,
                                    "the environment does not pass its validation: " + report.failures(),
                                    "validation_report.json in the evidence says what was expected and what was found.")
                            .with("verdict", report.verdict()),
                    "the environment as it was validated",
                    evidence);
        }
        if (task.prepared() && report.verdict() != Validation.Verdict.PASS) {
            return new StepResult.Failed(
                    Fault.of(
                            FaultCode.VALIDATION_FAILED,
                            "nothing that was restored beside the environment proves its data",
                            "validation_report.json in the evidence says why each check did not apply."),
                    "the environment was not touched",
                    evidence);
        }
        if (comparison.isPresent() && !comparison.get().equal()) {
            return new StepResult.Failed(
                    differs(task.artifact().orElseThrow().id(), comparison.get()), "nothing was restored", evidence);
        }
        return new StepResult.Done(
                Json.object()
                        .put(
                                "summary",
                                report.summary()
                                        + comparison
                                                .map(found -> "; " + found.summary())
                                                .orElse("")),
                evidence);
    }

    StepResult checkCorruption(Task.CheckCorruption task, Progress progress) {
        progress.phase("read every page");
        CorruptionCheck check = CorruptionCheck.of(site(task).server(), config.pgBin(), NewDatabase.LIMIT);
        var evidence = List.of(new EvidenceFile("corruption_check.json", Json.pretty(check)));
        return switch (check.outcome()) {
            case PASSED -> new StepResult.Done(Json.object().put("summary", "pg_amcheck found nothing"), evidence);
            case SKIPPED -> new StepResult.Done(Json.object().put("summary", "not checked: " + check.why()), evidence);
            case FAILED ->
                new StepResult.Failed(
                        Fault.of(
                                FaultCode.VALIDATION_FAILED,
                                "the database is corrupted: " + check.findings().size()
                                        + " lines of findings; nothing was changed",
                                "corruption_check.json in the evidence has them; docs/runbooks/p2-corrupted.md leads on."),
                        "the environment as it was",
                        evidence);
        };
    }

    /** What came of running Odoo on a copy, before the swap. */
    private static Optional<CheckResult> syntax(RestoreSite site) {
        if (!site.hasKept(DATABASE)) {
            return Optional.empty();
        }
        return site.kept(DATABASE).stream()
                .filter(file -> file.name().equals(NewDatabase.SYNTAX))
                .findFirst()
                .map(file -> site.read(file, CheckResult.class));
    }

    private static Fault differs(ArtifactId artifact, ContentComparison comparison) {
        return Fault.of(
                        FaultCode.CONTENT_DIFFERS,
                        "nothing was restored: artifact " + artifact.id()
                                + " has been restored before, and the environment has changed since ("
                                + comparison.summary() + ")",
                        "To restore it once more, say so: --again (HTTP: \"again\": true). validation_report.json in the"
                                + " evidence lists what differs.")
                .with("tables", String.join("; ", comparison.tables()));
    }

    StepResult rollBack(Task.RollBack task, Progress progress) {
        Instant begin = Instant.now();
        progress.phase("roll back");
        RestoreSite site = site(task);
        ServiceControl service = ServiceControl.of(site.bindings().service());
        var done = new ArrayList<String>();
        // An Odoo that runs would go on with what it has read of the other database.
        ServiceControl.Outcome stopped = service.stop();
        if (stopped.controlled()) {
            done.add(stopped.succeeded() ? "the service was stopped" : "the service could not be stopped");
        }
        boolean foldersBack = site.folders().swapBack();
        done.add(foldersBack ? "the filestore is back as it was" : "the filestore had not been touched");
        DatabaseSwap databases = site.databases();
        boolean databaseBack = databases.state() == DatabaseSwap.State.SWAPPED;
        databases.swapBack();
        done.add(databaseBack ? "the database is back as it was" : "the database had not been touched");
        dropHidden(site);
        site.forget();
        double seconds = BackupTasks.seconds(begin, Instant.now());
        ServiceControl.Outcome started = service.start();
        if (!started.succeeded()) {
            throw Fault.of(
                            FaultCode.SERVICE_FAILED,
                            "database and filestore are back as they were, but the service could not be started",
                            "Start it by hand, and see tool_output for why it did not.")
                    .with("tool_output", started.log())
                    .toException();
        }
        done.add(started.controlled() ? "the service was started" : started.log());
        return new StepResult.Done(
                Json.object()
                        .put("summary", String.join("; ", done))
                        .put("seconds", BackupTasks.seconds(begin, Instant.now()))
                        .put("seconds_without_service_start", seconds),
                List.of());
    }

    StepResult abandon(Task.Abandon task, Progress progress) {
        progress.phase("remove what was prepared");
        RestoreSite site = site(task);
        FolderSwap folders = site.folders();
        boolean databaseSwapped = site.databases().state() == DatabaseSwap.State.SWAPPED;
        folders.abandon();
        ObjectNode outputs = Json.object();
        if (databaseSwapped || folders.isSwapped()) {
            return new StepResult.Done(
                    outputs.put(
                            "left_behind",
                            "what the restore displaced: database " + site.displacedDatabase() + ", filestore "
                                    + folders.displaced()),
                    List.of());
        }
        try {
            dropHidden(site);
        } catch (FaultException e) {
            // The server may be what the restore has failed of. What is left there is hidden from Odoo.
            return new StepResult.Done(
                    outputs.put(
                            "left_behind",
                            "database " + site.newDatabase() + ", if it was loaded: "
                                    + e.fault().message()),
                    List.of());
        }
        site.forget();
        return new StepResult.Done(outputs, List.of());
    }

    private void dropHidden(RestoreSite site) {
        for (String hidden : List.of(site.newDatabase(), site.copyOfNewDatabase())) {
            if (site.server().exists(hidden)) {
                new DatabaseLoader(
                                site.server(),
                                PgTools.forServer(site.server().probe().major(), config.pgBin()))
                        .dropHidden(hidden);
            }
        }
        site.removeFilestoreOfCopy();
    }

    StepResult dropDisplaced(Task.DropDisplaced task, Progress progress) {
        progress.phase("drop what was displaced");
        RestoreSite site = site(task);
        site.folders().discard();
        site.databases().dropDisplaced();
        site.forget();
        return new StepResult.Done(Json.object().put("displaced_dropped", true), List.of());
    }

    private RestoreSite site(Task task) {
        return new RestoreSite(environments.bindings(task.environment()), task.runId(), config.dataDir());
    }

    private OpenArtifact open(KnownArtifact artifact) {
        return open(artifact, Optional.empty());
    }

    private OpenArtifact open(KnownArtifact artifact, Optional<String> preferred) {
        return library.open(
                artifact, stores.readable(environments.bindings(artifact.id().environment()), preferred));
    }

    private static String duration(Instant begin, String how) {
        Instant end = Instant.now();
        return Json.pretty(Json.object()
                .put("started_at", begin.toString())
                .put("finished_at", end.toString())
                .put("seconds", BackupTasks.seconds(begin, end))
                .put("how", how));
    }
}
