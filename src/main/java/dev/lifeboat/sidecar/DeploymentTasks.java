package dev.lifeboat.sidecar;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.artifact.ArtifactLibrary;
import dev.lifeboat.artifact.Manifest;
import dev.lifeboat.artifact.OpenArtifact;
import dev.lifeboat.deployment.DeploymentChecks;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.json.Json;
import dev.lifeboat.progress.Progress;
import dev.lifeboat.step.EvidenceFile;
import dev.lifeboat.step.StepResult;
import dev.lifeboat.store.Stores;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** Looks at an environment after a deployment or a rollback, beside its data; what is wrong is handed on, not judged. */
@ApplicationScoped
class DeploymentTasks {
    private final EnvironmentCatalogue environments;
    private final ArtifactLibrary library;
    private final Stores stores;

    DeploymentTasks(EnvironmentCatalogue environments, ArtifactLibrary library, Stores stores) {
        this.environments = environments;
        this.library = library;
        this.stores = stores;
    }

    StepResult check(Task.CheckDeployment task, Progress progress) {
        LifeboatConfig.Environment settings = environments.configOf(task.environment());
        Optional<Manifest> before = task.before()
                .map(artifact -> library.open(
                        artifact,
                        stores.readable(environments.bindings(artifact.id().environment()))))
                .map(OpenArtifact::manifest);
        DeploymentChecks.Report report = new DeploymentChecks(
                        environments.bindings(task.environment()),
                        settings,
                        before,
                        task.since(),
                        task.normalSeconds().map(OptionalDouble::of).orElse(OptionalDouble.empty()),
                        task.watch() ? settings.deployment().window() : Duration.ZERO,
                        progress)
                .run();
        ObjectNode outputs = Json.object().put("summary", report.summary());
        outputs.set("findings", Json.mapper().valueToTree(report.findings()));
        outputs.set("counts", Json.mapper().valueToTree(report.counts()));
        outputs.set("counts_before", Json.mapper().valueToTree(report.countsBefore()));
        return new StepResult.Done(
                outputs,
                List.of(
                        new EvidenceFile("deployment_checks.json", Json.pretty(report)),
                        new EvidenceFile(
                                "validation_report.json",
                                report.validation()
                                        .map(Json::pretty)
                                        .orElseGet(() -> Json.pretty(Json.object()
                                                .put("skipped", true)
                                                .put("reason", "the database did not let it begin"))))));
    }
}
