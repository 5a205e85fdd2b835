package dev.lifeboat.sidecar;

import java.time.Instant;

/**
 * How far a task is.
 *
 * @param phase what it does now
 * @param bytesDone so many
 * @param bytesTotal of so many; 0: not known
 * @param itemsDone tables or files done
 * @param itemsTotal of so many; 0: not known
 * @param startedAt when it began (UTC)
 */
public record ProgressSnapshot(
        String phase, long bytesDone, long bytesTotal, long itemsDone, long itemsTotal, Instant startedAt) {}
