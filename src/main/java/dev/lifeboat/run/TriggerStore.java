package dev.lifeboat.run;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.environment.EnvironmentId;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Instance;
import jakarta.transaction.Transactional;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.hibernate.Session;

/**
 * What started runs by itself: times of schedules, and events. Each method is one transaction; of many who want the same thing, one gets it. All times are the database's.
 */
@ApplicationScoped
public class TriggerStore {
    private static final String ENVIRONMENT = "environment";

    private final Instance<Session> sessions;

    TriggerStore(Instance<Session> sessions) {
        this.sessions = sessions;
    }

    /** A schedule of an environment. */
    public record ScheduleName(EnvironmentId environment, String schedule) {}

    /**
     * A time at which a schedule was due, and what came of it.
     *
     * @param status known, open, started or missed
     * @param reason why it is still open, or was missed
     * @param runId the run that it started
     */
    public record Fire(
            ScheduleName name, Instant dueAt, String status, Optional<String> reason, Optional<String> runId) {}

    /** The database's time. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public Instant now() {
        return sessions.get()
                .createNativeQuery("SELECT clock_timestamp()", Instant.class)
                .getSingleResult();
    }

    /**
     * The newest time of each schedule that is recorded; it hops from schedule to schedule along the key (PostgreSQL's wiki, "Loose
     * indexscan"), so that what is asked every few seconds does not grow with the years.
     */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public Map<ScheduleName, Fire> newestFires() {
        var newest = new HashMap<ScheduleName, Fire>();
        fires("""
                        WITH RECURSIVE named AS (
                            (SELECT environment_id, schedule FROM ops.schedule_fires ORDER BY environment_id, schedule LIMIT 1)
                            UNION ALL
                            SELECT following.environment_id, following.schedule FROM named, LATERAL (
                                SELECT environment_id, schedule FROM ops.schedule_fires
                                WHERE (environment_id, schedule) > (named.environment_id, named.schedule)
                                ORDER BY environment_id, schedule LIMIT 1) AS following)
                        SELECT newest.* FROM named, LATERAL (
                            SELECT environment_id, schedule, due_at, status, reason, run_id FROM ops.schedule_fires
                            WHERE environment_id = named.environment_id AND schedule = named.schedule
                            ORDER BY due_at DESC LIMIT 1) AS newest
                        """).forEach(fire -> newest.put(fire.name(), fire));
        return newest;
    }

    /** The times of an environment's schedules that are recorded, the newest first, at most so many. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public List<Fire> fires(EnvironmentId environment, int most) {
        return sessions
                .get()
                .createNativeQuery(
                        "SELECT environment_id, schedule, due_at, status, reason, run_id FROM ops.schedule_fires"
                                + " WHERE environment_id = :environment ORDER BY due_at DESC, schedule LIMIT :most",
                        Object[].class)
                .setParameter(ENVIRONMENT, environment.toString())
                .setParameter("most", most)
                .getResultList()
                .stream()
                .map(TriggerStore::fire)
                .toList();
    }

    private List<Fire> fires(String sql) {
        return sessions.get().createNativeQuery(sql, Object[].class).getResultList().stream()
                .map(TriggerStore::fire)
                .toList();
    }

    private static Fire fire(Object[] row) {
        return new Fire(
                new ScheduleName(EnvironmentId.parse((String) row[0]), (String) row[1]),
                (Instant) row[2],
                (String) row[3],
                Optional.ofNullable((String) row[4]),
                Optional.ofNullable((String) row[5]));
    }

    /** Records that a schedule is seen for the first time: what was due before is nobody's to make up for. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void know(ScheduleName name, Instant dueAt) {
        insert(name, dueAt, "known", Optional.empty(), Optional.empty());
    }

    /** Records that a time passed without its run. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void miss(ScheduleName name, Instant dueAt, String why) {
        if (!insert(name, dueAt, "missed", Optional.empty(), Optional.of(why))) {
            sessions.get()
                    .createNativeMutationQuery("UPDATE ops.schedule_fires SET status = 'missed', retry_at = NULL,"
                            + " reason = :why || coalesce(': ' || reason, '') WHERE environment_id = :environment"
                            + " AND schedule = :schedule AND due_at = :due AND status = 'open'")
                    .setParameter("why", why)
                    .setParameter(ENVIRONMENT, name.environment().toString())
                    .setParameter("schedule", name.schedule())
                    .setParameter("due", dueAt)
                    .executeUpdate();
        }
    }

    /**
     * Takes a time of a schedule in order to start its run. Whoever takes it and dies has it taken by another after {@code
     * hold}.
     *
     * @return false where somebody else has it, or it is decided
     */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public boolean take(ScheduleName name, Instant dueAt, Duration hold) {
        return insert(name, dueAt, "open", Optional.of(hold), Optional.empty())
                || sessions.get()
                                .createNativeMutationQuery(
                                        "UPDATE ops.schedule_fires SET retry_at = clock_timestamp() + make_interval(secs => :hold)"
                                                + " WHERE environment_id = :environment AND schedule = :schedule AND due_at = :due"
                                                + " AND status = 'open' AND retry_at <= clock_timestamp()")
                                .setParameter("hold", (double) hold.toSeconds())
                                .setParameter(ENVIRONMENT, name.environment().toString())
                                .setParameter("schedule", name.schedule())
                                .setParameter("due", dueAt)
                                .executeUpdate()
                        == 1;
    }

    /** Records the run that a time has started. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void started(ScheduleName name, Instant dueAt, String runId) {
        sessions.get()
                .createNativeMutationQuery("UPDATE ops.schedule_fires SET status = 'started', retry_at = NULL,"
                        + " reason = NULL, run_id = :run WHERE environment_id = :environment AND schedule = :schedule"
                        + " AND due_at = :due AND status = 'open'")
                .setParameter("run", runId)
                .setParameter(ENVIRONMENT, name.environment().toString())
                .setParameter("schedule", name.schedule())
                .setParameter("due", dueAt)
                .executeUpdate();
    }

    /** Records why a run could not be started yet; it is tried again after {@code pause}. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void putOff(ScheduleName name, Instant dueAt, Duration pause, String why) {
        sessions.get()
                .createNativeMutationQuery("UPDATE ops.schedule_fires SET reason = :why,"
                        + " retry_at = clock_timestamp() + make_interval(secs => :pause)"
                        + " WHERE environment_id = :environment AND schedule = :schedule AND due_at = :due"
                        + " AND status = 'open'")
                .setParameter("why", why)
                .setParameter("pause", (double) pause.toSeconds())
                .setParameter(ENVIRONMENT, name.environment().toString())
                .setParameter("schedule", name.schedule())
                .setParameter("due", dueAt)
                .executeUpdate();
    }

    private boolean insert(
            ScheduleName name, Instant dueAt, String status, Optional<Duration> hold, Optional<String> reason) {
        return sessions.get()
                        .createNativeMutationQuery("INSERT INTO ops.schedule_fires"
                                + " (environment_id, schedule, due_at, status, retry_at, reason) VALUES"
                                + " (:environment, :schedule, :due, :status,"
                                + " clock_timestamp() + make_interval(secs => cast(:hold AS double precision)),"
                                + " cast(:reason AS text)) ON CONFLICT DO NOTHING")
                        .setParameter(ENVIRONMENT, name.environment().toString())
                        .setParameter("schedule", name.schedule())
                        .setParameter("due", dueAt)
                        .setParameter("status", status)
                        .setParameter(
                                "hold",
                                hold.map(time -> (double) time.toSeconds()).orElse(null),
                                Double.class)
                        .setParameter("reason", reason.orElse(null), String.class)
                        .executeUpdate()
                == 1;
    }

    /** What became of an event before; {@code outcome} is empty until what it asks for was done. */
    public record Delivery(Optional<String> outcome, Optional<String> runId) {}

    /** Records that an event was delivered, once more perhaps, and tells what became of it before. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public Delivery deliver(String source, String eventId, String type, EnvironmentId environment, ObjectNode payload) {
        Object[] row = sessions.get()
                .createNativeQuery("""
                        INSERT INTO ops.events (source, event_id, event_type, environment_id, payload)
                        VALUES (:source, :id, :type, :environment, cast(:payload AS jsonb))
                        ON CONFLICT (environment_id, source, event_id) DO UPDATE SET deliveries = ops.events.deliveries + 1
                        RETURNING outcome, run_id""", Object[].class)
                .setParameter("source", source)
                .setParameter("id", eventId)
                .setParameter("type", type)
                .setParameter(ENVIRONMENT, environment.toString())
                .setParameter("payload", payload.toString())
                .getSingleResult();
        return new Delivery(Optional.ofNullable((String) row[0]), Optional.ofNullable((String) row[1]));
    }

    /** Records that what an event asks for was done. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void done(String source, String eventId, EnvironmentId environment, String outcome, String runId) {
        sessions.get()
                .createNativeMutationQuery(
                        "UPDATE ops.events SET outcome = :outcome, run_id = :run"
                                + " WHERE environment_id = :environment AND source = :source AND event_id = :id AND outcome IS NULL")
                .setParameter(ENVIRONMENT, environment.toString())
                .setParameter("outcome", outcome)
                .setParameter("run", runId)
                .setParameter("source", source)
                .setParameter("id", eventId)
                .executeUpdate();
    }
}
