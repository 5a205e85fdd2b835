package dev.lifeboat.report;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.digest.Hashes;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.guardrail.Guardrail;
import dev.lifeboat.guardrail.Guardrails;
import dev.lifeboat.json.Json;
import io.quarkus.qute.CheckedTemplate;
import io.quarkus.qute.TemplateInstance;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Instance;
import jakarta.transaction.Transactional;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.hibernate.Session;

/**
 * The report of a period for an auditor. Everything in it is read from the state and the configuration; the evidence folders
 * that it names prove it ({@code lifeboat evidence verify}).
 */
@ApplicationScoped
public class AuditReport {
    private static final int MOST_RUNS = 5000;
    private static final List<String> RUN_COLUMNS =
            List.of("Begun (UTC)", "Operation", "Outcome", "Seconds", "Asked for by", "Artifact", "Run", "Evidence");

    private final Instance<Session> sessions;
    private final EnvironmentCatalogue environments;
    private final LifeboatConfig config;
    private final Guardrails guardrails;
    private final String version;

    AuditReport(
            Instance<Session> sessions,
            EnvironmentCatalogue environments,
            LifeboatConfig config,
            Guardrails guardrails,
            @ConfigProperty(name = "quarkus.application.version") String version) {
        this.sessions = sessions;
        this.environments = environments;
        this.config = config;
        this.guardrails = guardrails;
        this.version = version;
    }

    @CheckedTemplate(basePath = "report")
    static final class Templates {
        private Templates() {}

        static native TemplateInstance document(Document document);
    }

    /**
     * A period of whole days, UTC.
     *
     * @param from the first
     * @param to the last, which belongs to it
     */
    public record Period(LocalDate from, LocalDate to) {
        public Period {
            if (from.isAfter(to)) {
                throw Fault.of(
                                FaultCode.BAD_INPUT,
                                "the period begins on " + from + ", after its end on " + to,
                                "Give the first day with --from and the last one with --to.")
                        .toException();
            }
        }

        Instant begin() {
            return from.atStartOfDay(ZoneOffset.UTC).toInstant();
        }

        Instant end() {
            return to.plusDays(1).atStartOfDay(ZoneOffset.UTC).toInstant();
        }
    }

    /** What was found missing in the period. */
    private record Gap(Instant at, String what, String why) {}

    /** The report as a page of HTML that needs nothing else, to be read or printed. */
    public static String html(Document document) {
        return Templates.document(document).render();
    }

    /** The report on some environments. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public Document of(List<EnvironmentId> reported, Period period, Instant now) {
        var sections = new ArrayList<Document.Section>();
        int gaps = 0;
        int drills = 0;
        for (EnvironmentId id : reported) {
            List<List<String>> rehearsed = drills(id, period);
            List<Gap> missing = gaps(id, period, now, rehearsed);
            gaps += missing.size();
            drills += rehearsed.size();
            sections.addAll(environment(id, period, rehearsed, missing));
        }
        sections.addFirst(controls(drills, gaps));
        return new Document(
                "Backups and restores from " + period.from() + " to " + period.to(),
                List.of(
                        "made " + now.truncatedTo(ChronoUnit.SECONDS) + " by Lifeboat " + version,
                        "environments: "
                                + reported.stream().map(EnvironmentId::toString).collect(Collectors.joining(", ")),
                        "gaps: " + gaps,
                        "times are UTC; each run's evidence folder is signed, and its record carries the hash of the one before it:"
                                + " lifeboat evidence verify " + config.evidenceDir()),
                sections);
    }

    private static Document.Section controls(int drills, int gaps) {
        String rehearsals = drills + (drills == 1 ? " rehearsal" : " rehearsals") + " of a restore: Drills";
        return new Document.Section(
                2,
                "Controls",
                List.of(),
                List.of("Control", "Wants", "Shown by"),
                List.of(
                        List.of(
                                "ISO/IEC 27001:2022 A.8.13",
                                "backups are made and tested as a policy on backups says",
                                "Policy in force, Runs, Drills; what did not keep to it: Gaps (" + gaps + ")"),
                        List.of(
                                "SOC 2 A1.2",
                                "backups and recovery are designed, operated and monitored",
                                "Runs, Gaps"),
                        List.of("SOC 2 A1.3", "recovery is tested", rehearsals),
                        List.of(
                                "NIST SP 800-53 CP-9",
                                "data is backed up in time for the recovery point",
                                "Runs, Gaps"),
                        List.of(
                                "NIST SP 800-53 CP-9(1)",
                                "backups are tested for reliability and integrity",
                                rehearsals),
                        List.of(
                                "NIST SP 800-53 CP-9(2)",
                                "restores are tried",
                                rehearsals + "; each restores the whole artifact, not a sample")));
    }

    private List<Document.Section> environment(
            EnvironmentId id, Period period, List<List<String>> rehearsed, List<Gap> missing) {
        ObjectNode policy = policy(id);
        var rows = new ArrayList<List<String>>();
        policy.properties()
                .forEach(entry -> rows.add(List.of(
                        entry.getKey(),
                        entry.getValue().isTextual()
                                ? entry.getValue().asText()
                                : entry.getValue().toString())));
        List<List<String>> runs = runs(id, period);
        return List.of(
                Document.Section.chapter("Environment " + id),
                new Document.Section(
                        3,
                        "Policy in force",
                        List.of("As configured when this was made; version " + Hashes.sha256(policy.toString())),
                        List.of("Rule", "Value"),
                        rows),
                Document.Section.table(
                        "Gaps",
                        "None was found.",
                        List.of("When (UTC)", "What", "Why"),
                        missing.stream()
                                .map(gap -> List.of(at(gap.at()), gap.what(), gap.why()))
                                .toList()),
                Document.Section.table(
                        "Drills",
                        "No restore was rehearsed.",
                        List.of("Ended (UTC)", "Result", "Artifact", "Recovery, s", "Recovery point, s", "Run"),
                        rehearsed),
                Document.Section.table(
                        runs.size() == MOST_RUNS ? "Runs (the first " + MOST_RUNS + ")" : "Runs",
                        "There was none.",
                        RUN_COLUMNS,
                        runs));
    }

    /** The rules that backups are made by; the same configuration gives the same text. */
    private ObjectNode policy(EnvironmentId id) {
        LifeboatConfig.Environment settings = environments.configOf(id);
        ObjectNode policy = Json.object()
                .put("type", settings.type().name().toLowerCase(java.util.Locale.ROOT))
                .put("recovery_time", settings.recoveryTime().toString())
                .put("recovery_point", settings.recoveryPoint().toString())
                .put("zone", settings.zone().getId())
                .put("copies_read_again_after", config.readAgainAfter().toString());
        policy.set("schedule", Json.tree(new TreeMap<>(settings.schedule())));
        settings.stores().forEach(policy.putArray("stores")::add);
        var retention = dev.lifeboat.artifact.Retention.Policy.of(
                environments.configOf(id).retention());
        policy.putObject("retention")
                .put("daily", retention.daily())
                .put("weekly", retention.weekly())
                .put("monthly", retention.monthly());
        var guarded = policy.putObject("guardrails");
        Arrays.stream(Guardrail.values())
                .forEach(guardrail -> guarded.put(guardrail.wireName(), guardrails.holds(guardrail)));
        return policy;
    }

    private List<List<String>> runs(EnvironmentId id, Period period) {
        return rows(
                        "SELECT created_at, operation_type, status, extract(epoch FROM completed_at - created_at)::bigint,"
                                + " created_by, metadata->>'artifact_id', run_id, evidence_dir FROM ops.runs"
                                + " WHERE environment_id = :environment AND created_at >= :begin AND created_at < :end"
                                + " ORDER BY created_at, run_id LIMIT " + MOST_RUNS,
                        id,
                        period.begin(),
                        period.end())
                .stream()
                .map(AuditReport::texts)
                .toList();
    }

    private List<List<String>> drills(EnvironmentId id, Period period) {
        return rows(
                        "SELECT completed_at, status, artifact_id, round(recovery_seconds::numeric, 1),"
                                + " round(recovery_point_seconds::numeric), run_id FROM ops.restore_test_results"
                                + " WHERE environment_id = :environment AND kind = 'drill' AND created_at >= :begin"
                                + " AND created_at < :end ORDER BY completed_at",
                        id,
                        period.begin(),
                        period.end())
                .stream()
                .map(AuditReport::texts)
                .toList();
    }

    private List<Gap> gaps(EnvironmentId id, Period period, Instant now, List<List<String>> rehearsed) {
        var gaps = new ArrayList<Gap>();
        for (Object[] fire : rows(
                "SELECT due_at, schedule, reason FROM ops.schedule_fires WHERE environment_id = :environment"
                        + " AND status = 'missed' AND due_at >= :begin AND due_at < :end",
                id,
                period.begin(),
                period.end())) {
            gaps.add(new Gap((Instant) fire[0], "schedule " + fire[1] + " did not run", text(fire[2])));
        }
        for (Object[] run : rows(
                "SELECT created_at, operation_type, run_id, status, fault->>'message', evidence_dir FROM ops.runs"
                        + " WHERE environment_id = :environment AND completed_at IS NOT NULL AND created_at >= :begin"
                        + " AND created_at < :end",
                id,
                period.begin(),
                period.end())) {
            if (!"success".equals(run[3])) {
                gaps.add(new Gap((Instant) run[0], run[1] + " " + run[2] + ": " + text(run[3]), text(run[4])));
            }
            if (run[5] == null || !Files.isRegularFile(Path.of((String) run[5], "SHA256SUMS"))) {
                gaps.add(new Gap(
                        (Instant) run[0],
                        "no closed evidence of " + run[1] + " " + run[2],
                        run[5] == null ? "none is recorded" : "not in " + run[5]));
            }
        }
        gaps.addAll(withoutBackup(id, period, now));
        if (rehearsed.stream().noneMatch(drill -> drill.get(1).equals("PASS"))) {
            gaps.add(new Gap(
                    period.begin(), "no drill passed in the period", "a restore that was never tried is a hope"));
        }
        gaps.sort(java.util.Comparator.comparing(Gap::at));
        return gaps;
    }

    /** Times between two backups, or at the period's ends, that are longer than the recovery point allows. */
    private List<Gap> withoutBackup(EnvironmentId id, Period period, Instant now) {
        Duration allowed = environments.configOf(id).recoveryPoint();
        Instant end = period.end().isBefore(now) ? period.end() : now;
        var gaps = new ArrayList<Gap>();
        Instant since = period.begin();
        List<Object[]> backups = rows(
                "SELECT created_at, artifact_id FROM ops.artifacts WHERE environment_id = :environment"
                        + " AND purpose = 'backup' AND created_at >= :begin AND created_at < :end ORDER BY created_at",
                id,
                period.begin().minus(allowed),
                end);
        for (Object[] backup : backups) {
            Instant at = (Instant) backup[0];
            gap(gaps, since, at, allowed);
            since = at.isAfter(since) ? at : since;
        }
        gap(gaps, since, end, allowed);
        return gaps;
    }

    private static void gap(List<Gap> gaps, Instant since, Instant until, Duration allowed) {
        if (Duration.between(since, until).compareTo(allowed) > 0) {
            gaps.add(new Gap(
                    since,
                    "no backup until " + at(until),
                    "%.1f hours, where the recovery point is %d"
                            .formatted(Duration.between(since, until).toMinutes() / 60.0, allowed.toHours())));
        }
    }

    private List<Object[]> rows(String sql, EnvironmentId id, Instant begin, Instant end) {
        return sessions.get()
                .createNativeQuery(sql, Object[].class)
                .setParameter("environment", id.toString())
                .setParameter("begin", begin)
                .setParameter("end", end)
                .getResultList();
    }

    private static List<String> texts(Object[] row) {
        return Arrays.stream(row).map(AuditReport::text).toList();
    }

    private static String text(Object value) {
        return switch (value) {
            case null -> "";
            case Instant time -> at(time);
            default -> value.toString();
        };
    }

    private static String at(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS).toString();
    }
}
