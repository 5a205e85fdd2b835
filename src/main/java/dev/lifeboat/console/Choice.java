package dev.lifeboat.console;

import dev.lifeboat.access.Access;
import dev.lifeboat.access.Action;
import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Which of the environments that a caller may see a list is of. */
@ApplicationScoped
class Choice {
    private final Access access;
    private final CurrentCaller caller;

    Choice(Access access, CurrentCaller caller) {
        this.access = access;
        this.caller = caller;
    }

    /**
     * What was chosen.
     *
     * @param projects those that the caller may see
     * @param names the environments to choose from
     * @param environment the chosen one; empty: all
     */
    record Chosen(Set<String> projects, List<String> names, Optional<EnvironmentId> environment) {
        /** What the form shows as chosen. */
        String name() {
            return environment.map(EnvironmentId::toString).orElse("");
        }
    }

    /**
     * Reads what was asked for: {@code project/name}; nothing stands for all.
     *
     * @throws FaultException UNKNOWN_ENVIRONMENT, which names none: the caller may not see every one
     */
    Chosen of(String asked) {
        List<EnvironmentId> seen = access.environments(caller.get());
        Optional<EnvironmentId> environment = Optional.ofNullable(asked)
                .filter(text -> !text.isBlank())
                .map(text -> seen.stream()
                        .filter(id -> id.toString().equals(text))
                        .findFirst()
                        .orElseThrow(() -> Fault.of(
                                        FaultCode.UNKNOWN_ENVIRONMENT,
                                        "there is no such environment",
                                        "Choose one of those that the page lists.")
                                .toException()));
        return new Chosen(
                access.projects(caller.get(), Action.VIEW),
                seen.stream().map(EnvironmentId::toString).toList(),
                environment);
    }
}
