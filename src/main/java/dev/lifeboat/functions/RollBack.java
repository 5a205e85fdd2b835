package dev.lifeboat.functions;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.VersionControl;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.json.Json;
import dev.lifeboat.orchestrator.InProcessInvoker;
import dev.lifeboat.orchestrator.Operations;
import dev.lifeboat.run.ArtifactCatalogue;
import dev.lifeboat.run.Operation;
import dev.lifeboat.run.RunSnapshot;
import dev.lifeboat.run.RunStore;
import dev.lifeboat.sidecar.Task;
import dev.lifeboat.step.StepFunction;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import io.quarkus.funqy.Funq;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * Puts the environment back as it was before a restore that failed: what was moved aside gets its place again. Where that
 * is gone, the safety backup is restored by a run of its own (restore specification, "Rollback Workflow"); that run is not
 * rolled back in its turn.
 */
@ApplicationScoped
public class RollBack implements StepFunction {
    private static final Logger LOG = Logger.getLogger(RollBack.class);
    private static final Duration CHECK_AFTER = Duration.ofSeconds(5);

    private final Heavy heavy;
    private final RunStore runs;
    private final Operations operations;
    private final ArtifactCatalogue artifacts;
    private final EnvironmentCatalogue environments;

    RollBack(
            Heavy heavy,
            RunStore runs,
            Operations operations,
            ArtifactCatalogue artifacts,
            EnvironmentCatalogue environments) {
        this.heavy = heavy;
        this.runs = runs;
        this.operations = operations;
        this.artifacts = artifacts;
        this.environments = environments;
    }

    /** The function. */
    @Funq("roll-back")
    public StepResponse call(StepRequest request) {
        return StepResponse.of(InProcessInvoker.call(this, request));
    }

    @Override
    public String name() {
        return "roll-back";
    }

    @Override
    public StepResult apply(StepRequest request) {
        Optional<String> second = runs.child(request.runId(), Operation.RESTORE);
        if (second.isPresent()) {
            return stateOf(request, runs.load(second.get()));
        }
        Optional<String> marker = runs.rollbackMarker(request.environmentId(), request.runId());
        if (marker.isPresent()) {
            LOG.warnf(
                    "run %s was rolled back already, by %s; it is not rolled back again",
                    request.runId(), marker.get());
            return failed(
                    "this failure was rolled back already, by run " + marker.get() + "; it is not rolled back again",
                    "Look at that run's evidence; restore the safety backup by hand where that is wanted.");
        }
        StepResult result =
                heavy.step(name(), request, () -> new Task.RollBack(request.runId(), request.environmentId()));
        return switch (result) {
            case StepResult.Done(ObjectNode outputs, var evidence) ->
                versionBack(request)
                        .orElseGet(() -> new StepResult.Done(marked(request, outputs.put("method", "swap")), evidence));
            case StepResult.Failed(Fault fault, String leftBehind, var evidence)
            when fault.code() == FaultCode.DISPLACED_GONE -> secondLine(request, fault);
            case StepResult other -> other;
        };
    }

    /** A rollback that is undone leaves the data with the version that it was with before; empty: so it is. */
    private Optional<StepResult> versionBack(StepRequest request) {
        String before = request.inputs().path("version_from").asText("");
        VersionControl version = VersionControl.of(environments.version(request.environmentId()));
        if (!Inputs.isRollback(request)
                || before.isEmpty()
                || !version.isControlled()
                || version.current().filter(before::equals).isPresent()) {
            return Optional.empty();
        }
        return version.set(before).succeeded()
                ? Optional.empty()
                : Optional.of(failed(
                        "database and filestore are back as they were, but version " + before + " could not be set",
                        "Set it by hand: the data belongs to it."));
    }

    /** Has the safety backup restored. */
    private StepResult secondLine(StepRequest request, Fault gone) {
        String backup = request.inputs().path("pre_restore_backup_id").asText();
        if (backup.isEmpty()) {
            return failed(
                    gone.message() + "; and there is no safety backup, because nothing was there to be saved",
                    "Restore another artifact.");
        }
        String run = operations.putBack(
                request.environmentId(), artifacts.get(backup), request.runId(), request.createdBy());
        return new StepResult.Pending(run, CHECK_AFTER);
    }

    private static StepResult stateOf(StepRequest request, RunSnapshot restore) {
        return switch (restore.status()) {
            case QUEUED, RUNNING -> new StepResult.Pending(restore.runId(), CHECK_AFTER);
            case SUCCESS ->
                new StepResult.Done(
                        marked(
                                request,
                                Json.object()
                                        .put("method", "restore of the safety backup")
                                        .put("rollback_run_id", restore.runId())
                                        .put(
                                                "rollback_evidence_dir",
                                                restore.evidenceDir().orElse(null))
                                        .put("summary", "the safety backup was restored by " + restore.runId())),
                        List.of());
            case FAILED, ROLLED_BACK, CANCELLED ->
                failed(
                        "the safety backup could not be restored: "
                                + restore.fault().map(Fault::message).orElse("see run " + restore.runId()),
                        "Look at run " + restore.runId() + ", mend what it names, and restore "
                                + request.inputs().path("pre_restore_backup_id").asText() + " by hand.");
        };
    }

    /** The rollback marker (restore specification, "Idempotency Rules"). */
    private static ObjectNode marked(StepRequest request, ObjectNode outputs) {
        outputs.putObject("run").put("original_run_id", request.runId());
        return outputs;
    }

    private static StepResult failed(String message, String remedy) {
        return new StepResult.Failed(
                Fault.of(FaultCode.ROLLBACK_FAILED, message, remedy),
                "the environment as the failed restore left it; the safety backup is in the store",
                List.of());
    }
}
