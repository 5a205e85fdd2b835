package dev.lifeboat.artifact;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.artifact.Retention.Candidate;
import dev.lifeboat.artifact.Retention.Kind;
import dev.lifeboat.artifact.Retention.Policy;
import dev.lifeboat.artifact.Retention.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.IsoFields;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class RetentionTest {
    private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");

    @Test
    void a_year_of_nightly_backups_leaves_7_days_4_weeks_3_months() {
        var year = new ArrayList<Candidate>();
        for (int day = 0; day < 365; day++) {
            year.add(nightly("d" + day, Instant.parse("2026-11-20T02:00:00Z").minus(Duration.ofDays(day))));
        }
        List<Verdict> verdicts = Retention.decide(year, Policy.STANDARD, ZoneOffset.UTC, NOW);
        // newest 7 days; Sundays of three earlier weeks, of which one is a day already; ends of two earlier months
        assertThat(kept(verdicts))
                .containsExactlyInAnyOrder("d0", "d1", "d2", "d3", "d4", "d5", "d6", "d12", "d19", "d20", "d51");
        assertThat(reason(verdicts, "d0"))
                .isEqualTo("kept: newest of day 2026-11-20; newest of ISO week 2026-W47; newest of month 2026-11;"
                        + " last good full backup");
        assertThat(reason(verdicts, "d100")).isEqualTo("pruned: beyond 7 daily, 4 weekly, 3 monthly");
        assertThat(verdicts).hasSize(365);
        assertThat(classes(verdicts, "d0"))
                .containsExactly(
                        RetentionClass.MONTHLY, RetentionClass.WEEKLY, RetentionClass.DAILY, RetentionClass.LAST_GOOD);
        assertThat(classes(verdicts, "d12")).containsExactly(RetentionClass.WEEKLY);
        assertThat(classes(verdicts, "d51")).containsExactly(RetentionClass.MONTHLY);
        assertThat(classes(verdicts, "d100")).isEmpty();
    }

    @Test
    void a_pause_prunes_nothing() {
        var old = new ArrayList<Candidate>();
        for (int day = 0; day < 7; day++) {
            old.add(nightly("d" + day, NOW.minus(Duration.ofDays(400 + day))));
        }
        assertThat(kept(Retention.decide(old, Policy.STANDARD, ZoneOffset.UTC, NOW)))
                .hasSize(7);
    }

    @Test
    void days_are_those_of_the_environments_zone() {
        var two = List.of(
                nightly("late", Instant.parse("2026-11-19T23:30:00Z")),
                nightly("early", Instant.parse("2026-11-20T00:30:00Z")));
        var oneDay = new Policy(2, 0, 0);
        assertThat(kept(Retention.decide(two, oneDay, ZoneOffset.UTC, NOW))).hasSize(2);
        assertThat(kept(Retention.decide(two, oneDay, ZoneId.of("Europe/Berlin"), NOW)))
                .containsExactly("early");
    }

    @Test
    void a_damaged_backup_takes_no_place_and_does_not_displace_a_good_one() {
        var list = List.of(
                nightly("good", NOW.minus(Duration.ofHours(5))),
                damaged("newer", NOW.minus(Duration.ofHours(1))),
                damaged("old", NOW.minus(Duration.ofDays(9))),
                damaged("recent", NOW.minus(Duration.ofDays(2))));
        List<Verdict> verdicts = Retention.decide(list, new Policy(1, 0, 0), ZoneOffset.UTC, NOW);
        assertThat(kept(verdicts)).containsExactlyInAnyOrder("newer", "good", "recent");
        assertThat(reason(verdicts, "old")).startsWith("pruned: not usable");
        assertThat(reason(verdicts, "good")).contains("last good full backup");
    }

    @Test
    void the_last_good_backup_stays_whatever_the_policy() {
        var list = List.of(nightly("only", NOW.minus(Duration.ofDays(900))));
        assertThat(kept(Retention.decide(list, new Policy(0, 0, 0), ZoneOffset.UTC, NOW)))
                .containsExactly("only");
    }

    @Test
    void a_database_only_backup_does_not_displace_the_nights_full_one() {
        var list = List.of(
                nightly("full", NOW.minus(Duration.ofHours(10))),
                new Candidate("noon", NOW, BackupType.DB_ONLY, Kind.REGULAR, Optional.of("noon"), true, Set.of()));
        assertThat(kept(Retention.decide(list, new Policy(1, 0, 0), ZoneOffset.UTC, NOW)))
                .containsExactlyInAnyOrder("full", "noon");
    }

    @Test
    void safety_backups_stay_7_days_and_beyond_that_the_newest_5() {
        var list = new ArrayList<Candidate>();
        list.add(nightly("night", NOW.minus(Duration.ofHours(10))));
        for (int day = 0; day < 20; day++) {
            list.add(new Candidate(
                    "p" + day,
                    NOW.minus(Duration.ofDays(day)),
                    BackupType.FULL,
                    Kind.PRE_RESTORE,
                    Optional.empty(),
                    true,
                    Set.of()));
        }
        List<Verdict> verdicts = Retention.decide(list, new Policy(1, 0, 0), ZoneOffset.UTC, NOW);
        assertThat(kept(verdicts))
                .containsExactlyInAnyOrder(
                        "night", "p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9", "p10", "p11");
        assertThat(reason(verdicts, "night")).contains("newest of day");
        assertThat(reason(verdicts, "p15")).startsWith("pruned: pre_restore older than 7 days");
    }

    @Test
    void a_part_that_is_needed_stays_and_its_reason_names_who_needs_it() {
        var list = List.of(
                new Candidate("new", NOW, BackupType.FULL, Kind.REGULAR, Optional.empty(), true, Set.of("base")),
                nightly("base", NOW.minus(Duration.ofDays(300))),
                nightly("other", NOW.minus(Duration.ofDays(301))));
        List<Verdict> verdicts = Retention.decide(list, new Policy(1, 0, 0), ZoneOffset.UTC, NOW);
        assertThat(reason(verdicts, "base")).isEqualTo("kept: part is needed by new");
        assertThat(classes(verdicts, "base")).containsExactly(RetentionClass.NEEDED);
        assertThat(kept(verdicts)).containsExactlyInAnyOrder("new", "base");
    }

    @Test
    void in_any_history_nothing_is_pruned_that_must_stay() {
        var random = new Random(20261120);
        for (int round = 0; round < 3000; round++) {
            ZoneId zone = random.nextBoolean() ? ZoneOffset.UTC : ZoneId.of("Pacific/Auckland");
            var policy = new Policy(random.nextInt(9), random.nextInt(6), random.nextInt(5));
            List<Candidate> history = history(random);
            check(history, policy, zone, Retention.decide(history, policy, zone, NOW));
        }
    }

    private static void check(List<Candidate> history, Policy policy, ZoneId zone, List<Verdict> verdicts) {
        Set<String> kept = new HashSet<>(kept(verdicts));
        Map<String, Candidate> byId = new HashMap<>();
        history.forEach(candidate -> byId.put(candidate.id(), candidate));
        assertThat(verdicts).hasSameSizeAs(history);
        for (Verdict verdict : verdicts) {
            assertThat(verdict.reason()).startsWith(verdict.keep() ? "kept: " : "pruned: ");
            if (verdict.keep()) {
                for (String need : byId.get(verdict.id()).needs()) {
                    assertThat(kept.contains(need) || !byId.containsKey(need)).isTrue();
                }
            } else if (byId.get(verdict.id()).kind() == Kind.PRE_RESTORE) {
                assertThat(byId.get(verdict.id()).createdAt())
                        .isBefore(NOW.minus(Duration.ofDays(7)).plusSeconds(1));
            }
        }
        for (BackupType type : BackupType.values()) {
            List<Candidate> good =
                    history.stream().filter(c -> c.usable() && c.type() == type).toList();
            good.stream()
                    .max(Comparator.comparing(Candidate::createdAt).thenComparing(Candidate::id))
                    .ifPresent(last -> assertThat(kept).contains(last.id()));
            List<Candidate> regular = good.stream()
                    .filter(c -> c.kind() != Kind.PRE_RESTORE && c.kind() != Kind.IMPORT)
                    .toList();
            Function<Candidate, LocalDate> day = c -> LocalDate.ofInstant(c.createdAt(), zone);
            newestOfEach(kept, regular, policy.daily(), day);
            newestOfEach(
                    kept,
                    regular,
                    policy.weekly(),
                    c -> day.apply(c).get(IsoFields.WEEK_BASED_YEAR) * 100
                            + day.apply(c).get(IsoFields.WEEK_OF_WEEK_BASED_YEAR));
            newestOfEach(kept, regular, policy.monthly(), c -> day.apply(c).withDayOfMonth(1));
        }
    }

    private static <B extends Comparable<? super B>> void newestOfEach(
            Set<String> kept, List<Candidate> regular, int count, Function<Candidate, B> bucket) {
        Map<B, List<Candidate>> buckets = regular.stream().collect(Collectors.groupingBy(bucket));
        buckets.keySet().stream()
                .sorted(Comparator.<B>reverseOrder())
                .limit(count)
                .map(key -> buckets.get(key).stream()
                        .max(Comparator.comparing(Candidate::createdAt).thenComparing(Candidate::id))
                        .orElseThrow())
                .forEach(newest -> assertThat(kept).contains(newest.id()));
    }

    private static List<Candidate> history(Random random) {
        var history = new ArrayList<Candidate>();
        int size = random.nextInt(60);
        for (int i = 0; i < size; i++) {
            Set<String> needs = new HashSet<>();
            while (random.nextInt(3) == 0 && i > 0) {
                needs.add(random.nextInt(20) == 0 ? "lost" : "a" + random.nextInt(i));
            }
            history.add(new Candidate(
                    "a" + i,
                    NOW.minusSeconds(random.nextInt(86_400 * (1 + random.nextInt(400)))),
                    any(random, List.of(BackupType.values())),
                    any(random, List.of(Kind.values())),
                    Optional.empty(),
                    random.nextInt(5) > 0,
                    needs));
        }
        return history;
    }

    private static <T> T any(Random random, List<T> list) {
        return list.get(random.nextInt(list.size()));
    }

    private static Candidate nightly(String id, Instant at) {
        return new Candidate(id, at, BackupType.FULL, Kind.REGULAR, Optional.empty(), true, Set.of());
    }

    private static Candidate damaged(String id, Instant at) {
        return new Candidate(id, at, BackupType.FULL, Kind.REGULAR, Optional.empty(), false, Set.of());
    }

    private static List<String> kept(List<Verdict> verdicts) {
        return verdicts.stream().filter(Verdict::keep).map(Verdict::id).toList();
    }

    private static List<RetentionClass> classes(List<Verdict> verdicts, String id) {
        return verdicts.stream()
                .filter(verdict -> verdict.id().equals(id))
                .findFirst()
                .orElseThrow()
                .classes();
    }

    private static String reason(List<Verdict> verdicts, String id) {
        return verdicts.stream()
                .filter(verdict -> verdict.id().equals(id))
                .findFirst()
                .orElseThrow()
                .reason();
    }
}
