package dev.lifeboat.sidecar;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.json.Json;
import dev.lifeboat.progress.Progress;
import dev.lifeboat.step.EvidenceFile;
import dev.lifeboat.step.StepResult;
import jakarta.enterprise.inject.Alternative;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Does tasks as a test wants: at once, or when it lets them; counts them. */
@Alternative
@Singleton
class ScriptedHandler implements TaskHandler {
    private final Map<String, CountDownLatch> held = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> begun = new ConcurrentHashMap<>();
    private final Map<String, StepResult> answers = new ConcurrentHashMap<>();
    private final AtomicInteger now = new AtomicInteger();
    private final AtomicInteger most = new AtomicInteger();

    /** Tasks of that run wait until {@link #release}. */
    void hold(String runId) {
        held.put(runId, new CountDownLatch(1));
    }

    void release(String runId) {
        held.remove(runId).countDown();
    }

    /** What tasks of that run answer. */
    void answer(String runId, StepResult result) {
        answers.put(runId, result);
    }

    /** How many tasks of that run have begun. */
    int begun(String runId) {
        return begun.getOrDefault(runId, new AtomicInteger()).get();
    }

    /** How many tasks were under way at most at the same time. */
    int most() {
        return most.get();
    }

    static StepResult result(String runId) {
        return new StepResult.Done(
                Json.object().put("of", runId),
                List.of(new EvidenceFile("proof.json", "{\"of\": \"" + runId + "\"}\n")));
    }

    @Override
    public StepResult perform(Task task, Progress progress) {
        most.accumulateAndGet(now.incrementAndGet(), Math::max);
        begun.computeIfAbsent(task.runId(), run -> new AtomicInteger()).incrementAndGet();
        try {
            progress.phase("working");
            progress.expect(100, 10);
            progress.advance(40, 4);
            CountDownLatch latch = held.get(task.runId());
            if (latch != null && !latch.await(30, TimeUnit.SECONDS)) {
                throw new IllegalStateException("nobody released " + task.runId());
            }
            return answers.getOrDefault(task.runId(), result(task.runId()));
        } catch (InterruptedException e) {
            throw Fault.of(FaultCode.CANCELLED, "the task was told to end", "Nothing.")
                    .toException(e);
        } finally {
            now.decrementAndGet();
        }
    }
}
