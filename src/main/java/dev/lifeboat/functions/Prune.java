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
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import dev.lifeboat.orchestrator.InProcessInvoker;
import dev.lifeboat.run.Artifact;
import dev.lifeboat.run.ArtifactCatalogue;
import dev.lifeboat.run.DeploymentStore;
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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jboss.logging.Logger;

/** Applies the retention policy to an environment's artifacts and says why each is kept or removed. */
@ApplicationScoped
public class Prune implements StepFunction {
    private static final Logger LOG = Logger.getLogger(Prune.class);
    private static final Duration GARBAGE_AGE = Duration.ofDays(2);

    private final EnvironmentCatalogue environments;
    private final ArtifactCatalogue catalogue;
    private final Stores stores;
    private final ArtifactLibrary library;
    private final DeploymentStore deployments;

    Prune(
            EnvironmentCatalogue environments,
            ArtifactCatalogue catalogue,
            Stores stores,
            ArtifactLibrary library,
            DeploymentStore deployments) {
        this.environments = environments;
        this.catalogue = catalogue;
        this.stores = stores;
        this.library = library;
        this.deployments = deployments;
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
        Retention.Policy policy = Retention.Policy.of(config.retention());
        Set<String> beforeDeployments = deployments.backupRuns(environment);
        var copies = new HashMap<String, Map<String, String>>();
        List<Retention.Verdict> verdicts = catalogue.exclusively(environment, () -> {
            List<Retention.Verdict> decided = Retention.decide(
                    catalogue.candidates(environment, beforeDeployments), policy, config.zone(), Instant.now());
            if (!dryRun) {
                // From here on no new backup refers to what goes.
                decided.stream().filter(verdict -> !verdict.keep()).forEach(verdict -> {
                    copies.put(verdict.id(), catalogue.statuses(verdict.id()));
                    catalogue.pruned(verdict.id());
                });
            }
            return decided;
        });
        ArrayNode table = Json.mapper().createArrayNode();
        int pruned = 0;
        for (Retention.Verdict verdict : verdicts) {
            var id = new ArtifactId(environment, verdict.id());
            Optional<String> locked = Optional.empty();
            if (verdict.keep()) {
                extendLocks(id, dryRun);
            } else {
                locked = dryRun ? Optional.empty() : remove(id, copies.get(verdict.id()));
                pruned += locked.isEmpty() ? 1 : 0;
            }
            table.addObject()
                    .put("artifact_id", verdict.id())
                    .put("created_at", verdict.createdAt().toString())
                    .put("label", verdict.label().orElse(null))
                    .put("action", verdict.keep() ? "kept" : locked.isPresent() ? "locked" : "pruned")
                    .put("reason", locked.orElse(verdict.reason()));
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

    /**
     * Removes an artifact's copies; the catalogue does not offer it any more. One that is locked, or in a store that does not
     * answer, comes back into the catalogue for the next time: then why is given.
     */
    private Optional<String> remove(ArtifactId id, Map<String, String> copies) {
        var left = new HashMap<String, String>();
        String why = null;
        for (var copy : copies.entrySet()) {
            try {
                new ArtifactFolder(stores.byName(copy.getKey()), id).remove();
            } catch (FaultException e) {
                left.put(copy.getKey(), copy.getValue());
                why = e.fault().message();
            }
        }
        if (left.isEmpty()) {
            return Optional.empty();
        }
        catalogue.unpruned(id.id(), left);
        return Optional.of("not removed: " + why);
    }

    /** A lock is not longer than needed at first; it is made longer for what stays. */
    private void extendLocks(ArtifactId id, boolean dryRun) {
        for (String name : dryRun ? List.<String>of() : catalogue.goodStores(id.id())) {
            stores.lockUntil(name).ifPresent(until -> {
                var folder = new ArtifactFolder(stores.byName(name), id);
                Instant now = Instant.now();
                Instant half = now.plus(Duration.between(now, until).dividedBy(2));
                try {
                    boolean isLong = folder.store()
                            .lockedUntil(folder.key(ArtifactFolder.MANIFEST))
                            .filter(date -> date.isAfter(half))
                            .isPresent();
                    if (!isLong) {
                        folder.lock(until);
                    }
                } catch (FaultException e) {
                    LOG.warnf("the lock of %s in %s was not extended: %s", id, name, e.getMessage());
                }
            });
        }
    }

    /**
     * What killed runs left: folders without a manifest and writes without an end, none younger than the longest run; and what a
     * prune that was killed had still to remove. A folder without a manifest of an artifact that the catalogue has is none: its
     * copy is being made.
     */
    private ArrayNode collectGarbage(EnvironmentId environment) {
        ArrayNode collected = Json.mapper().createArrayNode();
        Instant before = Instant.now().minus(GARBAGE_AGE);
        for (ArtifactStore store : stores.of(environments.bindings(environment))) {
            try {
                collectGarbage(environment, store, before, collected);
            } catch (FaultException e) {
                LOG.warnf("garbage stays in store %s: %s", store.name(), e.getMessage());
            }
        }
        return collected;
    }

    private void collectGarbage(EnvironmentId environment, ArtifactStore store, Instant before, ArrayNode collected) {
        Set<String> pruned = catalogue.pruned(environment);
        for (ArtifactFolder folder : library.reader().folders(store, environment)) {
            // One without a manifest may be a copy in the making, whose maker removes it.
            if (pruned.contains(folder.id().id()) && folder.isCommitted()) {
                folder.remove();
                collected
                        .addObject()
                        .put("store", store.name())
                        .put("artifact_id", folder.id().id());
            }
        }
        for (ArtifactReader.Unfinished unfinished : library.reader().unfinished(store, environment, before)) {
            ArtifactId id = unfinished.folder().id();
            if (catalogue.find(id.id()).filter(Artifact::isAvailable).isEmpty()) {
                unfinished.folder().remove();
                collected
                        .addObject()
                        .put("store", store.name())
                        .put("artifact_id", id.id())
                        .put("bytes", unfinished.bytes());
            }
        }
        store.collectGarbage(before);
    }
}
