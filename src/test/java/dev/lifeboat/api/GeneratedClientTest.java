package dev.lifeboat.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lifeboat.client.ApiClient;
import dev.lifeboat.client.ApiException;
import dev.lifeboat.client.ApiResponse;
import dev.lifeboat.client.api.ArtifactsApi;
import dev.lifeboat.client.api.EnvironmentsApi;
import dev.lifeboat.client.api.RunsApi;
import dev.lifeboat.client.model.ArtifactView;
import dev.lifeboat.client.model.BackupBody;
import dev.lifeboat.client.model.BackupType;
import dev.lifeboat.client.model.EnvironmentView;
import dev.lifeboat.client.model.EvidenceView;
import dev.lifeboat.client.model.Operation;
import dev.lifeboat.client.model.Problem;
import dev.lifeboat.client.model.RestoreBody;
import dev.lifeboat.client.model.RunStatus;
import dev.lifeboat.client.model.RunView;
import dev.lifeboat.client.model.StepView;
import dev.lifeboat.client.model.ValidationBody;
import dev.lifeboat.digest.Hashes;
import dev.lifeboat.testing.StateResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A client that was generated from docs/openapi.yaml does what its user wants, without a line about HTTP or JSON. */
@QuarkusTest
@QuarkusTestResource(StateResource.class)
class GeneratedClientTest {
    private static final String ENVIRONMENT = "acme.shop";

    private ApiClient client;
    private EnvironmentsApi environments;
    private RunsApi runs;
    private ArtifactsApi artifacts;

    @BeforeEach
    void begin() {
        client = client(StateResource.TOKEN);
        environments = new EnvironmentsApi(client);
        runs = new RunsApi(client);
        artifacts = new ArtifactsApi(client);
    }

    private static ApiClient client(String token) {
        var client = new ApiClient();
        client.updateBaseUri("http://localhost:" + RestAssured.port);
        client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + token));
        return client;
    }

    @Test
    void a_backup_is_begun_once_followed_found_and_its_files_and_evidence_are_downloaded()
            throws ApiException, IOException, InterruptedException {
        String key = UUID.randomUUID().toString();
        BackupBody body = new BackupBody().type(BackupType.FULL).label("by a client");
        RunView begun = environments.startBackup(ENVIRONMENT, body, key);
        assertThat(begun.getOperation()).isEqualTo(Operation.BACKUP);
        assertThat(environments.startBackup(ENVIRONMENT, body, key).getRunId()).isEqualTo(begun.getRunId());

        RunView run = ended(begun.getRunId());
        assertThat(run.getStatus()).as(String.valueOf(run.getFault())).isEqualTo(RunStatus.SUCCESS);
        assertThat(run.getLabel()).isEqualTo("by a client");
        assertThat(run.getCompletedAt()).isAfter(run.getCreatedAt());
        assertThat(run.getSteps())
                .extracting(StepView::getName)
                .startsWith("discover-bindings")
                .endsWith("finalize");
        assertThat(runs.listRunEvents(run.getRunId(), 0L))
                .isNotEmpty()
                .allSatisfy(event -> assertThat(event.getPayload()).isNotNull());

        assertThat(artifacts.listArtifacts(null, ENVIRONMENT, null))
                .extracting(ArtifactView::getArtifactId)
                .contains(run.getArtifactId());
        ArtifactView artifact = artifacts.getArtifact(run.getArtifactId());
        File dump = artifacts.downloadArtifactFile(run.getArtifactId(), "db.dump", null, null, null);
        assertThat(Hashes.sha256(Files.readAllBytes(dump.toPath())))
                .isEqualTo(artifact.getManifest().getDbDump().getSha256());

        List<EvidenceView> evidence = runs.listEvidence(run.getRunId());
        assertThat(evidence).extracting(EvidenceView::getName).contains("SHA256SUMS", "record.json");
        File record = runs.downloadEvidence(run.getRunId(), "record.json", null, null, null);
        assertThat(record).content().contains(run.getRunId());
    }

    private RunView ended(String run) throws ApiException, InterruptedException {
        long end = System.nanoTime() + Duration.ofMinutes(2).toNanos();
        RunView seen = runs.getRun(run);
        while (seen.getCompletedAt() == null && System.nanoTime() < end) {
            TimeUnit.MILLISECONDS.sleep(50);
            seen = runs.getRun(run);
        }
        return seen;
    }

    @Test
    void lists_come_page_by_page() throws ApiException {
        assertThat(environments.listEnvironments(null, null))
                .extracting(EnvironmentView::getEnvironment)
                .containsExactly("shop");
        ApiResponse<List<EnvironmentView>> first = environments.listEnvironmentsWithHttpInfo(null, 1);
        assertThat(first.getHeaders().get("link")).singleElement().asString().contains("before=" + ENVIRONMENT, "next");
        assertThat(environments.listEnvironments(ENVIRONMENT, 1)).isEmpty();

        var begun = new ArrayList<String>();
        for (int i = 0; i < 3; i++) {
            begun.addFirst(environments
                    .startValidation(ENVIRONMENT, new ValidationBody(), null)
                    .getRunId());
        }
        var listed = new ArrayList<String>();
        String before = null;
        List<RunView> page;
        do {
            page = runs.listRuns(null, before, ENVIRONMENT, 2, Operation.VALIDATE, null);
            assertThat(page).hasSizeLessThanOrEqualTo(2).allMatch(run -> run.getOperation() == Operation.VALIDATE);
            page.forEach(run -> listed.add(run.getRunId()));
            before = page.isEmpty() ? null : page.getLast().getRunId();
        } while (before != null);
        assertThat(listed).startsWith(begun.toArray(String[]::new)).doesNotHaveDuplicates();
    }

    @Test
    void trouble_is_a_problem_that_says_what_to_do() throws IOException {
        Problem unknown = problem(404, () -> runs.getRun("run_x"));
        assertThat(unknown.getCode()).isEqualTo("UNKNOWN_RUN");
        assertThat(unknown.getStatus()).isEqualTo(404);
        assertThat(unknown.getKind()).isEqualTo("precondition");
        assertThat(unknown.getRemedy()).contains("lifeboat runs");

        Problem refused =
                problem(404, () -> environments.startRestore(ENVIRONMENT, new RestoreBody().artifact("bk_none"), null));
        assertThat(refused.getCode()).isEqualTo("UNKNOWN_ARTIFACT");

        Problem nobody = problem(401, () -> new RunsApi(client("wrong")).getRun("run_x"));
        assertThat(nobody.getRemedy()).contains("lifeboat token create");
    }

    /** A call. */
    private interface Call {
        Object made() throws ApiException;
    }

    private Problem problem(int status, Call call) throws IOException {
        ApiException e = catchThrowableOfType(ApiException.class, call::made);
        assertThat(e.getCode()).isEqualTo(status);
        return client.getObjectMapper().readValue(e.getResponseBody(), Problem.class);
    }
}
