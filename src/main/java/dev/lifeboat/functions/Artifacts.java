package dev.lifeboat.functions;

import dev.lifeboat.artifact.ArtifactId;
import dev.lifeboat.step.StepRequest;

/** Names that follow from a run, so that every step and every attempt finds the same. */
final class Artifacts {
    private Artifacts() {}

    /** The artifact of a backup run: a capture that has to be taken again writes into a folder of its own. */
    static ArtifactId ofRun(StepRequest request) {
        return ofRun(request, request.attempt());
    }

    static ArtifactId ofRun(StepRequest request, int attempt) {
        String name = request.runId().replaceFirst("^run_", "bk_");
        return new ArtifactId(request.environmentId(), attempt == 1 ? name : name + "_" + attempt);
    }

    /** The capture that the attempt's steps share. */
    static String capture(StepRequest request) {
        return request.runId() + "/" + request.attempt();
    }
}
