package dev.lifeboat.store;

import java.time.Instant;

/**
 * An object of a store.
 *
 * @param key its name
 * @param size bytes
 * @param modified when it was stored (UTC)
 */
public record StoredObject(ObjectKey key, long size, Instant modified) {}
