package dev.lifeboat.environment;

import com.cronutils.model.Cron;
import com.cronutils.model.CronType;
import com.cronutils.model.definition.CronDefinitionBuilder;
import com.cronutils.model.time.ExecutionTime;
import com.cronutils.parser.CronParser;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Optional;

/**
 * Times of day as cron writes them, in five fields: minute, hour, day of month, month, day of week. They are times of a wall
 * clock: one that the clock skips in spring comes right after the gap, and one that it shows twice in autumn comes once.
 */
public final class CronSchedule {
    private static final CronParser PARSER = new CronParser(CronDefinitionBuilder.instanceDefinitionFor(CronType.UNIX));

    private final String text;
    private final ExecutionTime times;

    private CronSchedule(String text, ExecutionTime times) {
        this.text = text;
        this.times = times;
    }

    /**
     * Reads a schedule.
     *
     * @throws dev.lifeboat.fault.FaultException BAD_CONFIGURATION where the text is none
     */
    public static CronSchedule parse(String text) {
        try {
            Cron cron = PARSER.parse(text.strip()).validate();
            return new CronSchedule(text, ExecutionTime.forCron(cron));
        } catch (IllegalArgumentException e) {
            throw Fault.of(
                            FaultCode.BAD_CONFIGURATION,
                            "'" + text + "' is no schedule",
                            "Write five fields, minute, hour, day of month, month, day of week: \"0 2 * * *\" is every night"
                                    + " at two.")
                    .with("problem", e.getMessage())
                    .toException(e);
        }
    }

    /** The newest time that is not after {@code now}, by the clocks of {@code zone}; empty where there is none. */
    public Optional<Instant> lastUpTo(Instant now, ZoneId zone) {
        // cron-utils gives what lies strictly before
        Optional<ZonedDateTime> last = times.lastExecution(wall(now, zone).plusSeconds(1));
        while (last.isPresent() && instant(last.get(), zone).isAfter(now)) {
            last = times.lastExecution(last.get());
        }
        return last.map(time -> instant(time, zone));
    }

    /** The first time after {@code now}, by the clocks of {@code zone}; empty where there is none. */
    public Optional<Instant> nextAfter(Instant now, ZoneId zone) {
        Optional<ZonedDateTime> next = times.nextExecution(wall(now, zone));
        while (next.isPresent() && !instant(next.get(), zone).isAfter(now)) {
            next = times.nextExecution(next.get());
        }
        return next.map(time -> instant(time, zone));
    }

    /** What the clocks show, as if they never jumped. */
    private static ZonedDateTime wall(Instant now, ZoneId zone) {
        return LocalDateTime.ofInstant(now, zone).atZone(ZoneOffset.UTC);
    }

    private static Instant instant(ZonedDateTime wall, ZoneId zone) {
        return ZonedDateTime.ofLocal(wall.toLocalDateTime(), zone, null).toInstant();
    }

    @Override
    public String toString() {
        return text;
    }
}
