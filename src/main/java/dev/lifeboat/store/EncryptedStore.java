package dev.lifeboat.store;

import com.exceptionfactory.jagged.FileKey;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.spec.AlgorithmParameterSpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import javax.crypto.Cipher;
import javax.crypto.KDF;
import javax.crypto.SecretKey;
import javax.crypto.spec.HKDFParameterSpec;
import javax.crypto.spec.IvParameterSpec;

/**
 * A store whose bytes are encrypted before they leave this machine: every object but the manifest is a file of the age format
 * (age-encryption.org/v1) with the ending {@code .age}. Each artifact has a key of its own, which lies beside it as
 * {@code artifact.key.age}, encrypted to the recipient of the key file: {@code age -d -i KEYFILE artifact.key.age > key; age -d
 * -i key db.dump.age} opens it without Lifeboat, and another key file means that only that small file is written anew.
 *
 * <p>The payload of the format is a sequence of chunks of 64 KiB, each sealed on its own, so that reading can begin anywhere.
 */
final class EncryptedStore implements ArtifactStore {
    static final String SUFFIX = ".age";
    static final String KEY = "artifact.key" + SUFFIX;

    private static final String MANIFEST = "artifact.json";
    private static final int ARTIFACT_SEGMENTS = 3;
    /** Of the format with one X25519 recipient: header, then the nonce of the payload. */
    private static final int NONCE = 16;

    private static final int HEADER = 168;
    private static final int CHUNK = 64 * 1024;
    private static final int TAG = 16;
    private static final int SEALED = CHUNK + TAG;
    private static final int BEGINNING = HEADER + NONCE + SEALED;
    private static final int KEPT = 4096;

    private final ArtifactStore inner;
    private final AgeKeys keys;
    private final Map<ObjectKey, AgeKeys> artifactKeys = new ConcurrentHashMap<>();
    private final Map<ObjectKey, SecretKey> payloadKeys = new ConcurrentHashMap<>();
    private final Object[] locks = new Object[64];

    EncryptedStore(ArtifactStore inner, AgeKeys keys) {
        this.inner = inner;
        this.keys = keys;
        Arrays.setAll(locks, i -> new Object());
    }

    @Override
    public String name() {
        return inner.name();
    }

    @Override
    public String location() {
        return inner.location();
    }

    private static boolean isPlain(ObjectKey key) {
        return key.name().equals(MANIFEST) && key.segments().size() == ARTIFACT_SEGMENTS + 1;
    }

    private static ObjectKey sealed(ObjectKey key) {
        if (isPlain(key)) {
            return key;
        }
        var segments = new ArrayList<>(key.segments());
        segments.set(segments.size() - 1, segments.getLast() + SUFFIX);
        return new ObjectKey(segments);
    }

    /** Empty for what is no object of an artifact. */
    private static Optional<StoredObject> opened(StoredObject object) {
        if (isPlain(object.key())) {
            return Optional.of(object);
        }
        String name = object.key().name();
        if (!name.endsWith(SUFFIX) || name.equals(KEY)) {
            return Optional.empty();
        }
        var segments = new ArrayList<>(object.key().segments());
        segments.set(segments.size() - 1, name.substring(0, name.length() - SUFFIX.length()));
        return Optional.of(new StoredObject(new ObjectKey(segments), plainSize(object.size()), object.modified()));
    }

    private static long plainSize(long sealed) {
        long payload = sealed - HEADER - NONCE;
        long chunks = Math.max(1, (payload + SEALED - 1) / SEALED);
        return Math.max(0, payload - chunks * TAG);
    }

    // ---- writing

    @Override
    public ObjectWriter create(ObjectKey key) {
        if (isPlain(key)) {
            return inner.create(key);
        }
        AgeKeys artifact = artifactKey(key, true);
        ObjectWriter writer = inner.create(sealed(key));
        boolean begun = false;
        try {
            var sealing = new Sealing(key, writer, artifact);
            begun = true;
            return sealing;
        } catch (IOException e) {
            throw unsealed(key, e);
        } finally {
            if (!begun) {
                writer.close();
            }
        }
    }

    @Override
    public void putIfAbsent(ObjectKey key, byte[] content) {
        if (isPlain(key)) {
            inner.putIfAbsent(key, content);
            return;
        }
        try {
            AgeKeys artifact = artifactKey(key, true);
            byte[] sealed = artifact.encrypt(content);
            withKey(key, artifact, () -> inner.putIfAbsent(sealed(key), sealed));
        } catch (IOException e) {
            throw unsealed(key, e);
        }
    }

    private FaultException unsealed(ObjectKey key, IOException e) {
        return Fault.of(
                        FaultCode.STORE_WRITE_FAILED,
                        "Store '" + name() + "': " + key + " could not be encrypted: " + DurableFiles.reason(e),
                        "Start the run again.")
                .toException(e);
    }

    /** Makes an object seen, and before it the key that opens it. */
    private void withKey(ObjectKey key, AgeKeys artifact, Runnable commit) {
        ObjectKey at = folderOf(key).child(KEY);
        synchronized (lockOf(key)) {
            try {
                if (inner.find(at).isEmpty()) {
                    inner.putIfAbsent(at, keys.encrypt(identity(artifact)));
                } else if (!open(at).equals(artifact)) {
                    throw Fault.of(
                                    FaultCode.STORE_WRITE_FAILED,
                                    "Store '" + name() + "': another process has made a key for " + folderOf(key) + "; "
                                            + key + " was not written",
                                    "Start the run again.")
                            .toException();
                }
            } catch (IOException e) {
                throw unsealed(at, e);
            }
            commit.run();
        }
    }

    private Object lockOf(ObjectKey key) {
        return locks[Math.floorMod(folderOf(key).hashCode(), locks.length)];
    }

    /** Encrypts on the way. */
    private final class Sealing extends ObjectWriter {
        private final ObjectKey key;
        private final ObjectWriter out;
        private final AgeKeys artifact;
        private final WritableByteChannel channel;
        private boolean ended;

        Sealing(ObjectKey key, ObjectWriter out, AgeKeys artifact) throws IOException {
            this.key = key;
            this.out = out;
            this.artifact = artifact;
            this.channel = artifact.encrypting(new WritableByteChannel() {
                @Override
                public int write(ByteBuffer bytes) {
                    int length = bytes.remaining();
                    byte[] copy = new byte[length];
                    bytes.get(copy);
                    out.write(copy, 0, length);
                    return length;
                }

                @Override
                public boolean isOpen() {
                    return true;
                }

                @Override
                public void close() {
                    // The writer is committed or given up by its owner.
                }
            });
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            requireOpen();
            try {
                channel.write(ByteBuffer.wrap(bytes, offset, length));
            } catch (IOException e) {
                throw unsealed(key, e);
            }
        }

        @Override
        public void commit() {
            requireOpen();
            ended = true;
            try {
                channel.close();
            } catch (IOException e) {
                throw unsealed(key, e);
            }
            payloadKeys.remove(key);
            withKey(key, artifact, out::commit);
        }

        private void requireOpen() {
            if (ended) {
                throw new IllegalStateException("the write of " + key + " has ended");
            }
        }

        @Override
        public void close() {
            ended = true;
            out.close();
        }

        @Override
        public void flush() {
            out.flush();
        }
    }

    // ---- keys

    private static ObjectKey folderOf(ObjectKey key) {
        return new ObjectKey(key.segments()
                .subList(0, Math.min(ARTIFACT_SEGMENTS, key.segments().size() - 1)));
    }

    /** The artifact's own key; where it has none and something is to be written, a new one, which is stored with that. */
    private AgeKeys artifactKey(ObjectKey key, boolean make) {
        ObjectKey folder = folderOf(key);
        AgeKeys known = artifactKeys.get(folder);
        if (known != null) {
            return known;
        }
        synchronized (lockOf(key)) {
            known = artifactKeys.get(folder);
            if (known != null) {
                return known;
            }
            ObjectKey at = folder.child(KEY);
            boolean isThere = inner.find(at).isPresent();
            if (!isThere && !make) {
                throw AgeKeys.wrong(
                        name(),
                        "artifact " + folder + " has no " + KEY + " (was it written before the store was encrypted?)",
                        null);
            }
            return remember(folder, isThere ? open(at) : AgeKeys.fresh());
        }
    }

    private AgeKeys open(ObjectKey at) {
        try {
            return new AgeKeys(List.of(new String(keys.decrypt(read(at)), StandardCharsets.US_ASCII).strip()));
        } catch (GeneralSecurityException | IOException e) {
            throw AgeKeys.wrong(name(), "its key file does not open " + at, e);
        }
    }

    private AgeKeys remember(ObjectKey folder, AgeKeys artifact) {
        if (artifactKeys.size() > KEPT) {
            artifactKeys.clear();
        }
        artifactKeys.put(folder, artifact);
        return artifact;
    }

    private static byte[] identity(AgeKeys artifact) {
        return (artifact.identities().getFirst() + "\n").getBytes(StandardCharsets.US_ASCII);
    }

    private byte[] read(ObjectKey key) {
        try (InputStream in = inner.open(key, 0)) {
            return in.readNBytes(CHUNK);
        } catch (IOException e) {
            throw unread(key, DurableFiles.reason(e), e);
        }
    }

    @Override
    public void unlock(ObjectKey artifact) {
        artifactKey(artifact.child(MANIFEST), false);
    }

    @Override
    public boolean rekey(ObjectKey artifact) {
        ObjectKey at = artifact.child(KEY);
        AgeKeys opened = artifactKey(artifact.child(MANIFEST), false);
        byte[] there = read(at);
        try {
            new AgeKeys(keys.identities().subList(0, 1)).decrypt(there);
            return false;
        } catch (GeneralSecurityException | IOException e) {
            // Not the present key's: it is written anew.
        }
        try (ObjectWriter writer = inner.create(at)) {
            byte[] sealed = keys.encrypt(identity(opened));
            writer.write(sealed, 0, sealed.length);
            writer.commit();
            return true;
        } catch (IOException e) {
            throw unsealed(at, e);
        }
    }

    /** The key of one object's payload, from its beginning: header, nonce and at least one chunk. */
    private SecretKey payloadKey(ObjectKey key, byte[] beginning) {
        AgeKeys artifact = artifactKey(key, false);
        try {
            if (beginning.length < HEADER + NONCE + TAG) {
                throw new IOException("it is too short");
            }
            FileKey fileKey = artifact.fileKey(beginning);
            AlgorithmParameterSpec derivation = HKDFParameterSpec.ofExtract()
                    .addIKM(fileKey.getEncoded())
                    .addSalt(Arrays.copyOfRange(beginning, HEADER, HEADER + NONCE))
                    .thenExpand("payload".getBytes(StandardCharsets.US_ASCII), 32);
            SecretKey payload = KDF.getInstance("HKDF-SHA256").deriveKey("ChaCha20", derivation);
            if (payloadKeys.size() > KEPT) {
                payloadKeys.clear();
            }
            payloadKeys.put(key, payload);
            return payload;
        } catch (GeneralSecurityException | IOException e) {
            throw unread(key, "its header is damaged, or it is another artifact's", e);
        }
    }

    private FaultException unread(ObjectKey key, String why, Exception cause) {
        return Fault.of(
                        FaultCode.STORE_READ_FAILED,
                        "Store '" + name() + "' can't give " + key + ": " + why,
                        "Use the artifact's copy in another store.")
                .with("store", name())
                .with("key", key)
                .toException(cause);
    }

    // ---- reading

    @Override
    public InputStream open(ObjectKey key, long offset) {
        if (isPlain(key)) {
            return inner.open(key, offset);
        }
        try {
            if (offset == 0) {
                return new Opening(key, new PushbackInputStream(inner.open(sealed(key), 0), BEGINNING));
            }
            long size = find(key).map(StoredObject::size).orElse(-1L);
            if (size >= 0 && (offset < 0 || offset > size)) {
                throw Fault.of(
                                FaultCode.BAD_INPUT,
                                offset + " is no position in " + key + " of store '" + name() + "'",
                                "This is an error of the program; nothing was changed. Please report it.")
                        .toException();
            }
            return new Opening(key, offset, size);
        } catch (IOException e) {
            throw unread(key, DurableFiles.reason(e), e);
        }
    }

    /** Decrypts on the way, chunk by chunk. */
    private final class Opening extends BulkInputStream {
        private final ObjectKey key;
        private final SecretKey payload;
        private final PushbackInputStream in;
        private long chunk;
        private boolean ended;
        private byte[] plain = new byte[0];
        private int position;

        /** From the beginning: header and payload come from the same stream, so of one version of the object. */
        Opening(ObjectKey key, PushbackInputStream in) throws IOException {
            this.key = key;
            this.in = in;
            boolean opened = false;
            try {
                byte[] beginning = in.readNBytes(BEGINNING);
                this.payload = payloadKey(key, beginning);
                in.unread(beginning, HEADER + NONCE, beginning.length - HEADER - NONCE);
                opened = true;
            } finally {
                if (!opened) {
                    in.close();
                }
            }
        }

        /** From anywhere: only the chunks that are wanted are fetched. */
        Opening(ObjectKey key, long offset, long size) throws IOException {
            this.key = key;
            SecretKey known = payloadKeys.get(key);
            if (known == null) {
                try (InputStream header = inner.open(sealed(key), 0)) {
                    known = payloadKey(key, header.readNBytes(BEGINNING));
                }
            }
            this.payload = known;
            this.chunk = Math.min(offset / CHUNK, Math.max(0, (size - 1) / CHUNK));
            this.in = new PushbackInputStream(inner.open(sealed(key), HEADER + NONCE + chunk * SEALED), 1);
            int skip = (int) (offset - chunk * CHUNK);
            if (skip > 0) {
                next();
                position = skip;
            }
        }

        private boolean next() throws IOException {
            if (ended) {
                return false;
            }
            byte[] sealed = in.readNBytes(SEALED);
            int following = in.read();
            ended = following < 0;
            if (!ended) {
                in.unread(following);
            }
            try {
                Cipher cipher = Cipher.getInstance("ChaCha20-Poly1305");
                cipher.init(Cipher.DECRYPT_MODE, payload, new IvParameterSpec(nonce(chunk, ended)));
                plain = cipher.doFinal(sealed);
                position = 0;
                chunk++;
                return true;
            } catch (GeneralSecurityException e) {
                payloadKeys.remove(key);
                throw unread(key, "its bytes were altered, or break off", e);
            }
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            while (position == plain.length) {
                if (!next()) {
                    return -1;
                }
            }
            int n = Math.min(length, plain.length - position);
            System.arraycopy(plain, position, bytes, offset, n);
            position += n;
            return n;
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }

    /** Eleven bytes of the chunk's number, big-endian, and whether it is the last. */
    private static byte[] nonce(long chunk, boolean isLast) {
        return ByteBuffer.allocate(12)
                .putInt(0, 0)
                .putLong(3, chunk)
                .put(11, (byte) (isLast ? 1 : 0))
                .array();
    }

    // ---- the rest is the inner store's

    @Override
    public Optional<StoredObject> find(ObjectKey key) {
        return inner.find(sealed(key)).flatMap(EncryptedStore::opened);
    }

    @Override
    public List<StoredObject> list(ObjectKey prefix) {
        return inner.list(prefix).stream()
                .flatMap(object -> opened(object).stream())
                .sorted(java.util.Comparator.comparing(object -> object.key().toString()))
                .toList();
    }

    @Override
    public List<String> names(Optional<ObjectKey> prefix) {
        return inner.names(prefix).stream()
                .filter(name -> !name.equals(KEY))
                .map(name -> name.endsWith(SUFFIX) ? name.substring(0, name.length() - SUFFIX.length()) : name)
                .distinct()
                .sorted()
                .toList();
    }

    @Override
    public void delete(ObjectKey key) {
        synchronized (lockOf(key)) {
            inner.delete(sealed(key));
            payloadKeys.remove(key);
            // The artifact's key goes with the last thing that it opens.
            ObjectKey folder = folderOf(key);
            List<StoredObject> left = inner.list(folder);
            if (left.size() == 1 && left.getFirst().key().equals(folder.child(KEY))) {
                inner.delete(folder.child(KEY));
            }
        }
    }

    @Override
    public void lock(ObjectKey key, Instant until) {
        inner.lock(sealed(key), until);
        if (isPlain(key)) {
            inner.lock(folderOf(key).child(KEY), until);
        }
    }

    @Override
    public Optional<Instant> lockedUntil(ObjectKey key) {
        return inner.lockedUntil(sealed(key));
    }

    @Override
    public boolean expire(ObjectKey key) {
        boolean expired = inner.expire(sealed(key));
        if (expired && isPlain(key)) {
            inner.expire(folderOf(key).child(KEY));
        }
        return expired;
    }

    @Override
    public boolean isExpired(ObjectKey key) {
        return inner.isExpired(sealed(key));
    }

    @Override
    public Optional<Path> localPath(ObjectKey key) {
        return isPlain(key) ? inner.localPath(key) : Optional.empty();
    }

    @Override
    public OptionalLong freeBytes() {
        return inner.freeBytes();
    }

    @Override
    public void probe() {
        inner.probe();
    }

    @Override
    public String examine() {
        return inner.examine() + "; encrypted to " + keys.recipient();
    }

    @Override
    public int collectGarbage(Instant before) {
        return inner.collectGarbage(before);
    }
}
