package dev.lifeboat.functions;

import com.fasterxml.jackson.annotation.JsonAnySetter;
import com.fasterxml.jackson.annotation.JsonIgnore;
import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.orchestrator.Rounds;
import dev.lifeboat.run.RunSnapshot;
import dev.lifeboat.run.RunStore;
import dev.lifeboat.run.StateFaults;
import dev.lifeboat.run.StepRecord;
import io.quarkus.funqy.Funq;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Does, each time it is called, what an engine does all the time: what is due by the clock, and every run as far as it comes. Called by the
 * minute, and by a sidecar when a task has ended. Calling it too often is harmless.
 */
public class Advance {
    private static final int WITHIN_SECONDS = 45;
    private static final int LONGEST_SECONDS = 600;

    private final Rounds rounds;
    private final RunStore runs;
    private final CurrentCaller caller;

    Advance(Rounds rounds, RunStore runs, CurrentCaller caller) {
        this.rounds = rounds;
        this.runs = runs;
        this.caller = caller;
    }

    /**
     * What to advance: either all that is due, or one run.
     *
     * @param sweep true: everything
     * @param runId a run that has news, such as the end of its task
     * @param withinSeconds when to answer at the latest, about; left out: 45
     * @param unknown must stay empty: a misspelt field is refused, not dropped
     */
    public record Request(
            Boolean sweep,
            String runId,
            Integer withinSeconds,
            @JsonAnySetter @JsonIgnore Map<String, Object> unknown) {}

    /**
     * How a run stands now.
     *
     * @param waitingFor the step whose task is waited for; null: none is
     */
    public record Advanced(String runId, String operation, String environment, String status, String waitingFor) {}

    /**
     * What was done.
     *
     * @param runs the runs that were advanced; not told to who showed no token
     * @param sweeps the names of the sweeps that were due
     * @param fault why nothing was done; null: something was, or nothing was wanted
     */
    public record Answer(List<Advanced> runs, List<String> sweeps, Fault fault) {}

    /** The function. */
    @Funq(LifeboatConfig.Functions.ADVANCE)
    public Answer call(Request request) {
        try {
            boolean known = caller.ofFunction().isPresent();
            Rounds.Done done = done(checked(request, known));
            return known
                    ? new Answer(done.runs().stream().map(this::stateOf).toList(), done.sweeps(), null)
                    : new Answer(List.of(), List.of(), null);
        } catch (FaultException e) {
            return failed(e.fault());
        } catch (RuntimeException e) {
            return failed(StateFaults.of(e).orElseThrow(() -> e));
        }
    }

    private Rounds.Done done(Request request) {
        Duration within =
                Duration.ofSeconds(Optional.ofNullable(request.withinSeconds()).orElse(WITHIN_SECONDS));
        return request.runId() == null ? rounds.sweep(within) : rounds.advance(request.runId(), within);
    }

    private static Request checked(Request request, boolean known) {
        boolean one = request != null && Boolean.TRUE.equals(request.sweep()) != (request.runId() != null);
        if (!one
                || (request.unknown() != null && !request.unknown().isEmpty())
                || (request.withinSeconds() != null
                        && (request.withinSeconds() < 1 || request.withinSeconds() > LONGEST_SECONDS))) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "the function's input is not right: 'sweep' (true) or 'run_id' is wanted, 'within_seconds' (1 to "
                                    + LONGEST_SECONDS + ") may be there, nothing else; nothing was done",
                            "See functions/advance/request.example.json for the form.")
                    .toException();
        }
        if (!known && request.runId() != null) {
            throw Fault.of(
                            FaultCode.PERMISSION_DENIED,
                            "a call without a token may ask for the sweep only; nothing was done",
                            "Send 'Authorization: Bearer TOKEN'.")
                    .toException();
        }
        return request;
    }

    private Advanced stateOf(String runId) {
        RunSnapshot run = runs.load(runId);
        return new Advanced(
                runId,
                run.operation().wireName(),
                run.environment().toString(),
                run.status().wireName(),
                run.steps().stream()
                        .filter(step -> step.status().isOpen())
                        .map(StepRecord::step)
                        .findFirst()
                        .orElse(null));
    }

    private static Answer failed(Fault fault) {
        return new Answer(List.of(), List.of(), fault);
    }
}
