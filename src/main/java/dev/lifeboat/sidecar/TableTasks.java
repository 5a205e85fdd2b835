package dev.lifeboat.sidecar;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.artifact.ArtifactLibrary;
import dev.lifeboat.artifact.KnownArtifact;
import dev.lifeboat.artifact.OpenArtifact;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.json.Json;
import dev.lifeboat.postgres.TableMerge;
import dev.lifeboat.postgres.TableName;
import dev.lifeboat.postgres.TableOrder;
import dev.lifeboat.postgres.TablePlan;
import dev.lifeboat.progress.Progress;
import dev.lifeboat.step.EvidenceFile;
import dev.lifeboat.step.StepResult;
import dev.lifeboat.store.Stores;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The heavy half of a restore of tables: they are loaded into a hidden database of the run's own, compared with the live ones, and
 * brought back by one transaction.
 */
@ApplicationScoped
class TableTasks {
    static final String PLAN = "table_plan.json";
    static final String RESTORE = "table_restore.json";

    private final EnvironmentCatalogue environments;
    private final LifeboatConfig config;
    private final Stores stores;
    private final ArtifactLibrary library;

    TableTasks(EnvironmentCatalogue environments, LifeboatConfig config, Stores stores, ArtifactLibrary library) {
        this.environments = environments;
        this.config = config;
        this.stores = stores;
        this.library = library;
    }

    StepResult extract(Task.ExtractTables task, Progress progress) {
        RestoreSite site = site(task);
        OpenArtifact artifact = open(task.artifact(), task.store());
        List<TableName> needed = TableMerge.needed(site.server(), task.order(), tables(artifact));
        List<EvidenceFile> proof = new NewDatabase(site, artifact, config.pgBin()).loadTables(needed, progress);
        return new StepResult.Done(
                Json.object()
                        .put(
                                "database_oid",
                                site.server().oidOf(site.newDatabase()).orElseThrow())
                        .put("summary", needed.size() + " tables loaded beside the live ones, digests equal"),
                proof);
    }

    StepResult merge(Task.MergeTables task, Progress progress) {
        Instant begin = Instant.now();
        RestoreSite site = site(task);
        TableOrder order = task.order();
        List<TableName> needed =
                TableMerge.needed(site.server(), order, tables(open(task.artifact(), Optional.empty())));
        try (TableMerge merge = TableMerge.open(site.server(), site.newDatabase(), needed, order, NewDatabase.LIMIT)) {
            TablePlan plan = task.write() ? merge.apply(progress) : merge.plan(progress);
            ObjectNode document = Json.object()
                    .put("artifact_id", task.artifact().id().id())
                    .put("written", task.write())
                    .put("seconds", BackupTasks.seconds(begin, Instant.now()))
                    .put(
                            "how",
                            "rows are compared by their key; one transaction writes all or nothing; no trigger is switched"
                                    + " off; sequences are raised where a row has a number that they would give, and never lowered");
            document.set("order", Json.tree(order));
            document.set("plan", Json.tree(plan));
            var evidence = List.of(new EvidenceFile(task.write() ? RESTORE : PLAN, Json.pretty(document)));
            ObjectNode outputs = Json.object().put("summary", task.write() ? written(plan) : plan.summary());
            outputs.set("plan", Json.tree(plan));
            return new StepResult.Done(outputs, evidence);
        }
    }

    private static String written(TablePlan plan) {
        return "%d inserted, %d updated, %d deleted"
                .formatted(
                        plan.tables().stream()
                                .mapToLong(TablePlan.Changes::insert)
                                .sum(),
                        plan.tables().stream()
                                .mapToLong(TablePlan.Changes::update)
                                .sum(),
                        plan.tables().stream()
                                .mapToLong(TablePlan.Changes::delete)
                                .sum());
    }

    private static List<TableName> tables(OpenArtifact artifact) {
        return TableName.of(artifact.manifest()
                .database()
                .orElseThrow(() -> Fault.of(
                                FaultCode.BAD_INPUT,
                                "artifact " + artifact.id() + " has no database",
                                "Take the tables from an artifact that has one.")
                        .toException())
                .tables());
    }

    private RestoreSite site(Task task) {
        return new RestoreSite(environments.bindings(task.environment()), task.runId(), config.dataDir());
    }

    private OpenArtifact open(KnownArtifact artifact, Optional<String> preferred) {
        return library.open(
                artifact, stores.readable(environments.bindings(artifact.id().environment()), preferred));
    }
}
