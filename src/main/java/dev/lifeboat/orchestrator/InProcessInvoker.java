package dev.lifeboat.orchestrator;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.run.StateFaults;
import dev.lifeboat.step.StepFunction;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import io.quarkus.arc.All;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Typed;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/** Calls the functions of this very process. */
@ApplicationScoped
@Typed(InProcessInvoker.class)
public class InProcessInvoker implements StepInvoker {
    private static final Logger LOG = Logger.getLogger(InProcessInvoker.class);

    /** Steps that are being done in this process now: the function and the run. */
    private static final Set<String> UNDER_WAY = ConcurrentHashMap.newKeySet();

    private final Map<String, StepFunction> functions;

    InProcessInvoker(@All List<StepFunction> functions) {
        this.functions = functions.stream().collect(Collectors.toMap(StepFunction::name, Function.identity()));
    }

    @Override
    public StepResponse invoke(String name, StepRequest request) {
        return StepResponse.of(call(functions.get(name), request));
    }

    /**
     * Calls a function so that whatever leaves it is a result. A step that is still being done for a caller that has given it up
     * is not begun a second time beside it; asking how far a task is disturbs nothing.
     */
    public static StepResult call(StepFunction function, StepRequest request) {
        String step = function.name() + " of " + request.runId();
        boolean alone = request.isPoll() || UNDER_WAY.add(step);
        if (!alone) {
            return new StepResult.OutcomeUnknown(
                    Fault.of(
                            FaultCode.OUTCOME_UNKNOWN,
                            "an earlier call of " + step + " is still under way; this one did nothing",
                            "Nothing to do: the step is asked for again, and finds what was done."),
                    "call again",
                    List.of());
        }
        try {
            return applied(function, request);
        } finally {
            if (!request.isPoll()) {
                UNDER_WAY.remove(step);
            }
        }
    }

    private static StepResult applied(StepFunction function, StepRequest request) {
        try {
            return function.apply(request.checked());
        } catch (FaultException e) {
            LOG.debugf(e, "step %s of %s", function.name(), request.runId());
            return new StepResult.Failed(e.fault(), "see the fault's message", List.of());
        } catch (RuntimeException e) {
            return StateFaults.of(e)
                    .map(fault -> withoutState(function, request, fault))
                    .orElseGet(() -> unexpected(function, request, e));
        }
    }

    private static StepResult withoutState(StepFunction function, StepRequest request, Fault fault) {
        LOG.warnf("step %s of %s: %s", function.name(), request.runId(), fault.message());
        return new StepResult.Failed(fault, "the next attempt finds what this one has done", List.of());
    }

    private static StepResult unexpected(StepFunction function, StepRequest request, RuntimeException e) {
        LOG.errorf(e, "step %s of %s", function.name(), request.runId());
        return new StepResult.Failed(
                Fault.of(
                                FaultCode.INTERNAL,
                                "function " + function.name() + " met an error that it does not know",
                                "The log file has the details; please report it. The step can be tried again by a new run.")
                        .with("error", e.getClass().getSimpleName()),
                "unknown",
                List.of());
    }
}
