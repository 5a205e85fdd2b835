package dev.lifeboat.store;

import java.time.Instant;
import java.util.Optional;

/**
 * An object of a store.
 *
 * @param key its name
 * @param size bytes
 * @param modified when it was stored (UTC)
 * @param sha256 lower-case hex, where this program just wrote it; empty where it was only looked up
 */
public record StoredObject(ObjectKey key, long size, Instant modified, Optional<String> sha256) {}
