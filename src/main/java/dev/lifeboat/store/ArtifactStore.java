package dev.lifeboat.store;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A place for artifacts: a folder, a bucket. An object is seen under its key only when it is whole and durable, and never
 * changes afterwards. Implementations are thread-safe. Every failure is a {@link dev.lifeboat.fault.FaultException} with
 * one of the STORE_* or OBJECT_* codes that names the store and the key (CANCELLED where the thread was interrupted). No
 * key may be the beginning of another: an object's name is not a folder's too.
 */
public interface ArtifactStore {
    /** The name under which the configuration knows this store. */
    String name();

    /** Where it is, for people: a path or an URI, never with a secret. */
    String location();

    /**
     * Starts writing an object. Nothing is seen under {@code key} before {@link ObjectWriter#commit}; closing without
     * commit leaves nothing. An object that is already there is replaced at commit.
     */
    ObjectWriter create(ObjectKey key);

    /** In pieces of how many bytes a large object is best written; at most {@value Block#BYTES}. */
    default int blockBytes() {
        return Block.SMALL;
    }

    /**
     * Writes a small object in one go, only if nothing is there under that key: the way a manifest is committed.
     *
     * @throws dev.lifeboat.fault.FaultException OBJECT_EXISTS where something is there already; it is left as it was
     */
    void putIfAbsent(ObjectKey key, byte[] content);

    /** What is known of an object; empty where there is none. */
    Optional<StoredObject> find(ObjectKey key);

    /**
     * Opens an object for reading from {@code offset} (bytes, at most its size) to its end. The caller closes the stream. An
     * object that is replaced or deleted meanwhile gives its old bytes or fails, never a mixture. Failures while reading
     * are {@link dev.lifeboat.fault.FaultException}s too (STORE_READ_FAILED).
     *
     * @throws dev.lifeboat.fault.FaultException OBJECT_MISSING where there is none; BAD_INPUT for an offset beyond its end
     */
    InputStream open(ObjectKey key, long offset);

    /**
     * All objects below {@code prefix}, at any depth, in the order of their keys' text; half-written ones are not among them.
     * An object whose key is {@code prefix} itself is not below it.
     */
    List<StoredObject> list(ObjectKey prefix);

    /**
     * The names directly below {@code prefix} (empty: at the root), sorted: projects, environments, artifacts. A name is
     * given where it is an object or has an object below it.
     */
    List<String> names(Optional<ObjectKey> prefix);

    /**
     * Removes an object; one that is not there is no error.
     *
     * @throws dev.lifeboat.fault.FaultException OBJECT_LOCKED where it is protected
     */
    void delete(ObjectKey key);

    /**
     * The file that holds the object, for tools that need a seekable file, to be read only; empty where there is no such
     * object or the store is not of this machine.
     */
    Optional<Path> localPath(ObjectKey key);

    /** Bytes that can still be written; empty where the store can't tell. */
    OptionalLong freeBytes();

    /**
     * Proves that this store can be written, read and deleted from, with a small object of its own.
     *
     * @throws dev.lifeboat.fault.FaultException STORE_UNREACHABLE, STORE_UNWRITABLE or STORE_FULL
     */
    void probe();

    /**
     * Protects an object from being replaced or removed until then, by whomever; a later date that it has already stays. Does
     * nothing where this store sets no locks.
     */
    default void lock(ObjectKey key, Instant until) {}

    /** Until when an object is protected; empty where it is not. */
    default Optional<Instant> lockedUntil(ObjectKey key) {
        return Optional.empty();
    }

    /**
     * Refuses where an object is protected.
     *
     * @throws dev.lifeboat.fault.FaultException OBJECT_LOCKED
     */
    default void requireUnlocked(ObjectKey key) {
        lockedUntil(key).ifPresent(until -> {
            throw locked(key, until);
        });
    }

    /** What is said of an object that is protected. */
    default FaultException locked(ObjectKey key, Instant until) {
        return Fault.of(
                        FaultCode.OBJECT_LOCKED,
                        key + " in store '" + name() + "' is locked until " + until + "; it was not deleted",
                        "Nothing is to be done: that is what the lock is for. It can be deleted when the lock has ended.")
                .with("store", name())
                .with("key", key)
                .with("locked_until", until)
                .toException();
    }

    /**
     * Marks an object for the store's own rules to delete; one that is not there is no error. False where this store has none:
     * it is to be deleted then.
     */
    default boolean expire(ObjectKey key) {
        return false;
    }

    /** Whether {@link #expire} has marked an object. */
    default boolean isExpired(ObjectKey key) {
        return false;
    }

    /**
     * Looks at how the store itself is set up, for what the configuration wants of it; gives what was found, in words.
     *
     * @throws dev.lifeboat.fault.FaultException BAD_CONFIGURATION where it is not set up so
     */
    default String examine() {
        return "nothing is wanted of it but room";
    }

    /**
     * Proves that what an artifact holds can be read, before anything of it is: where the store is encrypted, that its key is
     * at hand.
     *
     * @param artifact the artifact's folder
     * @throws dev.lifeboat.fault.FaultException STORE_KEY_WRONG
     */
    default void unlock(ObjectKey artifact) {}

    /**
     * Has an artifact opened by the store's present key, where it was another's. False where nothing was to be done.
     *
     * @param artifact the artifact's folder
     * @throws dev.lifeboat.fault.FaultException STORE_KEY_WRONG where no key at hand opens it
     */
    default boolean rekey(ObjectKey artifact) {
        return false;
    }

    /**
     * Removes what unfinished writes left behind that is older than {@code before}; gives how many were removed.
     */
    int collectGarbage(Instant before);
}
