package dev.lifeboat.console;

import io.quarkus.qute.RawString;
import java.util.List;

/** What pages show, ready to be shown: texts are for people, {@code state} is a class of the style sheet. */
public final class Views {
    private Views() {}

    /** A state in a word, with its colour. */
    public record Badge(String state, String text) {}

    /** A copy of a backup in a store. */
    public record Copy(String store, String state, String text, String uri, String verified, String problem) {}

    /** An environment on the overview. */
    public record EnvironmentCard(
            String id,
            String path,
            String name,
            String project,
            String type,
            Badge badge,
            String lastBackup,
            String lastBackupAt,
            List<Copy> copies,
            String size,
            int backups,
            RunLine active,
            String breakGlass,
            RawString sizes) {}

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
            List<Copy> copies) {}

    /** A deployment in a list. */
    public record DeploymentLine(
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

    /** Something that happened in a run. */
    public record EventLine(String at, String type, String text) {}

    /** A name and a value. */
    public record Fact(String name, String value) {}

    /** A name, a value, and whether it holds. */
    public record CheckLine(String name, Badge badge, String found, String remedy) {}

    /** Settings that belong together. */
    public record Group(String title, List<Fact> facts) {}

    /** A file. */
    public record FileLine(String name, String size, String sha256, String link) {}

    /** A run as it stands; {@code stopping} says who has asked it to stop, where it goes on. */
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
            List<String> degraded,
            List<StepLine> steps,
            List<EventLine> events) {}
}
