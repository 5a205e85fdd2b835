package dev.lifeboat.functions;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.artifact.ArtifactFolder;
import dev.lifeboat.artifact.ArtifactId;
import dev.lifeboat.artifact.ArtifactLibrary;
import dev.lifeboat.artifact.ArtifactReader;
import dev.lifeboat.artifact.Retention;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.json.Json;
import dev.lifeboat.orchestrator.InProcessInvoker;
import dev.lifeboat.run.Artifact;
import dev.lifeboat.run.ArtifactCatalogue;
import dev.lifeboat.step.EvidenceFile;
import dev.lifeboat.step.StepFunction;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import dev.lifeboat.store.ArtifactStore;
import dev.lifeboat.store.Stores;
import io.quarkus.funqy.Funq;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Applies the retention policy to an environment's artifacts and says why each is kept or removed. */
@ApplicationScoped
public class Prune implements StepFunction {
    private static final Duration GARBAGE_AGE = Duration.ofDays(2);

    private final EnvironmentCatalogue environments;
    private final ArtifactCatalogue catalogue;
    private final Stores stores;
    private final ArtifactLibrary library;

    Prune(EnvironmentCatalogue environments, ArtifactCatalogue catalogue, Stores stores, ArtifactLibrary library) {
        this.environments = environments;
        this.catalogue = catalogue;
        this.stores = stores;
        this.library = library;
    }

    /** The function. */
    @Funq("prune")
    public StepResponse call(StepRequest request) {
        return StepResponse.of(InProcessInvoker.call(this, request));
    }

    @Override
    public String name() {
        return "prune";
    }

    @Override
    public StepResult apply(StepRequest request) {
        EnvironmentId environment = request.environmentId();
        boolean dryRun = request.inputs().path("dry_run").asBoolean(false);
        LifeboatConfig.Environment config = environments.configOf(environment);
        Retention.Policy policy = policy(config);
        List<Retention.Verdict> verdicts = Retention.decide(
                catalogue.available(Optional.of(environment)).stream()
                        .map(Prune::candidate)
                        .toList(),
                policy,
                config.zone(),
                Instant.now());
        ArrayNode table = Json.mapper().createArrayNode();
        int pruned = 0;
        for (Retention.Verdict verdict : verdicts) {
            if (!verdict.keep()) {
                pruned++;
                if (!dryRun) {
                    remove(new ArtifactId(environment, verdict.id()));
                }
            }
            table.addObject()
                    .put("artifact_id", verdict.id())
                    .put("created_at", verdict.createdAt().toString())
                    .put("label", verdict.label().orElse(null))
                    .put("action", verdict.keep() ? "kept" : "pruned")
                    .put("reason", verdict.reason());
        }
        ObjectNode report = Json.object().put("dry_run", dryRun);
        report.set("policy", Json.tree(policy));
        report.set("verdicts", table);
        if (!dryRun) {
            report.set("garbage", collectGarbage(environment));
        }
        ObjectNode outputs = report.deepCopy()
                .put("summary", (verdicts.size() - pruned) + " kept, " + pruned + (dryRun ? " would go" : " removed"));
        return new StepResult.Done(outputs, List.of(new EvidenceFile("retention_prune.json", Json.pretty(report))));
    }

    /** The catalogue first: an artifact that is being removed is not offered any more. */
    private void remove(ArtifactId id) {
        List<String> copies =
                catalogue.copies(id.id()).stream().map(copy -> copy.store).toList();
        catalogue.pruned(id.id());
        copies.forEach(store -> new ArtifactFolder(stores.byName(store), id).remove());
    }

    /** What killed runs left: folders without a manifest and writes without an end, none younger than the longest run. */
    private ArrayNode collectGarbage(EnvironmentId environment) {
        ArrayNode collected = Json.mapper().createArrayNode();
        Instant before = Instant.now().minus(GARBAGE_AGE);
        for (ArtifactStore store : stores.of(environments.bindings(environment))) {
            for (ArtifactReader.Unfinished unfinished : library.reader().unfinished(store, before)) {
                if (unfinished.folder().id().environment().equals(environment)) {
                    unfinished.folder().remove();
                    collected
                            .addObject()
                            .put("store", store.name())
                            .put("artifact_id", unfinished.folder().id().id())
                            .put("bytes", unfinished.bytes());
                }
            }
            store.collectGarbage(before);
        }
        return collected;
    }

    private static Retention.Policy policy(LifeboatConfig.Environment config) {
        return new Retention.Policy(
                config.retention().daily(),
                config.retention().weekly(),
                config.retention().monthly());
    }

    private static Retention.Candidate candidate(Artifact artifact) {
        Set<String> needs = new HashSet<>();
        artifact.needs.forEach(id -> needs.add(id.asText()));
        return new Retention.Candidate(
                artifact.artifactId,
                artifact.createdAt,
                artifact.type(),
                artifact.purpose.equals("pre_restore") ? Retention.Kind.PRE_RESTORE : Retention.Kind.MANUAL,
                Optional.ofNullable(artifact.label),
                true,
                needs);
    }
}
