package dev.lifeboat.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.access.Access;
import dev.lifeboat.access.Action;
import dev.lifeboat.access.Caller;
import dev.lifeboat.json.Json;
import dev.lifeboat.run.RunEvent;
import dev.lifeboat.run.RunSnapshot;
import dev.lifeboat.run.RunStore;
import dev.lifeboat.sidecar.TaskRunner;
import io.quarkus.panache.common.Sort;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.subscription.MultiEmitter;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import jakarta.ws.rs.sse.OutboundSseEvent;
import jakarta.ws.rs.sse.Sse;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A run's events, as they are and as they come. */
@ApplicationScoped
public class EventStream {
    private static final int PAUSE_MILLIS = 250;
    /** In a step that takes long, a look at it four times a second would cost the step what nobody sees. */
    private static final int LONG_PAUSE_MILLIS = 1000;

    private static final long LONG_NANOS = TimeUnit.SECONDS.toNanos(2);
    /** What stands between ends connections on which nothing goes over. */
    private static final long LONGEST_SILENCE_NANOS = TimeUnit.SECONDS.toNanos(10);
    /** A run that hangs keeps no connection for ever; who listens asks again. */
    private static final long LONGEST_NANOS = TimeUnit.HOURS.toNanos(6);

    private final RunStore runs;
    private final TaskRunner tasks;
    private final Access access;

    EventStream(RunStore runs, TaskRunner tasks, Access access) {
        this.runs = runs;
        this.tasks = tasks;
        this.access = access;
    }

    /** The events of a run with a higher id, in order. */
    @Transactional
    public List<RunsResource.EventView> after(String run, long event) {
        return RunEvent.<RunEvent>list("runId = ?1 and eventId > ?2", Sort.by("eventId"), run, event).stream()
                .map(each -> new RunsResource.EventView(each.eventId, each.eventType, each.payload, each.createdAt))
                .toList();
    }

    /**
     * Events as they come, until the run is over, nobody listens any more, or the listener may not any more.
     *
     * @param state whether the run itself is sent too, whenever it has changed
     */
    Multi<OutboundSseEvent> of(String runId, long after, boolean state, Caller caller, Sse sse) {
        return Multi.createFrom()
                .emitter(to -> Thread.ofVirtual().name("events").start(() -> {
                    try {
                        new Listener(runId, state, caller, to, sse, after).serve();
                        to.complete();
                    } catch (InterruptedException | RuntimeException e) {
                        to.fail(e);
                    }
                }));
    }

    /** One who listens, and what it was told. */
    private final class Listener {
        private final String runId;
        private final boolean state;
        private final Caller caller;
        private final MultiEmitter<? super OutboundSseEvent> to;
        private final Sse sse;
        private long last;
        private String toldRun = "";
        private String toldProgress = "[]";
        private long sentAt = System.nanoTime();
        private long changedAt = sentAt;

        Listener(
                String runId,
                boolean state,
                Caller caller,
                MultiEmitter<? super OutboundSseEvent> to,
                Sse sse,
                long after) {
            this.runId = runId;
            this.state = state;
            this.caller = caller;
            this.to = to;
            this.sse = sse;
            this.last = after;
        }

        void serve() throws InterruptedException {
            long begin = System.nanoTime();
            while (!to.isCancelled() && System.nanoTime() - begin < LONGEST_NANOS) {
                // the run first: what it did before it was over is then among the events
                RunSnapshot run = runs.load(runId);
                if (!access.may(caller, Action.VIEW, run.environment().project())) {
                    return;
                }
                for (RunsResource.EventView event : after(runId, last)) {
                    last = event.id();
                    changedAt = System.nanoTime();
                    send(sse.newEventBuilder()
                            .id(Long.toString(event.id()))
                            .name(event.type())
                            .data(Json.pretty(event).strip()));
                }
                if (run.completedAt().isPresent() || run.parked()) {
                    send("end", Json.pretty(RunView.of(run, tasks)).strip());
                    return;
                }
                if (state) {
                    tellState(run);
                }
                if (System.nanoTime() - sentAt > LONGEST_SILENCE_NANOS) {
                    send(sse.newEventBuilder().comment(" nothing has changed"));
                }
                boolean quiet = System.nanoTime() - changedAt > LONG_NANOS;
                TimeUnit.MILLISECONDS.sleep(quiet ? LONG_PAUSE_MILLIS : PAUSE_MILLIS);
            }
        }

        private void tellState(RunSnapshot run) throws InterruptedException {
            ObjectNode view = Json.tree(RunView.of(run, tasks));
            // it changes all the time, and the rest seldom
            String progress = takeProgress(view).toString();
            String rest = view.toString();
            if (!rest.equals(toldRun)) {
                toldRun = rest;
                send("run", rest);
            }
            if (!progress.equals(toldProgress)) {
                toldProgress = progress;
                send("progress", progress);
            }
        }

        private static ArrayNode takeProgress(ObjectNode run) {
            ArrayNode underWay = run.arrayNode();
            run.path("steps").forEach(step -> {
                if (step.hasNonNull("progress")) {
                    underWay.addObject()
                            .put("name", step.path("name").asText())
                            .put("status", step.path("status").asText())
                            .put("attempt", step.path("attempt").asInt())
                            .set("progress", ((ObjectNode) step).remove("progress"));
                }
            });
            return underWay;
        }

        private void send(String name, String json) throws InterruptedException {
            send(sse.newEventBuilder().name(name).data(json));
        }

        /** Nothing is kept for a listener who does not take it: what it misses is told when it does. */
        private void send(OutboundSseEvent.Builder message) throws InterruptedException {
            while (to.requested() == 0 && !to.isCancelled()) {
                TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS / 10);
            }
            to.emit(message.build());
            sentAt = System.nanoTime();
        }
    }
}
