package dev.lifeboat.console;

import dev.lifeboat.access.Access;
import dev.lifeboat.access.Action;
import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.access.Needs;
import dev.lifeboat.artifact.BackupType;
import dev.lifeboat.artifact.Retention;
import dev.lifeboat.artifact.RetentionClass;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.orchestrator.BackupOrder;
import dev.lifeboat.orchestrator.Operations;
import dev.lifeboat.progress.Amounts;
import dev.lifeboat.run.Artifact;
import dev.lifeboat.run.ArtifactCatalogue;
import dev.lifeboat.run.Run;
import dev.lifeboat.run.TriggerStore;
import io.quarkus.qute.CheckedTemplate;
import io.quarkus.qute.RawString;
import io.quarkus.qute.TemplateInstance;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.FormParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.eclipse.microprofile.openapi.annotations.Operation;

/** One environment: how it stands, its backups by day, and what can be begun. */
@Path("/console/environments/{env}")
@Produces(MediaType.TEXT_HTML)
@RunOnVirtualThread
public class EnvironmentPages {
    private static final int WEEKS = 26;
    private static final int BARS = 30;
    private static final int CHART = 96;
    private static final int BACKUPS = 20;
    private static final int RUNS = 12;
    private static final int FIRES = 100;

    private final Access access;
    private final CurrentCaller caller;
    private final EnvironmentCatalogue environments;
    private final ArtifactCatalogue artifacts;
    private final Operations operations;
    private final TriggerStore triggers;
    private final Standings standings;
    private final Kept kept;
    private final History history;
    private final Lines lines;
    private final Cards cards;
    private final Frames frames;

    EnvironmentPages(
            Access access,
            CurrentCaller caller,
            EnvironmentCatalogue environments,
            ArtifactCatalogue artifacts,
            Operations operations,
            TriggerStore triggers,
            Standings standings,
            Kept kept,
            History history,
            Lines lines,
            Cards cards,
            Frames frames) {
        this.access = access;
        this.caller = caller;
        this.environments = environments;
        this.artifacts = artifacts;
        this.operations = operations;
        this.triggers = triggers;
        this.standings = standings;
        this.kept = kept;
        this.history = history;
        this.lines = lines;
        this.cards = cards;
        this.frames = frames;
    }

    @CheckedTemplate(basePath = "console")
    static final class Templates {
        private Templates() {}

        static native TemplateInstance environment(
                Frame frame,
                Views.EnvironmentCard environment,
                boolean mayBackup,
                boolean mayRehearse,
                boolean mayRestore,
                RawString calendar,
                RawString sizes,
                RawString durations,
                String policy,
                List<Views.ScheduleLine> schedules,
                List<Views.ArtifactLine> artifacts,
                List<Views.RunLine> runs);
    }

    @GET
    @Needs(Action.VIEW)
    @Operation(hidden = true)
    public TemplateInstance environment(@PathParam("env") String env) {
        EnvironmentId id = environments.find(env);
        LifeboatConfig.Environment settings = environments.configOf(id);
        Instant now = Instant.now();
        List<Artifact> all = artifacts.available(Optional.of(id));
        Map<String, Retention.Verdict> verdicts = kept.of(id);
        List<Run> backups = history.ended(id, "backup", now.minus(Duration.ofDays(7 * WEEKS)));
        Retention.Policy policy = Retention.Policy.of(settings.retention());
        return Templates.environment(
                frames.of(id.toString(), "overview"),
                cards.card(standings.of(id), now),
                access.may(caller.get(), Action.BACKUP, id.project()),
                !all.isEmpty() && access.may(caller.get(), Action.VERIFY, id.project()),
                access.may(caller.get(), Action.RESTORE, id.project()),
                calendar(all, verdicts, backups, settings.zone()),
                sizes(all),
                durations(backups),
                policy.daily() + " daily, " + policy.weekly() + " weekly, " + policy.monthly() + " monthly",
                schedules(id, settings, now),
                lines.artifacts(all.stream().limit(BACKUPS).toList(), verdicts),
                history.newest(History.Asked.of(id), RUNS).stream()
                        .map(lines::run)
                        .toList());
    }

    @POST
    @Path("backups")
    @Needs(Action.BACKUP)
    @Operation(hidden = true)
    public Response backup(@PathParam("env") String env, @FormParam("label") String label) {
        String run = operations.backup(
                environments.find(env),
                new BackupOrder(
                        BackupType.FULL,
                        Optional.ofNullable(label).map(String::strip).filter(text -> !text.isEmpty()),
                        false),
                caller.user());
        return Response.seeOther(URI.create("/console/runs/" + run)).build();
    }

    @POST
    @Path("drills")
    @Needs(Action.VERIFY)
    @Operation(hidden = true)
    public Response drill(@PathParam("env") String env) {
        String run = operations.drill(environments.find(env), Optional.empty(), Optional.empty(), caller.user());
        return Response.seeOther(URI.create("/console/runs/" + run)).build();
    }

    private List<Views.ScheduleLine> schedules(EnvironmentId id, LifeboatConfig.Environment settings, Instant now) {
        Map<String, TriggerStore.Fire> newest = triggers.fires(id, FIRES).stream()
                .collect(Collectors.toMap(fire -> fire.name().schedule(), fire -> fire, (first, older) -> first));
        return new TreeMap<>(settings.schedule())
                .entrySet().stream()
                        .map(schedule -> {
                            Optional<Standings.Due> due = Standings.next(settings, now, Optional.of(schedule.getKey()));
                            return new Views.ScheduleLine(
                                    schedule.getKey(),
                                    schedule.getValue() + " " + settings.zone().getId(),
                                    due.map(next -> Format.until(next.at(), now))
                                            .orElse("never"),
                                    due.map(next -> Format.at(next.at())).orElse(""),
                                    fired(Optional.ofNullable(newest.get(schedule.getKey())), now));
                        })
                        .toList();
    }

    /** What came of a schedule's newest time. */
    private static Views.Badge fired(Optional<TriggerStore.Fire> newest, Instant now) {
        return newest.map(fire -> switch (fire.status()) {
                    case "started" -> new Views.Badge("good", "started " + Format.ago(fire.dueAt(), now));
                    case "missed" ->
                        new Views.Badge(
                                "bad",
                                "missed " + Format.ago(fire.dueAt(), now) + ": "
                                        + fire.reason().orElse(""));
                    case "open" ->
                        new Views.Badge("warn", "waits: " + fire.reason().orElse("it is being started"));
                    default -> new Views.Badge("none", "new");
                })
                .orElse(new Views.Badge("none", "not due yet"));
    }

    private static RawString sizes(List<Artifact> newestFirst) {
        return Charts.bars(
                "Size of the last backups, the newest on the right",
                newestFirst.stream()
                        .limit(BARS)
                        .sorted(Comparator.comparing(artifact -> artifact.createdAt))
                        .map(artifact -> new Charts.Bar(
                                Format.at(artifact.createdAt) + ": " + Amounts.bytes(artifact.sizeBytes),
                                artifact.sizeBytes,
                                artifact.degraded.isEmpty() ? "good" : "warn"))
                        .toList(),
                CHART,
                bytes -> Amounts.bytes(bytes.longValue()));
    }

    private static RawString durations(List<Run> newestFirst) {
        return Charts.bars(
                "Duration of the last backups, the newest on the right",
                newestFirst.stream()
                        .limit(BARS)
                        .sorted(Comparator.comparing(run -> run.createdAt))
                        .map(run -> {
                            double seconds = Format.secondsOf(run.createdAt, run.completedAt);
                            return new Charts.Bar(
                                    Format.at(run.createdAt) + ": " + Amounts.seconds(seconds) + ", "
                                            + Format.words(run.status),
                                    seconds,
                                    run.status.equals("success") ? "good" : "bad");
                        })
                        .toList(),
                CHART,
                Amounts::seconds);
    }

    /**
     * Each day by what its backups stay for, the longest-lived of them; a day without a backup that is there, by one that failed.
     * Days are those of the environment's zone, as retention has them.
     */
    private static RawString calendar(
            List<Artifact> newestFirst, Map<String, Retention.Verdict> verdicts, List<Run> runs, ZoneId zone) {
        Map<LocalDate, Charts.Day> days = new HashMap<>();
        runs.stream()
                .filter(run -> !run.status.equals("success"))
                .forEach(run -> days.put(
                        LocalDate.ofInstant(run.createdAt, zone), new Charts.Day("a backup failed", "bad", "×")));
        newestFirst.stream()
                .collect(Collectors.groupingBy(artifact -> LocalDate.ofInstant(artifact.createdAt, zone)))
                .forEach((day, ofDay) -> days.put(day, day(ofDay, verdicts)));
        return Charts.calendar("Days with backups in the last " + WEEKS + " weeks", LocalDate.now(zone), WEEKS, days);
    }

    private static Charts.Day day(List<Artifact> newestFirst, Map<String, Retention.Verdict> verdicts) {
        Artifact newest = newestFirst.getFirst();
        Optional<RetentionClass> longest = newestFirst.stream()
                .flatMap(artifact -> Optional.ofNullable(verdicts.get(artifact.artifactId)).stream())
                .flatMap(verdict -> verdict.classes().stream())
                .min(Comparator.naturalOrder());
        String text = (newestFirst.size() == 1 ? "1 backup, " : newestFirst.size() + " backups, the newest ")
                + Amounts.bytes(newest.sizeBytes)
                + longest.map(of -> ", " + Format.words(of.name())).orElse("");
        return newest.degraded.isEmpty()
                ? longest.map(of -> switch (of) {
                            case MONTHLY -> new Charts.Day(text, "month", "M");
                            case WEEKLY -> new Charts.Day(text, "week", "W");
                            case DAILY, LAST_GOOD -> new Charts.Day(text, "good", "");
                            case SAFETY, NEEDED, NOT_USABLE -> new Charts.Day(text, "other", "");
                        })
                        .orElse(new Charts.Day(text, "other", ""))
                : new Charts.Day(text + ", degraded", "warn", "!");
    }
}
