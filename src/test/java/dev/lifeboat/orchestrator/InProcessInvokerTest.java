package dev.lifeboat.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.json.Json;
import dev.lifeboat.step.StepFunction;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResult;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class InProcessInvokerTest {
    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch mayEnd = new CountDownLatch(1);
    private final AtomicInteger calls = new AtomicInteger();

    /** Its first call lasts until the test lets it end. */
    private final StepFunction slow = new StepFunction() {
        @Override
        public String name() {
            return "slow-for-test";
        }

        @Override
        public StepResult apply(StepRequest request) {
            if (calls.incrementAndGet() == 1) {
                begun.countDown();
                try {
                    assertThat(mayEnd.await(20, TimeUnit.SECONDS)).isTrue();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
            return new StepResult.Done(Json.object(), List.of());
        }
    };

    @Test
    void a_step_that_is_still_being_done_is_not_begun_beside_itself_but_can_be_asked_for() throws Exception {
        try (var caller = Executors.newSingleThreadExecutor()) {
            var first = caller.submit(() -> InProcessInvoker.call(slow, request("run_a", 1, null)));
            assertThat(begun.await(20, TimeUnit.SECONDS)).isTrue();

            assertThat(InProcessInvoker.call(slow, request("run_a", 2, null)))
                    .isInstanceOfSatisfying(
                            StepResult.OutcomeUnknown.class,
                            unknown -> assertThat(unknown.fault().code()).isEqualTo(FaultCode.OUTCOME_UNKNOWN));
            assertThat(calls.get()).isEqualTo(1);
            assertThat(InProcessInvoker.call(slow, request("run_a", 1, "task"))).isInstanceOf(StepResult.Done.class);
            assertThat(InProcessInvoker.call(slow, request("run_b", 1, null))).isInstanceOf(StepResult.Done.class);

            mayEnd.countDown();
            assertThat(first.get(20, TimeUnit.SECONDS)).isInstanceOf(StepResult.Done.class);
            assertThat(InProcessInvoker.call(slow, request("run_a", 2, null))).isInstanceOf(StepResult.Done.class);
        }
    }

    private static StepRequest request(String run, int attempt, String taskId) {
        return new StepRequest(
                run,
                "backup",
                "acme/shop",
                Instant.parse("2026-11-20T02:00:00Z"),
                "local",
                attempt,
                1,
                Json.object(),
                Map.of(),
                taskId,
                null,
                Map.of());
    }
}
