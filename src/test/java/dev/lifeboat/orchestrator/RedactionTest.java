package dev.lifeboat.orchestrator;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.EnvironmentType;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.evidence.EvidenceContract;
import dev.lifeboat.evidence.Redactor;
import dev.lifeboat.evidence.Redactors;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.json.Json;
import dev.lifeboat.run.Duty;
import dev.lifeboat.run.NewRun;
import dev.lifeboat.run.Operation;
import dev.lifeboat.run.RunStatus;
import dev.lifeboat.run.RunStore;
import dev.lifeboat.sidecar.TaskRunner;
import dev.lifeboat.step.EvidenceFile;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import dev.lifeboat.testing.StateResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What tools say of a run, as those who may see the run read it. */
@QuarkusTest
@QuarkusTestResource(StateResource.class)
class RedactionTest {
    private static final EnvironmentId SHOP = new EnvironmentId("acme", "shop");

    @Inject
    RunStore runs;

    @Inject
    TaskRunner tasks;

    @Inject
    RunEvidence evidence;

    @Inject
    Redactors redactors;

    @Inject
    EnvironmentCatalogue environments;

    @Inject
    LifeboatConfig config;

    @Inject
    Duty duty;

    @Test
    void the_words_of_tools_are_shown_without_the_environment_s_secrets() {
        String secret = secret();
        var orchestrator = new Orchestrator(
                runs,
                (name, request) -> StepResponse.of(
                        name.equals("finalize")
                                ? new StepResult.Done(
                                        Json.object().put("summary", "it said " + secret),
                                        List.of(new EvidenceFile(
                                                "final_status.json",
                                                EvidenceContract.placeholder("final_status.json", secret))))
                                : new StepResult.Failed(
                                        Fault.of(FaultCode.LOAD_FAILED, "psql said " + secret, "Look at " + secret)
                                                .with("tool_output", "connection with " + secret + " failed"),
                                        "a file with " + secret,
                                        List.of())),
                tasks,
                evidence,
                redactors,
                config,
                duty);
        String run = runs.create(
                new NewRun(Operation.VALIDATE, SHOP, EnvironmentType.DEV, Json.object(), "local", Optional.empty()));

        orchestrator.advance(run);

        assertThat(runs.load(run).status()).isEqualTo(RunStatus.FAILED);
        for (String path : List.of("/api/v1/runs/" + run, "/api/v1/runs/" + run + "/events")) {
            assertThat(given().header("Authorization", "Bearer " + StateResource.TOKEN)
                            .get(path)
                            .asString())
                    .contains("psql said " + Redactor.MASK)
                    .doesNotContain(secret);
        }
    }

    @Test
    void who_asked_a_run_to_stop_is_told_by_name() {
        String said = "token:maria asked the run to stop";
        assertThat(redactors.of(SHOP).sentence(said)).isEqualTo(said);
        assertThat(redactors.of(SHOP).sentence("psql said " + secret())).isEqualTo("psql said " + Redactor.MASK);
    }

    @Test
    void of_an_environment_that_is_gone_the_secrets_of_all_that_there_are_are_masked() {
        String told = redactors.of(new EnvironmentId("acme", "renamed")).text("it said " + secret() + ".");
        assertThat(told).isEqualTo("it said " + Redactor.MASK + ".");
    }

    private String secret() {
        return environments.bindings(SHOP).database().password().value();
    }
}
