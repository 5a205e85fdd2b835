package dev.lifeboat.functions;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.environment.Bindings;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.Health;
import dev.lifeboat.environment.ServiceControl;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.json.Json;
import dev.lifeboat.orchestrator.InProcessInvoker;
import dev.lifeboat.postgres.DatabaseServer;
import dev.lifeboat.step.EvidenceFile;
import dev.lifeboat.step.StepFunction;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import io.quarkus.funqy.Funq;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** Starts the service and waits until it is healthy and the database answers. */
@ApplicationScoped
public class Restart implements StepFunction {
    static final String NAME = "restart";
    /** Output: when the service was started. */
    static final String STARTED_AT = "started_at";

    private final EnvironmentCatalogue environments;

    Restart(EnvironmentCatalogue environments) {
        this.environments = environments;
    }

    /** The function. */
    @Funq(NAME)
    public StepResponse call(StepRequest request) {
        return StepResponse.of(InProcessInvoker.call(this, request));
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public StepResult apply(StepRequest request) {
        Instant begin = Instant.now();
        Bindings bindings = environments.bindings(request.environmentId());
        ServiceControl.Outcome start = ServiceControl.of(bindings.service()).start();
        ObjectNode result = Json.object()
                .put("started_at", begin.toString())
                .put("service_controlled", start.controlled())
                .put("service_started", start.controlled() && start.succeeded());
        if (!start.succeeded()) {
            return failed(
                    Fault.of(
                                    FaultCode.SERVICE_FAILED,
                                    "the service could not be started",
                                    "See odoo_restart.log in the evidence for what the service manager said.")
                            .with("tool_output", start.log()),
                    start,
                    result);
        }
        askDatabase(bindings);
        result.put("database_answers", true);
        boolean asked = bindings.url().isPresent() && start.controlled();
        if (asked) {
            Duration limit =
                    environments.configOf(bindings.environment()).service().healthLimit();
            Health.Report health = new Health(bindings).await(limit);
            result.set("health", Json.tree(health));
            if (!health.healthy()) {
                return failed(
                        Fault.of(
                                FaultCode.HEALTH_TIMEOUT,
                                "Odoo at " + bindings.url().get() + " was not healthy within " + limit.toSeconds()
                                        + " s",
                                "Look at Odoo's log; service.health-limit gives it more time."),
                        start,
                        result);
            }
        } else {
            result.put("health", "not asked: " + (start.controlled() ? "no url is configured" : start.log()));
        }
        return new StepResult.Done(
                Json.object()
                        .put(STARTED_AT, begin.toString())
                        .put("summary", asked ? "healthy" : start.controlled() ? "started" : "service not controlled"),
                evidence(start, finished(result, begin)));
    }

    private static void askDatabase(Bindings bindings) {
        try (Connection connection = new DatabaseServer(bindings.database()).connect();
                var statement = connection.createStatement()) {
            statement.execute("SELECT 1");
        } catch (SQLException e) {
            throw Fault.of(
                            FaultCode.DATABASE_QUERY_FAILED,
                            "the restored database '" + bindings.database().name() + "' does not answer",
                            "Look at the server's log.")
                    .with("tool_output", e.getMessage())
                    .toException(e);
        }
    }

    private static StepResult failed(Fault fault, ServiceControl.Outcome start, ObjectNode result) {
        return new StepResult.Failed(
                fault,
                "the restored database and filestore are in place, what was there before is kept aside",
                evidence(
                        start,
                        finished(result, Instant.parse(result.get("started_at").asText()))));
    }

    private static ObjectNode finished(ObjectNode result, Instant begin) {
        Instant end = Instant.now();
        return result.put("finished_at", end.toString())
                .put("seconds", Duration.between(begin, end).toMillis() / 1000.0);
    }

    private static List<EvidenceFile> evidence(ServiceControl.Outcome start, ObjectNode result) {
        return List.of(
                new EvidenceFile("odoo_restart.log", start.log() + "\n"),
                new EvidenceFile("restart_duration.json", Json.pretty(result)));
    }
}
