package dev.lifeboat.sidecar;

import dev.lifeboat.artifact.ArtifactId;
import dev.lifeboat.artifact.Manifest.FileEntry;
import dev.lifeboat.store.ArtifactStore;
import dev.lifeboat.store.ObjectWriter;
import dev.lifeboat.store.StoredObject;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Writes an artifact's files into all stores of its environment at once: one read, one compression. */
final class ArtifactWriter {
    private final ArtifactId artifact;
    private final List<ArtifactStore> stores;

    ArtifactWriter(ArtifactId artifact, List<ArtifactStore> stores) {
        this.artifact = artifact;
        this.stores = stores;
    }

    /** A file that is being written. Without {@link #commit} it leaves nothing in any store. */
    static final class File extends OutputStream {
        private final String path;
        private final List<ObjectWriter> copies;

        private File(String path, List<ObjectWriter> copies) {
            this.path = path;
            this.copies = copies;
        }

        @Override
        public void write(int b) {
            copies.forEach(copy -> copy.write(b));
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            copies.forEach(copy -> copy.write(bytes, offset, length));
        }

        @Override
        public void flush() {
            copies.forEach(ObjectWriter::flush);
        }

        FileEntry commit() {
            StoredObject stored = null;
            for (ObjectWriter copy : copies) {
                stored = copy.commit();
            }
            return new FileEntry(path, stored.size(), stored.sha256().orElseThrow());
        }

        @Override
        public void close() {
            copies.forEach(ObjectWriter::close);
        }
    }

    File create(String path) {
        var copies = new ArrayList<ObjectWriter>();
        boolean open = false;
        try {
            stores.forEach(store -> copies.add(store.create(artifact.path(path))));
            open = true;
            return new File(path, copies);
        } finally {
            if (!open) {
                copies.forEach(ObjectWriter::close);
            }
        }
    }

    FileEntry write(String path, String content) {
        try (File file = create(path)) {
            byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
            file.write(bytes, 0, bytes.length);
            return file.commit();
        }
    }
}
