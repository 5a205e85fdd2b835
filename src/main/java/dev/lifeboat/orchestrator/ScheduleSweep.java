package dev.lifeboat.orchestrator;

import dev.lifeboat.environment.CronSchedule;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.fault.RefusedException;
import dev.lifeboat.run.BreakGlass;
import dev.lifeboat.run.BreakGlassStore;
import dev.lifeboat.run.Duty;
import dev.lifeboat.run.Sweeps;
import dev.lifeboat.run.TriggerStore;
import dev.lifeboat.run.TriggerStore.Fire;
import dev.lifeboat.run.TriggerStore.ScheduleName;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/**
 * Starts what the environments' schedules want, each time once, whichever of many engines comes first. A time at which no
 * engine ran, or at which the run could not be started, is made up for within {@code lifeboat.schedules.catch-up}, until the
 * next time comes; after that it is recorded as missed, with the reason. A break-glass window puts off what is due meanwhile.
 */
@ApplicationScoped
public class ScheduleSweep implements Sweeps {
    private static final Logger LOG = Logger.getLogger(ScheduleSweep.class);
    private static final String EVERY = "5s";
    private static final Duration HOLD = Duration.ofMinutes(1);
    private static final Duration PAUSE = Duration.ofMinutes(1);
    private static final int MOST_MISSED = 100;

    private final EnvironmentCatalogue environments;
    private final TriggerStore triggers;
    private final Operations operations;
    private final BreakGlassStore breakGlass;
    private final LifeboatConfig config;
    private final Duty duty;

    ScheduleSweep(
            EnvironmentCatalogue environments,
            TriggerStore triggers,
            Operations operations,
            BreakGlassStore breakGlass,
            LifeboatConfig config,
            Duty duty) {
        this.environments = environments;
        this.triggers = triggers;
        this.operations = operations;
        this.breakGlass = breakGlass;
        this.config = config;
        this.duty = duty;
    }

    @Scheduled(every = EVERY, concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void sweep() {
        duty.unasked(this::lookNow);
    }

    @Override
    public List<Sweep> sweeps() {
        return List.of(new Sweep("schedules", EVERY, this::lookNow));
    }

    private void lookNow() {
        sweep(triggers.now());
    }

    /** Looks at every schedule, at {@code now}. */
    void sweep(Instant now) {
        Map<ScheduleName, Fire> newest = triggers.newestFires();
        Map<String, BreakGlass> paused =
                breakGlass.open().stream().collect(Collectors.toMap(window -> window.environmentId, window -> window));
        for (EnvironmentId environment : environments.all()) {
            LifeboatConfig.Environment settings = environments.configOf(environment);
            settings.schedule().forEach((schedule, cron) -> {
                var name = new ScheduleName(environment, schedule);
                if (duty.isOn()) {
                    look(
                            name,
                            CronSchedule.parse(cron),
                            settings.zone(),
                            now.minus(jitter(name)),
                            Optional.ofNullable(newest.get(name)),
                            Optional.ofNullable(paused.get(environment.toString())));
                }
            });
        }
    }

    private void look(
            ScheduleName name,
            CronSchedule times,
            ZoneId zone,
            Instant now,
            Optional<Fire> newest,
            Optional<BreakGlass> paused) {
        Optional<Instant> last = times.lastUpTo(now, zone);
        if (last.isEmpty()) {
            return;
        }
        Instant due = last.get();
        if (newest.isEmpty()) {
            triggers.know(name, due);
        } else if (due.isAfter(newest.get().dueAt())) {
            if (newest.get().status().equals("open")) {
                triggers.miss(name, newest.get().dueAt(), "the next time had come");
            }
            between(times, zone, newest.get().dueAt(), due)
                    .forEach(missed -> triggers.miss(name, missed, "no engine ran then, and a later time was due too"));
            fire(name, due, now, paused);
        } else if (due.equals(newest.get().dueAt()) && newest.get().status().equals("open")) {
            fire(name, due, now, paused);
        }
    }

    private void fire(ScheduleName name, Instant due, Instant now, Optional<BreakGlass> paused) {
        Duration catchUp = config.schedules().catchUp();
        if (due.plus(catchUp).isBefore(now)) {
            triggers.miss(name, due, "it could not be made up for within " + catchUp.toMinutes() + " minutes");
        } else if (triggers.take(name, due, HOLD)) {
            if (paused.isPresent()) {
                triggers.putOff(
                        name,
                        due,
                        PAUSE,
                        "break-glass window of " + paused.get().openedBy + " until " + paused.get().until);
                return;
            }
            try {
                triggers.started(name, due, start(name, due));
            } catch (FaultException | RefusedException e) {
                LOG.warnf("schedule %s of %s is put off: %s", name.schedule(), name.environment(), e.getMessage());
                triggers.putOff(name, due, PAUSE, String.valueOf(e.getMessage()));
            }
        }
    }

    /** What a schedule starts follows from its name: a backup, unless it is called validate, drill or prune. */
    private String start(ScheduleName name, Instant due) {
        Optional<String> trigger = Optional.of("schedule/" + name.schedule() + "/" + due);
        return switch (name.schedule()) {
            case "validate" -> operations.validate(name.environment(), Operations.SYSTEM, trigger);
            case "drill" ->
                operations.drill(name.environment(), Optional.empty(), Optional.empty(), Operations.SYSTEM, trigger);
            case "prune" -> operations.prune(name.environment(), false, Operations.SYSTEM, trigger);
            default ->
                operations.backup(
                        name.environment(),
                        new BackupOrder(null, Optional.of(name.schedule()), false),
                        Operations.SYSTEM,
                        trigger);
        };
    }

    /** The times strictly between two, the newest of them where they are many. */
    private static Deque<Instant> between(CronSchedule times, ZoneId zone, Instant from, Instant to) {
        var between = new ArrayDeque<Instant>();
        Optional<Instant> time = times.lastUpTo(to.minusSeconds(1), zone);
        while (time.isPresent() && time.get().isAfter(from) && between.size() < MOST_MISSED) {
            between.addFirst(time.get());
            time = times.lastUpTo(time.get().minusSeconds(1), zone);
        }
        return between;
    }

    /** How much later than written a schedule starts: always the same for one, and spread over all. */
    private Duration jitter(ScheduleName name) {
        long most = config.schedules().jitter().toSeconds();
        return Duration.ofSeconds(most == 0 ? 0 : Math.floorMod(name.toString().hashCode(), most));
    }
}
