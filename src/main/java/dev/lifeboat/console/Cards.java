package dev.lifeboat.console;

import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.progress.Amounts;
import dev.lifeboat.run.Run;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Turns how an environment stands into what pages show of it. */
@ApplicationScoped
class Cards {
    private final Lines lines;

    Cards(Lines lines) {
        this.lines = lines;
    }

    Views.EnvironmentCard card(Standings.Standing standing, Instant now) {
        EnvironmentId id = standing.id();
        Views.Badge drill = drill(standing.drill(), now);
        return new Views.EnvironmentCard(
                id.toString(),
                Lines.path(id.toString()),
                id.name(),
                id.project(),
                standing.settings().type().name().toLowerCase(Locale.ROOT),
                standing.badge(now),
                standing.lastGood().map(at -> Format.ago(at, now)).orElse("never"),
                standing.lastGood().map(Format::at).orElse(""),
                newest(standing, now),
                copies(standing),
                Amounts.bytes(standing.bytes()),
                standing.backups(),
                standing.open().map(lines::run).orElse(null),
                standing.window()
                        .map(window -> window.openedBy + " until " + Format.at(window.until) + ": " + window.reason)
                        .orElse(""),
                drill,
                standing.drill().map(run -> run.runId).orElse(""),
                standing.next()
                        .map(due -> due.schedule() + " " + Format.until(due.at(), now))
                        .orElse("nothing is scheduled"),
                standing.next().map(due -> Format.at(due.at())).orElse(""));
    }

    /** Whether a restore works is known only of one that was tried. */
    static Views.Badge drill(Optional<Run> newest, Instant now) {
        return newest.map(run -> run.status.equals("success")
                        ? new Views.Badge("good", "passed " + Format.ago(run.completedAt, now))
                        : new Views.Badge("bad", "failed " + Format.ago(run.completedAt, now)))
                .orElse(new Views.Badge("none", "never rehearsed"));
    }

    /** What is told of the newest backup where it is not the last good one, or a later attempt failed. */
    private static String newest(Standings.Standing standing, Instant now) {
        Optional<String> failed = standing.lastBackup()
                .filter(run -> run.status.equals("failed")
                        && standing.newest()
                                .map(artifact -> artifact.createdAt.isBefore(run.createdAt))
                                .orElse(true))
                .map(run -> "an attempt failed " + Format.ago(run.createdAt, now));
        Optional<String> lesser = standing.newest()
                .filter(artifact -> standing.lastGood()
                        .map(good -> good.isBefore(artifact.createdAt))
                        .orElse(true))
                .map(artifact -> "one of " + Format.ago(artifact.createdAt, now) + " is "
                        + (artifact.degraded.isEmpty() ? "in no store whole" : "degraded"));
        return Stream.of(failed, lesser).flatMap(Optional::stream).collect(Collectors.joining("; "));
    }

    /** One line for each store that is to have a copy, and for each that has one besides. */
    private static List<Views.Copy> copies(Standings.Standing standing) {
        if (standing.newest().isEmpty()) {
            return List.of();
        }
        var stores = new LinkedHashSet<>(standing.settings().stores());
        stores.addAll(standing.copies().keySet());
        return stores.stream()
                .map(store -> Optional.ofNullable(standing.copies().get(store))
                        .map(Lines::copy)
                        .orElse(new Views.Copy(store, "bad", "none", "", "", "")))
                .toList();
    }
}
