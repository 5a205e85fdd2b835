package dev.lifeboat.orchestrator;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.Health;
import dev.lifeboat.environment.VersionControl;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.fault.OneLine;
import dev.lifeboat.run.Deployment;
import dev.lifeboat.run.DeploymentStore;
import dev.lifeboat.run.RunStatus;
import dev.lifeboat.run.RunStore;
import dev.lifeboat.run.TriggerStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jboss.logging.Logger;

/**
 * What deployments tell. {@code dev.lifeboat.deploy.starting} has a backup made, {@code dev.lifeboat.deploy.completed} has
 * what it left looked at. An event is delivered at least once: however often it comes, what it asks for is done once.
 */
@ApplicationScoped
public class DeployEvents {
    /** Before a deployment. */
    public static final String STARTING = "dev.lifeboat.deploy.starting";

    /** After a deployment. */
    public static final String COMPLETED = "dev.lifeboat.deploy.completed";

    private static final Logger LOG = Logger.getLogger(DeployEvents.class);

    private final EnvironmentCatalogue environments;
    private final TriggerStore triggers;
    private final Operations operations;
    private final DeploymentStore deployments;
    private final RunStore runs;

    DeployEvents(
            EnvironmentCatalogue environments,
            TriggerStore triggers,
            Operations operations,
            DeploymentStore deployments,
            RunStore runs) {
        this.environments = environments;
        this.triggers = triggers;
        this.operations = operations;
        this.deployments = deployments;
        this.runs = runs;
    }

    /**
     * An event, however it was wrapped.
     *
     * @param source who tells it; source and id together name the event, within its environment
     * @param id its name there
     * @param type what it is about
     * @param data what it says: {@code environment} and {@code version}; {@code operator}, who deploys, and {@code
     *     version_before}, what ran before, may be there
     */
    public record Event(String source, String id, String type, ObjectNode data) {}

    /**
     * What was done about an event.
     *
     * @param status accepted, duplicate or ignored
     * @param runId the run that it started, now or when it came first
     */
    public record Reaction(String status, String eventId, String runId) {}

    /**
     * Does what an event asks for. Where that can't be done now this throws what the operation throws; the event may then be
     * delivered again.
     *
     * @throws dev.lifeboat.fault.FaultException BAD_INPUT where its data does not say what is wanted; UNKNOWN_ENVIRONMENT
     */
    public Reaction receive(Event event) {
        return switch (event.type()) {
            case STARTING, COMPLETED -> once(event);
            default -> new Reaction("ignored", event.id(), null);
        };
    }

    /**
     * The environment that an event is about; empty where it would be ignored.
     *
     * @throws dev.lifeboat.fault.FaultException as {@link #receive}
     */
    public Optional<EnvironmentId> about(Event event) {
        return switch (event.type()) {
            case STARTING, COMPLETED -> Optional.of(environments.find(text(event, "environment")));
            default -> Optional.empty();
        };
    }

    private Reaction once(Event event) {
        EnvironmentId environment = environments.find(text(event, "environment"));
        String version = text(event, "version");
        // what can't be read is refused before anything is begun
        optional(event, "version_before");
        optional(event, "operator");
        TriggerStore.Delivery before =
                triggers.deliver(event.source(), event.id(), event.type(), environment, event.data());
        if (before.outcome().isPresent()) {
            return new Reaction("duplicate", event.id(), before.runId().orElse(null));
        }
        Optional<String> trigger = Optional.of("event/" + event.source() + "/" + event.id());
        String run = event.type().equals(STARTING)
                ? starting(event, environment, version, trigger)
                : completed(event, environment, version, trigger);
        triggers.done(event.source(), event.id(), environment, "accepted", run);
        return new Reaction("accepted", event.id(), run);
    }

    private String starting(Event event, EnvironmentId environment, String version, Optional<String> trigger) {
        var beginning = new DeploymentStore.Beginning(
                environment, version, versionBefore(event, environment), operator(event), normalSeconds(environment));
        var order = new BackupOrder(null, Optional.of("before deployment of " + version), false);
        String run = operations.backup(environment, order, Operations.SYSTEM, trigger);
        deployments.starting(beginning, run);
        return run;
    }

    private String completed(Event event, EnvironmentId environment, String version, Optional<String> trigger) {
        Optional<Deployment> begun = deployments.begun(environment, version);
        Optional<String> backup = begun.flatMap(deployment -> Optional.ofNullable(deployment.backupRunId))
                .map(runs::load)
                .filter(run -> run.status() == RunStatus.SUCCESS)
                .map(run -> run.metadata().path("artifact_id").textValue());
        String run = operations.checkDeployment(
                environment,
                version,
                backup,
                begun.flatMap(deployment -> Optional.ofNullable(deployment.normalSeconds)),
                begun.flatMap(deployment -> Optional.ofNullable(deployment.startingAt)),
                Operations.SYSTEM,
                trigger);
        deployments.completed(environment, version, operator(event), run);
        return run;
    }

    /**
     * What is set, else the last version that was good; what the event says only where neither is known: a rollback may deploy it.
     */
    private Optional<String> versionBefore(Event event, EnvironmentId environment) {
        Optional<String> told = optional(event, "version_before");
        return current(environment).or(() -> deployments.lastGood(environment)).or(() -> told);
    }

    /** A deployment is not held up because nobody can tell its version. */
    private Optional<String> current(EnvironmentId environment) {
        try {
            return VersionControl.of(environments.version(environment)).current();
        } catch (FaultException e) {
            LOG.warnf("the version of %s before its deployment is not known: %s", environment, e.getMessage());
            return Optional.empty();
        }
    }

    /** What is normal is measured before: of an Odoo that is not healthy then, nothing is. */
    private OptionalDouble normalSeconds(EnvironmentId environment) {
        Health.Report report = new Health(environments.bindings(environment)).once();
        return report.healthy() ? report.loginSeconds() : OptionalDouble.empty();
    }

    private static String operator(Event event) {
        return optional(event, "operator").orElse(event.source());
    }

    private static Optional<String> optional(Event event, String field) {
        return event.data().hasNonNull(field) ? Optional.of(text(event, field)) : Optional.empty();
    }

    private static String text(Event event, String field) {
        String text = event.data().path(field).asText("");
        if (text.isBlank() || text.length() > 200) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "the event's data has no '" + field + "' of 1–200 characters",
                            "Send {\"environment\": \"project/env\", \"version\": \"what is deployed\"} as data"
                                    + " (EventBridge: detail); operator and version_before may be there.")
                    .toException();
        }
        return OneLine.checked(field, text);
    }
}
