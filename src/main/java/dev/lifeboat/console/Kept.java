package dev.lifeboat.console;

import dev.lifeboat.artifact.Retention;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.run.ArtifactCatalogue;
import dev.lifeboat.run.DeploymentStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What the policy in force says of an environment's backups, as the next prune would decide. */
@ApplicationScoped
class Kept {
    private final EnvironmentCatalogue environments;
    private final ArtifactCatalogue artifacts;
    private final DeploymentStore deployments;

    Kept(EnvironmentCatalogue environments, ArtifactCatalogue artifacts, DeploymentStore deployments) {
        this.environments = environments;
        this.artifacts = artifacts;
        this.deployments = deployments;
    }

    /** The verdict on each backup of an environment, by its id; none where the environment is not configured any more. */
    Map<String, Retention.Verdict> of(EnvironmentId id) {
        if (!environments.all().contains(id)) {
            return Map.of();
        }
        LifeboatConfig.Environment settings = environments.configOf(id);
        Set<String> beforeDeployments = deployments.backupRuns(id);
        return Retention.decide(
                        artifacts.candidates(id, beforeDeployments),
                        Retention.Policy.of(settings.retention()),
                        settings.zone(),
                        Instant.now())
                .stream()
                .collect(Collectors.toMap(Retention.Verdict::id, Function.identity()));
    }
}
