package dev.lifeboat.monitor;

import dev.lifeboat.environment.LifeboatConfig;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Keeps {@code /q/metrics}: reads the state and looks around by the clock, so that a scrape waits for nothing. Where the state can't be
 * read, what was read last stays, and its age tells.
 */
@ApplicationScoped
class Metrics {
    /** What is looked at outside the state: a hanging Odoo must not hold up the rest. */
    private static final Set<Metric> WATCHED =
            Set.of(Metric.DATABASE_UP, Metric.ODOO_HEALTHY, Metric.SERVICE_RUNNING, Metric.DISK_USED);

    private final StateReadings state;
    private final Watch watch;
    private final LifeboatConfig config;
    private final Map<Metric, MultiGauge> gauges = new EnumMap<>(Metric.class);
    private volatile Instant read = Instant.now();
    private volatile boolean ending;

    Metrics(StateReadings state, Watch watch, LifeboatConfig config, MeterRegistry registry) {
        this.state = state;
        this.watch = watch;
        this.config = config;
        Arrays.stream(Metric.values())
                .filter(metric -> metric != Metric.STATE_AGE)
                .forEach(metric -> gauges.put(
                        metric,
                        MultiGauge.builder(metric.wireName())
                                .description(metric.description())
                                .register(registry)));
        if (config.role() == LifeboatConfig.Role.ENGINE) {
            Gauge.builder(
                            Metric.STATE_AGE.wireName(),
                            () -> Duration.between(read, Instant.now()).toMillis() / 1000.0)
                    .description(Metric.STATE_AGE.description())
                    .register(registry);
        }
    }

    @Scheduled(every = "15s", delayed = "2s", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void readState() {
        whileMine(() -> {
            List<Reading> readings = state.read();
            Arrays.stream(Metric.values())
                    .filter(metric -> metric != Metric.STATE_AGE && !WATCHED.contains(metric))
                    .forEach(metric -> tell(metric, readings));
            read = Instant.now();
        });
    }

    @Scheduled(every = "30s", delayed = "2s", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void lookAround() {
        whileMine(() -> {
            List<Reading> readings = watch.look();
            WATCHED.forEach(metric -> tell(metric, readings));
        });
    }

    void onStop(@Observes ShutdownEvent stop) {
        ending = true;
    }

    /** Functions and sidecars of their own leave it to the engine; what is met while everything is taken down is of no interest. */
    private void whileMine(Runnable work) {
        try {
            if (config.role() == LifeboatConfig.Role.ENGINE && !ending) {
                work.run();
            }
        } catch (RuntimeException e) {
            if (!ending) {
                throw e;
            }
        }
    }

    private void tell(Metric metric, List<Reading> readings) {
        List<MultiGauge.Row<?>> rows = readings.stream()
                .filter(reading -> reading.metric() == metric)
                .<MultiGauge.Row<?>>map(reading ->
                        MultiGauge.Row.of(tags(reading), () -> reading.value().getAsDouble()))
                .collect(Collectors.toList());
        gauges.get(metric).register(rows, true);
    }

    private static Tags tags(Reading reading) {
        List<String> labels = reading.metric().labels();
        return Tags.of(IntStream.range(0, labels.size())
                .mapToObj(i -> Tag.of(labels.get(i), reading.labels().get(i)))
                .toList());
    }
}
