package dev.lifeboat.functions;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.artifact.ArtifactId;
import dev.lifeboat.artifact.ArtifactLibrary;
import dev.lifeboat.artifact.OpenArtifact;
import dev.lifeboat.environment.Bindings;
import dev.lifeboat.environment.ConfigComparison;
import dev.lifeboat.environment.ConfigSnapshot;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.json.Json;
import dev.lifeboat.orchestrator.InProcessInvoker;
import dev.lifeboat.run.ArtifactCatalogue;
import dev.lifeboat.step.EvidenceFile;
import dev.lifeboat.step.StepFunction;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import dev.lifeboat.store.Stores;
import io.quarkus.funqy.Funq;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/** Compares the present configuration with the artifact's and tells the differences; applies nothing. */
@ApplicationScoped
public class CompareConfig implements StepFunction {
    private final EnvironmentCatalogue environments;
    private final ArtifactLibrary library;
    private final Stores stores;
    private final ArtifactCatalogue catalogue;

    CompareConfig(
            EnvironmentCatalogue environments, ArtifactLibrary library, Stores stores, ArtifactCatalogue catalogue) {
        this.environments = environments;
        this.library = library;
        this.stores = stores;
        this.catalogue = catalogue;
    }

    /** The function. */
    @Funq("compare-config")
    public StepResponse call(StepRequest request) {
        return StepResponse.of(InProcessInvoker.call(this, request));
    }

    @Override
    public String name() {
        return "compare-config";
    }

    @Override
    public StepResult apply(StepRequest request) {
        ArtifactId id = Inputs.artifact(request);
        OpenArtifact artifact = library.open(catalogue.known(id), stores.of(environments.bindings(id.environment())));
        JsonNode taken = read(artifact);
        Bindings bindings = environments.bindings(request.environmentId());
        List<ConfigComparison.Difference> differences =
                ConfigComparison.compare(taken, ConfigSnapshot.take(bindings, List.of()));
        long critical = differences.stream()
                .filter(difference -> difference.severity() == ConfigComparison.Severity.CRITICAL)
                .count();
        ObjectNode comparison = Json.object().put("applied", false).put("critical", critical);
        comparison.set("differences", Json.mapper().valueToTree(differences));
        return new StepResult.Done(
                Json.object()
                        .put(
                                "summary",
                                differences.isEmpty()
                                        ? "no differences"
                                        : differences.size() + " differences, " + critical
                                                + " critical; nothing is applied"),
                List.of(
                        new EvidenceFile("config_snapshot.json", Json.pretty(taken)),
                        new EvidenceFile("config_comparison.json", Json.pretty(comparison))));
    }

    private static JsonNode read(OpenArtifact artifact) {
        String path = artifact.manifest().configSnapshot().path();
        try (InputStream in = artifact.open(path, 0)) {
            return Json.mapper().readTree(in);
        } catch (IOException e) {
            throw Fault.of(
                            FaultCode.ARTIFACT_DAMAGED,
                            path + " of " + artifact.id() + " can't be read: " + e.getMessage(),
                            "Restore another artifact, or from another store.")
                    .toException(e);
        }
    }
}
