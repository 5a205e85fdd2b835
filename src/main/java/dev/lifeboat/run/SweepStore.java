package dev.lifeboat.run;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Instance;
import jakarta.transaction.Transactional;
import java.time.Duration;
import org.hibernate.Session;

/** When each sweep is wanted next, for those who are called to do them; the times are the database's. */
@ApplicationScoped
public class SweepStore {
    private final Instance<Session> sessions;

    SweepStore(Instance<Session> sessions) {
        this.sessions = sessions;
    }

    /**
     * Takes a sweep that is due.
     *
     * @param hold for so long nobody else takes it, also where the taker is killed
     * @return whether it is the caller's to do
     */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public boolean take(String sweep, Duration hold) {
        return !sessions.get()
                .createNativeQuery("""
                INSERT INTO ops.sweeps AS known (sweep, due_at)
                VALUES (?1, clock_timestamp() + make_interval(secs => ?2))
                ON CONFLICT (sweep) DO UPDATE SET due_at = excluded.due_at WHERE known.due_at <= clock_timestamp()
                RETURNING sweep""", String.class)
                .setParameter(1, sweep)
                .setParameter(2, (double) hold.toSeconds())
                .getResultList()
                .isEmpty();
    }

    /** Says that a sweep was done, and is worth being done again after {@code every}. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void done(String sweep, Duration every) {
        sessions.get()
                .createNativeMutationQuery("UPDATE ops.sweeps SET done_at = clock_timestamp(),"
                        + " due_at = clock_timestamp() + make_interval(secs => ?2) WHERE sweep = ?1")
                .setParameter(1, sweep)
                .setParameter(2, (double) every.toSeconds())
                .executeUpdate();
    }
}
