package dev.lifeboat.orchestrator;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.evidence.Redactor;
import dev.lifeboat.evidence.Redactors;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import dev.lifeboat.run.Duty;
import dev.lifeboat.run.NewRun;
import dev.lifeboat.run.RunSnapshot;
import dev.lifeboat.run.RunStatus;
import dev.lifeboat.run.RunStore;
import dev.lifeboat.run.StepRecord;
import dev.lifeboat.run.StepStatus;
import dev.lifeboat.sidecar.TaskFinished;
import dev.lifeboat.sidecar.TaskRunner;
import dev.lifeboat.step.EvidenceFile;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.event.ObservesAsync;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jboss.logging.Logger;

/**
 * Starts runs and advances them. Each turn is: take the lease, load, decide, do one thing, record it. Nothing is kept in
 * memory between turns but which runs are being advanced, so any orchestrator can go on where another was killed.
 */
@ApplicationScoped
public class Orchestrator {
    private static final Logger LOG = Logger.getLogger(Orchestrator.class);
    private static final Duration LEASE = Duration.ofSeconds(30);
    private static final int MOST_DUE = 100;
    private static final long LOOK_AGAIN_MILLIS = 100;

    private final String owner = UUID.randomUUID().toString();
    private final RunStore runs;
    private final StepInvoker functions;
    private final TaskRunner tasks;
    private final RunEvidence evidence;
    private final Redactors redactors;
    private final boolean soleOwner;
    private final ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
    /** Runs that are being advanced; the value says whether they were woken once more meanwhile. */
    private final Map<String, Boolean> turning = new ConcurrentHashMap<>();
    /** Runs whose last turn met an error: they are not tried without a pause. */
    private final Set<String> stumbled = ConcurrentHashMap.newKeySet();

    private final Duty duty;

    Orchestrator(
            RunStore runs,
            StepInvoker functions,
            TaskRunner tasks,
            RunEvidence evidence,
            Redactors redactors,
            LifeboatConfig config,
            Duty duty) {
        this.runs = runs;
        this.functions = functions;
        this.tasks = tasks;
        this.evidence = evidence;
        this.redactors = redactors;
        this.soleOwner = config.soleOwner();
        this.duty = duty;
    }

    /** Takes up at once what an earlier process left, where this process alone may use the state. */
    void onStart(@Observes StartupEvent start) {
        if (soleOwner) {
            runs.expireLeasesOfOthers(owner);
        }
    }

    void onStop(@Observes ShutdownEvent stop) {
        workers.shutdownNow();
    }

    /**
     * Creates a run and begins to advance it. The caller has checked what has to hold before it.
     *
     * @return the run's id
     * @throws FaultException RUN_ACTIVE, or EVIDENCE_UNWRITABLE (then the run is there and failed)
     */
    public String start(NewRun newRun) {
        String runId = runs.create(newRun);
        if (!duty.isOn()) {
            // An engine, or who is called to advance runs, finds it, opens its evidence, and advances it.
            return runId;
        }
        try {
            openEvidence(runs.load(runId));
        } catch (FaultException e) {
            runs.claim(runId, owner, LEASE)
                    .ifPresent(epoch -> runs.finish(
                            runId,
                            epoch,
                            RunStatus.FAILED,
                            Optional.of(Redaction.fault(e.fault(), redactors.of(newRun.environment()))),
                            "run_failed",
                            Json.object().put("status", RunStatus.FAILED.wireName())));
            throw e;
        }
        wake(runId);
        return runId;
    }

    private void openEvidence(RunSnapshot run) {
        evidence.write(run, new EvidenceFile("inputs.json", Json.pretty(inputs(run))));
        evidence.write(run, new EvidenceFile("run_id.txt", run.runId() + "\n"));
        runs.evidenceAt(run.runId(), evidence.open(run).toString());
    }

    /** Asks for a run to be advanced soon, by this process. */
    public void wake(String runId) {
        if (duty.isOn() && turning.put(runId, true) == null) {
            workers.execute(() -> turn(runId));
        }
    }

    /**
     * Asks a run to stop. It ends as cancelled where it has not touched the environment yet, and is rolled back where it has; what
     * it has under way is ended first. Asking twice is asking once. A parked run is taken up again for it, and comes to its end
     * even where it is too late to stop it.
     *
     * @throws FaultException UNKNOWN_RUN; TOO_LATE where it is over, has begun what can't be stopped any more, or belongs to another
     *     run
     */
    public void cancel(String runId, String user) {
        RunSnapshot run = runs.load(runId);
        if (run.parentRunId().isPresent()) {
            throw tooLate(
                    "run " + runId + " belongs to run " + run.parentRunId().get() + " and stops with it",
                    "Ask that one to stop.");
        }
        if (!runs.askToStop(runId, user, Workflows.of(run.operation()).closing())) {
            throw tooLate(
                    "it is too late to stop run " + runId + ": it is over, or about to be",
                    "See how it ends: lifeboat run show " + runId + " --follow");
        }
        wake(runId);
    }

    private static FaultException tooLate(String message, String remedy) {
        return Fault.of(FaultCode.TOO_LATE, message, remedy).toException();
    }

    void onTaskFinished(@ObservesAsync TaskFinished finished) {
        if (duty.hasState()) {
            runs.wake(finished.runId());
            wake(finished.runId());
        }
    }

    @Scheduled(every = "1s", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void sweep() {
        duty.byTheClock(() -> runs.due(owner, MOST_DUE).forEach(this::wake));
    }

    /** A function that was called keeps what it is still in the middle of, and an engine all that it has. */
    @Scheduled(every = "5s", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void heartbeat() {
        duty.whileUp(() -> {
            if (duty.stays() || !turning.isEmpty()) {
                runs.heartbeat(owner, LEASE);
            }
        });
    }

    /**
     * Advances what wants it, as an engine does all the time: for a process that is called. Returns when each run is over, waits or is
     * somebody else's; at the latest after {@code within}, and what is then under way is recorded by this process, or done again by the
     * next that is called.
     *
     * @param named a run that has news, such as the end of its task; those that it started and the one that started it are advanced with it.
     *     Empty: all that are due
     * @return the runs that were advanced
     * @throws FaultException UNKNOWN_RUN
     */
    Set<String> drive(Optional<String> named, Duration within) {
        long end = System.nanoTime() + within.toNanos();
        Predicate<String> wanted = named.map(this::relatedTo).orElse(run -> true);
        named.ifPresent(runs::wake);
        var met = new LinkedHashSet<String>();
        boolean more = true;
        while (more && duty.isOn()) {
            List<String> due = runs.due(owner, MOST_DUE).stream()
                    .filter(wanted)
                    .filter(run -> !(met.contains(run) && stumbled.contains(run)))
                    .toList();
            met.addAll(due);
            due.forEach(this::wake);
            boolean busy = !due.isEmpty() || met.stream().anyMatch(turning::containsKey);
            more = busy && System.nanoTime() < end && pause();
        }
        return met;
    }

    private Predicate<String> relatedTo(String named) {
        Optional<String> parent = runs.load(named).parentRunId();
        return run -> run.equals(named)
                || parent.filter(run::equals).isPresent()
                || runs.load(run).parentRunId().filter(named::equals).isPresent();
    }

    /** False: this process is told to stop. */
    private static boolean pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(LOOK_AGAIN_MILLIS);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void turn(String runId) {
        try {
            boolean more = true;
            while (more) {
                turning.put(runId, false);
                stumbled.remove(runId);
                advance(runId);
                if (!duty.stays()) {
                    runs.release(runId, owner);
                }
                more = !turning.remove(runId, false) && goesOn(runId);
            }
        } catch (RuntimeException e) {
            stumbled.add(runId);
            turning.remove(runId);
            if (!duty.isStopping()) {
                LOG.errorf(e, "run %s was not advanced; the next sweep tries again", runId);
            }
        }
    }

    /** Whether a run that was woken while it was advanced is advanced once more; else the next sweep finds it. */
    private boolean goesOn(String runId) {
        if (!duty.isOn()) {
            turning.remove(runId);
            return false;
        }
        return true;
    }

    /** Advances a run until it has to wait, is over, or is somebody else's. */
    public void advance(String runId) {
        boolean on = true;
        while (on && duty.isOn()) {
            Optional<Integer> epoch = runs.claim(runId, owner, LEASE);
            if (epoch.isEmpty()) {
                return;
            }
            RunSnapshot run = runs.load(runId);
            if (run.evidenceDir().isEmpty()) {
                openEvidence(run);
            }
            Workflow workflow = Workflows.of(run.operation());
            on = switch (Decider.decide(workflow, run)) {
                case Decision.Invoke(Step step, int attempt, var outcome) ->
                    runs.begin(
                                    runId,
                                    run.epoch(),
                                    step.name(),
                                    workflow.position(step),
                                    attempt,
                                    step.limit(),
                                    run.cancellation().isPresent())
                            && ask(run, step, attempt, null, proved(workflow, run, outcome));
                case Decision.Poll(Step step, StepRecord waiting, var outcome) ->
                    ask(run, step, waiting.attempt(), waiting.taskId().orElseThrow(), proved(workflow, run, outcome));
                case Decision.Stop(Step step, StepRecord waiting) -> stop(run, step, waiting);
                case Decision.Skip(Step step, int attempt, String why) ->
                    leaveWord(run, step, why)
                            && runs.skip(runId, run.epoch(), step.name(), workflow.position(step), attempt, why);
                case Decision.GiveUp(Step step, int attempt, Fault fault) -> giveUp(run, step, attempt, fault);
                case Decision.Restart(List<Step> steps, String why) -> voidSteps(run, steps, why);
                case Decision.Wait(Instant until) -> waits(run, until);
                case Decision.Finish(RunStatus status, Optional<Fault> fault) -> finish(workflow, run, status, fault);
                case Decision.Park(String why) -> park(run, why);
            };
        }
    }

    /** A success that is not proved is none: the last step is told so before it drops what was displaced. */
    private StepRequest.Outcome proved(Workflow workflow, RunSnapshot run, Optional<StepRequest.Outcome> decided) {
        StepRequest.Outcome outcome = decided.orElse(null);
        if (outcome == null || !outcome.status().equals(RunStatus.SUCCESS.wireName())) {
            return outcome;
        }
        List<String> before = workflow.requiredEvidence().stream()
                .filter(name -> !workflow.last().evidence().contains(name))
                .toList();
        return evidence.incomplete(run, before)
                .map(fault -> new StepRequest.Outcome(RunStatus.FAILED.wireName(), fault))
                .orElse(outcome);
    }

    /** Always false: there is nothing to do before. */
    private boolean waits(RunSnapshot run, Instant until) {
        runs.waitUntil(run, until);
        return false;
    }

    /** True: there may be more to do now. */
    private boolean ask(RunSnapshot run, Step step, int attempt, String taskId, StepRequest.Outcome outcome) {
        StepResponse answer = functions.invoke(step.name(), request(run, attempt, taskId, outcome));
        if (answer.evidence() != null) {
            answer.evidence().forEach(file -> evidence.write(run, file));
        }
        return record(run, step, attempt, answer);
    }

    /** Every answer goes through here, and through the redactor: who may see a run reads what its steps said. */
    private boolean record(RunSnapshot run, Step step, int attempt, StepResponse answer) {
        return runs.record(
                run.runId(),
                run.epoch(),
                step.name(),
                attempt,
                answer.status() == StepResponse.Status.PENDING
                        ? answer
                        : Redaction.answer(answer, redactors.of(run.environment())));
    }

    /** The task's end is waited for: what comes next would meet it. */
    private boolean stop(RunSnapshot run, Step step, StepRecord waiting) {
        String task = waiting.taskId().orElseThrow();
        tasks.cancel(task);
        for (String child : runs.activeChildren(run.runId())) {
            // one that is past its own last point ends by itself
            runs.askToStop(
                    child,
                    run.cancellation().orElseThrow().by(),
                    Workflows.of(runs.load(child).operation()).closing());
            wake(child);
        }
        return ask(run, step, waiting.attempt(), task, null);
    }

    private boolean giveUp(RunSnapshot run, Step step, int attempt, Fault fault) {
        run.latest(step.name()).flatMap(StepRecord::taskId).ifPresent(tasks::cancel);
        return record(
                run,
                step,
                attempt,
                StepResponse.of(new StepResult.Failed(fault, "the next attempt finds and clears it", List.of())));
    }

    private boolean voidSteps(RunSnapshot run, List<Step> steps, String why) {
        steps.stream()
                .flatMap(step -> run.latest(step.name()).stream())
                .flatMap(record -> record.taskId().stream())
                .forEach(tasks::cancel);
        return runs.voidSteps(
                run.runId(),
                run.epoch(),
                steps.stream().map(Step::name).toList(),
                redactors.of(run.environment()).text(why));
    }

    /** Always false: a person has to look. */
    private boolean park(RunSnapshot run, String why) {
        String said = redactors.of(run.environment()).text(why);
        LOG.errorf("run %s is parked: %s", run.runId(), said);
        runs.park(run.runId(), run.epoch(), said);
        return false;
    }

    private boolean leaveWord(RunSnapshot run, Step step, String why) {
        step.evidence()
                .forEach(name -> evidence.writeAbsent(run, name, "step " + step.name() + " was skipped: " + why));
        return true;
    }

    /** Always false: there is nothing more to do. */
    private boolean finish(Workflow workflow, RunSnapshot run, RunStatus decided, Optional<Fault> fault) {
        RunStatus status = decided;
        Optional<Fault> reason = fault;
        try {
            evidence.close(run, workflow.requiredEvidence(), fault);
        } catch (FaultException e) {
            status = decided == RunStatus.SUCCESS ? RunStatus.FAILED : decided;
            reason = fault.or(() -> Optional.of(e.fault()));
        }
        ObjectNode payload = Json.object().put("status", status.wireName());
        run.latest(workflow.last().name()).ifPresent(last -> payload.setAll(last.outputs()));
        payload.put("status", status.wireName());
        Redactor redactor = redactors.of(run.environment());
        runs.finish(
                run.runId(),
                run.epoch(),
                status,
                reason.map(why -> Redaction.fault(why, redactor)),
                run.operation().wireName() + "_completed",
                payload);
        run.parentRunId().ifPresent(parent -> {
            runs.wake(parent);
            wake(parent);
        });
        return false;
    }

    private static StepRequest request(RunSnapshot run, int attempt, String taskId, StepRequest.Outcome outcome) {
        Map<String, ObjectNode> outputs = new LinkedHashMap<>();
        run.steps().stream()
                .filter(record -> record.status() == StepStatus.DONE)
                .forEach(record -> outputs.put(record.step(), record.outputs()));
        return new StepRequest(
                run.runId(),
                run.operation().wireName(),
                run.environment().toString(),
                run.createdAt(),
                run.createdBy(),
                attempt,
                run.epoch(),
                run.metadata(),
                outputs,
                taskId,
                outcome,
                Map.of());
    }

    private static ObjectNode inputs(RunSnapshot run) {
        ObjectNode inputs = Json.object()
                .put("run_id", run.runId())
                .put("operation", run.operation().wireName())
                .put("project_id", run.environment().project())
                .put("environment_id", run.environment().toString())
                .put("created_by", run.createdBy())
                .put("created_at", run.createdAt().toString());
        return inputs.setAll(run.metadata());
    }
}
