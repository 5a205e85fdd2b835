package dev.lifeboat.run;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.json.Json;
import dev.lifeboat.step.StepResponse;
import io.quarkus.narayana.jta.QuarkusTransaction;
import io.quarkus.panache.common.Sort;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Instance;
import jakarta.persistence.PersistenceException;
import jakarta.transaction.Transactional;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.hibernate.Session;
import org.hibernate.exception.ConstraintViolationException;
import org.hibernate.query.NativeQuery;

/**
 * The only writer of runs. Each method is one transaction. Whoever advances a run holds its lease under an epoch; a write
 * under an older epoch changes nothing and says so, so that two orchestrators never both advance a run.
 */
@ApplicationScoped
public class RunStore {
    private final Instance<Session> sessions;

    /** Asked for the session when it is wanted: a sidecar has no state. */
    RunStore(Instance<Session> sessions) {
        this.sessions = sessions;
    }

    private Session entities() {
        return sessions.get();
    }

    /**
     * Creates a queued run and its first event.
     *
     * @return the new run's id
     * @throws dev.lifeboat.fault.FaultException RUN_ACTIVE where another exclusive run of the environment is active, or the one
     *     that this one would be the double of: of the same trigger, or the same child of a run
     */
    public String create(NewRun run) {
        try {
            return QuarkusTransaction.requiringNew().call(() -> insert(run));
        } catch (PersistenceException e) {
            if (causedBy(e, "runs_one_active") || causedBy(e, "runs_one_of_trigger") || causedBy(e, "runs_one_child")) {
                throw active(run.environment());
            }
            throw e;
        }
    }

    private String insert(NewRun run) {
        String type = run.environmentType().name().toLowerCase(java.util.Locale.ROOT);
        know(run.environment(), type);
        entities()
                .createNativeMutationQuery(
                        "UPDATE ops.environments SET type = ?2 WHERE environment_id = ?1 AND type <> ?2")
                .setParameter(1, run.environment().toString())
                .setParameter(2, type)
                .executeUpdate();
        var entity = new Run();
        entity.runId = entities()
                .createNativeQuery("SELECT ops.gen_run_id()", String.class)
                .getSingleResult();
        entity.projectId = run.environment().project();
        entity.environmentId = run.environment().toString();
        entity.operationType = run.operation().wireName();
        entity.status = RunStatus.QUEUED.wireName();
        entity.createdBy = run.createdBy();
        entity.metadata = run.inputs().deepCopy();
        entity.parentRunId = run.parentRunId().orElse(null);
        entity.wakeAt = now();
        RequestKey key = RequestKey.current();
        if (key != null && entity.parentRunId == null) {
            entity.requestKey = key.key();
            entity.requestSha256 = key.requestSha256();
        }
        entities().persist(entity);
        event(entity.runId, "run_created", entity.metadata);
        if (entity.parentRunId == null) {
            event(
                    entity.runId,
                    "access_granted",
                    Json.object().put("user", run.createdBy()).put("action", entity.operationType));
        }
        entities().flush();
        return entity.runId;
    }

    /** Enters an environment and its project where they are not known yet; waits for no lock on one that is. */
    static void know(EnvironmentId environment, String type) {
        Session entities = Run.getEntityManager().unwrap(Session.class);
        entities.createNativeMutationQuery("INSERT INTO ops.projects (project_id) VALUES (?1) ON CONFLICT DO NOTHING")
                .setParameter(1, environment.project())
                .executeUpdate();
        entities.createNativeMutationQuery(
                        "INSERT INTO ops.environments (environment_id, project_id, type) VALUES (?1, ?2, ?3)"
                                + " ON CONFLICT DO NOTHING")
                .setParameter(1, environment.toString())
                .setParameter(2, environment.project())
                .setParameter(3, type)
                .executeUpdate();
    }

    /**
     * The run that a caller's request has begun already.
     *
     * @throws dev.lifeboat.fault.FaultException BAD_INPUT where the key was used for another request
     */
    @Transactional
    public Optional<String> begunBy(String user, RequestKey key) {
        Optional<Run> run = Run.<Run>find("createdBy = ?1 and requestKey = ?2", user, key.key())
                .firstResultOptional();
        if (run.filter(begun -> !begun.requestSha256.equals(key.requestSha256()))
                .isPresent()) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "this Idempotency-Key was used for another request, which began run " + run.get().runId,
                            "Use a new key for a new request.")
                    .toException();
        }
        return run.map(begun -> begun.runId);
    }

    private RuntimeException active(EnvironmentId environment) {
        return QuarkusTransaction.requiringNew()
                .call(() -> activeIn(environment))
                .map(run -> activeFault(environment, run.operationType + " " + run.runId, run))
                .orElseGet(() -> Fault.of(
                        FaultCode.RUN_ACTIVE,
                        "environment " + environment + " already has an active run: a run that has just ended",
                        "Try again."))
                .toException();
    }

    private static Fault activeFault(EnvironmentId environment, String shown, Run run) {
        return Fault.of(
                FaultCode.RUN_ACTIVE,
                "environment " + environment + " already has an active run: " + shown
                        + (run.parkedAt == null ? "" : ", which is parked: it was interrupted too often"),
                run.parkedAt == null
                        ? "Wait for it (`lifeboat run show " + run.runId + " --follow`) and try again."
                        : "`lifeboat run cancel " + run.runId
                                + "` takes it up again and has it end: as cancelled, or rolled"
                                + " back where it has touched the environment.");
    }

    /**
     * Takes or renews the lease of an open run. A step that was under way when {@code owner} lost sight of it (the state was not there when
     * its answer was to be recorded) is under way no more: the epoch is raised, as at a take-over.
     *
     * @return the epoch under which the caller may write; empty where somebody else holds a live lease or the run is over
     */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public Optional<Integer> claim(String runId, String owner, Duration lease) {
        var epochs = entities()
                .createNativeQuery("""
                UPDATE ops.runs SET
                    epoch = CASE WHEN lease_owner = ?2
                                      AND NOT EXISTS (SELECT 1 FROM ops.run_steps s
                                                      WHERE s.run_id = runs.run_id AND s.status = 'running'
                                                        AND s.epoch = runs.epoch)
                            THEN epoch ELSE epoch + 1 END,
                    recoveries = CASE WHEN lease_owner IS NULL OR lease_owner = ?2 THEN recoveries ELSE recoveries + 1 END,
                    lease_owner = ?2,
                    lease_until = clock_timestamp() + make_interval(secs => ?3),
                    status = 'running',
                    started_at = coalesce(started_at, clock_timestamp())
                WHERE run_id = (SELECT run_id FROM ops.runs
                                WHERE run_id = ?1 AND status IN ('queued', 'running') AND parked_at IS NULL
                                  AND (lease_owner IS NULL OR lease_owner = ?2 OR lease_until < clock_timestamp())
                                FOR UPDATE SKIP LOCKED)
                RETURNING epoch""", Integer.class)
                .setParameter(1, runId)
                .setParameter(2, owner)
                .setParameter(3, (double) lease.toSeconds())
                .getResultList();
        return epochs.stream().findFirst();
    }

    /** Gives an open run's lease back; whoever finds it due is the next. Nothing happens where it is not {@code owner}'s any more. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void release(String runId, String owner) {
        entities()
                .createNativeMutationQuery("UPDATE ops.runs SET lease_owner = NULL, lease_until = NULL"
                        + " WHERE run_id = ?1 AND lease_owner = ?2 AND status = 'running'")
                .setParameter(1, runId)
                .setParameter(2, owner)
                .executeUpdate();
    }

    /** Lets a run wait until a time, unless it was woken after it was read as {@code run}. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void waitUntil(RunSnapshot run, Instant until) {
        entities()
                .createNativeMutationQuery(
                        "UPDATE ops.runs SET wake_at = ?3"
                                + " WHERE run_id = ?1 AND epoch = ?2 AND (wake_at <= ?4 OR wake_at > ?3) AND status = 'running'")
                .setParameter(1, run.runId())
                .setParameter(2, run.epoch())
                .setParameter(3, until)
                .setParameter(4, run.now())
                .executeUpdate();
    }

    /** Renews the leases of all open runs that {@code owner} holds. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void heartbeat(String owner, Duration lease) {
        entities()
                .createNativeMutationQuery(
                        "UPDATE ops.runs SET lease_until = clock_timestamp() + make_interval(secs => ?2)"
                                + " WHERE lease_owner = ?1 AND status = 'running'")
                .setParameter(1, owner)
                .setParameter(2, (double) lease.toSeconds())
                .executeUpdate();
    }

    /** Ends every lease that is not {@code owner}'s: for the only process that may use this state, when it starts. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void expireLeasesOfOthers(String owner) {
        entities()
                .createNativeMutationQuery("UPDATE ops.runs SET lease_until = clock_timestamp() - interval '1 second',"
                        + " wake_at = clock_timestamp() WHERE status = 'running' AND lease_owner <> ?1")
                .setParameter(1, owner)
                .executeUpdate();
    }

    /** The open runs that want to be looked at now: their time has come, or their owner has gone. */
    @Transactional
    public List<String> due(String owner, int limit) {
        return entities()
                .createNativeQuery("""
                SELECT run_id FROM ops.runs
                WHERE status IN ('queued', 'running') AND parked_at IS NULL
                  AND (lease_until < clock_timestamp()
                       OR ((lease_owner IS NULL OR lease_owner = ?1) AND wake_at <= clock_timestamp()))
                ORDER BY wake_at LIMIT ?2""", String.class)
                .setParameter(1, owner)
                .setParameter(2, limit)
                .getResultList();
    }

    /**
     * Reads a run.
     *
     * @throws dev.lifeboat.fault.FaultException UNKNOWN_RUN
     */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public RunSnapshot load(String runId) {
        Run run = Run.<Run>findByIdOptional(runId).orElseThrow(() -> Fault.of(
                        FaultCode.UNKNOWN_RUN,
                        "there is no run " + runId,
                        "`lifeboat runs` lists the runs that there are.")
                .toException());
        entities().refresh(run);
        List<StepRecord> steps =
                RunStep.<RunStep>list("runId", Sort.by("startedAt").and("seq").and("attempt"), runId).stream()
                        .map(RunStore::read)
                        .toList();
        return new RunSnapshot(
                run.runId,
                EnvironmentId.parse(run.environmentId),
                run.operation(),
                run.status(),
                run.createdBy,
                run.metadata,
                Optional.ofNullable(run.evidenceDir),
                run.createdAt,
                Optional.ofNullable(run.startedAt),
                Optional.ofNullable(run.completedAt),
                Optional.ofNullable(run.parentRunId),
                Optional.ofNullable(run.fault).map(fault -> Json.convert(fault, Fault.class)),
                run.epoch,
                run.recoveries,
                run.parkedAt != null,
                steps,
                now(),
                Optional.ofNullable(run.cancelRequestedAt).map(at -> new Cancellation(at, run.cancelRequestedBy)));
    }

    /**
     * Records the intent to call a step, before it is called.
     *
     * @param stopping whether the caller knows that the run was asked to stop
     * @return false where nothing may be called: the lease is lost, or the run was asked to stop and the caller does not know yet
     */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public boolean begin(String runId, int epoch, String step, int seq, int attempt, Duration limit, boolean stopping) {
        if (!holdsLease(runId, epoch) || isAskedToStop(runId) != stopping) {
            return false;
        }
        RunStep entity = attempt(runId, epoch, step, seq, attempt, StepStatus.RUNNING);
        entity.deadlineAt = now().plus(limit);
        entities().persist(entity);
        event(runId, "step_started", Json.object().put("step", step).put("attempt", attempt));
        return true;
    }

    /** Records that a step does not apply to this run. False: the lease is lost. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public boolean skip(String runId, int epoch, String step, int seq, int attempt, String why) {
        if (!holdsLease(runId, epoch)) {
            return false;
        }
        RunStep entity = attempt(runId, epoch, step, seq, attempt, StepStatus.SKIPPED);
        entity.deadlineAt = now();
        entity.finishedAt = entity.deadlineAt;
        entity.outputs = Json.object().put("skipped", why);
        entities().persist(entity);
        event(runId, "step_skipped", Json.object().put("step", step).put("reason", why));
        return true;
    }

    /**
     * Records what a step answered. An attempt ends once: the first answer wins.
     *
     * @return false where the answer was not taken (the lease is lost, or the attempt has already ended)
     */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public boolean record(String runId, int epoch, String step, int attempt, StepResponse answer) {
        if (!holdsLease(runId, epoch)) {
            return false;
        }
        RunStep entity = RunStep.findById(new RunStep.Key(runId, step, attempt));
        if (entity == null || !entity.status().isOpen()) {
            return false;
        }
        Instant now = now();
        var payload = Json.object().put("step", step).put("attempt", attempt);
        switch (answer.status()) {
            case PENDING -> {
                boolean first = entity.taskId == null;
                entity.status = StepStatus.WAITING.wireName();
                entity.taskId = answer.taskId();
                entity.epoch = epoch;
                entity.checkAt = now.plusSeconds(Math.max(1, answer.checkAfterSeconds()));
                wakeAt(runId, entity.checkAt);
                if (first) {
                    event(runId, "step_waiting", payload.put("task_id", answer.taskId()));
                }
                return true;
            }
            case DONE -> {
                entity.status = StepStatus.DONE.wireName();
                entity.outputs = answer.outputs();
                promote(runId, answer.outputs());
            }
            case REFUSED -> {
                entity.status = StepStatus.REFUSED.wireName();
                entity.fault = Json.tree(answer.findings().getFirst());
                payload.set("findings", Json.mapper().valueToTree(answer.findings()));
            }
            case FAILED -> {
                entity.status = StepStatus.FAILED.wireName();
                entity.fault = Json.tree(answer.fault());
                payload.put("left_behind", answer.leftBehind());
            }
            case UNKNOWN -> {
                entity.status = StepStatus.UNKNOWN.wireName();
                entity.fault = Json.tree(answer.fault());
                payload.put("probe", answer.probe());
            }
        }
        entity.finishedAt = now;
        wakeAt(runId, now);
        if (entity.fault != null) {
            payload.set("fault", entity.fault);
        }
        event(runId, "step_" + entity.status, payload);
        return true;
    }

    /** Takes what was done under these steps back out of the count, so that they are done again. False: the lease is lost. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public boolean voidSteps(String runId, int epoch, List<String> steps, String why) {
        if (!holdsLease(runId, epoch)) {
            return false;
        }
        RunStep.<RunStep>list("runId = ?1 and step in ?2 and status <> 'void'", runId, steps)
                .forEach(entity -> {
                    entity.status = StepStatus.VOID.wireName();
                    entity.finishedAt = entity.finishedAt == null ? now() : entity.finishedAt;
                });
        event(
                runId,
                "steps_voided",
                Json.object().put("steps", String.join(",", steps)).put("reason", why));
        return true;
    }

    /** Ends a run. False: the lease is lost. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public boolean finish(
            String runId, int epoch, RunStatus status, Optional<Fault> fault, String eventType, ObjectNode payload) {
        if (!holdsLease(runId, epoch)) {
            return false;
        }
        Run run = Run.findById(runId);
        run.status = status.wireName();
        run.completedAt = now();
        run.leaseUntil = null;
        run.leaseOwner = null;
        run.wakeAt = null;
        run.fault = fault.map(Json::tree).orElse(null);
        event(runId, eventType, payload);
        return true;
    }

    /** The last record of an environment's chain; empty before the first. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public Optional<ChainLink> lastRecord(EnvironmentId environment) {
        return link(entities()
                .createNativeQuery(
                        "SELECT record_sequence, record_run_id, record_sha256 FROM ops.environments"
                                + " WHERE environment_id = ?1 AND record_sequence > 0",
                        Object[].class)
                .setParameter(1, environment.toString()));
    }

    /** The place that a run has taken in its environment's chain. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public Optional<ChainLink> recordOf(String runId) {
        return link(entities()
                .createNativeQuery(
                        "SELECT record_sequence, run_id, record_sha256 FROM ops.runs"
                                + " WHERE run_id = ?1 AND record_sequence IS NOT NULL",
                        Object[].class)
                .setParameter(1, runId));
    }

    /** What became of a record that was to be the next of its environment's chain. */
    public enum Chaining {
        /** It is. */
        ADDED,
        /** Another run's record took the place first. */
        OVERTAKEN,
        /** The lease is lost: nothing was written. */
        LEASE_LOST
    }

    /** Makes a run's record the last of its environment's chain, where the one before it still is the last. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public Chaining addRecord(int epoch, ChainLink record) {
        if (!holdsLease(record.runId(), epoch)) {
            return Chaining.LEASE_LOST;
        }
        int advanced = entities()
                .createNativeMutationQuery("""
                UPDATE ops.environments SET record_sequence = ?2, record_run_id = ?1, record_sha256 = ?3
                WHERE environment_id = (SELECT environment_id FROM ops.runs
                                        WHERE run_id = ?1 AND record_sequence IS NULL)
                  AND record_sequence = ?2 - 1""")
                .setParameter(1, record.runId())
                .setParameter(2, record.sequence())
                .setParameter(3, record.sha256())
                .executeUpdate();
        if (advanced == 0) {
            return Chaining.OVERTAKEN;
        }
        entities()
                .createNativeMutationQuery(
                        "UPDATE ops.runs SET record_sequence = ?2, record_sha256 = ?3 WHERE run_id = ?1")
                .setParameter(1, record.runId())
                .setParameter(2, record.sequence())
                .setParameter(3, record.sha256())
                .executeUpdate();
        return Chaining.ADDED;
    }

    /** Stops advancing a run that was taken over too often; a person has to look at it. False: the lease is lost. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public boolean park(String runId, int epoch, String why) {
        if (!holdsLease(runId, epoch)) {
            return false;
        }
        Run run = Run.findById(runId);
        run.parkedAt = now();
        event(runId, "run_parked", Json.object().put("reason", why));
        return true;
    }

    /** Says where a run's evidence is. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void evidenceAt(String runId, String folder) {
        Run run = Run.findById(runId);
        run.evidenceDir = folder;
    }

    /** Asks for a run and the tasks that it waits for to be looked at now. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void wake(String runId) {
        // The run's row first, as everywhere: whoever takes both in another order would deadlock.
        wakeAt(runId, now());
        entities()
                .createNativeMutationQuery("UPDATE ops.run_steps SET check_at = clock_timestamp()"
                        + " WHERE run_id = ?1 AND status = 'waiting'")
                .setParameter(1, runId)
                .executeUpdate();
    }

    /**
     * Asks a run to stop; who is asked already is not asked again. A parked run is taken up again for it, and its take-overs are
     * counted anew: one that is past its last point to stop at then comes to its own end.
     *
     * @param closing the steps of which none may have begun: what they do is not stopped any more
     * @return whether the run stops, or goes on after it was parked; false where it is over, or has begun one of {@code closing}
     */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public boolean askToStop(String runId, String user, List<String> closing) {
        // Locked as a step's beginning locks it: of the two one comes first, and the other sees it.
        List<Object[]> open = entities()
                .createNativeQuery(
                        "SELECT cancel_requested_at IS NOT NULL, parked_at IS NOT NULL FROM ops.runs WHERE run_id = ?1"
                                + " AND status IN ('queued', 'running') FOR UPDATE",
                        Object[].class)
                .setParameter(1, runId)
                .getResultList();
        if (open.isEmpty()) {
            return false;
        }
        boolean asked = (Boolean) open.getFirst()[0];
        boolean parked = (Boolean) open.getFirst()[1];
        if (parked) {
            unpark(runId, user);
        }
        if (asked) {
            return true;
        }
        if (RunStep.count("runId = ?1 and step in ?2 and status not in ('void', 'skipped')", runId, closing) > 0) {
            return parked;
        }
        entities()
                .createNativeMutationQuery("UPDATE ops.runs SET cancel_requested_at = clock_timestamp(),"
                        + " cancel_requested_by = ?2, wake_at = clock_timestamp() WHERE run_id = ?1")
                .setParameter(1, runId)
                .setParameter(2, user)
                .executeUpdate();
        entities()
                .createNativeMutationQuery("UPDATE ops.run_steps SET check_at = clock_timestamp()"
                        + " WHERE run_id = ?1 AND status = 'waiting'")
                .setParameter(1, runId)
                .executeUpdate();
        event(runId, "cancel_requested", Json.object().put("user", user));
        return true;
    }

    private void unpark(String runId, String user) {
        entities()
                .createNativeMutationQuery("UPDATE ops.runs SET parked_at = NULL, recoveries = 0,"
                        + " wake_at = clock_timestamp() WHERE run_id = ?1")
                .setParameter(1, runId)
                .executeUpdate();
        event(runId, "run_unparked", Json.object().put("user", user));
    }

    /** The runs that {@code parent} started and that go on. */
    @Transactional
    public List<String> activeChildren(String parent) {
        return Run.<Run>list("parentRunId = ?1 and status in ('queued','running')", parent).stream()
                .map(run -> run.runId)
                .toList();
    }

    /** What happened in a run, in order. */
    @Transactional
    public List<RunEvent> events(String runId) {
        return RunEvent.list("runId", Sort.by("eventId"), runId);
    }

    /** The runs of an operation that go on, the oldest first. */
    @Transactional
    public List<String> active(Operation operation) {
        return Run.<Run>find(
                        "operationType = ?1 and status in ('queued','running')",
                        Sort.by("createdAt"),
                        operation.wireName())
                .stream()
                .map(run -> run.runId)
                .toList();
    }

    /** The runs of an operation that did not succeed and ended no longer ago than {@code within}. */
    @Transactional
    public List<String> endedBadly(Operation operation, Duration within) {
        return Run.<Run>find(
                        "operationType = ?1 and status in ('failed','rolled_back') and completedAt > ?2",
                        Sort.by("createdAt"),
                        operation.wireName(),
                        now().minus(within))
                .stream()
                .map(run -> run.runId)
                .toList();
    }

    /** The run that {@code parent} started for {@code operation}, if it did: the newest. */
    @Transactional
    public Optional<String> child(String parent, Operation operation) {
        return Run.<Run>find(
                        "parentRunId = ?1 and operationType = ?2",
                        Sort.by("createdAt").descending(),
                        parent,
                        operation.wireName())
                .firstResultOptional()
                .map(run -> run.runId);
    }

    /** The run that a trigger (a time of a schedule, an event) has started. */
    @Transactional
    public Optional<String> triggered(EnvironmentId environment, String trigger) {
        return entities()
                .createNativeQuery(
                        "SELECT run_id FROM ops.runs WHERE environment_id = ?1 AND metadata->>'trigger' = ?2",
                        String.class)
                .setParameter(1, environment.toString())
                .setParameter(2, trigger)
                .getResultStream()
                .findFirst();
    }

    /**
     * The restore marker (restore specification, "Idempotency Rules"): the newest successful run that has restored an
     * artifact, with the same type or a wider one.
     */
    @Transactional
    public Optional<String> restoreMarker(EnvironmentId environment, String artifactId, String restoreType) {
        return entities()
                .createNativeQuery("""
                        SELECT run_id FROM ops.runs
                        WHERE environment_id = ?1 AND operation_type = 'restore' AND status = 'success'
                          AND metadata->>'artifact_id' = ?2 AND metadata->>'restore_type' IN ('full', ?3)
                        ORDER BY completed_at DESC LIMIT 1""", String.class)
                .setParameter(1, environment.toString())
                .setParameter(2, artifactId)
                .setParameter(3, restoreType)
                .getResultStream()
                .findFirst();
    }

    /** The rollback marker (restore specification, "Idempotency Rules"): a run that has already rolled back this failure. */
    @Transactional
    public Optional<String> rollbackMarker(EnvironmentId environment, String failedRun) {
        return entities()
                .createNativeQuery("""
                        SELECT run_id FROM ops.runs
                        WHERE environment_id = ?1 AND operation_type = 'restore' AND status = 'rolled_back'
                          AND metadata->>'original_run_id' = ?2
                        LIMIT 1""", String.class)
                .setParameter(1, environment.toString())
                .setParameter(2, failedRun)
                .getResultStream()
                .findFirst();
    }

    /** Adds to a run's metadata what came of it after its end; what was there under these names is replaced. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void amend(String runId, ObjectNode more) {
        Run run = Run.findById(runId);
        run.metadata = run.metadata.deepCopy().setAll(more);
        event(runId, "run_amended", more);
    }

    /** Runs whose displaced database and filestore are still kept: their ids, the oldest first. */
    @Transactional
    public List<String> keepingDisplaced() {
        return entities().createNativeQuery("""
                        SELECT run_id FROM ops.runs
                        WHERE operation_type IN ('restore', 'rollback') AND status = 'success'
                          AND metadata ->> 'displaced_until' IS NOT NULL AND metadata ->> 'displaced_dropped_at' IS NULL
                        ORDER BY completed_at""", String.class).getResultList();
    }

    /** Whether a user may do something in a project, as {@code ops.user_has_permission} says. */
    @Transactional
    public boolean hasPermission(String user, String project, String action) {
        return entities()
                .createNativeQuery("SELECT ops.user_has_permission(?1, ?2, ?3)", Boolean.class)
                .setParameter(1, user)
                .setParameter(2, project)
                .setParameter(3, action)
                .getSingleResult();
    }

    /** Whether a run of an operation that is not exclusive goes on in an environment. */
    @Transactional
    public boolean isActive(EnvironmentId environment, Operation operation) {
        return Run.count(
                        "environmentId = ?1 and status in ('queued','running') and operationType = ?2",
                        environment.toString(),
                        operation.wireName())
                > 0;
    }

    /** What keeps another exclusive run of an environment from beginning: RUN_ACTIVE; empty where none is active. */
    @Transactional
    public Optional<Fault> activeRun(EnvironmentId environment) {
        return activeIn(environment).map(run -> activeFault(environment, run.runId, run));
    }

    private static Optional<Run> activeIn(EnvironmentId environment) {
        return Run.<Run>find(
                        "environmentId = ?1 and status in ('queued','running') and parentRunId is null"
                                + " and operationType in ?2",
                        environment.toString(),
                        Operation.exclusive())
                .firstResultOptional();
    }

    private static RunStep attempt(String runId, int epoch, String step, int seq, int attempt, StepStatus status) {
        var entity = new RunStep();
        entity.runId = runId;
        entity.step = step;
        entity.seq = seq;
        entity.attempt = attempt;
        entity.status = status.wireName();
        entity.epoch = epoch;
        return entity;
    }

    private boolean isAskedToStop(String runId) {
        return entities()
                .createNativeQuery(
                        "SELECT cancel_requested_at IS NOT NULL FROM ops.runs WHERE run_id = ?1", Boolean.class)
                .setParameter(1, runId)
                .getSingleResult();
    }

    private boolean holdsLease(String runId, int epoch) {
        return !entities()
                .createNativeQuery(
                        "SELECT run_id FROM ops.runs WHERE run_id = ?1 AND epoch = ?2"
                                + " AND status IN ('queued', 'running') FOR UPDATE",
                        String.class)
                .setParameter(1, runId)
                .setParameter(2, epoch)
                .getResultList()
                .isEmpty();
    }

    /** Outputs under {@code run} belong to the run itself: they become part of its metadata. */
    private void promote(String runId, ObjectNode outputs) {
        if (outputs.get("run") instanceof ObjectNode ofRun) {
            Run run = Run.findById(runId);
            run.metadata = run.metadata.deepCopy().setAll(ofRun);
        }
    }

    private void wakeAt(String runId, Instant when) {
        entities()
                .createNativeMutationQuery("UPDATE ops.runs SET wake_at = ?2 WHERE run_id = ?1")
                .setParameter(1, runId)
                .setParameter(2, when)
                .executeUpdate();
    }

    private void event(String runId, String type, ObjectNode payload) {
        var entity = new RunEvent();
        entity.runId = runId;
        entity.eventType = type;
        entity.payload = payload;
        entities().persist(entity);
    }

    private Instant now() {
        return entities()
                .createNativeQuery("SELECT clock_timestamp()", Instant.class)
                .getSingleResult();
    }

    private static StepRecord read(RunStep entity) {
        return new StepRecord(
                entity.step,
                entity.attempt,
                entity.status(),
                entity.epoch,
                Optional.ofNullable(entity.taskId),
                entity.startedAt,
                Optional.ofNullable(entity.checkAt),
                entity.deadlineAt,
                Optional.ofNullable(entity.finishedAt),
                entity.outputs == null ? Json.object() : entity.outputs,
                Optional.ofNullable(entity.fault).map(fault -> Json.convert(fault, Fault.class)));
    }

    private static Optional<ChainLink> link(NativeQuery<Object[]> query) {
        return query.getResultList().stream()
                .findFirst()
                .map(row -> new ChainLink((Integer) row[0], (String) row[1], (String) row[2]));
    }

    private static boolean causedBy(Throwable error, String constraint) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof ConstraintViolationException violation
                    && String.valueOf(violation.getConstraintName()).contains(constraint)) {
                return true;
            }
        }
        return false;
    }
}
