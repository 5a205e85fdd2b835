package dev.lifeboat.functions;

import dev.lifeboat.orchestrator.InProcessInvoker;
import dev.lifeboat.sidecar.Task;
import dev.lifeboat.step.StepFunction;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import io.quarkus.funqy.Funq;
import jakarta.enterprise.context.ApplicationScoped;

/** Loads and builds what is to be restored beside what is there, and proves it, while the environment goes on working. */
@ApplicationScoped
public class PrepareRestore implements StepFunction {
    static final String NAME = "prepare-restore";
    /** Outputs: OID of the database that was loaded, inode of the folder that was built. */
    static final String DATABASE = "database_oid";

    static final String FILESTORE = "filestore_inode";

    private final Heavy heavy;

    PrepareRestore(Heavy heavy) {
        this.heavy = heavy;
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
        return heavy.step(
                name(),
                request,
                () -> new Task.PrepareRestore(
                        request.runId(),
                        request.environmentId(),
                        heavy.known(Inputs.artifact(request)),
                        Inputs.verifiedStore(request),
                        Inputs.restoreType(request),
                        Inputs.neutralize(request),
                        Inputs.isChecked(request),
                        Inputs.isDrill(request)));
    }
}
