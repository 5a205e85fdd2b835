package dev.lifeboat.filestore;

import dev.lifeboat.digest.Hashes;
import dev.lifeboat.progress.Progress;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Makes, archives, restores and compares small filestores. */
final class Filestores {
    static final FilestoreIndex.PartRef PART =
            new FilestoreIndex.PartRef("bk_20261120T020000Z_1a2b3c4d", "filestore.tar.zst");

    private Filestores() {}

    /** An archive with its index. */
    static final class Archive {
        private final byte[] part;
        private final byte[] index;
        private final FilestoreArchiver.Result result;

        Archive(byte[] part, byte[] index, FilestoreArchiver.Result result) {
            this.part = part;
            this.index = index;
            this.result = result;
        }

        byte[] part() {
            return part;
        }

        byte[] index() {
            return index;
        }

        FilestoreArchiver.Result result() {
            return result;
        }
    }

    /** Writes a file under the name of its content; gives the name. */
    static String put(Path root, byte[] content) throws IOException {
        String sha1 = HexFormat.of().formatHex(Hashes.sha1().digest(content));
        String name = sha1.substring(0, 2) + "/" + sha1;
        put(root, name, content);
        return name;
    }

    static String put(Path root, String content) throws IOException {
        return put(root, content.getBytes(StandardCharsets.UTF_8));
    }

    static void put(Path root, String name, byte[] content) throws IOException {
        Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, content);
        Files.setLastModifiedTime(file, FileTime.fromMillis(1_700_000_000_000L + name.length() * 1000L));
    }

    static ReferredNames referred(Collection<String> names) {
        var referred = new ReferredNames();
        names.stream().sorted().forEach(referred::add);
        return referred;
    }

    static Archive archive(Path root, Collection<String> names) {
        return archive(root, names, Progress.NONE);
    }

    static Archive archive(Path root, Collection<String> names, Progress progress) {
        var part = new ByteArrayOutputStream();
        var index = new ByteArrayOutputStream();
        var result = new FilestoreArchiver(root, () -> referred(names), PART, Optional.empty(), progress)
                .archive(part, index);
        return new Archive(part.toByteArray(), index.toByteArray(), result);
    }

    static FilestoreRestorer.Result restore(Archive archive, Optional<Path> present, Path target) throws IOException {
        return restore(archive.part(), archive.index(), present, target);
    }

    static FilestoreRestorer.Result restore(byte[] part, byte[] index, Optional<Path> present, Path target)
            throws IOException {
        return new FilestoreRestorer(
                        (ref, offset) -> from(part, offset),
                        present,
                        target,
                        FilestoreRestorer.Owner.of(target.getParent()),
                        Progress.NONE)
                .restore(new ByteArrayInputStream(index));
    }

    private static InputStream from(byte[] part, long offset) {
        int from = (int) Math.min(offset, part.length);
        return new ByteArrayInputStream(part, from, part.length - from);
    }

    static List<IndexEntry> entries(byte[] index) {
        var entries = new java.util.ArrayList<IndexEntry>();
        FilestoreIndex.read(new ByteArrayInputStream(index), entries::add);
        return entries;
    }

    /** All that a tree is made of: modes of folders; modes, times and contents of files. */
    static SortedMap<String, String> tree(Path root) throws IOException {
        var tree = new TreeMap<String, String>();
        try (var walk = Files.walk(root)) {
            for (Path path : walk.filter(each -> !each.equals(root)).toList()) {
                String mode =
                        Integer.toOctalString((int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS));
                String rest = Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)
                        ? " " + Files.getLastModifiedTime(path).toMillis() / 1000 + " " + Files.size(path) + " "
                                + Trees.sha1(path)
                        : "";
                tree.put(root.relativize(path).toString(), mode + rest);
            }
        }
        return tree;
    }

    /** The digest of a tree that {@link FilestoreIndex} defines, taken from its files themselves. */
    static String treeSha256(Path root) throws IOException {
        var digest = new FilestoreIndex.TreeDigest();
        try (var walk = Files.walk(root)) {
            List<String> names = walk.filter(path -> Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS))
                    .map(path -> root.relativize(path).toString())
                    .sorted(Names::compare)
                    .toList();
            for (String name : names) {
                digest.add(Trees.sha1(root.resolve(name)), name);
            }
        }
        return digest.hex();
    }
}
