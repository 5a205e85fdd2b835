package dev.lifeboat.orchestrator;

import dev.lifeboat.artifact.ArtifactFolder;
import dev.lifeboat.artifact.ArtifactId;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.run.Artifact;
import dev.lifeboat.run.ArtifactCatalogue;
import dev.lifeboat.run.ArtifactCopy;
import dev.lifeboat.run.Duty;
import dev.lifeboat.run.Operation;
import dev.lifeboat.run.RunStore;
import dev.lifeboat.run.Sweeps;
import dev.lifeboat.store.Stores;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jboss.logging.Logger;

/**
 * Has copies made that stores did not take, with growing pauses while a store does not answer; and has every copy read again
 * after so many days, each on its own day, so that a store that loses bytes is found out before they are wanted.
 */
@ApplicationScoped
public class CopySweep implements Sweeps {
    private static final Logger LOG = Logger.getLogger(CopySweep.class);

    private static final String COPIES_EVERY = "10s";
    private static final String OLD_ONES_EVERY = "1h";

    private final ArtifactCatalogue catalogue;
    private final RunStore runs;
    private final Operations operations;
    private final Duty duty;
    private final Stores stores;
    private final LifeboatConfig config;

    CopySweep(
            ArtifactCatalogue catalogue,
            RunStore runs,
            Operations operations,
            Stores stores,
            LifeboatConfig config,
            Duty duty) {
        this.catalogue = catalogue;
        this.runs = runs;
        this.operations = operations;
        this.duty = duty;
        this.stores = stores;
        this.config = config;
    }

    @Scheduled(every = COPIES_EVERY, delayed = "5s", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void replicate() {
        duty.unasked(this::makeWantedCopies);
    }

    @Override
    public List<Sweep> sweeps() {
        return List.of(
                new Sweep("copies", COPIES_EVERY, this::makeWantedCopies),
                new Sweep("old-copies", OLD_ONES_EVERY, this::readOldCopies));
    }

    private void makeWantedCopies() {
        for (ArtifactCopy copy : catalogue.wantedCopies(Instant.now())) {
            Artifact artifact = catalogue.get(copy.artifactId);
            EnvironmentId environment = EnvironmentId.parse(artifact.environmentId);
            if (runs.isActive(environment, Operation.REPLICATE) || isWaitingForOthers(artifact, copy.store)) {
                continue;
            }
            try {
                new ArtifactFolder(stores.byName(copy.store), new ArtifactId(environment, artifact.artifactId))
                        .isCommitted();
                operations.replicate(artifact.artifactId, copy.store, Operations.SYSTEM);
            } catch (FaultException e) {
                LOG.infof("no copy of %s in %s yet: %s", artifact.artifactId, copy.store, e.getMessage());
                catalogue.copyFailed(artifact.artifactId, copy.store, e.fault().message());
            }
        }
    }

    /** What an artifact needs is copied before it. */
    private boolean isWaitingForOthers(Artifact artifact, String store) {
        List<String> needed = new ArrayList<>();
        artifact.needs.forEach(need -> needed.add(need.asText()));
        boolean waits = false;
        for (String need : needed) {
            boolean there = catalogue.goodStores(need).contains(store);
            boolean wanted = catalogue.copies(need).stream()
                    .anyMatch(copy -> copy.store.equals(store) && !copy.status.equals("deleted"));
            if (!there && !wanted) {
                catalogue.want(need, store);
            }
            waits |= !there;
        }
        return waits;
    }

    @Scheduled(every = OLD_ONES_EVERY, delayed = "2m", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void readAgain() {
        duty.unasked(this::readOldCopies);
    }

    private void readOldCopies() {
        for (ArtifactCopy copy : catalogue.unverifiedSince(Instant.now().minus(config.readAgainAfter()))) {
            EnvironmentId environment = EnvironmentId.parse(catalogue.get(copy.artifactId).environmentId);
            if (!runs.isActive(environment, Operation.VERIFY)) {
                try {
                    operations.verifyCopy(copy.artifactId, copy.store, Operations.SYSTEM);
                } catch (FaultException e) {
                    LOG.warnf(
                            "the copy of %s in %s is not read again: %s", copy.artifactId, copy.store, e.getMessage());
                }
            }
        }
    }
}
