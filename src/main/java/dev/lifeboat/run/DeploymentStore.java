package dev.lifeboat.run;

import dev.lifeboat.environment.EnvironmentId;
import io.quarkus.panache.common.Sort;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Instance;
import jakarta.transaction.Transactional;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.hibernate.Session;

/**
 * Deployments and what became of them, with the lines of their history. Each method is one transaction; a change that somebody
 * else has made already changes nothing. Times are the database's.
 */
@ApplicationScoped
public class DeploymentStore {
    private static final String ENVIRONMENT = "environment";

    private final Instance<Session> sessions;

    DeploymentStore(Instance<Session> sessions) {
        this.sessions = sessions;
    }

    /**
     * What is known when a deployment begins.
     *
     * @param versionBefore what runs; empty: not known
     * @param operator who deploys
     * @param normalSeconds how long the login page takes
     */
    public record Beginning(
            EnvironmentId environment,
            String version,
            Optional<String> versionBefore,
            String operator,
            OptionalDouble normalSeconds) {}

    /** A line of the history: {@code timestamp | stack | version | env | status | operator} (operations specification). */
    public record HistoryEntry(
            long id, Instant at, EnvironmentId environment, String version, String status, String operator) {}

    /** Records that a deployment begins, and the backup that was begun before it; once for each backup. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void starting(Beginning beginning, String backupRun) {
        int mine = sessions.get()
                .createNativeMutationQuery("""
                        INSERT INTO ops.deployments
                            (environment_id, version, version_before, operator, normal_seconds, starting_at, backup_run_id)
                        SELECT :environment, :version, cast(:before AS text), :operator,
                               cast(:normal AS double precision), clock_timestamp(), :run
                        WHERE NOT EXISTS (SELECT FROM ops.deployments WHERE backup_run_id = :run)""")
                .setParameter(ENVIRONMENT, beginning.environment().toString())
                .setParameter("version", beginning.version())
                .setParameter("before", beginning.versionBefore().orElse(null), String.class)
                .setParameter("operator", beginning.operator())
                .setParameter(
                        "normal",
                        beginning.normalSeconds().isPresent()
                                ? beginning.normalSeconds().getAsDouble()
                                : null,
                        Double.class)
                .setParameter("run", backupRun)
                .executeUpdate();
        if (mine == 1) {
            history(beginning.environment().toString(), beginning.version(), "deploying", beginning.operator());
        }
    }

    /**
     * Records that a deployment is complete, and the run that looks at it, once for each run: the newest of that version that
     * began and is not complete, or one whose beginning nobody told of.
     */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void completed(EnvironmentId environment, String version, String operator, String checkRun) {
        sessions.get()
                .createNativeMutationQuery("""
                        WITH begun AS (
                            UPDATE ops.deployments SET completed_at = clock_timestamp(), validation_run_id = :run
                            WHERE deployment_id = (SELECT max(deployment_id) FROM ops.deployments
                                                   WHERE environment_id = :environment AND version = :version
                                                     AND completed_at IS NULL)
                              AND NOT EXISTS (SELECT FROM ops.deployments WHERE validation_run_id = :run)
                            RETURNING deployment_id)
                        INSERT INTO ops.deployments (environment_id, version, operator, completed_at, validation_run_id)
                        SELECT :environment, :version, :operator, clock_timestamp(), :run
                        WHERE NOT EXISTS (SELECT FROM begun)
                          AND NOT EXISTS (SELECT FROM ops.deployments WHERE validation_run_id = :run)""")
                .setParameter(ENVIRONMENT, environment.toString())
                .setParameter("version", version)
                .setParameter("operator", operator)
                .setParameter("run", checkRun)
                .executeUpdate();
    }

    /** The newest deployment of that version that has begun and is not complete. */
    @Transactional
    public Optional<Deployment> begun(EnvironmentId environment, String version) {
        return Deployment.<Deployment>find(
                        "environmentId = ?1 and version = ?2 and completedAt is null",
                        Sort.descending("id"),
                        environment.toString(),
                        version)
                .firstResultOptional();
    }

    /** The newest deployment of an environment. */
    @Transactional
    public Optional<Deployment> newest(EnvironmentId environment) {
        return list(environment, 1).stream().findFirst();
    }

    /** The deployments of an environment, the newest first, at most so many. */
    @Transactional
    public List<Deployment> list(EnvironmentId environment, int most) {
        return Deployment.<Deployment>find("environmentId = ?1", Sort.descending("id"), environment.toString())
                .page(0, most)
                .list();
    }

    /** The deployment that a run has looked at, rolled back, or backed up before. */
    @Transactional
    public Optional<Deployment> of(String runId) {
        return Deployment.<Deployment>find(
                        "checkRunId = ?1 or rollbackRunId = ?1 or backupRunId = ?1", Sort.descending("id"), runId)
                .firstResultOptional();
    }

    /** Deployments of which a rollback is proposed: the newest of their environments, judged within a week. */
    @Transactional
    public List<Deployment> proposed() {
        return sessions.get().createNativeQuery("""
                        SELECT d.* FROM ops.deployments d
                        WHERE d.outcome = 'proposed' AND d.judged_at > clock_timestamp() - interval '7 days'
                          AND NOT EXISTS (SELECT FROM ops.deployments later
                                          WHERE later.environment_id = d.environment_id
                                            AND later.deployment_id > d.deployment_id AND later.completed_at IS NOT NULL)
                        ORDER BY d.deployment_id""", Deployment.class).getResultList();
    }

    /** The last version of an environment of which the checks found nothing wrong. */
    @Transactional
    public Optional<String> lastGood(EnvironmentId environment) {
        return sessions.get()
                .createNativeQuery(
                        "SELECT last_good_version FROM ops.environments WHERE environment_id = ?1"
                                + " AND last_good_version IS NOT NULL",
                        String.class)
                .setParameter(1, environment.toString())
                .getResultStream()
                .findFirst();
    }

    /** The runs that made backups before deployments. */
    @Transactional
    public Set<String> backupRuns(EnvironmentId environment) {
        return new HashSet<>(sessions.get()
                .createNativeQuery(
                        "SELECT backup_run_id FROM ops.deployments WHERE environment_id = ?1"
                                + " AND backup_run_id IS NOT NULL",
                        String.class)
                .setParameter(1, environment.toString())
                .getResultList());
    }

    /** Deployments whose checks have ended and were not judged yet, the oldest first. */
    @Transactional
    public List<Deployment> unjudged() {
        return sessions.get().createNativeQuery("""
                        SELECT d.* FROM ops.deployments d JOIN ops.runs r ON r.run_id = d.validation_run_id
                        WHERE d.completed_at IS NOT NULL AND d.outcome IS NULL
                          AND r.operation_type = 'deployment' AND r.completed_at IS NOT NULL
                        ORDER BY d.deployment_id LIMIT 100""", Deployment.class).getResultList();
    }

    /**
     * Records that nothing is wrong with a deployment: its version is the environment's last good one.
     *
     * @param notKept why it is not kept as such; empty: it is
     */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void good(Deployment deployment, Optional<String> notKept) {
        if (judge(deployment, "good", Optional.empty(), notKept.orElse(null))) {
            if (notKept.isEmpty()) {
                goodNow(deployment.environmentId, deployment.version);
            }
            history(deployment.environmentId, deployment.version, "success", deployment.operator);
        }
    }

    private void goodNow(String environment, String version) {
        sessions.get()
                .createNativeMutationQuery("UPDATE ops.environments SET last_good_version = ?2,"
                        + " last_good_at = clock_timestamp() WHERE environment_id = ?1")
                .setParameter(1, environment)
                .setParameter(2, version)
                .executeUpdate();
    }

    /**
     * Records that a deployment went wrong.
     *
     * @param level of the rollback that is proposed or begun; empty: none is
     */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void wrong(Deployment deployment, Optional<Integer> level, String reason) {
        if (judge(deployment, level.isPresent() ? "proposed" : "failed", level, reason)) {
            history(deployment.environmentId, deployment.version, "failed", deployment.operator);
        }
    }

    /** Records that a deployment went wrong, and the rollback that was begun because of it. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void rollingBack(Deployment deployment, int level, String reason, String rollbackRun) {
        if (judge(deployment, "rolling_back", Optional.of(level), reason)) {
            sessions.get()
                    .createNativeMutationQuery("UPDATE ops.deployments SET rollback_run_id = ?2,"
                            + " rollback_started_at = (SELECT created_at FROM ops.runs WHERE run_id = ?2)"
                            + " WHERE deployment_id = ?1")
                    .setParameter(1, deployment.id)
                    .setParameter(2, rollbackRun)
                    .executeUpdate();
            history(deployment.environmentId, deployment.version, "failed", deployment.operator);
            history(deployment.environmentId, deployment.version, "rolling_back", "system");
        }
    }

    private boolean judge(Deployment deployment, String outcome, Optional<Integer> level, String reason) {
        return sessions.get()
                        .createNativeMutationQuery("UPDATE ops.deployments SET outcome = :outcome,"
                                + " level = cast(:level AS integer), reason = cast(:reason AS text),"
                                + " judged_at = clock_timestamp() WHERE deployment_id = :id AND judged_at IS NULL")
                        .setParameter("outcome", outcome)
                        .setParameter("level", level.orElse(null), Integer.class)
                        .setParameter("reason", reason, String.class)
                        .setParameter("id", deployment.id)
                        .executeUpdate()
                == 1;
    }

    /**
     * Enters what rollback runs have become of, who was begun and who has ended: a rollback names its deployment, so that no
     * crash between the two loses it.
     */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void followRollbacks() {
        for (Object[] begun :
                sessions.get().createNativeQuery("""
                        UPDATE ops.deployments d SET outcome = 'rolling_back', rollback_run_id = r.run_id,
                            rollback_started_at = r.created_at, rollback_ended_at = NULL, rolled_back_to = NULL,
                            level = (r.metadata->>'level')::integer,
                            reason = coalesce(d.reason, r.metadata->>'reason'),
                            judged_at = coalesce(d.judged_at, clock_timestamp())
                        FROM (SELECT DISTINCT ON (metadata->>'deployment_id') * FROM ops.runs
                              WHERE operation_type = 'rollback' AND metadata->>'deployment_id' IS NOT NULL
                              ORDER BY metadata->>'deployment_id', created_at DESC) r
                        WHERE r.metadata->>'deployment_id' = d.deployment_id::text
                          AND d.rollback_run_id IS DISTINCT FROM r.run_id
                        RETURNING d.environment_id, d.version, r.created_by""", Object[].class).getResultList()) {
            history((String) begun[0], (String) begun[1], "rolling_back", (String) begun[2]);
        }
        for (Object[] ended :
                sessions.get().createNativeQuery("""
                        UPDATE ops.deployments d SET
                            outcome = CASE r.status WHEN 'success' THEN 'rolled_back' ELSE 'rollback_failed' END,
                            rolled_back_to = CASE r.status WHEN 'success' THEN r.metadata->>'version_to' END,
                            rollback_ended_at = r.completed_at
                        FROM ops.runs r
                        WHERE r.run_id = d.rollback_run_id AND d.outcome = 'rolling_back' AND r.completed_at IS NOT NULL
                        RETURNING d.environment_id, coalesce(d.rolled_back_to, d.version), d.outcome, r.created_by,
                                  d.rolled_back_to""", Object[].class).getResultList()) {
            if (ended[4] != null) {
                goodNow((String) ended[0], (String) ended[4]);
            }
            history((String) ended[0], (String) ended[1], (String) ended[2], (String) ended[3]);
        }
    }

    private void history(String environment, String version, String status, String operator) {
        sessions.get()
                .createNativeMutationQuery(
                        "INSERT INTO ops.deployment_history (environment_id, version, status, operator)"
                                + " VALUES (?1, ?2, ?3, ?4)")
                .setParameter(1, environment)
                .setParameter(2, version)
                .setParameter(3, status)
                .setParameter(4, operator)
                .executeUpdate();
    }

    /** Lines of the history that are not in its file yet, the oldest first. */
    @Transactional
    public List<HistoryEntry> unwritten() {
        return sessions
                .get()
                .createNativeQuery(
                        "SELECT entry_id, at, environment_id, version, status, operator FROM ops.deployment_history"
                                + " WHERE written_at IS NULL ORDER BY entry_id LIMIT 100",
                        Object[].class)
                .getResultList()
                .stream()
                .map(row -> new HistoryEntry(
                        ((Number) row[0]).longValue(),
                        (Instant) row[1],
                        EnvironmentId.parse((String) row[2]),
                        (String) row[3],
                        (String) row[4],
                        (String) row[5]))
                .toList();
    }

    /** Records that the lines up to this one are in the file. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void written(long upTo) {
        sessions.get()
                .createNativeMutationQuery("UPDATE ops.deployment_history SET written_at = clock_timestamp()"
                        + " WHERE written_at IS NULL AND entry_id <= ?1")
                .setParameter(1, upTo)
                .executeUpdate();
    }
}
