package dev.lifeboat.sidecar;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.progress.Progress;
import dev.lifeboat.step.StepResult;
import io.quarkus.runtime.ShutdownEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import jakarta.enterprise.event.Observes;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import org.jboss.logging.Logger;

/** Does the tasks in this very process, a few at a time; they end with it. */
@ApplicationScoped
public class InProcessTaskRunner implements TaskRunner {
    private static final Logger LOG = Logger.getLogger(InProcessTaskRunner.class);
    private static final int AT_ONCE = 4;
    private static final int MOST_FINISHED = 500;

    private final TaskHandlers handlers;
    private final Event<TaskFinished> finished;
    private final InstantSource clock = InstantSource.system();
    private final Semaphore places = new Semaphore(AT_ONCE);
    private final Map<String, Running> tasks = new ConcurrentHashMap<>();

    InProcessTaskRunner(TaskHandlers handlers, Event<TaskFinished> finished) {
        this.handlers = handlers;
        this.finished = finished;
    }

    void onStop(@Observes ShutdownEvent stop) {
        tasks.values().forEach(task -> task.thread.interrupt());
    }

    @Override
    public void submit(String taskId, Task task) {
        var running = new Running(clock.instant());
        running.thread =
                Thread.ofPlatform().daemon().name("task-" + taskId).unstarted(() -> perform(taskId, task, running));
        if (tasks.putIfAbsent(taskId, running) == null) {
            running.thread.start();
        }
        forgetOld();
    }

    @Override
    public Optional<State> state(String taskId) {
        return Optional.ofNullable(tasks.get(taskId))
                .map(task ->
                        task.result == null ? new State.Running(task.snapshot()) : new State.Finished(task.result));
    }

    @Override
    public void cancel(String taskId) {
        Running task = tasks.get(taskId);
        if (task != null) {
            task.thread.interrupt();
        }
    }

    private void perform(String taskId, Task task, Running running) {
        StepResult result;
        try {
            places.acquire();
            try {
                result = handlers.perform(task, running);
            } finally {
                places.release();
            }
        } catch (FaultException e) {
            LOG.debugf(e, "task %s", taskId);
            result = new StepResult.Failed(e.fault(), "see the fault's message", List.of());
        } catch (InterruptedException e) {
            result = new StepResult.Failed(
                    Fault.of(FaultCode.CANCELLED, "the task was ended before it began", "Start the run again."),
                    "nothing",
                    List.of());
        } catch (RuntimeException | OutOfMemoryError | LinkageError e) {
            LOG.errorf(e, "task %s", taskId);
            result = new StepResult.Failed(
                    Fault.of(
                                    FaultCode.INTERNAL,
                                    "task " + task.getClass().getSimpleName() + " met an error that it does not know",
                                    "The log file has the details; please report it.")
                            .with("error", e.toString()),
                    "unknown",
                    List.of());
        }
        running.finishedAt = clock.instant();
        running.result = result;
        finished.fireAsync(new TaskFinished(task.runId(), taskId)).exceptionally(error -> {
            LOG.warnf(error, "task %s ended but nobody was told; the next poll finds it", taskId);
            return null;
        });
    }

    /** Results are read once and kept a while for a second reader; their number is bounded. */
    private void forgetOld() {
        if (tasks.size() > MOST_FINISHED) {
            Instant old = clock.instant().minusSeconds(3600);
            tasks.values().removeIf(task -> task.finishedAt != null && task.finishedAt.isBefore(old));
        }
    }

    private static final class Running implements Progress {
        private final Instant startedAt;
        private final AtomicLong bytesDone = new AtomicLong();
        private final AtomicLong itemsDone = new AtomicLong();
        private volatile long bytesTotal;
        private volatile long itemsTotal;
        private volatile String phase = "waiting for its turn";
        private volatile StepResult result;
        private volatile Instant finishedAt;
        private Thread thread;

        Running(Instant startedAt) {
            this.startedAt = startedAt;
        }

        @Override
        public void expect(long bytes, long items) {
            bytesTotal = bytes;
            itemsTotal = items;
        }

        @Override
        public void advance(long bytes, long items) {
            bytesDone.addAndGet(bytes);
            itemsDone.addAndGet(items);
        }

        @Override
        public void phase(String name) {
            phase = name;
        }

        ProgressSnapshot snapshot() {
            return new ProgressSnapshot(phase, bytesDone.get(), bytesTotal, itemsDone.get(), itemsTotal, startedAt);
        }
    }
}
