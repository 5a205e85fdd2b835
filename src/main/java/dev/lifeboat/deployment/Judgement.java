package dev.lifeboat.deployment;

import dev.lifeboat.environment.LifeboatConfig.RollbackPolicy;
import java.util.List;
import java.util.stream.Collectors;

/** What follows from the checks of a deployment. Pure. */
public sealed interface Judgement {
    /** Only the version is set back. */
    int VERSION = 1;

    /** The data of before the deployment is restored too. */
    int DATA = 2;

    /** Why, in one sentence. */
    String reason();

    /** Nothing is wrong: this version is the last good one. */
    record Good() implements Judgement {
        @Override
        public String reason() {
            return "every check passed";
        }
    }

    /** It is told; no rollback is due, or none is possible. */
    record Told(String reason) implements Judgement {}

    /**
     * A person decides.
     *
     * @param level {@link #VERSION} or {@link #DATA}
     */
    record Proposed(int level, String reason) implements Judgement {}

    /**
     * It is rolled back at once.
     *
     * @param level {@link #VERSION} or {@link #DATA}
     */
    record RolledBack(int level, String reason) implements Judgement {}

    /**
     * What a rollback could be made of.
     *
     * @param version whether Lifeboat sets the version, and knows to which
     * @param backup whether there is a backup of right before the deployment
     * @param breakGlass whether people work on the environment behind broken glass: nothing is done by itself then
     */
    record Means(boolean version, boolean backup, boolean breakGlass) {}

    /** Judges. Damaged data asks for {@link #DATA}, everything else for {@link #VERSION}. */
    static Judgement of(List<Finding> findings, RollbackPolicy policy, Means means) {
        if (findings.isEmpty()) {
            return new Good();
        }
        int level = findings.stream().anyMatch(Finding::data) ? DATA : VERSION;
        String why = findings.stream().map(Finding::told).collect(Collectors.joining("; "));
        if (level == DATA && !means.backup()) {
            return new Told(why + " (the data asks for the backup of before the deployment, and there is none)");
        }
        if (level == VERSION && !means.version()) {
            return new Told(why + " (Lifeboat does not set the version, or knows of none to go back to)");
        }
        return switch (policy) {
            case OFF -> new Told(why);
            case PROPOSE -> new Proposed(level, why);
            case AUTOMATIC -> automatic(findings, level, why, means);
        };
    }

    private static Judgement automatic(List<Finding> findings, int level, String why, Means means) {
        if (findings.stream().noneMatch(finding -> finding.weight() == Finding.Weight.IMMEDIATE)) {
            return new Proposed(level, why);
        }
        if (means.breakGlass()) {
            return new Proposed(level, why + " (held back: a break-glass window is open)");
        }
        // Old data under a version that nobody sets back would be migrated, or broken, once more.
        return means.version()
                ? new RolledBack(level, why)
                : new Proposed(level, why + " (held back: Lifeboat does not set the version)");
    }
}
