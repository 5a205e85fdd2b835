package dev.lifeboat.functions;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.artifact.BackupType;
import dev.lifeboat.environment.Bindings;
import dev.lifeboat.environment.EnvironmentCatalogue;
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
import java.nio.file.Files;
import java.util.List;

/** Resolves where the environment's parts are and proves that they answer. */
@ApplicationScoped
public class DiscoverBindings implements StepFunction {
    private final EnvironmentCatalogue environments;

    DiscoverBindings(EnvironmentCatalogue environments) {
        this.environments = environments;
    }

    /** The function. */
    @Funq("discover-bindings")
    public StepResponse call(StepRequest request) {
        return StepResponse.of(InProcessInvoker.call(this, request));
    }

    @Override
    public String name() {
        return "discover-bindings";
    }

    @Override
    public StepResult apply(StepRequest request) {
        Bindings bindings = environments.bindings(request.environmentId());
        BackupType type = Inputs.backupType(request);
        ObjectNode shown = environments.redactedSummary(bindings.environment());
        if (type.coversDatabase()) {
            var server = new DatabaseServer(bindings.database());
            shown.put("server_version", server.probe().version());
            shown.put("database_bytes", server.size(bindings.database().name()));
        }
        shown.put("filestore_present", Files.isDirectory(bindings.filestore()));
        return new StepResult.Done(
                Json.object().put("summary", "database " + bindings.database().name()),
                List.of(new EvidenceFile("runtime_bindings_redacted.json", Json.pretty(shown))));
    }
}
