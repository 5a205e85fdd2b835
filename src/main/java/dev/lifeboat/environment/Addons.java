package dev.lifeboat.environment;

import dev.lifeboat.digest.Hashes;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The addons that an Odoo finds on disk: where two folders of addons_path have one of the same name, the first wins, as in
 * Odoo. Manifests are read, never executed.
 *
 * @param byName addons by name, sorted
 * @param unread folders of addons_path that are not there or may not be read, with the reason
 */
public record Addons(Map<String, Addon> byName, Map<Path, String> unread) {
    private static final long MANIFEST_MOST = 1024 * 1024;
    private static final int BUFFER = 64 * 1024;
    private static final String MANIFEST = "__manifest__.py";
    private static final Set<String> SKIPPED_FOLDERS = Set.of("__pycache__", ".git", "node_modules");

    public Addons {
        byName = Collections.unmodifiableMap(new TreeMap<>(byName));
        unread = Collections.unmodifiableMap(new TreeMap<>(unread));
    }

    /**
     * An addon.
     *
     * @param folder where it is
     * @param title its {@code name} in the manifest
     * @param version as the manifest says it: {@code 1.3}, or with the series before it, {@code 19.0.1.3}
     * @param depends addons that it needs
     * @param core whether it lies in a folder of Odoo's own addons
     */
    public record Addon(
            Path folder, Optional<String> title, Optional<String> version, List<String> depends, boolean core) {
        public Addon {
            depends = List.copyOf(depends);
        }
    }

    /**
     * Looks through the folders. Odoo adds the folder of its base addons by itself: where {@code X/addons} is listed and
     * {@code X/odoo/addons} exists, that is looked through too.
     */
    public static Addons scan(List<Path> addonsPath) {
        var byName = new TreeMap<String, Addon>();
        var unread = new TreeMap<Path, String>();
        for (Path folder : withBase(addonsPath)) {
            boolean core = isCore(folder);
            try (var listing = Files.newDirectoryStream(folder)) {
                for (Path addon : listing) {
                    Path manifest = addon.resolve(MANIFEST);
                    if (Files.isRegularFile(manifest)) {
                        byName.putIfAbsent(addon.getFileName().toString(), read(addon, manifest, core));
                    }
                }
            } catch (IOException e) {
                unread.put(folder, e instanceof NoSuchFileException ? "it is not there" : "it may not be read");
            }
        }
        return new Addons(byName, unread);
    }

    private static List<Path> withBase(List<Path> addonsPath) {
        var folders = new ArrayList<>(addonsPath);
        for (Path folder : addonsPath) {
            Path base = folder.resolveSibling("odoo").resolve("addons");
            if (!folders.contains(base) && Files.isDirectory(base.resolve("base"))) {
                folders.add(base);
            }
        }
        return folders;
    }

    /** Odoo's own folders hold {@code base} or {@code web}; nobody else's do. */
    private static boolean isCore(Path folder) {
        return Files.isRegularFile(folder.resolve("base").resolve(MANIFEST))
                || Files.isRegularFile(folder.resolve("web").resolve(MANIFEST));
    }

    private static Addon read(Path addon, Path manifest, boolean core) throws IOException {
        Map<String, Object> dict = Files.size(manifest) > MANIFEST_MOST
                ? Map.of()
                : PythonLiteral.dict(new String(Files.readAllBytes(manifest), StandardCharsets.UTF_8))
                        .orElse(Map.of());
        List<String> depends = dict.get("depends") instanceof List<?> names
                ? names.stream()
                        .filter(String.class::isInstance)
                        .map(String.class::cast)
                        .toList()
                : List.of();
        return new Addon(addon, text(dict, "name"), text(dict, "version"), depends, core);
    }

    private static Optional<String> text(Map<String, Object> dict, String key) {
        return dict.get(key) instanceof String text ? Optional.of(text) : Optional.empty();
    }

    /**
     * Whether an installed module without an addon here is really missing: Odoo's own addons must be among those found, else
     * nothing can be said.
     */
    public boolean complete() {
        return unread.isEmpty() && byName.containsKey("base") && byName.containsKey("web");
    }

    /**
     * A digest of the code: SHA-256 over one line {@code <sha-256> <name>} an addon, sorted by name. An addon of the site's
     * own counts with the paths and contents of all its files (without {@code __pycache__}, {@code .git},
     * {@code node_modules} and compiled Python); one of Odoo's own with its manifest and the release file of its Odoo,
     * because reading tens of thousands of files that come whole from a package would prove little and take minutes. Empty
     * where no addon is known.
     *
     * @throws dev.lifeboat.fault.FaultException BAD_CONFIGURATION where a file may not be read
     */
    public Optional<String> hash() {
        if (byName.isEmpty()) {
            return Optional.empty();
        }
        MessageDigest all = Hashes.sha256();
        var releases = new TreeMap<Path, byte[]>();
        byName.forEach((name, addon) -> {
            try {
                String code = HexFormat.of()
                        .formatHex(addon.core() ? coreDigest(addon, releases) : treeDigest(addon.folder()));
                all.update((code + "  " + name + "\n").getBytes(StandardCharsets.UTF_8));
            } catch (IOException | UncheckedIOException e) {
                throw Fault.of(
                                FaultCode.BAD_CONFIGURATION,
                                "the addon " + addon.folder() + " can't be read: " + e.getMessage(),
                                "Run Lifeboat as a user that may read it, or take its folder out of addons_path.")
                        .toException(e);
            }
        });
        return Optional.of(HexFormat.of().formatHex(all.digest()));
    }

    private static byte[] coreDigest(Addon addon, Map<Path, byte[]> releases) throws IOException {
        MessageDigest digest = Hashes.sha256();
        Path folder = addon.folder().getParent();
        byte[] release = releases.get(folder);
        if (release == null) {
            release = release(folder);
            releases.put(folder, release);
        }
        digest.update(release);
        addFile(digest, addon.folder().resolve(MANIFEST), new byte[BUFFER]);
        return digest.digest();
    }

    /** Odoo's version file lies in the package {@code odoo}, beside its folder addons or in the sibling of it. */
    private static byte[] release(Path folder) throws IOException {
        for (Path file : List.of(
                folder.resolveSibling("release.py"),
                folder.resolveSibling("odoo").resolve("release.py"))) {
            if (Files.isRegularFile(file)) {
                MessageDigest digest = Hashes.sha256();
                addFile(digest, file, new byte[BUFFER]);
                return digest.digest();
            }
        }
        return new byte[0];
    }

    private static byte[] treeDigest(Path root) throws IOException {
        var files = new TreeMap<String, Path>();
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                return !folder.equals(root)
                                && SKIPPED_FOLDERS.contains(folder.getFileName().toString())
                        ? FileVisitResult.SKIP_SUBTREE
                        : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                String name = file.getFileName().toString();
                if (!name.endsWith(".pyc") && !name.endsWith(".pyo")) {
                    files.put(root.relativize(file).toString(), file);
                }
                return FileVisitResult.CONTINUE;
            }
        });
        MessageDigest digest = Hashes.sha256();
        byte[] buffer = new byte[BUFFER];
        for (var entry : files.entrySet()) {
            digest.update((entry.getKey() + "\0").getBytes(StandardCharsets.UTF_8));
            if (Files.isSymbolicLink(entry.getValue())) {
                digest.update(
                        ("-> " + Files.readSymbolicLink(entry.getValue()) + "\0").getBytes(StandardCharsets.UTF_8));
            } else if (Files.isRegularFile(entry.getValue(), LinkOption.NOFOLLOW_LINKS)) {
                MessageDigest content = Hashes.sha256();
                addFile(content, entry.getValue(), buffer);
                digest.update(content.digest());
            }
        }
        return digest.digest();
    }

    private static void addFile(MessageDigest digest, Path file, byte[] buffer) throws IOException {
        try (var in = Files.newInputStream(file)) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
            }
        }
    }
}
