package dev.lifeboat.console;

import dev.lifeboat.environment.CronSchedule;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.run.Artifact;
import dev.lifeboat.run.ArtifactCopy;
import dev.lifeboat.run.BreakGlass;
import dev.lifeboat.run.BreakGlassStore;
import dev.lifeboat.run.Protection;
import dev.lifeboat.run.Run;
import io.quarkus.panache.common.Sort;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Instance;
import jakarta.transaction.Transactional;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.hibernate.Session;

/** How environments stand. Asked for all of them at once: the number of questions does not grow with the number of environments. */
@ApplicationScoped
class Standings {
    private static final String EACH = "FROM unnest(string_to_array(?1, ',')) AS e (id), LATERAL (";

    private final EnvironmentCatalogue environments;
    private final BreakGlassStore breakGlass;
    private final History history;
    private final Instance<Session> sessions;

    Standings(
            EnvironmentCatalogue environments,
            BreakGlassStore breakGlass,
            History history,
            Instance<Session> sessions) {
        this.sessions = sessions;
        this.environments = environments;
        this.breakGlass = breakGlass;
        this.history = history;
    }

    /** What a schedule starts next. */
    record Due(String schedule, Instant at) {}

    /**
     * How one environment stands.
     *
     * @param newest its newest backup, those that runs made for their own safety aside
     * @param lastGood the instant of the newest one that is not degraded and is whole in some store
     * @param copies of the newest, by store
     * @param lastBackup the newest backup run that ended
     * @param drill the newest drill that ended
     * @param open the run that goes on, or waits for a person: the one that others wait for, where there are several
     * @param backups how many there are, of every kind
     * @param bytes that they take in a store
     */
    record Standing(
            EnvironmentId id,
            LifeboatConfig.Environment settings,
            Optional<Artifact> newest,
            Optional<Instant> lastGood,
            Map<String, ArtifactCopy> copies,
            Optional<Run> lastBackup,
            Optional<Run> drill,
            Optional<Run> open,
            Optional<BreakGlass> window,
            Optional<Due> next,
            long backups,
            long bytes) {
        boolean isParked() {
            return open.filter(run -> run.parkedAt != null).isPresent();
        }

        /** In a word; what is wrong in the worst way is said. */
        Views.Badge badge(Instant now) {
            if (isParked()) {
                return new Views.Badge("bad", "run needs you");
            }
            if (newest.isEmpty()) {
                return new Views.Badge("bad", "no backup");
            }
            if (Protection.isLate(newest.map(backup -> backup.createdAt), settings.recoveryPoint(), now)) {
                return new Views.Badge("bad", "late");
            }
            if (lastBackup
                    .filter(run -> run.status.equals("failed") && run.createdAt.isAfter(newest.get().createdAt))
                    .isPresent()) {
                return new Views.Badge("warn", "last backup failed");
            }
            if (!newest.get().degraded.isEmpty()) {
                return new Views.Badge("warn", "degraded");
            }
            if (!settings.stores().stream().allMatch(this::hasGoodCopy)) {
                return new Views.Badge("warn", "copies wanting");
            }
            if (drill.filter(run -> !run.status.equals("success")).isPresent()) {
                return new Views.Badge("warn", "drill failed");
            }
            return new Views.Badge("good", "protected");
        }

        private boolean hasGoodCopy(String store) {
            return copies.containsKey(store) && copies.get(store).isGood();
        }
    }

    /** How some environments stand, in the order in which they are named. */
    @Transactional
    List<Standing> of(List<EnvironmentId> ids) {
        String all = String.join(",", ids.stream().map(EnvironmentId::toString).toList());
        Map<String, Artifact> newest = newestBackups(all);
        Map<String, Instant> good = lastGood(all);
        Map<String, Run> backups = newestRuns(all, "backup");
        Map<String, Run> drills = newestRuns(all, "drill");
        Map<String, Run> open = open(ids);
        Map<String, BreakGlass> windows =
                breakGlass.open().stream().collect(Collectors.toMap(window -> window.environmentId, window -> window));
        Map<String, long[]> sums = sums(all);
        Map<String, List<ArtifactCopy>> copies = history.copies(
                newest.values().stream().map(artifact -> artifact.artifactId).toList());
        Instant now = Instant.now();
        return ids.stream()
                .map(id -> {
                    String name = id.toString();
                    Optional<Artifact> last = Optional.ofNullable(newest.get(name));
                    long[] sum = sums.getOrDefault(name, new long[2]);
                    return new Standing(
                            id,
                            environments.configOf(id),
                            last,
                            Optional.ofNullable(good.get(name)),
                            last
                                    .map(artifact -> copies.getOrDefault(artifact.artifactId, List.of()))
                                    .orElse(List.of())
                                    .stream()
                                    .collect(Collectors.toMap(copy -> copy.store, Function.identity())),
                            Optional.ofNullable(backups.get(name)),
                            Optional.ofNullable(drills.get(name)),
                            Optional.ofNullable(open.get(name)),
                            Optional.ofNullable(windows.get(name)),
                            next(environments.configOf(id), now, Optional.empty()),
                            sum[0],
                            sum[1]);
                })
                .toList();
    }

    /** How one environment stands. */
    Standing of(EnvironmentId id) {
        return of(List.of(id)).getFirst();
    }

    /** What starts next by itself in an environment, or the next time of one of its schedules. */
    static Optional<Due> next(LifeboatConfig.Environment settings, Instant now, Optional<String> schedule) {
        return settings.schedule().entrySet().stream()
                .filter(entry -> schedule.isEmpty() || schedule.get().equals(entry.getKey()))
                .flatMap(entry -> CronSchedule.parse(entry.getValue()).nextAfter(now, settings.zone()).stream()
                        .map(at -> new Due(entry.getKey(), at)))
                .min(Comparator.comparing(Due::at));
    }

    private Map<String, Artifact> newestBackups(String all) {
        List<String> ids = sessions.get()
                .createNativeQuery("SELECT n.artifact_id " + EACH + """
                    SELECT artifact_id FROM ops.artifacts
                    WHERE environment_id = e.id AND status = 'available' AND purpose = 'backup'
                    ORDER BY created_at DESC LIMIT 1) AS n""", String.class)
                .setParameter(1, all)
                .getResultList();
        return Artifact.<Artifact>list("artifactId in ?1", ids).stream()
                .collect(Collectors.toMap(artifact -> artifact.environmentId, Function.identity()));
    }

    private Map<String, Instant> lastGood(String all) {
        var good = new HashMap<String, Instant>();
        sessions.get()
                .createNativeQuery("SELECT e.id, n.created_at " + EACH + """
                    SELECT created_at FROM ops.artifacts a
                    WHERE environment_id = e.id AND status = 'available' AND purpose = 'backup' AND jsonb_array_length(degraded) = 0
                      AND EXISTS (SELECT FROM ops.artifact_copies c WHERE c.artifact_id = a.artifact_id AND c.status = 'good')
                    ORDER BY created_at DESC LIMIT 1) AS n""", Object[].class)
                .setParameter(1, all)
                .getResultList()
                .forEach(row -> good.put((String) row[0], (Instant) row[1]));
        return good;
    }

    private Map<String, Run> newestRuns(String all, String operation) {
        List<String> ids = sessions.get()
                .createNativeQuery("SELECT n.run_id " + EACH + """
                    SELECT run_id FROM ops.runs
                    WHERE environment_id = e.id AND operation_type = ?2 AND completed_at IS NOT NULL
                      AND status <> 'cancelled' AND parent_run_id IS NULL
                    ORDER BY created_at DESC LIMIT 1) AS n""", String.class)
                .setParameter(1, all)
                .setParameter(2, operation)
                .getResultList();
        return Run.<Run>list("runId in ?1", ids).stream()
                .collect(Collectors.toMap(run -> run.environmentId, Function.identity()));
    }

    /** One that waits for a person comes before one that goes on. */
    private static Map<String, Run> open(List<EnvironmentId> ids) {
        return Run.<Run>list(
                        "environmentId in ?1 and status in ('queued', 'running') and parentRunId is null",
                        Sort.by("createdAt"),
                        ids.stream().map(EnvironmentId::toString).toList())
                .stream()
                .collect(Collectors.toMap(
                        run -> run.environmentId,
                        Function.identity(),
                        (first, next) -> first.parkedAt == null && next.parkedAt != null ? next : first));
    }

    private Map<String, long[]> sums(String all) {
        var sums = new HashMap<String, long[]>();
        sessions.get()
                .createNativeQuery("""
                    SELECT environment_id, count(*), coalesce(sum(size_bytes), 0)::bigint FROM ops.artifacts
                    WHERE environment_id = ANY (string_to_array(?1, ',')) AND status = 'available'
                    GROUP BY environment_id""", Object[].class)
                .setParameter(1, all)
                .getResultList()
                .forEach(row -> sums.put((String) row[0], new long[] {(Long) row[1], (Long) row[2]}));
        return sums;
    }
}
