package dev.lifeboat.orchestrator;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import dev.lifeboat.step.StepResult;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Calls functions that other processes serve. Within one call only that is repeated which did not reach the function, and the
 * question how far a task is. A call of which nobody knows how it ended is answered as such; the step is then done again as a
 * new attempt, which finds what the one before it has done.
 */
abstract sealed class RemoteInvoker implements StepInvoker permits HttpInvoker, LambdaInvoker {
    private static final Logger LOG = Logger.getLogger(RemoteInvoker.class);
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(5);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);
    private static final Duration ASK_AGAIN = Duration.ofSeconds(10);
    private static final long LARGEST_ANSWER = 64L << 20;

    private final Duration patience;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_LIMIT)
            .build();

    /**
     * A caller.
     *
     * @param patience how long a function that can't be reached is tried again
     */
    RemoteInvoker(Duration patience) {
        this.patience = patience;
    }

    /** What came of one try. */
    sealed interface Try {
        record Answered(StepResponse answer) implements Try {}

        record NotDelivered(String why) implements Try {}

        record Unknown(String why) implements Try {}
    }

    /** The call of a function; made anew for each try, because it may bear a time. */
    abstract HttpRequest call(String name, StepRequest request);

    /** What an answer to it means. */
    abstract Try read(String name, HttpResponse<String> response);

    /** Where a function is called, for who reads the message. */
    abstract String place(String name);

    @Override
    public final StepResponse invoke(String name, StepRequest request) {
        long end = System.nanoTime() + patience.toNanos();
        Duration pause = FIRST_PAUSE;
        Try came = once(name, request);
        while (isWorthRepeating(came, request) && System.nanoTime() + pause.toNanos() < end) {
            sleep(pause);
            pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
            came = once(name, request);
        }
        return switch (came) {
            case Try.Answered(StepResponse answer) -> answer;
            case Try.NotDelivered(String why) -> withoutAnswer(request, unreachable(name, why));
            case Try.Unknown(String why) -> withoutAnswer(request, unknown(name, why));
        };
    }

    private static boolean isWorthRepeating(Try came, StepRequest request) {
        return switch (came) {
            case Try.Answered answered -> false;
            case Try.NotDelivered notDelivered -> true;
            case Try.Unknown unknown -> request.isPoll();
        };
    }

    /** The task that was asked for goes on whoever can't be reached: it is asked for again. */
    private static StepResponse withoutAnswer(StepRequest request, Fault fault) {
        if (request.isPoll()) {
            LOG.warnf("%s; task %s is asked for again later", fault.message(), request.taskId());
            return StepResponse.of(new StepResult.Pending(request.taskId(), ASK_AGAIN));
        }
        return StepResponse.of(
                fault.code() == FaultCode.OUTCOME_UNKNOWN
                        ? new StepResult.OutcomeUnknown(
                                fault, "the next attempt of the step finds what this one has done", List.of())
                        : new StepResult.Failed(fault, "nothing: the function was not reached", List.of()));
    }

    /** The answer to a call that was refused before the function began. */
    static Try refused(Fault fault) {
        return new Try.Answered(
                StepResponse.of(new StepResult.Failed(fault, "nothing: the function was not called", List.of())));
    }

    private Try once(String name, StepRequest request) {
        try {
            return read(
                    name,
                    http.send(call(name, request), BodyHandlers.limiting(BodyHandlers.ofString(), LARGEST_ANSWER)));
        } catch (ConnectException | HttpConnectTimeoutException e) {
            return new Try.NotDelivered(told(e));
        } catch (IOException e) {
            return new Try.Unknown(told(e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw stopped(e);
        }
    }

    private static String told(IOException e) {
        return e.getClass().getSimpleName() + (e.getMessage() == null ? "" : " " + e.getMessage());
    }

    private static void sleep(Duration pause) {
        try {
            TimeUnit.NANOSECONDS.sleep(pause.toNanos());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw stopped(e);
        }
    }

    private static RuntimeException stopped(InterruptedException e) {
        return Fault.of(
                        FaultCode.CANCELLED,
                        "the function was not waited for any longer: this program was told to stop",
                        "Nothing to do: the step is done again by who takes the run over.")
                .toException(e);
    }

    private Fault unreachable(String name, String why) {
        return Fault.of(
                        FaultCode.FUNCTION_UNREACHABLE,
                        "function " + name + " can't be reached at " + place(name) + "; it was not called",
                        "See that it is there and that lifeboat.functions leads to it; the step is tried again.")
                .with("last_answer", why);
    }

    private Fault unknown(String name, String why) {
        return Fault.of(
                        FaultCode.OUTCOME_UNKNOWN,
                        "function " + name + " at " + place(name) + " was called and gave no answer; how far it came is"
                                + " not known",
                        "Nothing to do: the step is done again, and finds what was done.")
                .with("last_answer", why);
    }
}
