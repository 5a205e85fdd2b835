package dev.lifeboat.run;

import java.time.Instant;

/**
 * The wish that a run stops.
 *
 * @param at when it was asked to (the database's time)
 * @param by who asked
 */
public record Cancellation(Instant at, String by) {}
