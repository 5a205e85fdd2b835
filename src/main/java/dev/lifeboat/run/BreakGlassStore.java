package dev.lifeboat.run;

import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import io.quarkus.panache.common.Sort;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Instance;
import jakarta.transaction.Transactional;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.hibernate.Session;

/**
 * Break-glass windows (operations specification, "Break-Glass Procedure"): who works on an environment by hand, why, and until
 * when. A window ends by itself. Each method is one transaction; times are the database's.
 */
@ApplicationScoped
public class BreakGlassStore {
    /** A window is for an emergency. Whoever needs longer opens another, and says why again. */
    public static final Duration LONGEST = Duration.ofHours(24);

    private static final int LONGEST_REASON = 500;

    private final Instance<Session> sessions;

    BreakGlassStore(Instance<Session> sessions) {
        this.sessions = sessions;
    }

    /**
     * Opens a window.
     *
     * @param length from now on
     * @throws dev.lifeboat.fault.FaultException BAD_INPUT; RUN_ACTIVE where a window is open
     */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public BreakGlass open(EnvironmentId environment, String user, String reason, Duration length) {
        if (reason == null || reason.isBlank() || reason.length() > LONGEST_REASON) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "a break-glass window wants a reason of 1–" + LONGEST_REASON + " characters",
                            "Say why: --reason 'payment provider down, hot-fix by hand' (HTTP: \"reason\").")
                    .toException();
        }
        if (!length.isPositive() || length.compareTo(LONGEST) > 0) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "a break-glass window is open for more than no time and at most " + LONGEST.toHours()
                                    + " hours",
                            "Say for how long, or until when: --for 2h, --until 2026-03-01T18:00:00Z.")
                    .toException();
        }
        endExpired(environment);
        Optional<BreakGlass> open = current(environment);
        if (open.isPresent()) {
            throw Fault.of(
                            FaultCode.RUN_ACTIVE,
                            environment + " has an open break-glass window of " + open.get().openedBy + " until "
                                    + open.get().until,
                            "End it first: lifeboat break-glass " + environment.name() + " --end.")
                    .toException();
        }
        Long id = sessions.get()
                .createNativeQuery("""
                        INSERT INTO ops.break_glass (environment_id, opened_by, reason, opened_at, until)
                        SELECT ?1, ?2, ?3, now, now + make_interval(secs => ?4) FROM clock_timestamp() AS now
                        RETURNING window_id""", Long.class)
                .setParameter(1, environment.toString())
                .setParameter(2, user)
                .setParameter(3, reason.strip())
                .setParameter(4, (double) length.toSeconds())
                .getSingleResult();
        return BreakGlass.findById(id);
    }

    /** A window that was over before somebody looked ended at its own time. */
    private void endExpired(EnvironmentId environment) {
        sessions.get()
                .createNativeMutationQuery("UPDATE ops.break_glass SET closed_at = until"
                        + " WHERE environment_id = ?1 AND closed_at IS NULL AND until <= clock_timestamp()")
                .setParameter(1, environment.toString())
                .executeUpdate();
    }

    /**
     * Ends the window that is open.
     *
     * @throws dev.lifeboat.fault.FaultException BAD_INPUT where none is
     */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public BreakGlass end(EnvironmentId environment, String user) {
        BreakGlass open = current(environment).orElseThrow(() -> Fault.of(
                        FaultCode.BAD_INPUT,
                        environment + " has no open break-glass window",
                        "Nothing to do: schedules and rollbacks are as configured.")
                .toException());
        sessions.get()
                .createNativeMutationQuery("UPDATE ops.break_glass SET closed_at = clock_timestamp(), closed_by = ?2"
                        + " WHERE window_id = ?1 AND closed_at IS NULL")
                .setParameter(1, open.id)
                .setParameter(2, user)
                .executeUpdate();
        sessions.get().refresh(open);
        return open;
    }

    /** The window that is open now. */
    @Transactional
    public Optional<BreakGlass> current(EnvironmentId environment) {
        return open().stream()
                .filter(window -> window.environmentId.equals(environment.toString()))
                .findFirst();
    }

    /** Every window that is open now. */
    @Transactional
    public List<BreakGlass> open() {
        return sessions.get()
                .createNativeQuery(
                        "SELECT * FROM ops.break_glass WHERE closed_at IS NULL AND until > clock_timestamp()"
                                + " ORDER BY window_id",
                        BreakGlass.class)
                .getResultList();
    }

    /** Windows that ended within the last day, by a person or by themselves. */
    @Transactional
    public List<BreakGlass> endedLately() {
        return sessions.get().createNativeQuery("""
                        SELECT * FROM ops.break_glass
                        WHERE least(coalesce(closed_at, until), until) BETWEEN clock_timestamp() - interval '1 day'
                                                                           AND clock_timestamp()
                        ORDER BY window_id""", BreakGlass.class).getResultList();
    }

    /** The windows of an environment that touch a time, the oldest first. */
    @Transactional
    public List<BreakGlass> during(EnvironmentId environment, Instant from, Instant to) {
        return BreakGlass.list(
                "environmentId = ?1 and openedAt <= ?3 and until >= ?2 and (closedAt is null or closedAt >= ?2)",
                Sort.ascending("id"),
                environment.toString(),
                from,
                to);
    }
}
