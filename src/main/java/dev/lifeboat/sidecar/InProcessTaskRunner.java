package dev.lifeboat.sidecar;

import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.progress.Progress;
import dev.lifeboat.step.StepResult;
import io.quarkus.runtime.ShutdownEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Typed;
import jakarta.inject.Inject;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jboss.logging.Logger;

/** Does the tasks in this very process, a few at a time; they end with it, and not with who asked for them. */
@ApplicationScoped
@Typed(InProcessTaskRunner.class)
public class InProcessTaskRunner implements TaskRunner {
    private static final Logger LOG = Logger.getLogger(InProcessTaskRunner.class);
    private static final int MOST_FINISHED = 500;
    private static final int MOST_OPEN = 1000;
    private static final int MOST_LINES = 200;
    private static final long PREDECESSOR_MINUTES = 30;

    private final TaskHandler handler;
    private final Consumer<TaskFinished> finished;
    private final InstantSource clock = InstantSource.system();
    private final Semaphore places;
    private final Map<String, Running> tasks = new ConcurrentHashMap<>();

    @Inject
    InProcessTaskRunner(TaskHandler handler, Event<TaskFinished> finished, LifeboatConfig config) {
        this(handler, task -> tell(finished, task), config.sidecar().tasksAtOnce());
    }

    /**
     * A runner.
     *
     * @param finished is told of each task that has ended
     * @param atOnce how many tasks are done at the same time
     */
    InProcessTaskRunner(TaskHandler handler, Consumer<TaskFinished> finished, int atOnce) {
        this.handler = handler;
        this.finished = finished;
        this.places = new Semaphore(atOnce);
    }

    private static void tell(Event<TaskFinished> finished, TaskFinished task) {
        finished.fireAsync(task).exceptionally(error -> {
            LOG.warnf(error, "task %s ended but nobody was told; the next poll finds it", task.taskId());
            return null;
        });
    }

    void onStop(@Observes ShutdownEvent stop) {
        tasks.values().forEach(task -> task.thread.interrupt());
    }

    @Override
    public void submit(String taskId, Task task) {
        Running known = tasks.get(taskId);
        if (known == null) {
            forgetOld();
            refuseTooMany();
            known = begin(taskId, task);
        }
        if (!known.task.equals(task)) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "task " + taskId + " is known, and is another one than was sent now; nothing was begun",
                            "Send each task under an id of its own.")
                    .toException();
        }
    }

    /** The task of that id: a new one, or the one that somebody else has begun at the same time. */
    private synchronized Running begin(String taskId, Task task) {
        Running known = tasks.get(taskId);
        if (known != null) {
            return known;
        }
        List<Running> before =
                tasks.values().stream().filter(other -> other.givesWayTo(task)).toList();
        before.forEach(other -> other.cancel("a newer attempt of its run has begun"));
        var running = new Running(task, clock);
        running.thread =
                Thread.ofPlatform().daemon().name("task-" + taskId).unstarted(() -> perform(taskId, running, before));
        tasks.put(taskId, running);
        running.thread.start();
        return running;
    }

    private void refuseTooMany() {
        long open = tasks.values().stream().filter(task -> task.result == null).count();
        if (open >= MOST_OPEN) {
            throw Fault.of(
                            FaultCode.SIDECAR_BUSY,
                            open + " tasks are under way or wait for their turn; no more are taken, nothing was begun",
                            "Nothing to do: the step is tried again. Where it lasts, look at what holds up the tasks.")
                    .toException();
        }
    }

    @Override
    public Optional<State> state(String taskId) {
        return Optional.ofNullable(tasks.get(taskId)).map(Running::state);
    }

    @Override
    public Optional<ProgressSnapshot> progress(String taskId) {
        return Optional.ofNullable(tasks.get(taskId))
                .filter(task -> task.result == null)
                .map(Running::snapshot);
    }

    @Override
    public void cancel(String taskId) {
        Running task = tasks.get(taskId);
        if (task != null) {
            task.cancel("it was asked to");
        }
    }

    @Override
    public List<LogLine> log(String taskId) {
        return find(taskId).orElse(List.of());
    }

    /** What a task did and when; empty where none is known under that id. */
    Optional<List<LogLine>> find(String taskId) {
        return Optional.ofNullable(tasks.get(taskId)).map(Running::lines);
    }

    /** The tasks that are known, the oldest first: id to how it stands. */
    Map<String, State> all() {
        var all = new LinkedHashMap<String, State>();
        tasks.entrySet().stream()
                .sorted(Comparator.comparing(entry -> entry.getValue().startedAt))
                .forEach(entry -> all.put(entry.getKey(), entry.getValue().state()));
        return all;
    }

    private void perform(String taskId, Running running, List<Running> before) {
        StepResult result;
        try {
            await(before);
            places.acquire();
            try {
                result = handler.perform(running.task, running);
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
                                    "task " + running.task.getClass().getSimpleName()
                                            + " met an error that it does not know",
                                    "The log file has the details; please report it.")
                            .with("error", e.toString()),
                    "unknown",
                    List.of());
        }
        running.end(result);
        finished.accept(new TaskFinished(running.task.runId(), taskId));
    }

    /** Two attempts of one run must not work on the same data. */
    private static void await(List<Running> before) throws InterruptedException {
        for (Running other : before) {
            if (!other.ended.await(PREDECESSOR_MINUTES, TimeUnit.MINUTES)) {
                throw Fault.of(
                                FaultCode.SIDECAR_BUSY,
                                "an earlier attempt of the run was told to end and has not; nothing was begun",
                                "Nothing to do: the step is tried again. Where it lasts, start the sidecar anew.")
                        .toException();
            }
        }
    }

    /** Results are read once and kept a while for a second reader; their number is bounded. */
    private void forgetOld() {
        if (tasks.size() > MOST_FINISHED) {
            Instant old = clock.instant().minusSeconds(3600);
            tasks.values().removeIf(task -> task.result != null && task.finishedAt.isBefore(old));
        }
    }

    private static final class Running implements Progress {
        private final Task task;
        private final InstantSource clock;
        private final Instant startedAt;
        private final AtomicLong bytesDone = new AtomicLong();
        private final AtomicLong itemsDone = new AtomicLong();
        private final AtomicBoolean told = new AtomicBoolean();
        private final CountDownLatch ended = new CountDownLatch(1);
        private final Deque<LogLine> lines = new ArrayDeque<>();
        private volatile long bytesTotal;
        private volatile long itemsTotal;
        private volatile String phase = "waiting for its turn";
        private volatile Instant finishedAt;
        /** Set last: who sees it sees all. */
        private volatile StepResult result;

        private Thread thread;

        Running(Task task, InstantSource clock) {
            this.task = task;
            this.clock = clock;
            this.startedAt = clock.instant();
            log("taken");
        }

        boolean givesWayTo(Task next) {
            boolean together = next.inCapture().isPresent() && next.inCapture().equals(task.inCapture());
            return result == null && task.runId().equals(next.runId()) && !together;
        }

        void cancel(String why) {
            // once: a second interruption would meet what tidies up after the first
            if (result == null && told.compareAndSet(false, true)) {
                log("told to end: " + why);
                thread.interrupt();
            }
        }

        void end(StepResult with) {
            finishedAt = clock.instant();
            log(
                    switch (with) {
                        case StepResult.Done done -> "done";
                        case StepResult.Pending pending -> "goes on as " + pending.taskId();
                        case StepResult.Refused refused ->
                            "refused: " + refused.findings().getFirst().message();
                        case StepResult.Failed failed ->
                            "failed: " + failed.fault().message();
                        case StepResult.OutcomeUnknown unknown ->
                            "outcome unknown: " + unknown.fault().message();
                    });
            result = with;
            ended.countDown();
        }

        State state() {
            return result == null ? new State.Running(snapshot()) : new State.Finished(result);
        }

        private void log(String text) {
            synchronized (lines) {
                if (lines.size() == MOST_LINES) {
                    lines.removeFirst();
                }
                lines.addLast(new LogLine(clock.instant(), text));
            }
        }

        List<LogLine> lines() {
            synchronized (lines) {
                return List.copyOf(lines);
            }
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
            log(name);
        }

        ProgressSnapshot snapshot() {
            return new ProgressSnapshot(phase, bytesDone.get(), bytesTotal, itemsDone.get(), itemsTotal, startedAt);
        }
    }
}
