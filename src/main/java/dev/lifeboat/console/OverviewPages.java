package dev.lifeboat.console;

import dev.lifeboat.access.Access;
import dev.lifeboat.access.Action;
import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.access.Needs;
import dev.lifeboat.artifact.BackupType;
import dev.lifeboat.artifact.Retention;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.orchestrator.BackupOrder;
import dev.lifeboat.orchestrator.Operations;
import dev.lifeboat.run.Artifact;
import dev.lifeboat.run.ArtifactCatalogue;
import dev.lifeboat.run.BreakGlassStore;
import dev.lifeboat.run.Run;
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
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.eclipse.microprofile.openapi.annotations.Operation;

/** All environments, and one of them. */
@Path("/console")
@Produces(MediaType.TEXT_HTML)
@RunOnVirtualThread
public class OverviewPages {
    /** A daily backup that is two hours late. */
    private static final Duration LATE = Duration.ofHours(26);

    private static final int WEEKS = 26;
    private static final int BARS = 30;
    private static final int CHART = 96;
    private static final int SPARK = 36;

    private final Access access;
    private final CurrentCaller caller;
    private final EnvironmentCatalogue environments;
    private final ArtifactCatalogue artifacts;
    private final Operations operations;
    private final BreakGlassStore breakGlass;
    private final History history;
    private final Lines lines;

    OverviewPages(
            Access access,
            CurrentCaller caller,
            EnvironmentCatalogue environments,
            ArtifactCatalogue artifacts,
            Operations operations,
            BreakGlassStore breakGlass,
            History history,
            Lines lines) {
        this.access = access;
        this.caller = caller;
        this.environments = environments;
        this.artifacts = artifacts;
        this.operations = operations;
        this.breakGlass = breakGlass;
        this.history = history;
        this.lines = lines;
    }

    @CheckedTemplate(basePath = "console")
    static final class Templates {
        private Templates() {}

        static native TemplateInstance overview(
                Frame frame, Views.Badge summary, List<Views.EnvironmentCard> environments, List<Views.RunLine> runs);

        static native TemplateInstance environment(
                Frame frame,
                Views.EnvironmentCard environment,
                boolean mayBackup,
                boolean mayRehearse,
                boolean mayRestore,
                String rehearsed,
                RawString calendar,
                RawString sizes,
                RawString durations,
                String policy,
                List<Views.ArtifactLine> backups,
                List<Views.RunLine> runs);
    }

    @GET
    @Needs(value = Action.VIEW, in = Needs.Where.SOME)
    @Operation(hidden = true)
    public TemplateInstance overview() {
        List<Views.EnvironmentCard> cards =
                access.environments(caller.get()).stream().map(this::card).toList();
        long ill = cards.stream()
                .filter(card -> !card.badge().state().equals("good"))
                .count();
        Views.Badge summary = cards.isEmpty()
                ? new Views.Badge("idle", "No environment is configured that you may see.")
                : ill == 0
                        ? new Views.Badge("good", "Every environment has a good backup of the last 26 hours.")
                        : new Views.Badge(
                                "warn",
                                ill + " of " + cards.size()
                                        + " environments have no good backup of the last 26 hours.");
        return Templates.overview(
                Frame.of("Overview", "overview", caller.get()),
                summary,
                cards,
                history.runs(access.projects(caller.get(), Action.VIEW), Optional.empty(), 8).stream()
                        .map(lines::run)
                        .toList());
    }

    @GET
    @Path("environments/{env}")
    @Needs(Action.VIEW)
    @Operation(hidden = true)
    public TemplateInstance environment(@PathParam("env") String env) {
        EnvironmentId id = environments.find(env);
        List<Artifact> all = artifacts.available(Optional.of(id));
        List<Run> backups = history.ended(id, "backup", Instant.now().minus(Duration.ofDays(7 * WEEKS)));
        Retention.Policy policy = Retention.Policy.of(environments.configOf(id).retention());
        return Templates.environment(
                Frame.of(id.toString(), "overview", caller.get()),
                card(id),
                access.may(caller.get(), Action.BACKUP, id.project()),
                !all.isEmpty() && access.may(caller.get(), Action.VERIFY, id.project()),
                access.may(caller.get(), Action.RESTORE, id.project()),
                rehearsed(id),
                calendar(all, backups),
                sizes(all, CHART),
                durations(backups),
                policy.daily() + " daily, " + policy.weekly() + " weekly, " + policy.monthly() + " monthly",
                all.stream().limit(50).map(lines::artifact).toList(),
                history.runs(Set.of(id.project()), Optional.of(id), 12).stream()
                        .map(lines::run)
                        .toList());
    }

    @POST
    @Path("environments/{env}/backups")
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

    /** What the newest rehearsal gave; whether a restore works is known only of one that was tried. */
    private String rehearsed(EnvironmentId id) {
        Instant now = Instant.now();
        return history.ended(id, "drill", Instant.EPOCH).stream()
                .max(Comparator.comparing(run -> run.completedAt))
                .map(run -> (run.status.equals("success") ? "passed " : "failed ") + Format.ago(run.completedAt, now))
                .orElse("never");
    }

    @POST
    @Path("environments/{env}/drills")
    @Needs(Action.VERIFY)
    @Operation(hidden = true)
    public Response drill(@PathParam("env") String env) {
        String run = operations.drill(environments.find(env), Optional.empty(), Optional.empty(), caller.user());
        return Response.seeOther(URI.create("/console/runs/" + run)).build();
    }

    private Views.EnvironmentCard card(EnvironmentId id) {
        List<Artifact> all = artifacts.available(Optional.of(id));
        Optional<Artifact> last = all.stream()
                .filter(artifact -> artifact.purpose.equals("backup"))
                .findFirst();
        Instant now = Instant.now();
        List<Views.Copy> copies =
                last.map(artifact -> lines.copies(artifact.artifactId)).orElse(List.of());
        return new Views.EnvironmentCard(
                id.toString(),
                Lines.path(id.toString()),
                id.name(),
                id.project(),
                environments.configOf(id).type().name().toLowerCase(Locale.ROOT),
                state(last, copies, now),
                last.map(artifact -> Format.ago(artifact.createdAt, now)).orElse("never"),
                last.map(artifact -> Format.at(artifact.createdAt)).orElse(""),
                copies,
                Format.bytes(
                        all.stream().mapToLong(artifact -> artifact.sizeBytes).sum()),
                all.size(),
                history.active(id).map(lines::run).orElse(null),
                breakGlass
                        .current(id)
                        .map(window -> window.openedBy + " until " + Format.at(window.until) + ": " + window.reason)
                        .orElse(""),
                sizes(all, SPARK));
    }

    private static Views.Badge state(Optional<Artifact> last, List<Views.Copy> copies, Instant now) {
        if (last.isEmpty()) {
            return new Views.Badge("bad", "no backup");
        }
        if (Duration.between(last.get().createdAt, now).compareTo(LATE) > 0) {
            return new Views.Badge("bad", "late");
        }
        if (!last.get().degraded.isEmpty()) {
            return new Views.Badge("warn", "degraded");
        }
        return copies.stream().allMatch(copy -> copy.state().equals("good"))
                ? new Views.Badge("good", "protected")
                : new Views.Badge("warn", "copies wanting");
    }

    private static RawString sizes(List<Artifact> newestFirst, int height) {
        return Charts.bars(
                "Size of the last backups, the newest on the right",
                newestFirst.stream()
                        .limit(BARS)
                        .sorted(Comparator.comparing(artifact -> artifact.createdAt))
                        .map(artifact -> new Charts.Bar(
                                Format.at(artifact.createdAt) + ": " + Format.bytes(artifact.sizeBytes),
                                artifact.sizeBytes,
                                artifact.degraded.isEmpty() ? "good" : "warn"))
                        .toList(),
                height,
                bytes -> Format.bytes(bytes.longValue()));
    }

    private static RawString durations(List<Run> newestFirst) {
        return Charts.bars(
                "Duration of the last backups, the newest on the right",
                newestFirst.stream()
                        .limit(BARS)
                        .sorted(Comparator.comparing(run -> run.createdAt))
                        .map(run -> {
                            double seconds = Duration.between(run.createdAt, run.completedAt)
                                            .toMillis()
                                    / 1000.0;
                            return new Charts.Bar(
                                    Format.at(run.createdAt) + ": " + Format.seconds(seconds) + ", "
                                            + Format.words(run.status),
                                    seconds,
                                    run.status.equals("success") ? "good" : "bad");
                        })
                        .toList(),
                CHART,
                Format::seconds);
    }

    /** Each day by its worst that a person has to know: a backup that is there outweighs one that failed. */
    private static RawString calendar(List<Artifact> all, List<Run> runs) {
        Map<LocalDate, Charts.Day> days = new HashMap<>();
        runs.stream()
                .filter(run -> !run.status.equals("success"))
                .forEach(run -> days.put(day(run.createdAt), new Charts.Day("a backup failed", "bad")));
        for (Artifact artifact : all.reversed()) {
            boolean whole = artifact.degraded.isEmpty();
            days.put(
                    day(artifact.createdAt),
                    new Charts.Day(
                            Format.words(artifact.backupType) + " backup, " + Format.bytes(artifact.sizeBytes)
                                    + (whole ? "" : ", degraded"),
                            whole ? "good" : "warn"));
        }
        return Charts.calendar("Days with backups in the last " + WEEKS + " weeks", day(Instant.now()), WEEKS, days);
    }

    private static LocalDate day(Instant instant) {
        return LocalDate.ofInstant(instant, ZoneOffset.UTC);
    }
}
