package dev.lifeboat.orchestrator;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.List;

/**
 * What a rollback would do. Times are UTC; what does not apply is left out.
 *
 * @param level 1: only the version; 2: the data of before the deployment too
 * @param deploymentId the deployment that it goes back behind
 * @param versionFrom the version that runs now
 * @param versionTo the version that will run
 * @param setsVersion whether Lifeboat sets the version; else whoever deploys has to
 * @param artifactId the backup of before the deployment
 * @param artifactOf the instant of its snapshot: what was entered since is in the safety backup only
 * @param steps in order, for people
 * @param targetSeconds how long it is meant to take
 * @param maximumSeconds when it is escalated
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record RollbackPlan(
        String environment,
        int level,
        Long deploymentId,
        String versionFrom,
        String versionTo,
        boolean setsVersion,
        String artifactId,
        Instant artifactOf,
        List<String> steps,
        long targetSeconds,
        long maximumSeconds) {
    public RollbackPlan {
        steps = List.copyOf(steps);
    }
}
