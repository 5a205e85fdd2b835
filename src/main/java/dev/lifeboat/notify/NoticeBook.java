package dev.lifeboat.notify;

import dev.lifeboat.run.Run;
import dev.lifeboat.run.RunStatus;
import io.quarkus.panache.common.Sort;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.hibernate.Session;

/** What is to be told and what was, in the state: a notice outlives the process that came upon it. */
@ApplicationScoped
class NoticeBook {
    private static final int MOST_ATTEMPTS = 20;
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(15);
    private static final Duration LONGEST_PAUSE = Duration.ofHours(1);
    private static final int BATCH = 50;

    /** A process without the state, such as a sidecar, has no session to be given. */
    private static Session entities() {
        return NoticeRow.getEntityManager().unwrap(Session.class);
    }

    /** Runs that have ended and were not looked at for notices yet, the oldest first. */
    @Transactional
    List<String> unnoticed() {
        return entities().createNativeQuery("""
                        SELECT run_id FROM ops.runs WHERE completed_at IS NOT NULL AND noticed_at IS NULL
                        ORDER BY completed_at LIMIT 100""", String.class).getResultList();
    }

    /** Runs that are parked, the oldest first. */
    @Transactional
    List<String> parked() {
        return entities().createNativeQuery("""
                        SELECT run_id FROM ops.runs WHERE parked_at IS NOT NULL AND status IN ('queued', 'running')
                        ORDER BY parked_at LIMIT 100""", String.class).getResultList();
    }

    /** How the run ended that had ended before this one, of the same operation in the same environment; one that was stopped tells nothing. */
    @Transactional
    Optional<RunStatus> before(String runId) {
        Run run = Run.findById(runId);
        return Run.<Run>find(
                        "environmentId = ?1 and operationType = ?2 and parentRunId is null and completedAt < ?3"
                                + " and status <> 'cancelled'",
                        Sort.by("completedAt").descending(),
                        run.environmentId,
                        run.operationType,
                        run.completedAt)
                .firstResultOptional()
                .map(Run::status);
    }

    /** Marks a run as looked at, and enters what is to be told of it, in one transaction; an entry that is there stays. */
    @Transactional
    void noticed(String runId, Optional<Notice> notice, List<String> targets) {
        int mine = entities()
                .createNativeMutationQuery(
                        "UPDATE ops.runs SET noticed_at = now() WHERE run_id = ?1 AND noticed_at IS NULL")
                .setParameter(1, runId)
                .executeUpdate();
        if (mine == 1) {
            notice.ifPresent(told -> enter(told, targets));
        }
    }

    /** Enters a notice for each target. */
    @Transactional
    void enter(Notice notice, List<String> targets) {
        for (String target : targets) {
            entities()
                    .createNativeMutationQuery("""
                            INSERT INTO ops.notices (key, target, event, environment_id, run_id, title, body, created_at)
                            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (key, target) DO NOTHING""")
                    .setParameter(1, notice.key())
                    .setParameter(2, target)
                    .setParameter(3, notice.event().wireName())
                    .setParameter(4, notice.environment())
                    .setParameter(5, notice.runId().orElse(null))
                    .setParameter(6, notice.title())
                    .setParameter(7, notice.text())
                    .setParameter(8, notice.at())
                    .executeUpdate();
        }
    }

    /** Takes what is due, for a minute: another process does not send it meanwhile. */
    @Transactional
    List<NoticeRow> take() {
        return entities()
                .createNativeQuery("""
                        UPDATE ops.notices SET next_attempt_at = now() + interval '1 minute', attempts = attempts + 1
                        WHERE id IN (SELECT id FROM ops.notices
                                     WHERE delivered_at IS NULL AND given_up_at IS NULL AND next_attempt_at <= now()
                                     ORDER BY id LIMIT ?1 FOR UPDATE SKIP LOCKED)
                        RETURNING *""", NoticeRow.class)
                .setParameter(1, BATCH)
                .getResultList();
    }

    @Transactional
    void delivered(long id) {
        NoticeRow row = NoticeRow.findById(id);
        row.deliveredAt = Instant.now();
        row.problem = null;
    }

    /** Tried in vain: again after a growing pause, and at last not any more. */
    @Transactional
    void failed(long id, String problem) {
        NoticeRow row = NoticeRow.findById(id);
        row.problem = problem;
        if (row.attempts >= MOST_ATTEMPTS) {
            row.givenUpAt = Instant.now();
        } else {
            Duration pause = FIRST_PAUSE.multipliedBy(1L << Math.min(row.attempts - 1, 10));
            row.nextAttemptAt = Instant.now().plus(pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE);
        }
    }
}
