package dev.lifeboat.functions;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.orchestrator.InProcessInvoker;
import dev.lifeboat.sidecar.Task;
import dev.lifeboat.step.StepFunction;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import io.quarkus.funqy.Funq;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.stream.Collectors;

/** Says what a restore of tables would write, and whether anything stands against it; writes nothing. */
@ApplicationScoped
public class PlanTables implements StepFunction {
    private final Heavy heavy;

    PlanTables(Heavy heavy) {
        this.heavy = heavy;
    }

    /** The function. */
    @Funq("plan-tables")
    public StepResponse call(StepRequest request) {
        return StepResponse.of(InProcessInvoker.call(this, request));
    }

    @Override
    public String name() {
        return "plan-tables";
    }

    @Override
    public StepResult apply(StepRequest request) {
        StepResult planned = heavy.step(
                name(),
                request,
                () -> new Task.MergeTables(
                        request.runId(),
                        request.environmentId(),
                        heavy.known(Inputs.artifact(request)),
                        Inputs.tables(request),
                        false));
        return planned instanceof StepResult.Done done && !Inputs.isDryRun(request) ? refusing(done) : planned;
    }

    /** What can't be written is refused before the safety backup is made. */
    private static StepResult refusing(StepResult.Done planned) {
        var conflicts = planned.outputs().path("plan").path("conflicts");
        return conflicts.isEmpty()
                ? planned
                : new StepResult.Failed(
                        Fault.of(
                                FaultCode.TABLES_CONFLICT,
                                "nothing was written: "
                                        + conflicts
                                                .valueStream()
                                                .map(conflict -> conflict.asText())
                                                .collect(Collectors.joining("; ")),
                                "Restore the tables that are referred to, too, or choose other rows; --dry-run shows what"
                                        + " would be done."),
                        "nothing was touched",
                        planned.evidence());
    }
}
