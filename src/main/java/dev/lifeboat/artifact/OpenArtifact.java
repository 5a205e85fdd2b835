package dev.lifeboat.artifact;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.store.ArtifactStore;
import dev.lifeboat.store.BulkInputStream;
import dev.lifeboat.store.ObjectKey;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * An artifact whose manifest was read and proved.
 *
 * @param folder its copy in the store that it is read from
 * @param others stores that may have a copy too, the nearest first: they are read where the first one fails
 * @param signed the manifest
 */
public record OpenArtifact(ArtifactFolder folder, List<ArtifactStore> others, SignedManifest signed) {
    public OpenArtifact {
        others = List.copyOf(others);
    }

    /** The artifact's name. */
    public ArtifactId id() {
        return folder.id();
    }

    /** What the manifest says. */
    public Manifest manifest() {
        return signed.manifest();
    }

    /**
     * Reads one of its files from {@code offset} (bytes). Where a store fails, in the middle too, the next one goes on.
     *
     * @throws FaultException what the last store said, where none can
     */
    public InputStream open(String path, long offset) {
        return new FromCopies(folder.key(path), offset);
    }

    /** Reads a part, which may be another artifact's of the same environment, as {@link #open(String, long)} does. */
    public InputStream openPart(String artifactId, String path, long offset) {
        return new FromCopies(new ArtifactId(id().environment(), artifactId).path(path), offset);
    }

    /** The file itself, where the store that is read from is of this machine. */
    public Optional<Path> localPath(String path) {
        return folder.store().localPath(folder.key(path));
    }

    /** One file, from whichever store gives it. */
    private final class FromCopies extends BulkInputStream {
        private final ObjectKey key;
        private final List<ArtifactStore> left;
        private InputStream in;
        private long position;

        FromCopies(ObjectKey key, long offset) {
            this.key = key;
            this.position = offset;
            this.left = new ArrayList<>(others);
            left.addFirst(folder.store());
            next(null);
        }

        /** Opens the next store that can give the rest. */
        private void next(FaultException failure) {
            FaultException last = failure;
            while (!left.isEmpty()) {
                ArtifactStore store = left.removeFirst();
                try {
                    in = store.open(key, position);
                    return;
                } catch (FaultException e) {
                    if (e.fault().code() == FaultCode.CANCELLED) {
                        throw e;
                    }
                    last = last == null || e.fault().code() != FaultCode.OBJECT_MISSING ? e : last;
                }
            }
            throw last;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            while (true) {
                try {
                    int n = in.read(bytes, offset, length);
                    position += Math.max(0, n);
                    return n;
                } catch (FaultException e) {
                    if (e.fault().code() == FaultCode.CANCELLED) {
                        throw e;
                    }
                    goOn(e);
                } catch (IOException e) {
                    goOn(Fault.of(
                                    FaultCode.STORE_READ_FAILED,
                                    key + " could not be read: " + e.getMessage(),
                                    "Try again, or use another artifact.")
                            .toException(e));
                }
            }
        }

        private void goOn(FaultException failure) throws IOException {
            in.close();
            next(failure);
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}
