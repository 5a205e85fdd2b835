package dev.lifeboat.artifact;

import dev.lifeboat.environment.LifeboatConfig;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.temporal.IsoFields;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Says which artifacts of one environment stay (grandfather, father, son). For each type of backup on its own, so that a
 * database-only backup at noon never displaces the night's full one, the newest good backup is kept
 *
 * <ul>
 *   <li>of each of the newest {@code daily} days, {@code weekly} ISO weeks and {@code monthly} months that have one (days
 *       without a backup do not count: a pause prunes nothing),
 *   <li>and in any case, whatever its age: the last good backup is never pruned.
 * </ul>
 *
 * <p>Safety backups have a rule of their own and take no place in the buckets, because what was about to be replaced may be
 * broken: they are kept for 7 days, and beyond that the newest 5. Backups before a deployment do both. A backup that is not
 * usable is kept for 7 days, and until a newer good one exists. What a kept artifact needs is kept. A pure function.
 */
public final class Retention {
    /** How long every safety backup, and every one that is not usable, stays. */
    public static final Duration SAFETY_AGE = Duration.ofDays(7);

    /** How many safety backups of each kind stay beyond that age. */
    public static final int SAFETY_COUNT = 5;

    private Retention() {}

    /** Why a backup was made. */
    public enum Kind {
        REGULAR,
        PRE_RESTORE,
        PRE_DEPLOY,
        IMPORT;

        boolean isSafety() {
            return this == PRE_RESTORE || this == PRE_DEPLOY || this == IMPORT;
        }

        boolean countsInBuckets() {
            return this != PRE_RESTORE && this != IMPORT;
        }

        String words() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * How many days, ISO weeks and months keep their newest backup.
     *
     * @param daily days, at least 0
     * @param weekly ISO weeks, at least 0
     * @param monthly months, at least 0
     */
    public record Policy(int daily, int weekly, int monthly) {
        /** 7 days, 4 weeks, 3 months (backup specification). */
        public static final Policy STANDARD = new Policy(7, 4, 3);

        /** 30 days, 12 weeks, 6 months: the disaster recovery plan's. */
        public static final Policy DISASTER_RECOVERY = new Policy(30, 12, 6);

        /** The policy that an environment's configuration wants. */
        public static Policy of(LifeboatConfig.Retention config) {
            Policy preset =
                    switch (config.preset()) {
                        case STANDARD -> STANDARD;
                        case DR -> DISASTER_RECOVERY;
                    };
            return new Policy(
                    config.daily().orElse(preset.daily),
                    config.weekly().orElse(preset.weekly),
                    config.monthly().orElse(preset.monthly));
        }

        public Policy {
            if (daily < 0 || weekly < 0 || monthly < 0) {
                throw new IllegalArgumentException("a retention policy has no negative numbers");
            }
        }
    }

    /**
     * What is known of an artifact.
     *
     * @param id its name
     * @param createdAt the instant of its snapshot
     * @param type what it covers
     * @param kind why it was made
     * @param label a person's name for it
     * @param usable whether it can be restored from, as far as is known
     * @param needs the artifacts whose parts it needs
     */
    public record Candidate(
            String id,
            Instant createdAt,
            BackupType type,
            Kind kind,
            Optional<String> label,
            boolean usable,
            Set<String> needs) {
        public Candidate {
            needs = Set.copyOf(needs);
        }
    }

    /**
     * What becomes of an artifact.
     *
     * @param id its name
     * @param createdAt the instant of its snapshot
     * @param label a person's name for it
     * @param keep whether it stays
     * @param reason why, in words; begins with {@code kept:} or {@code pruned:}
     * @param classes what it stays for, the longest-lived first; none where it goes
     */
    public record Verdict(
            String id,
            Instant createdAt,
            Optional<String> label,
            boolean keep,
            String reason,
            List<RetentionClass> classes) {
        public Verdict {
            classes = List.copyOf(classes);
        }
    }

    /** Why an artifact stays. */
    private record Reason(RetentionClass of, String words) {}

    /**
     * Decides on all artifacts of one environment.
     *
     * @param zone the environment's: its days, weeks and months
     * @param now the present
     * @return one verdict for each candidate, newest first
     */
    public static List<Verdict> decide(List<Candidate> candidates, Policy policy, ZoneId zone, Instant now) {
        List<Candidate> newestFirst = candidates.stream()
                .sorted(Comparator.comparing(Candidate::createdAt)
                        .thenComparing(Candidate::id)
                        .reversed())
                .toList();
        var reasons = new LinkedHashMap<String, Set<Reason>>();
        newestFirst.forEach(candidate -> reasons.put(candidate.id(), new LinkedHashSet<>()));

        for (BackupType type : BackupType.values()) {
            List<Candidate> good = newestFirst.stream()
                    .filter(candidate -> candidate.type() == type && candidate.usable())
                    .toList();
            List<Candidate> regular =
                    good.stream().filter(c -> c.kind().countsInBuckets()).toList();
            keepNewestOfEach(regular, policy.daily(), reasons, RetentionClass.DAILY, c -> "day " + day(c, zone));
            keepNewestOfEach(
                    regular, policy.weekly(), reasons, RetentionClass.WEEKLY, c -> "ISO week " + week(day(c, zone)));
            keepNewestOfEach(
                    regular,
                    policy.monthly(),
                    reasons,
                    RetentionClass.MONTHLY,
                    c -> "month " + day(c, zone).toString().substring(0, 7));
            var last = new Reason(RetentionClass.LAST_GOOD, "last good " + type.wireName() + " backup");
            good.stream().findFirst().ifPresent(c -> reasons.get(c.id()).add(last));
            regular.stream().findFirst().ifPresent(c -> reasons.get(c.id()).add(last));
        }
        keepSafety(newestFirst, reasons, now);
        keepUnusable(newestFirst, reasons, now);
        keepNeeded(newestFirst, reasons);

        String beyond = "pruned: beyond " + policy.daily() + " daily, " + policy.weekly() + " weekly, "
                + policy.monthly() + " monthly";
        var verdicts = new ArrayList<Verdict>();
        for (Candidate candidate : newestFirst) {
            Set<Reason> why = reasons.get(candidate.id());
            String reason = !why.isEmpty()
                    ? "kept: " + why.stream().map(Reason::words).collect(Collectors.joining("; "))
                    : !candidate.usable()
                            ? "pruned: not usable, older than " + SAFETY_AGE.toDays()
                                    + " days, and a newer good one exists"
                            : !candidate.kind().countsInBuckets()
                                    ? "pruned: " + candidate.kind().words() + " older than " + SAFETY_AGE.toDays()
                                            + " days and not of the newest " + SAFETY_COUNT
                                    : beyond;
            verdicts.add(new Verdict(
                    candidate.id(),
                    candidate.createdAt(),
                    candidate.label(),
                    !why.isEmpty(),
                    reason,
                    why.stream().map(Reason::of).distinct().sorted().toList()));
        }
        return List.copyOf(verdicts);
    }

    private static void keepNewestOfEach(
            List<Candidate> newestFirst,
            int buckets,
            Map<String, Set<Reason>> reasons,
            RetentionClass of,
            Function<Candidate, String> bucketOf) {
        var seen = new LinkedHashSet<String>();
        for (Candidate candidate : newestFirst) {
            String bucket = bucketOf.apply(candidate);
            if (!seen.contains(bucket) && seen.size() < buckets) {
                seen.add(bucket);
                reasons.get(candidate.id()).add(new Reason(of, "newest of " + bucket));
            }
        }
    }

    private static void keepSafety(List<Candidate> newestFirst, Map<String, Set<Reason>> reasons, Instant now) {
        for (Kind kind : Kind.values()) {
            if (!kind.isSafety()) {
                continue;
            }
            int beyond = 0;
            for (Candidate candidate : newestFirst) {
                if (candidate.kind() != kind || !candidate.usable()) {
                    continue;
                }
                if (isYoung(candidate, now)) {
                    reasons.get(candidate.id())
                            .add(new Reason(
                                    RetentionClass.SAFETY,
                                    kind.words() + " of the last " + SAFETY_AGE.toDays() + " days"));
                } else if (beyond < SAFETY_COUNT) {
                    beyond++;
                    reasons.get(candidate.id())
                            .add(new Reason(
                                    RetentionClass.SAFETY, "of the newest " + SAFETY_COUNT + " older " + kind.words()));
                }
            }
        }
    }

    private static void keepUnusable(List<Candidate> newestFirst, Map<String, Set<Reason>> reasons, Instant now) {
        var newerGood = new LinkedHashSet<BackupType>();
        for (Candidate candidate : newestFirst) {
            if (candidate.usable()) {
                newerGood.add(candidate.type());
            } else if (!newerGood.contains(candidate.type())) {
                reasons.get(candidate.id())
                        .add(new Reason(
                                RetentionClass.NOT_USABLE, "not usable, but no newer good backup of its type exists"));
            } else if (isYoung(candidate, now)) {
                reasons.get(candidate.id())
                        .add(new Reason(
                                RetentionClass.NOT_USABLE,
                                "not usable, but younger than " + SAFETY_AGE.toDays() + " days"));
            }
        }
    }

    /** A kept artifact stays restorable, also where it is kept for its parts only. */
    private static void keepNeeded(List<Candidate> newestFirst, Map<String, Set<Reason>> reasons) {
        var byId = new HashMap<String, Candidate>();
        newestFirst.forEach(candidate -> byId.put(candidate.id(), candidate));
        var open = new ArrayList<>(newestFirst.stream()
                .filter(candidate -> !reasons.get(candidate.id()).isEmpty())
                .toList());
        while (!open.isEmpty()) {
            Candidate kept = open.removeLast();
            for (String need : kept.needs()) {
                Set<Reason> why = reasons.get(need);
                if (why != null && why.isEmpty()) {
                    why.add(new Reason(RetentionClass.NEEDED, "part is needed by " + kept.id()));
                    open.add(byId.get(need));
                }
            }
        }
    }

    private static boolean isYoung(Candidate candidate, Instant now) {
        return candidate.createdAt().isAfter(now.minus(SAFETY_AGE));
    }

    private static LocalDate day(Candidate candidate, ZoneId zone) {
        return LocalDate.ofInstant(candidate.createdAt(), zone);
    }

    private static String week(LocalDate day) {
        return String.format(
                Locale.ROOT,
                "%d-W%02d",
                day.get(IsoFields.WEEK_BASED_YEAR),
                day.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR));
    }
}
