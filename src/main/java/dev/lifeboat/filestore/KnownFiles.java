package dev.lifeboat.filestore;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The files of the base, asked for in byte order, while its index is read once. */
final class KnownFiles implements AutoCloseable {
    private final Optional<FilestoreIndex.Reader> index;
    private final List<FilestoreIndex.PartRef> usable;
    private final List<Integer> numbers = new ArrayList<>();
    private IndexEntry.File next;

    private KnownFiles(Optional<FilestoreIndex.Reader> index, List<FilestoreIndex.PartRef> usable) {
        this.index = index;
        this.usable = usable;
    }

    KnownFiles(FilestoreArchiver.Base base) {
        this.usable = base.parts();
        this.index = Optional.of(new FilestoreIndex.Reader(base.index(), part -> numbers.add(usable.indexOf(part))));
        advance();
    }

    static KnownFiles none() {
        return new KnownFiles(Optional.empty(), List.of());
    }

    /** The parts of an index: those that can be referred to, and the own one. */
    List<FilestoreIndex.PartRef> partsWith(FilestoreIndex.PartRef own) {
        var parts = new ArrayList<>(usable);
        parts.add(own);
        return List.copyOf(parts);
    }

    /** A content-addressed file as the base holds it; null where it does not. Paths come in ascending order. */
    IndexEntry.File find(String path) {
        while (next != null && Names.compare(next.path(), path) < 0) {
            advance();
        }
        if (next == null || !next.path().equals(path) || next.isDamaged() || numbers.get(next.part()) < 0) {
            return null;
        }
        return next.placed(numbers.get(next.part()), next.frame());
    }

    private void advance() {
        IndexEntry entry = index.map(FilestoreIndex.Reader::next).orElse(null);
        while (entry instanceof IndexEntry.Folder) {
            entry = index.orElseThrow().next();
        }
        next = (IndexEntry.File) entry;
    }

    @Override
    public void close() {
        index.ifPresent(FilestoreIndex.Reader::close);
    }
}
