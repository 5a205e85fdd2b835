package dev.lifeboat.monitor;

import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.LifeboatConfig;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Instance;
import jakarta.transaction.Transactional;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleSupplier;
import org.hibernate.Session;

/** Reads from the state what metrics tell of backups, drills, runs and schedules. */
@ApplicationScoped
class StateReadings {
    private static final String ENVIRONMENT = "environment";

    private final Instance<Session> sessions;
    private final EnvironmentCatalogue environments;

    StateReadings(Instance<Session> sessions, EnvironmentCatalogue environments) {
        this.sessions = sessions;
        this.environments = environments;
    }

    /** Everything, of the environments that are configured. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    List<Reading> read() {
        var readings = new ArrayList<Reading>();
        for (EnvironmentId id : environments.all()) {
            String environment = id.toString();
            LifeboatConfig.Environment settings = environments.configOf(id);
            targets(readings, environment, settings);
            backups(readings, environment, settings);
            drills(readings, environment);
            runs(readings, environment);
            schedules(readings, environment, settings);
        }
        return readings;
    }

    private static void targets(List<Reading> readings, String environment, LifeboatConfig.Environment settings) {
        readings.add(Reading.of(
                Metric.RECOVERY_TARGET, (double) settings.recoveryTime().toSeconds(), environment));
        readings.add(Reading.of(
                Metric.RECOVERY_POINT_TARGET, (double) settings.recoveryPoint().toSeconds(), environment));
    }

    private void backups(List<Reading> readings, String environment, LifeboatConfig.Environment settings) {
        List<Object[]> newest = rows("""
                SELECT artifact_id, created_at, size_bytes, degraded <> '[]'::jsonb FROM ops.artifacts
                WHERE environment_id = :environment AND status = 'available' AND purpose = 'backup'
                ORDER BY created_at DESC LIMIT 1""", environment);
        readings.add(
                age(Metric.BACKUP_AGE, newest.isEmpty() ? Optional.empty() : time(newest.getFirst()[1]), environment));
        for (Object[] backup : newest) {
            readings.add(Reading.of(Metric.BACKUP_BYTES, number(backup[2]), environment));
            readings.add(Reading.of(Metric.BACKUP_DEGRADED, (Boolean) backup[3], environment));
            for (Object[] part : named("""
                    SELECT p.key, p.value::text::bigint FROM ops.artifacts a, jsonb_each(a.sizes) p
                    WHERE a.artifact_id = :artifact AND jsonb_typeof(p.value) = 'number'""", "artifact", backup[0])) {
                readings.add(Reading.of(Metric.BACKUP_PART_BYTES, number(part[1]), environment, (String) part[0]));
            }
            List<String> good = named(
                            "SELECT store, status FROM ops.artifact_copies WHERE artifact_id = :artifact AND status = 'good'",
                            "artifact",
                            backup[0])
                    .stream()
                    .map(row -> (String) row[0])
                    .toList();
            settings.stores()
                    .forEach(store ->
                            readings.add(Reading.of(Metric.BACKUP_COPY, good.contains(store), environment, store)));
        }
        for (Object[] sum : rows("""
                SELECT count(*), coalesce(sum(size_bytes), 0) FROM ops.artifacts
                WHERE environment_id = :environment AND status = 'available'""", environment)) {
            readings.add(Reading.of(Metric.ARTIFACTS, number(sum[0]), environment));
            readings.add(Reading.of(Metric.STORED_BYTES, number(sum[1]), environment));
        }
        for (Object[] copies : rows("""
                SELECT c.store, c.status, count(*) FROM ops.artifact_copies c JOIN ops.artifacts a USING (artifact_id)
                WHERE a.environment_id = :environment AND a.status = 'available' AND c.status <> 'deleted'
                GROUP BY c.store, c.status""", environment)) {
            readings.add(
                    Reading.of(Metric.COPIES, number(copies[2]), environment, (String) copies[0], (String) copies[1]));
        }
    }

    private void drills(List<Reading> readings, String environment) {
        List<Object[]> newest = rows("""
                SELECT status = 'PASS', completed_at FROM ops.restore_test_results
                WHERE environment_id = :environment AND kind = 'drill' ORDER BY completed_at DESC LIMIT 1""", environment);
        readings.add(
                age(Metric.DRILL_AGE, newest.isEmpty() ? Optional.empty() : time(newest.getFirst()[1]), environment));
        newest.forEach(drill -> readings.add(Reading.of(Metric.DRILL_PASSED, (Boolean) drill[0], environment)));
        for (Object[] measured : rows("""
                SELECT recovery_seconds, recovery_point_seconds FROM ops.restore_test_results
                WHERE environment_id = :environment AND kind = 'drill' AND status = 'PASS'
                ORDER BY completed_at DESC LIMIT 1""", environment)) {
            readings.add(Reading.of(Metric.RECOVERY_SECONDS, number(measured[0]), environment));
            readings.add(Reading.of(Metric.RECOVERY_POINT, number(measured[1]), environment));
        }
    }

    private void runs(List<Reading> readings, String environment) {
        for (Object[] run : rows("""
                SELECT DISTINCT ON (operation_type) operation_type, status = 'success',
                       extract(epoch FROM completed_at - created_at)::double precision, run_id
                FROM ops.runs WHERE environment_id = :environment AND completed_at IS NOT NULL AND status <> 'cancelled'
                ORDER BY operation_type, completed_at DESC""", environment)) {
            String operation = (String) run[0];
            readings.add(Reading.of(Metric.RUN_SUCCESS, (Boolean) run[1], environment, operation));
            readings.add(Reading.of(Metric.RUN_SECONDS, number(run[2]), environment, operation));
            for (Object[] step : named("""
                    SELECT DISTINCT ON (step) step, extract(epoch FROM finished_at - started_at)::double precision
                    FROM ops.run_steps WHERE run_id = :run AND status = 'done' AND finished_at IS NOT NULL
                    ORDER BY step, attempt DESC""", "run", run[3])) {
                readings.add(
                        Reading.of(Metric.STEP_SECONDS, number(step[1]), environment, operation, (String) step[0]));
            }
        }
        for (Object[] open : rows("""
                SELECT o.operation_type, s.status, count(r.run_id)
                FROM (SELECT DISTINCT operation_type FROM ops.runs WHERE environment_id = :environment) o
                CROSS JOIN (VALUES ('queued'), ('running')) s (status)
                LEFT JOIN ops.runs r ON r.environment_id = :environment AND r.operation_type = o.operation_type
                     AND r.status = s.status
                GROUP BY o.operation_type, s.status""", environment)) {
            readings.add(Reading.of(Metric.RUNS, number(open[2]), environment, (String) open[0], (String) open[1]));
        }
        for (Object[] parked : rows("""
                SELECT count(*), 0 FROM ops.runs WHERE environment_id = :environment
                AND status IN ('queued', 'running') AND parked_at IS NOT NULL""", environment)) {
            readings.add(Reading.of(Metric.RUNS_PARKED, number(parked[0]), environment));
        }
    }

    private void schedules(List<Reading> readings, String environment, LifeboatConfig.Environment settings) {
        for (Object[] fire : rows("""
                SELECT DISTINCT ON (schedule) schedule, status = 'missed' FROM ops.schedule_fires
                WHERE environment_id = :environment AND status <> 'open' ORDER BY schedule, due_at DESC""", environment)) {
            if (settings.schedule().containsKey((String) fire[0])) {
                readings.add(Reading.of(Metric.SCHEDULE_MISSED, (Boolean) fire[1], environment, (String) fire[0]));
            }
        }
    }

    private List<Object[]> rows(String sql, String environment) {
        return named(sql, ENVIRONMENT, environment);
    }

    private List<Object[]> named(String sql, String parameter, Object value) {
        return sessions.get()
                .createNativeQuery(sql, Object[].class)
                .setParameter(parameter, value)
                .getResultList();
    }

    private static Reading age(Metric metric, Optional<Instant> since, String environment) {
        DoubleSupplier age = since.<DoubleSupplier>map(
                        at -> () -> Duration.between(at, Instant.now()).toMillis() / 1000.0)
                .orElse(() -> Double.POSITIVE_INFINITY);
        return new Reading(metric, List.of(environment), age);
    }

    private static Optional<Instant> time(Object value) {
        return Optional.of((Instant) value);
    }

    private static double number(Object value) {
        return value == null ? Double.NaN : ((Number) value).doubleValue();
    }
}
