package dev.lifeboat.console;

import dev.lifeboat.access.Access;
import dev.lifeboat.access.Action;
import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.access.Needs;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.run.EscalationStore;
import io.quarkus.qute.CheckedTemplate;
import io.quarkus.qute.TemplateInstance;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.eclipse.microprofile.openapi.annotations.Operation;

/** All environments: what is protected, and what wants a person. */
@Path("/console")
@Produces(MediaType.TEXT_HTML)
@RunOnVirtualThread
public class OverviewPages {
    /** So many environments are shown as cards; more are shown as a table that can be searched. */
    private static final int MOST_CARDS = 12;

    private static final int RUNS = 8;
    /** Those that want a person first. */
    private static final List<String> WORST_FIRST = List.of("bad", "warn", "good");

    private final Access access;
    private final CurrentCaller caller;
    private final Standings standings;
    private final EscalationStore escalations;
    private final History history;
    private final Lines lines;
    private final Cards cards;
    private final Choice choice;
    private final Frames frames;

    OverviewPages(
            Access access,
            CurrentCaller caller,
            Standings standings,
            EscalationStore escalations,
            History history,
            Lines lines,
            Cards cards,
            Choice choice,
            Frames frames) {
        this.access = access;
        this.caller = caller;
        this.standings = standings;
        this.escalations = escalations;
        this.history = history;
        this.lines = lines;
        this.cards = cards;
        this.choice = choice;
        this.frames = frames;
    }

    @CheckedTemplate(basePath = "console")
    static final class Templates {
        private Templates() {}

        static native TemplateInstance overview(
                Frame frame,
                Views.Badge summary,
                List<Views.Count> counts,
                List<Views.Call> calls,
                boolean many,
                String search,
                String state,
                List<Views.EnvironmentCard> environments,
                List<Views.RunLine> runs);
    }

    @GET
    @Needs(value = Action.VIEW, in = Needs.Where.SOME)
    @Operation(hidden = true)
    public TemplateInstance overview(
            @QueryParam("search") @DefaultValue("") String search,
            @QueryParam("state") @DefaultValue("") String state) {
        Instant now = Instant.now();
        List<EnvironmentId> ids = access.environments(caller.get());
        List<Views.EnvironmentCard> all = standings.of(ids).stream()
                .map(standing -> cards.card(standing, now))
                .sorted(Comparator.comparing(
                        card -> WORST_FIRST.indexOf(card.badge().state())))
                .toList();
        String wanted = search.strip().toLowerCase(Locale.ROOT);
        return Templates.overview(
                frames.of("Overview", "overview"),
                summary(all),
                counts(all),
                calls(ids, now),
                all.size() > MOST_CARDS,
                search.strip(),
                state,
                all.stream()
                        .filter(card -> card.id().contains(wanted)
                                && (state.isEmpty() || card.badge().state().equals(state)))
                        .toList(),
                history.newest(History.Asked.of(choice.of("")), RUNS).stream()
                        .map(lines::run)
                        .toList());
    }

    private static Views.Badge summary(List<Views.EnvironmentCard> all) {
        long well =
                all.stream().filter(card -> card.badge().state().equals("good")).count();
        if (all.isEmpty()) {
            return new Views.Badge("idle", "No environment is configured that you may see.");
        }
        String of = all.size() == 1 ? "The environment is" : "All " + all.size() + " environments are";
        return well == all.size()
                ? new Views.Badge("good", of + " protected.")
                : new Views.Badge(
                        all.stream().anyMatch(card -> card.badge().state().equals("bad")) ? "bad" : "warn",
                        well + " of " + all.size() + (all.size() == 1 ? " environment is" : " environments are")
                                + " protected.");
    }

    /** How many there are of each kind of trouble, the worst first. */
    private static List<Views.Count> counts(List<Views.EnvironmentCard> all) {
        Map<Views.Badge, Long> counted =
                all.stream().collect(Collectors.groupingBy(Views.EnvironmentCard::badge, Collectors.counting()));
        return counted.entrySet().stream()
                .sorted(Comparator.comparing(
                        entry -> WORST_FIRST.indexOf(entry.getKey().state())
                                + entry.getKey().text()))
                .map(entry -> new Views.Count(
                        new Views.Badge(
                                entry.getKey().state(),
                                entry.getValue() + " " + entry.getKey().text()),
                        "/console?state=" + entry.getKey().state()))
                .toList();
    }

    private List<Views.Call> calls(List<EnvironmentId> ids, Instant now) {
        Set<String> seen = ids.stream().map(EnvironmentId::toString).collect(Collectors.toSet());
        return escalations.open().stream()
                .filter(escalation -> seen.contains(escalation.environmentId))
                .map(escalation -> new Views.Call(
                        escalation.environmentId,
                        escalation.reason,
                        Format.ago(escalation.raisedAt, now),
                        "/console/runs/" + escalation.runId + "/acknowledge"))
                .toList();
    }
}
