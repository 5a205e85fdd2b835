package dev.lifeboat.monitor;

import java.util.List;
import java.util.function.DoubleSupplier;

/**
 * A value of a metric.
 *
 * @param labels as many as the metric has
 * @param value asked at each scrape
 */
record Reading(Metric metric, List<String> labels, DoubleSupplier value) {
    Reading {
        labels = List.copyOf(labels);
        if (labels.size() != metric.labels().size()) {
            throw new IllegalArgumentException(metric + " has the labels " + metric.labels() + ", not " + labels);
        }
    }

    static Reading of(Metric metric, double value, String... labels) {
        return new Reading(metric, List.of(labels), () -> value);
    }

    static Reading of(Metric metric, boolean value, String... labels) {
        return of(metric, value ? 1 : 0, labels);
    }
}
