package dev.lifeboat.orchestrator;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.run.TriggerStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;

/**
 * What deployments tell. {@code dev.lifeboat.deploy.starting} has a backup made, {@code dev.lifeboat.deploy.completed} a
 * validation. An event is delivered at least once: however often it comes, what it asks for is done once.
 */
@ApplicationScoped
public class DeployEvents {
    /** Before a deployment. */
    public static final String STARTING = "dev.lifeboat.deploy.starting";

    /** After a deployment. */
    public static final String COMPLETED = "dev.lifeboat.deploy.completed";

    private final EnvironmentCatalogue environments;
    private final TriggerStore triggers;
    private final Operations operations;

    DeployEvents(EnvironmentCatalogue environments, TriggerStore triggers, Operations operations) {
        this.environments = environments;
        this.triggers = triggers;
        this.operations = operations;
    }

    /**
     * An event, however it was wrapped.
     *
     * @param source who tells it; source and id together name the event
     * @param id its name there
     * @param type what it is about
     * @param data what it says: {@code environment} and {@code version}
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
        TriggerStore.Delivery before =
                triggers.deliver(event.source(), event.id(), event.type(), environment, event.data());
        if (before.outcome().isPresent()) {
            return new Reaction("duplicate", event.id(), before.runId().orElse(null));
        }
        Optional<String> trigger = Optional.of("event/" + event.source() + "/" + event.id());
        String run;
        if (event.type().equals(STARTING)) {
            var order = new BackupOrder(null, Optional.of("before deployment of " + version), false);
            run = operations.backup(environment, order, Operations.SYSTEM, trigger);
            triggers.deploymentStarting(environment, version, run);
        } else {
            run = operations.validate(environment, Operations.SYSTEM, trigger);
            triggers.deploymentCompleted(environment, version, run);
        }
        triggers.done(event.source(), event.id(), "accepted", run);
        return new Reaction("accepted", event.id(), run);
    }

    private static String text(Event event, String field) {
        String text = event.data().path(field).asText("");
        if (text.isBlank() || text.length() > 200) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "the event's data has no '" + field + "' of 1–200 characters",
                            "Send {\"environment\": \"project/env\", \"version\": \"what is deployed\"} as data"
                                    + " (EventBridge: detail).")
                    .toException();
        }
        return text;
    }
}
