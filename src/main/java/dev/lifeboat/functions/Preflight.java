package dev.lifeboat.functions;

import com.fasterxml.jackson.annotation.JsonAnySetter;
import com.fasterxml.jackson.annotation.JsonIgnore;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.orchestrator.Operations;
import dev.lifeboat.preflight.Check;
import dev.lifeboat.preflight.PreflightReport;
import io.quarkus.funqy.Funq;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Evaluates every precondition of a backup or a restore and reports them all; starts nothing. */
public class Preflight {
    private final Operations operations;
    private final EnvironmentCatalogue environments;

    Preflight(Operations operations, EnvironmentCatalogue environments) {
        this.operations = operations;
        this.environments = environments;
    }

    /**
     * What to look at.
     *
     * @param operation backup or restore
     * @param environment the environment
     * @param artifact the artifact to restore; left out: the latest
     * @param unknown must stay empty: a misspelt field is refused, not dropped
     */
    public record Request(
            String operation,
            String environment,
            String artifact,
            @JsonAnySetter @JsonIgnore Map<String, Object> unknown) {}

    /** What was found; {@code fault} where the question itself was wrong. */
    public record Answer(boolean ok, List<Check> checks, Fault fault) {}

    /** The function. */
    @Funq("preflight")
    public Answer call(Request request) {
        try {
            if (request.environment() == null
                    || (request.unknown() != null && !request.unknown().isEmpty())) {
                throw Fault.of(
                                FaultCode.BAD_INPUT,
                                "the function's input is not right: 'environment' and 'operation' are wanted, 'artifact' may be"
                                        + " there, nothing else",
                                "See functions/preflight/request.example.json for the form.")
                        .toException();
            }
            PreflightReport report = operations.preflight(
                    environments.find(request.environment()),
                    request.operation(),
                    Optional.ofNullable(request.artifact()),
                    "local");
            return new Answer(report.ok(), report.checks(), null);
        } catch (FaultException e) {
            return new Answer(false, List.of(), e.fault());
        }
    }
}
