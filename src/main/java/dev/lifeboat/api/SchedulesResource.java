package dev.lifeboat.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.lifeboat.access.Action;
import dev.lifeboat.access.Needs;
import dev.lifeboat.environment.CronSchedule;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.run.TriggerStore;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.time.Instant;
import java.util.List;
import java.util.TreeMap;
import org.eclipse.microprofile.openapi.annotations.Operation;

/** What starts by itself in an environment, and what came of it. */
@Path("/api/v1/environments/{env}/schedules")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class SchedulesResource {
    private static final int MOST = 100;

    private final EnvironmentCatalogue environments;
    private final TriggerStore triggers;

    SchedulesResource(EnvironmentCatalogue environments, TriggerStore triggers) {
        this.environments = environments;
        this.triggers = triggers;
    }

    /**
     * A schedule of an environment.
     *
     * @param next when it is due next, without jitter (UTC)
     */
    public record ScheduleView(String name, String cron, String zone, Instant next) {}

    /**
     * A time at which a schedule was due (UTC).
     *
     * @param status known (before the schedule was seen first), open, started or missed
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record FireView(String schedule, Instant dueAt, String status, String reason, String runId) {}

    /** The schedules, and the newest of the times at which they were due. */
    public record SchedulesView(List<ScheduleView> schedules, List<FireView> fires) {}

    @GET
    @Needs(Action.VIEW)
    @Operation(operationId = "listSchedules", summary = "Lists an environment's schedules and what came of their times")
    public SchedulesView list(@PathParam("env") String env) {
        EnvironmentId id = environments.find(env);
        LifeboatConfig.Environment settings = environments.configOf(id);
        return new SchedulesView(
                new TreeMap<>(settings.schedule())
                        .entrySet().stream()
                                .map(schedule -> new ScheduleView(
                                        schedule.getKey(),
                                        schedule.getValue(),
                                        settings.zone().getId(),
                                        CronSchedule.parse(schedule.getValue())
                                                .nextAfter(triggers.now(), settings.zone())
                                                .orElse(null)))
                                .toList(),
                triggers.fires(id, MOST).stream()
                        .map(fire -> new FireView(
                                fire.name().schedule(),
                                fire.dueAt(),
                                fire.status(),
                                fire.reason().orElse(null),
                                fire.runId().orElse(null)))
                        .toList());
    }
}
