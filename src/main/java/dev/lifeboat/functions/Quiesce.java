package dev.lifeboat.functions;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.environment.Bindings;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.ServiceControl;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import dev.lifeboat.orchestrator.InProcessInvoker;
import dev.lifeboat.postgres.DatabaseServer;
import dev.lifeboat.run.Operation;
import dev.lifeboat.step.EvidenceFile;
import dev.lifeboat.step.StepFunction;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import io.quarkus.funqy.Funq;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Before a restore: stops the service, without which the restore ends here, and ends the database's sessions as well as it can. Before a backup: only where the configuration asks for it, because the snapshot is consistent without. */
@ApplicationScoped
public class Quiesce implements StepFunction {
    static final String NAME = "quiesce";
    /** Output: whether a service that ran was asked to stop, so that it is to be started again, whatever it said. */
    static final String STOPPED = "stopped";

    private static final Duration SESSIONS_LIMIT = Duration.ofSeconds(60);

    private final EnvironmentCatalogue environments;

    Quiesce(EnvironmentCatalogue environments) {
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
        Bindings bindings = environments.bindings(request.environmentId());
        boolean restore =
                switch (Operation.of(request.operation())) {
                    case RESTORE, ROLLBACK -> true;
                    case BACKUP,
                            VERIFY,
                            VALIDATE,
                            PRUNE,
                            DISCARD,
                            REPLICATE,
                            IMPORT,
                            DRILL,
                            DEPLOYMENT,
                            RESTORE_TABLES -> false;
                };
        boolean wanted = restore
                || environments.configOf(bindings.environment()).service().stopForBackup();
        ObjectNode status = Json.object().put("wanted", wanted);
        ObjectNode outputs = Json.object();
        if (!wanted) {
            status.put("quiesced", false)
                    .put("degraded_mode", false)
                    .put(
                            "reason",
                            "not needed: dump and filestore are read in one fenced snapshot; service.stop-for-backup"
                                    + " asks for a stop");
            outputs.put("summary", "not needed: one snapshot");
            return new StepResult.Done(outputs, told(status));
        }
        Instant begin = Instant.now();
        ServiceControl service = ServiceControl.of(bindings.service());
        if (!restore) {
            outputs.put(STOPPED, ran(service));
        }
        Optional<Fault> running = stop(service, status);
        if (restore) {
            if (running.isPresent()) {
                startAgain(service, status);
                return new StepResult.Refused(List.of(running.get()), told(status));
            }
            endSessions(bindings, status);
        }
        boolean quiesced = status.path("service_stopped").asBoolean();
        status.put("quiesced", quiesced)
                .put("degraded_mode", !quiesced)
                .put("seconds", Duration.between(begin, Instant.now()).toMillis() / 1000.0);
        outputs.put("quiesced_at", Instant.now().toString())
                .put("summary", quiesced ? "service stopped" : "the service was not stopped");
        if (!quiesced && !restore) {
            outputs.putArray("degraded").add("the service could not be stopped for the backup");
        }
        return new StepResult.Done(outputs, told(status));
    }

    /** Also where nobody can tell. */
    private static boolean ran(ServiceControl service) {
        try {
            return service.isRunning().orElse(true);
        } catch (FaultException e) {
            return true;
        }
    }

    private static List<EvidenceFile> told(ObjectNode status) {
        return List.of(new EvidenceFile("quiesce_status.json", Json.pretty(status)));
    }

    /** Empty: it does not run, or Lifeboat does not control it. */
    private static Optional<Fault> stop(ServiceControl service, ObjectNode status) {
        try {
            ServiceControl.Outcome stop = service.stop();
            status.put("service_controlled", stop.controlled())
                    .put("service_stopped", stop.controlled() && stop.succeeded())
                    .put("service_log", stop.log());
            return stop.succeeded() ? Optional.empty() : Optional.of(notStopped(stop.log()));
        } catch (FaultException e) {
            status.set("fault", Json.tree(e.fault()));
            return Optional.of(
                    notStopped(e.fault().message() + "\n" + e.fault().facts().getOrDefault("tool_output", "")));
        }
    }

    private static Fault notStopped(String said) {
        return Fault.of(
                        FaultCode.SERVICE_FAILED,
                        "the service could not be stopped, and nothing is swapped below an Odoo that runs: database and"
                                + " filestore are as they were",
                        "See tool_output; mend 'service' of the environment, or what its manager complains of, and restore again. With"
                                + " kind: none Lifeboat leaves the service alone: then stop Odoo yourself first.")
                .with("tool_output", said.strip());
    }

    /** A stop that failed may have stopped some of it. */
    private static void startAgain(ServiceControl service, ObjectNode status) {
        try {
            ServiceControl.Outcome start = service.start();
            status.put("service_runs_again", start.succeeded()).put("start_log", start.log());
        } catch (FaultException e) {
            status.put("service_runs_again", false).set("start_fault", Json.tree(e.fault()));
        }
    }

    /** As well as it can: the swap itself ends, or names, the sessions that are left. */
    private static void endSessions(Bindings bindings, ObjectNode status) {
        try {
            var server = new DatabaseServer(bindings.database());
            String database = bindings.database().name();
            boolean there = server.exists(database);
            int before = there ? server.sessions(database).size() : 0;
            int left =
                    there ? server.terminateSessions(database, SESSIONS_LIMIT).size() : 0;
            status.put("sessions_before", before).put("sessions_left", left);
        } catch (FaultException e) {
            status.set("fault", Json.tree(e.fault()));
        }
    }
}
