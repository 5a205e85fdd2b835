package dev.lifeboat.postgres;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.process.ChildProcess;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/**
 * Ends a child when it runs too long, when the caller is interrupted, or when a condition no longer holds: a read from the
 * child's pipe, which nothing else can end, then comes to its end.
 */
final class Guard implements AutoCloseable {
    private static final long LOOK_MILLIS = 500;

    private final CountDownLatch done = new CountDownLatch(1);
    private final AtomicReference<FaultException> verdict = new AtomicReference<>();
    private final Thread watcher;

    /**
     * Watches until closed.
     *
     * @param what the work, for the message
     * @param condition gives the fault that ends the work; asked twice a second
     */
    Guard(ChildProcess child, String what, Duration limit, Supplier<Optional<FaultException>> condition) {
        Thread caller = Thread.currentThread();
        long end = System.nanoTime() + limit.toNanos();
        watcher = Thread.ofVirtual().name("guard-" + child.pid()).start(() -> {
            try {
                while (!done.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
                    if (caller.isInterrupted()) {
                        verdict.set(
                                Fault.of(FaultCode.CANCELLED, what + " was ended on request", "Start the run again.")
                                        .toException());
                    } else if (System.nanoTime() > end) {
                        verdict.set(Fault.of(
                                        FaultCode.STEP_TIMED_OUT,
                                        what + " did not finish within " + limit.toSeconds() + " s and was ended",
                                        "Look for what it waits for (locks, a slow disk or network); raise the step's time-out"
                                                + " if the database is just large.")
                                .with("tool_output", child.errors())
                                .toException());
                    } else {
                        ask(condition);
                    }
                    if (verdict.get() != null) {
                        child.close();
                        return;
                    }
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private void ask(Supplier<Optional<FaultException>> condition) {
        try {
            condition.get().ifPresent(verdict::set);
        } catch (FaultException e) {
            verdict.set(e);
        }
    }

    /** Throws the fault for which the child was ended, if it was. */
    void check() {
        FaultException fault = verdict.get();
        if (fault != null) {
            throw fault;
        }
    }

    @Override
    public void close() {
        done.countDown();
        try {
            watcher.join(Duration.ofSeconds(10));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
