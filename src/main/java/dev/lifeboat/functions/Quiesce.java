package dev.lifeboat.functions;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.environment.Bindings;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.ServiceControl;
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

/** Before a restore: stops the service and ends the database's sessions, within bounds and as well as it can. Before a backup: only where the configuration asks for it, because the snapshot is consistent without. */
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
        if (wanted) {
            quiesce(bindings, restore, status, outputs);
        } else {
            status.put("quiesced", false)
                    .put("degraded_mode", false)
                    .put(
                            "reason",
                            "not needed: dump and filestore are read in one fenced snapshot; service.stop-for-backup"
                                    + " asks for a stop");
            outputs.put("summary", "not needed: one snapshot");
        }
        return new StepResult.Done(outputs, List.of(new EvidenceFile("quiesce_status.json", Json.pretty(status))));
    }

    /** Never fails: whatever could not be done is recorded, and a backup is marked as degraded. */
    private static void quiesce(Bindings bindings, boolean restore, ObjectNode status, ObjectNode outputs) {
        Instant begin = Instant.now();
        boolean quiesced = false;
        boolean attempted = false;
        try {
            ServiceControl control = ServiceControl.of(bindings.service());
            attempted = control.isRunning().orElse(true);
            ServiceControl.Outcome stop = control.stop();
            status.put("service_controlled", stop.controlled())
                    .put("service_stopped", stop.controlled() && stop.succeeded())
                    .put("service_log", stop.log());
            quiesced = stop.controlled() && stop.succeeded();
            if (restore) {
                var server = new DatabaseServer(bindings.database());
                String database = bindings.database().name();
                if (server.exists(database)) {
                    int before = server.sessions(database).size();
                    int left =
                            server.terminateSessions(database, SESSIONS_LIMIT).size();
                    status.put("sessions_before", before).put("sessions_left", left);
                } else {
                    status.put("sessions_before", 0).put("sessions_left", 0);
                }
            }
        } catch (FaultException e) {
            status.set("fault", Json.tree(e.fault()));
        }
        status.put("quiesced", quiesced)
                .put("degraded_mode", !quiesced)
                .put("seconds", Duration.between(begin, Instant.now()).toMillis() / 1000.0);
        outputs.put("quiesced_at", Instant.now().toString())
                .put(STOPPED, attempted)
                .put("summary", quiesced ? "service stopped" : "the service was not stopped");
        if (!quiesced && !restore) {
            outputs.putArray("degraded").add("the service could not be stopped for the backup");
        }
    }
}
