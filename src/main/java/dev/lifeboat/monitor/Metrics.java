package dev.lifeboat.monitor;

import dev.lifeboat.run.Duty;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
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
    private final EnvironmentReadings environments;
    private final Duty duty;
    private final Map<Metric, MultiGauge> gauges = new EnumMap<>(Metric.class);
    private volatile Instant read = Instant.now();

    Metrics(StateReadings state, EnvironmentReadings environments, Duty duty, MeterRegistry registry) {
        this.state = state;
        this.environments = environments;
        this.duty = duty;
        Arrays.stream(Metric.values())
                .filter(metric -> metric != Metric.STATE_AGE)
                .forEach(metric -> gauges.put(
                        metric,
                        MultiGauge.builder(metric.wireName())
                                .description(metric.description())
                                .register(registry)));
        if (duty.stays()) {
            Gauge.builder(
                            Metric.STATE_AGE.wireName(),
                            () -> Duration.between(read, Instant.now()).toMillis() / 1000.0)
                    .description(Metric.STATE_AGE.description())
                    .register(registry);
        }
    }

    @Scheduled(every = "15s", delayed = "2s", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void readState() {
        duty.unasked(() -> {
            List<Reading> readings = state.read();
            Arrays.stream(Metric.values())
                    .filter(metric -> metric != Metric.STATE_AGE && !WATCHED.contains(metric))
                    .forEach(metric -> tell(metric, readings));
            read = Instant.now();
        });
    }

    @Scheduled(every = "30s", delayed = "2s", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void lookAround() {
        duty.unasked(() -> {
            List<Reading> readings = environments.read();
            WATCHED.forEach(metric -> tell(metric, readings));
        });
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
