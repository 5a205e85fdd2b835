package dev.lifeboat.console;

import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.progress.Amounts;
import dev.lifeboat.run.Artifact;
import dev.lifeboat.run.ArtifactCopy;
import dev.lifeboat.run.Deployment;
import dev.lifeboat.run.Run;
import dev.lifeboat.run.RunEvent;
import io.quarkus.hibernate.orm.panache.PanacheQuery;
import io.quarkus.panache.common.Sort;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What was done, as pages ask for it. */
@ApplicationScoped
class History {
    private static final Sort NEWEST = Sort.by("createdAt").descending();

    /** So far back a run tells how long the next one may take. */
    private static final Duration REMEMBERED = Duration.ofDays(365);

    /**
     * Which runs are asked for; what is empty binds nothing.
     *
     * @param projects only of these
     * @param operation by its name on the wire
     * @param status by its name on the wire
     */
    record Asked(
            Set<String> projects,
            Optional<EnvironmentId> environment,
            Optional<String> operation,
            Optional<String> status) {
        static Asked of(Choice.Chosen chosen) {
            return new Asked(chosen.projects(), chosen.environment(), Optional.empty(), Optional.empty());
        }

        static Asked of(EnvironmentId environment) {
            return new Asked(
                    Set.of(environment.project()), Optional.of(environment), Optional.empty(), Optional.empty());
        }
    }

    /** A page of runs, the newest first, and one run more where there is a page behind it. */
    @Transactional
    List<Run> runs(Asked asked, int page) {
        return page(find(asked), page);
    }

    /** The newest runs, at most so many. */
    @Transactional
    List<Run> newest(Asked asked, int most) {
        return find(asked).page(0, most).list();
    }

    private static PanacheQuery<Run> find(Asked asked) {
        var where = new StringBuilder("projectId in ?1");
        var values = new ArrayList<Object>(List.of(asked.projects()));
        asked.environment().ifPresent(id -> and(where, values, "environmentId", id.toString()));
        asked.operation().ifPresent(operation -> and(where, values, "operationType", operation));
        asked.status().ifPresent(status -> and(where, values, "status", status));
        return Run.find(where.toString(), NEWEST, values.toArray());
    }

    private static void and(StringBuilder where, List<Object> values, String field, String value) {
        values.add(value);
        where.append(" and ").append(field).append(" = ?").append(values.size());
    }

    private static <T> List<T> page(PanacheQuery<T> query, int page) {
        return query.range(page * Paging.SIZE, (page + 1) * Paging.SIZE).list();
    }

    /** A page of the backups that can be restored, the newest first, and one more where there is a page behind it. */
    @Transactional
    List<Artifact> backups(Choice.Chosen chosen, int page) {
        return chosen.environment()
                .map(id -> backups(id, page))
                .orElseGet(() -> page(
                        Artifact.find("status = 'available' and projectId in ?1", NEWEST, chosen.projects()), page));
    }

    /** The same of one environment. */
    @Transactional
    List<Artifact> backups(EnvironmentId environment, int page) {
        return page(Artifact.find("status = 'available' and environmentId = ?1", NEWEST, environment.toString()), page);
    }

    /** The copies of some backups that were not deleted, by backup. */
    @Transactional
    Map<String, List<ArtifactCopy>> copies(Collection<String> artifacts) {
        return ArtifactCopy.<ArtifactCopy>list("artifactId in ?1 and status <> 'deleted'", Sort.by("store"), artifacts)
                .stream()
                .collect(Collectors.groupingBy(copy -> copy.artifactId));
    }

    /** A page of deployments of some environments, the newest first, and one more where there is a page behind it. */
    @Transactional
    List<Deployment> deployments(Collection<String> environments, int page) {
        return page(Deployment.find("environmentId in ?1", Sort.by("id").descending(), environments), page);
    }

    /** The newest runs of an environment that ended, of an operation, since then; without those that were stopped. */
    @Transactional
    List<Run> ended(EnvironmentId environment, String operation, Instant since) {
        return Run.list(
                "environmentId = ?1 and operationType = ?2 and completedAt is not null and createdAt > ?3"
                        + " and parentRunId is null and status <> 'cancelled'",
                NEWEST,
                environment.toString(),
                operation,
                since);
    }

    /**
     * How long a run of an operation may take, in words, as those of the last year did that succeeded: the middle one, so that one
     * slow day long ago tells nothing. Empty where there was none. A restore that only validated tells nothing of one that restores.
     */
    Optional<String> usual(EnvironmentId environment, String operation) {
        List<Double> took = ended(environment, operation, Instant.now().minus(REMEMBERED)).stream()
                .filter(run -> run.status.equals("success")
                        && (!operation.equals("restore") || run.metadata.hasNonNull("artifact_id")))
                .map(run -> Format.secondsOf(run.createdAt, run.completedAt))
                .sorted()
                .toList();
        return took.isEmpty()
                ? Optional.empty()
                : Optional.of("about " + Amounts.seconds(took.get(took.size() / 2)) + ", as " + took.size()
                        + " earlier " + Format.words(operation) + (took.size() == 1 ? "" : "s") + " took");
    }

    /** The newest events of a run, in the order in which they happened. */
    @Transactional
    List<RunEvent> events(String run, int most) {
        return RunEvent.<RunEvent>find("runId", Sort.by("eventId").descending(), run)
                .page(0, most)
                .list()
                .reversed();
    }

    /** The runs that a run has started, in the order in which it did. */
    @Transactional
    List<Run> children(String run) {
        return Run.list("parentRunId", Sort.by("createdAt"), run);
    }
}
