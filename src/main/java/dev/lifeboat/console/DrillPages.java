package dev.lifeboat.console;

import dev.lifeboat.access.Access;
import dev.lifeboat.access.Action;
import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.access.Needs;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.progress.Amounts;
import dev.lifeboat.run.Run;
import io.quarkus.qute.CheckedTemplate;
import io.quarkus.qute.TemplateInstance;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.eclipse.microprofile.openapi.annotations.Operation;

/** Rehearsals of restores: what each environment's last one gave, when the next is due, and all that there were. */
@Path("/console/drills")
@Produces(MediaType.TEXT_HTML)
@RunOnVirtualThread
public class DrillPages {
    private static final String DRILL = "drill";

    private final Access access;
    private final CurrentCaller caller;
    private final Standings standings;
    private final History history;
    private final Choice choice;
    private final Frames frames;

    DrillPages(
            Access access, CurrentCaller caller, Standings standings, History history, Choice choice, Frames frames) {
        this.access = access;
        this.caller = caller;
        this.standings = standings;
        this.history = history;
        this.choice = choice;
        this.frames = frames;
    }

    @CheckedTemplate(basePath = "console")
    static final class Templates {
        private Templates() {}

        static native TemplateInstance drills(
                Frame frame,
                List<String> environments,
                String chosen,
                List<Views.DrillStanding> standings,
                List<Views.DrillLine> drills,
                Paging paging);
    }

    @GET
    @Needs(value = Action.VIEW, in = Needs.Where.SOME)
    @Operation(hidden = true)
    public TemplateInstance list(
            @QueryParam("environment") String environment, @QueryParam("page") @DefaultValue("1") int page) {
        Choice.Chosen chosen = choice.of(environment);
        int index = Paging.index(page);
        List<Run> found = history.runs(
                new History.Asked(chosen.projects(), chosen.environment(), Optional.of(DRILL), Optional.empty()),
                index);
        List<EnvironmentId> ids = chosen.environment().map(List::of).orElseGet(() -> access.environments(caller.get()));
        Set<String> rehearsing = access.projects(caller.get(), Action.VERIFY);
        Instant now = Instant.now();
        return Templates.drills(
                frames.of("Drills", "drills"),
                chosen.names(),
                chosen.name(),
                standings.of(ids).stream()
                        .map(standing -> standing(standing, rehearsing, now))
                        .toList(),
                found.stream().limit(Paging.SIZE).map(run -> line(run, now)).toList(),
                Paging.of(index, found, "/console/drills", Map.of("environment", chosen.name())));
    }

    private static Views.DrillStanding standing(Standings.Standing standing, Set<String> rehearsing, Instant now) {
        return new Views.DrillStanding(
                standing.id().toString(),
                Lines.path(standing.id().toString()),
                Cards.drill(standing.drill(), now),
                "back within " + Format.length(standing.settings().recoveryTime()) + ", at most "
                        + Format.length(standing.settings().recoveryPoint()) + " lost",
                Standings.next(standing.settings(), now, Optional.of(DRILL))
                        .map(due -> Format.until(due.at(), now))
                        .orElse("not scheduled"),
                standing.newest().isPresent()
                        && rehearsing.contains(standing.id().project()));
    }

    private static Views.DrillLine line(Run run, Instant now) {
        return new Views.DrillLine(
                run.runId,
                run.environmentId,
                run.status.equals("success")
                        ? new Views.Badge("good", "passed")
                        : Lines.badge(run.status, run.parkedAt != null),
                Format.at(run.createdAt),
                Format.ago(run.createdAt, now),
                run.metadata.path("artifact_id").asText(""),
                run.metadata.path("store").asText(""),
                measured(run, "recovery_seconds", "target_recovery_seconds"),
                measured(run, "recovery_point_seconds", "target_recovery_point_seconds"),
                run.fault == null ? "" : run.fault.path("message").asText());
    }

    /** What a drill that passed has measured, and whether that is within what is meant. */
    private static Views.Measured measured(Run run, String field, String target) {
        if (!run.metadata.path(field).isNumber()) {
            return new Views.Measured("", "none");
        }
        double seconds = run.metadata.path(field).asDouble();
        double most = run.metadata.path(target).asDouble();
        return new Views.Measured(
                seconds < 3600 ? Amounts.seconds(seconds) : Format.length(Duration.ofSeconds(Math.round(seconds))),
                seconds <= most ? "good" : "bad");
    }
}
