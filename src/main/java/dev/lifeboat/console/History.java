package dev.lifeboat.console;

import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.run.Run;
import dev.lifeboat.run.RunEvent;
import io.quarkus.panache.common.Sort;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What was done, as pages ask for it. */
@ApplicationScoped
public class History {
    private static final Sort NEWEST = Sort.by("createdAt").descending();

    /** The newest runs of some projects, or of one environment of theirs. */
    @Transactional
    public List<Run> runs(Set<String> projects, Optional<EnvironmentId> environment, int most) {
        return environment
                .map(id -> Run.<Run>find("projectId in ?1 and environmentId = ?2", NEWEST, projects, id.toString()))
                .orElseGet(() -> Run.find("projectId in ?1", NEWEST, projects))
                .page(0, most)
                .list();
    }

    /** The newest runs of an environment that ended, of an operation, since then; without those that were stopped. */
    @Transactional
    public List<Run> ended(EnvironmentId environment, String operation, Instant since) {
        return Run.list(
                "environmentId = ?1 and operationType = ?2 and completedAt is not null and createdAt > ?3"
                        + " and parentRunId is null and status <> 'cancelled'",
                NEWEST,
                environment.toString(),
                operation,
                since);
    }

    /** The run that goes on in an environment; the one that others wait for, where there are several. */
    @Transactional
    public Optional<Run> active(EnvironmentId environment) {
        return Run.<Run>find(
                        "environmentId = ?1 and status in ('queued', 'running') and parkedAt is null"
                                + " and parentRunId is null",
                        Sort.by("createdAt"),
                        environment.toString())
                .firstResultOptional();
    }

    /** The newest events of a run, in the order in which they happened. */
    @Transactional
    public List<RunEvent> events(String run, int most) {
        return RunEvent.<RunEvent>find("runId", Sort.by("eventId").descending(), run)
                .page(0, most)
                .list()
                .reversed();
    }
}
