package dev.lifeboat.functions;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.ServiceControl;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.json.Json;
import dev.lifeboat.orchestrator.InProcessInvoker;
import dev.lifeboat.run.Operation;
import dev.lifeboat.sidecar.Task;
import dev.lifeboat.step.EvidenceFile;
import dev.lifeboat.step.StepFunction;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import io.quarkus.funqy.Funq;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** Closes a run: tidies up after a restore, and states the outcome. */
@ApplicationScoped
public class FinalizeRun implements StepFunction {
    /** How long what could not be saved before the restore is kept at least. */
    private static final Duration KEPT_UNSAVED = Duration.ofHours(24);

    private final Heavy heavy;
    private final EnvironmentCatalogue environments;
    private final String version;

    FinalizeRun(
            Heavy heavy,
            EnvironmentCatalogue environments,
            @ConfigProperty(name = "quarkus.application.version") String version) {
        this.heavy = heavy;
        this.environments = environments;
        this.version = version;
    }

    /** The function. */
    @Funq("finalize")
    public StepResponse call(StepRequest request) {
        return StepResponse.of(InProcessInvoker.call(this, request));
    }

    @Override
    public String name() {
        return "finalize";
    }

    @Override
    public StepResult apply(StepRequest request) {
        StepResult tidied =
                switch (Operation.of(request.operation())) {
                    case RESTORE -> Inputs.isValidationOnly(request) ? nothing() : afterRestore(request);
                    case ROLLBACK -> Inputs.restoresData(request) ? afterRestore(request) : nothing();
                    case IMPORT, DRILL, RESTORE_TABLES -> abandon(request);
                    case BACKUP -> afterBackup(request);
                    case VERIFY, VALIDATE, PRUNE, DISCARD, REPLICATE, DEPLOYMENT -> nothing();
                };
        return switch (tidied) {
            case StepResult.Done(ObjectNode outputs, var none)
            when Inputs.isDrill(request) -> {
                var drill = new DrillResult(request, Instant.now());
                outputs.set("run", drill.measured());
                List<EvidenceFile> evidence = new ArrayList<>(evidence(request, outputs));
                evidence.add(new EvidenceFile("drill_result.json", Json.pretty(drill.document())));
                yield new StepResult.Done(outputs.put("summary", drill.summary()), evidence);
            }
            case StepResult.Done(ObjectNode outputs, var none)
            when Inputs.isRollback(request) -> {
                var rollback = new RollbackResult(request, Instant.now());
                outputs.withObject("/run").setAll(rollback.measured());
                List<EvidenceFile> evidence = new ArrayList<>(evidence(request, outputs));
                evidence.add(new EvidenceFile("rollback_result.json", Json.pretty(rollback.document())));
                yield new StepResult.Done(outputs.put("summary", rollback.summary()), evidence);
            }
            case StepResult.Done(ObjectNode outputs, var none) ->
                new StepResult.Done(outputs.put("summary", FinalStatus.of(request)), evidence(request, outputs));
            case StepResult other -> other;
        };
    }

    /** Odoo runs again where it was stopped for the backup. What a backup that was stopped has written goes; after a failure it is garbage. */
    private StepResult afterBackup(StepRequest request) {
        if (request.output(Quiesce.NAME).path(Quiesce.STOPPED).asBoolean()) {
            ServiceControl.Outcome start = ServiceControl.of(
                            environments.bindings(request.environmentId()).service())
                    .start();
            if (!start.succeeded()) {
                return new StepResult.Failed(
                        Fault.of(
                                        FaultCode.SERVICE_FAILED,
                                        "the service of " + request.environmentId()
                                                + " was stopped for the backup and could not be started again",
                                        "Start it by hand; tool_output is what the service manager said.")
                                .with("tool_output", start.log()),
                        "nothing of the environment was changed, Odoo is stopped",
                        List.of());
            }
        }
        return FinalStatus.of(request).equals("cancelled")
                ? heavy.step(
                        name(),
                        request,
                        () -> new Task.DiscardBackup(
                                request.runId(), request.environmentId(), Artifacts.ofRun(request, 1)))
                : nothing();
    }

    /** What was displaced is dropped or kept for a while; what was prepared in vain is removed. */
    private StepResult afterRestore(StepRequest request) {
        return switch (FinalStatus.of(request)) {
            case "success" -> {
                Duration keep = keep(request);
                yield keep.isZero()
                        ? heavy.step(
                                name(), request, () -> new Task.DropDisplaced(request.runId(), request.environmentId()))
                        : new StepResult.Done(kept(request, keep), List.of());
            }
            case "failed", "cancelled" -> abandon(request);
            default -> nothing();
        };
    }

    /** What was unpacked or prepared beside the environment goes; what was moved aside stays. */
    private StepResult abandon(StepRequest request) {
        return heavy.step(name(), request, () -> new Task.Abandon(request.runId(), request.environmentId()));
    }

    private static StepResult nothing() {
        return new StepResult.Done(Json.object(), List.of());
    }

    private Duration keep(StepRequest request) {
        if (Inputs.putsBack(request)) {
            return Duration.ZERO;
        }
        Duration wanted = environments.keepsDisplaced(request.environmentId());
        boolean unsaved = request.output(PreRestoreBackup.NAME)
                .path(PreRestoreBackup.KEEP)
                .asBoolean();
        return unsaved && wanted.compareTo(KEPT_UNSAVED) < 0 ? KEPT_UNSAVED : wanted;
    }

    private static ObjectNode kept(StepRequest request, Duration keep) {
        ObjectNode outputs = Json.object();
        outputs.putObject("run")
                .put("displaced_until", Instant.now().plus(keep).toString())
                .put(
                        "displaced_database",
                        request.output("restore-db").path("displaced").textValue())
                .put(
                        "displaced_filestore",
                        request.output("restore-filestore").path("displaced").textValue());
        return outputs;
    }

    private List<EvidenceFile> evidence(StepRequest request, ObjectNode more) {
        ObjectNode closing = new FinalStatus(request, Instant.now(), version).document(more);
        return List.of(new EvidenceFile("final_status.json", Json.pretty(closing)));
    }
}
