package dev.lifeboat.notify;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.time.Instant;
import java.util.Optional;
import org.hibernate.Session;

/** Since when what is watched is in trouble, in the state: engines that are started anew, or stand beside each other, count as one. */
@ApplicationScoped
class WatchBook {
    private static Session entities() {
        return NoticeRow.getEntityManager().unwrap(Session.class);
    }

    /** Enters a trouble; gives since when it lasts. */
    @Transactional
    Instant trouble(String environment, String name) {
        return entities()
                .createNativeQuery("""
                        INSERT INTO ops.watches (environment_id, name, bad_since) VALUES (?1, ?2, clock_timestamp())
                        ON CONFLICT (environment_id, name) DO UPDATE
                            SET bad_since = coalesce(ops.watches.bad_since, clock_timestamp())
                        RETURNING bad_since""", Instant.class)
                .setParameter(1, environment)
                .setParameter(2, name)
                .getSingleResult();
    }

    /** Enters that it is well; gives since when it was not, until now. */
    @Transactional
    Optional<Instant> well(String environment, String name) {
        return entities()
                .createNativeQuery("""
                        WITH bad AS (
                            SELECT environment_id, name, bad_since FROM ops.watches
                            WHERE environment_id = ?1 AND name = ?2 AND bad_since IS NOT NULL FOR UPDATE)
                        UPDATE ops.watches w SET bad_since = NULL FROM bad
                        WHERE w.environment_id = bad.environment_id AND w.name = bad.name
                        RETURNING bad.bad_since""", Instant.class)
                .setParameter(1, environment)
                .setParameter(2, name)
                .getResultStream()
                .findFirst();
    }
}
