package dev.lifeboat.console;

import io.quarkus.qute.RawString;
import java.util.List;

/** What pages show, ready to be shown: texts are for people, {@code state} is a class of the style sheet. */
public final class Views {
    private Views() {}

    /** A value to choose, as words. */
    public record Option(String value, String text, boolean chosen) {
        static Option of(String value, String chosen) {
            return new Option(value, Format.words(value), value.equals(chosen));
        }
    }

    /** A state in a word, with its colour. */
    public record Badge(String state, String text) {}

    /** A copy of a backup in a store. */
    public record Copy(String store, String state, String text, String uri, String verified, String problem) {}

    /**
     * How an environment stands.
     *
     * @param lastGood how long ago its last good backup was made
     * @param newest what is to be known of a newer one that is not good; empty: nothing
     * @param drill how the last drill ended; its text says when
     * @param next what starts next by itself, and when
     * @param window the break-glass window that is open
     */
    public record EnvironmentCard(
            String id,
            String path,
            String name,
            String project,
            String type,
            Badge badge,
            String lastGood,
            String lastGoodAt,
            String newest,
            List<Copy> copies,
            String size,
            long backups,
            RunLine open,
            String window,
            Badge drill,
            String drillRun,
            String next,
            String nextAt) {}

    /** How many environments stand alike; {@code link} shows only those. */
    public record Count(Badge badge, String link) {}

    /** What waits for a person. */
    public record Call(String environment, String reason, String since, String link) {}

    /** A run in a list. */
    public record RunLine(
            String id,
            String environment,
            String operation,
            Badge badge,
            String at,
            String ago,
            String took,
            String by,
            String note) {}

    /** A backup in a list. */
    public record ArtifactLine(
            String id,
            String environment,
            String at,
            String ago,
            String type,
            String size,
            String label,
            String purpose,
            boolean degraded,
            List<Copy> copies,
            String kept,
            String keptBecause) {}

    /** A deployment in a list. */
    public record DeploymentLine(
            String environment,
            String environmentPath,
            String version,
            String before,
            String at,
            String ago,
            String by,
            Badge badge,
            String reason,
            String checkRun,
            String rollbackRun,
            String rollbackTook) {}

    /** A step of a run: {@code from} and {@code width} are where it lies in the run's time, in thousandths. */
    public record StepLine(
            String name,
            Badge badge,
            String took,
            String note,
            String remedy,
            String progress,
            String share,
            RawString bar) {}

    /** A name and a value; {@code link} leads to what the value names, where it is not empty. */
    public record Fact(String name, String value, String link) {
        Fact(String name, String value) {
            this(name, value, "");
        }
    }

    /** A table of a database. */
    public record TableLine(String name, String rows) {}

    /** A line of a run's log. */
    public record LogLine(String at, String type, String text) {}

    /** A drill in a list. */
    public record DrillLine(
            String run,
            String environment,
            Badge badge,
            String at,
            String ago,
            String artifact,
            String store,
            Measured time,
            Measured point,
            String note) {}

    /** What was measured against a target. */
    public record Measured(String text, String state) {}

    /** Rehearsals of one environment. */
    public record DrillStanding(
            String environment, String path, Badge badge, String target, String next, boolean mayRehearse) {}

    /** A schedule of an environment. */
    public record ScheduleLine(String name, String cron, String next, String nextAt, Badge last) {}

    /** A token in a list; {@code mayRevoke}: who looks at it can end it. */
    public record TokenLine(
            String id,
            String name,
            String user,
            String project,
            String actions,
            String made,
            Badge until,
            String used,
            boolean mayRevoke) {}

    /** A session in a list. */
    public record SessionLine(String id, String by, String address, String begun, String seen, String until) {}

    /** A decision in a list. */
    public record DecisionLine(
            String at, String user, String action, String project, Badge badge, String request, String address) {}

    /** A name, a value, and whether it holds. */
    public record CheckLine(String name, Badge badge, String found, String remedy) {}

    /** Settings that belong together. */
    public record Group(String title, List<Fact> facts) {}

    /** A file. */
    public record FileLine(String name, String size, String sha256, String link) {}

    /**
     * A run as it stands.
     *
     * @param stopping who has asked it to stop, where it goes on
     * @param safe what became of the environment, where the run did not succeed
     * @param steps those that began, and those that are to come or were not reached
     * @param log events and what tasks told, in the order in which it happened
     */
    public record RunDetails(
            String id,
            String environment,
            String environmentPath,
            String operation,
            Badge badge,
            boolean active,
            String stopping,
            String progress,
            List<Fact> facts,
            String problem,
            String remedy,
            String safe,
            List<String> degraded,
            List<StepLine> steps,
            List<LogLine> log) {}
}
