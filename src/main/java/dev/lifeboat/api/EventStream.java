package dev.lifeboat.api;

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
    private static final int PAUSE_MILLIS = 500;
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

    /** Events as they come, until the run is over, nobody listens any more, or the listener may not any more. */
    Multi<OutboundSseEvent> of(String runId, long after, Caller caller, Sse sse) {
        return Multi.createFrom()
                .emitter(to -> Thread.ofVirtual().name("events").start(() -> {
                    try {
                        send(runId, after, caller, to, sse);
                        to.complete();
                    } catch (InterruptedException | RuntimeException e) {
                        to.fail(e);
                    }
                }));
    }

    private void send(String runId, long after, Caller caller, MultiEmitter<? super OutboundSseEvent> to, Sse sse)
            throws InterruptedException {
        long begin = System.nanoTime();
        long last = after;
        while (!to.isCancelled() && System.nanoTime() - begin < LONGEST_NANOS) {
            // the run first: what it did before it was over is then among the events
            RunSnapshot run = runs.load(runId);
            if (!access.may(caller, Action.VIEW, run.environment().project())) {
                return;
            }
            for (RunsResource.EventView event : after(runId, last)) {
                last = event.id();
                to.emit(sse.newEventBuilder()
                        .id(Long.toString(event.id()))
                        .name(event.type())
                        .data(Json.pretty(event).strip())
                        .build());
            }
            if (run.completedAt().isPresent() || run.parked()) {
                to.emit(sse.newEventBuilder()
                        .name("end")
                        .data(Json.pretty(RunView.of(run, tasks)).strip())
                        .build());
                return;
            }
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        }
    }
}
