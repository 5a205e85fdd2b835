package dev.lifeboat.sidecar;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class InProcessTaskRunnerTest extends TaskRunnerContract {
    private static final int PLACES = 3;

    private final ScriptedHandler handler = new ScriptedHandler();
    private final BlockingQueue<TaskFinished> told = new LinkedBlockingQueue<>();
    private final InProcessTaskRunner runner = new InProcessTaskRunner(handler, told::add, PLACES);

    @Override
    TaskRunner runner() {
        return runner;
    }

    @Override
    ScriptedHandler handler() {
        return handler;
    }

    @Override
    int places() {
        return PLACES;
    }

    @Test
    void the_end_of_a_task_is_told() throws InterruptedException {
        runner.submit(run + ".1", prepare(run));
        assertThat(told.poll(20, TimeUnit.SECONDS)).isEqualTo(new TaskFinished(run, run + ".1"));
    }
}
