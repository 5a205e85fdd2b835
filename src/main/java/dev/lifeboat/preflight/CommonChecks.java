package dev.lifeboat.preflight;

import dev.lifeboat.environment.Bindings;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.guardrail.Guardrail;
import dev.lifeboat.guardrail.Guardrails;
import dev.lifeboat.run.Operation;
import dev.lifeboat.run.RunStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;

/** The preconditions that every operation shares: project, environment, permission, no other run. */
@ApplicationScoped
class CommonChecks {
    private final RunStore runs;
    private final Guardrails guardrails;

    CommonChecks(RunStore runs, Guardrails guardrails) {
        this.runs = runs;
        this.guardrails = guardrails;
    }

    List<Check> evaluate(Bindings bindings, Operation operation, String user) {
        EnvironmentId id = bindings.environment();
        return List.of(
                Check.passed("project exists", "configuration", id.project()),
                Check.passed("environment exists in the project", "configuration", id.toString()),
                permission(id, operation, user),
                noOtherRun(id));
    }

    private Check permission(EnvironmentId id, Operation operation, String user) {
        String name = "caller may " + operation.wireName();
        String lookedAt = "ops.user_has_permission";
        return runs.hasPermission(user, id.project(), operation.wireName())
                ? Check.passed(name, lookedAt, "'" + user + "' may")
                : Check.failed(name, lookedAt, Probe.permission(user, id.project(), operation.wireName()));
    }

    private Check noOtherRun(EnvironmentId id) {
        String name = "no other run is active";
        String lookedAt = "ops.runs";
        if (!guardrails.holds(Guardrail.FORBID_PARALLEL_DEPLOY_RESTORE)) {
            return Check.skipped(name, lookedAt, "the guardrail is switched off");
        }
        return runs.activeRun(id)
                .map(fault -> Check.failed(name, lookedAt, fault))
                .orElseGet(() -> Check.passed(name, lookedAt, "none"));
    }
}
