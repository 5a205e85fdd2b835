package dev.lifeboat.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.evidence.EvidenceContract;
import dev.lifeboat.json.Json;
import dev.lifeboat.testing.TestCluster;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** No orchestrator runs at all: functions begin and advance runs, when they are called. */
class ServerlessIT extends DistributedScenario {
    private static final String START = "start";
    private static final String SECOND_ADVANCE = "advance#2";

    @Override
    List<String> functions() {
        return List.of("dump-db", "finalize");
    }

    @Override
    List<String> orchestrators() {
        return List.of(ADVANCE, SECOND_ADVANCE, START);
    }

    @Override
    void awaitFirst() throws Exception {
        awaitHealth(ADVANCE);
    }

    @Test
    void a_backup_and_a_restore_go_through_functions_that_are_called_and_by_the_next_where_one_is_killed()
            throws Exception {
        assertThat(folder.resolve("data/state")).as("no engine has been here").doesNotExist();
        var tables = shop.tables();
        var tree = shop.tree();

        ObjectNode order = order("backup", Json.object().put("label", "serverless"));
        String backup = begun(order);
        assertThat(begun(order)).as("asked for once more under its key").isEqualTo(backup);
        while (!isOver(backup)) {
            sweepThreeTimesAtOnce();
        }
        assertSuccess(run(backup), EvidenceContract.BACKUP);
        assertThat(TestCluster.query(
                        state,
                        "SELECT string_agg(step, ', ') FROM ops.run_steps WHERE run_id = '" + backup
                                + "' AND (attempt > 1 OR status NOT IN ('done', 'skipped'))"))
                .as("steps that were not done once, at the first attempt%n%s", logs())
                .isNull();

        shop.removeAttachment();
        String restore = begun(order("restore", restore(run(backup))));
        String safetyBackup = "parent_run_id = '" + restore + "'";
        long begun = System.nanoTime();
        CompletableFuture<HttpResponse<String>> call = sweep(ADVANCE);
        while (TestCluster.query(
                        state,
                        "SELECT step FROM ops.run_steps JOIN ops.runs USING (run_id) WHERE " + safetyBackup
                                + " AND run_steps.status = 'running' AND step = 'register-artifact'")
                == null) {
            assertThat(System.nanoTime() - begun)
                    .as("in time%n%s", logs())
                    .isLessThan(Duration.ofMinutes(2).toNanos());
            if (call.isDone()) {
                call = sweep(ADVANCE);
            }
        }
        kill(ADVANCE);
        long end = System.nanoTime() + Duration.ofMinutes(4).toNanos();
        while (!isOver(restore)) {
            assertThat(System.nanoTime()).as("in time%n%s", logs()).isLessThan(end);
            answered(sweep(SECOND_ADVANCE));
        }
        assertSuccess(run(restore), EvidenceContract.RESTORE);
        assertThat(TestCluster.query(state, "SELECT recoveries::text FROM ops.runs WHERE " + safetyBackup))
                .as("who was killed in the middle was followed")
                .isEqualTo("1");
        assertThat(shop.tables()).isEqualTo(tables);
        assertThat(shop.tree()).isEqualTo(tree);
    }

    private ObjectNode order(String operation, ObjectNode order) {
        ObjectNode request = Json.object()
                .put("operation", operation)
                .put("environment", "acme/shop")
                .put("idempotency_key", operation + "-of-the-test");
        request.set("order", order);
        return request;
    }

    private String begun(ObjectNode request) throws Exception {
        JsonNode answer = answered(post(START, request));
        assertThat(answer.path("run_id").asText()).as(answer.toPrettyString()).startsWith("run_");
        return answer.path("run_id").asText();
    }

    /** What the cluster's or the cloud's clock does, by the minute; here again and again, to both processes. */
    private void sweepThreeTimesAtOnce() throws Exception {
        var calls = new ArrayList<CompletableFuture<HttpResponse<String>>>();
        for (String process : List.of(ADVANCE, SECOND_ADVANCE, ADVANCE)) {
            calls.add(sweep(process));
        }
        for (CompletableFuture<HttpResponse<String>> call : calls) {
            JsonNode answer = answered(call);
            assertThat(answer.path("fault").isNull())
                    .as(answer.toPrettyString())
                    .isTrue();
        }
    }

    private CompletableFuture<HttpResponse<String>> sweep(String process) {
        return post(process, Json.object().put("sweep", true).put("within_seconds", 20));
    }

    private CompletableFuture<HttpResponse<String>> post(String process, ObjectNode body) {
        return http.sendAsync(
                call(process, "/" + process.replaceFirst("#.*", ""))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private JsonNode answered(CompletableFuture<HttpResponse<String>> call) throws IOException {
        HttpResponse<String> answer = call.join();
        assertThat(answer.statusCode()).as("%s%n%s", answer.body(), logs()).isEqualTo(200);
        return Json.mapper().readTree(answer.body());
    }

    /** A run as its record has it: nothing here answers for it. */
    private JsonNode run(String id) throws IOException {
        return Json.mapper().readTree(TestCluster.query(state, """
                SELECT json_build_object('status', status, 'evidence_dir', evidence_dir, 'fault', fault,
                                         'artifact_id', metadata->>'artifact_id')::text
                FROM ops.runs WHERE run_id = '%s'""".formatted(id)));
    }
}
