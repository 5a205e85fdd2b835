package dev.lifeboat.run;

import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import io.quarkus.panache.common.Sort;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Instance;
import jakarta.transaction.Transactional;
import java.util.List;
import java.util.Optional;
import org.hibernate.Session;

/** What is escalated until somebody acknowledges it. Each method is one transaction; times are the database's. */
@ApplicationScoped
public class EscalationStore {
    private static final int LONGEST_NOTE = 500;

    private final Instance<Session> sessions;

    EscalationStore(Instance<Session> sessions) {
        this.sessions = sessions;
    }

    /** Begins an escalation, once for each run. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void raise(String runId, EnvironmentId environment, String reason) {
        sessions.get()
                .createNativeMutationQuery("INSERT INTO ops.escalations (run_id, environment_id, reason)"
                        + " VALUES (?1, ?2, ?3) ON CONFLICT (run_id) DO NOTHING")
                .setParameter(1, runId)
                .setParameter(2, environment.toString())
                .setParameter(3, reason)
                .executeUpdate();
    }

    /** Those that nobody has acknowledged, the oldest first. */
    @Transactional
    public List<Escalation> open() {
        return Escalation.list("acknowledgedAt is null", Sort.ascending("raisedAt"));
    }

    /** The escalation of a run. */
    @Transactional
    public Optional<Escalation> find(String runId) {
        return Escalation.findByIdOptional(runId);
    }

    /**
     * Somebody takes care of it: no further level is told. The first to say so stays.
     *
     * @param note what they say; empty: nothing
     * @throws dev.lifeboat.fault.FaultException BAD_INPUT where nothing of the run is escalated, or the note is too long
     */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public Escalation acknowledge(String runId, String user, Optional<String> note) {
        if (note.filter(text -> text.length() > LONGEST_NOTE).isPresent()) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "the note is longer than " + LONGEST_NOTE + " characters",
                            "Say it in fewer words.")
                    .toException();
        }
        sessions.get()
                .createNativeMutationQuery("UPDATE ops.escalations SET acknowledged_at = clock_timestamp(),"
                        + " acknowledged_by = :user, note = cast(:note AS text)"
                        + " WHERE run_id = :run AND acknowledged_at IS NULL")
                .setParameter("run", runId)
                .setParameter("user", user)
                .setParameter("note", note.orElse(null), String.class)
                .executeUpdate();
        return Escalation.<Escalation>findByIdOptional(runId).orElseThrow(() -> Fault.of(
                        FaultCode.BAD_INPUT,
                        "nothing of run " + runId + " is escalated",
                        "`lifeboat run show " + runId + "` tells how it stands.")
                .toException());
    }
}
