package dev.lifeboat.functions;

import dev.lifeboat.orchestrator.InProcessInvoker;
import dev.lifeboat.run.ArtifactCatalogue;
import dev.lifeboat.sidecar.Task;
import dev.lifeboat.step.StepFunction;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import io.quarkus.funqy.Funq;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Archives the filestore in the run's capture: {@code filestore.tar.zst}, its index, checksum and meta data. */
@ApplicationScoped
public class ArchiveFilestore implements StepFunction {
    private static final int BASES = 10;

    private final Heavy heavy;
    private final ArtifactCatalogue catalogue;

    ArchiveFilestore(Heavy heavy, ArtifactCatalogue catalogue) {
        this.heavy = heavy;
        this.catalogue = catalogue;
    }

    /** The function. */
    @Funq("archive-filestore")
    public StepResponse call(StepRequest request) {
        return StepResponse.of(InProcessInvoker.call(this, request));
    }

    @Override
    public String name() {
        return "archive-filestore";
    }

    @Override
    public StepResult apply(StepRequest request) {
        return heavy.step(
                name(),
                request,
                () -> new Task.ArchiveFilestore(
                        request.runId(),
                        request.environmentId(),
                        Artifacts.ofRun(request),
                        Artifacts.capture(request),
                        bases(request)));
    }

    /** The newest backups first; a safety backup goes sooner than they do, and what refers to damaged bytes is damaged itself. */
    private List<String> bases(StepRequest request) {
        if (request.inputs().path("full_filestore").asBoolean(false)) {
            return List.of();
        }
        Set<String> damaged = catalogue.damaged(request.environmentId());
        return catalogue.available(Optional.of(request.environmentId())).stream()
                .filter(artifact -> artifact.purpose.equals("backup"))
                .filter(artifact -> artifact.type().coversFilestore())
                .filter(artifact ->
                        !damaged.contains(artifact.artifactId) && Collections.disjoint(artifact.neededIds(), damaged))
                .limit(BASES)
                .map(artifact -> artifact.artifactId)
                .toList();
    }
}
