package dev.lifeboat.sidecar;

import java.time.Instant;

/**
 * A line of a task's log.
 *
 * @param at by the clock of the machine that does the task (UTC)
 * @param text what it did
 */
public record LogLine(Instant at, String text) {}
