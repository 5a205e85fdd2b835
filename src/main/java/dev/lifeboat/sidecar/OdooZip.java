package dev.lifeboat.sidecar;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.artifact.Manifest;
import dev.lifeboat.artifact.OpenArtifact;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.filestore.FilestoreContent;
import dev.lifeboat.filestore.Names;
import dev.lifeboat.filestore.Trees;
import dev.lifeboat.json.Json;
import dev.lifeboat.linux.SystemCalls;
import dev.lifeboat.postgres.PgTools;
import dev.lifeboat.postgres.PlainDump;
import dev.lifeboat.progress.Progress;
import dev.lifeboat.store.DurableFiles;
import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Odoo's own form of a backup: a zip of {@code manifest.json}, {@code dump.sql} and {@code filestore/} (Odoo source,
 * service/db.py, dump_db and restore_db). It is written as a stream, and read from a file.
 */
public final class OdooZip {
    private static final Duration LIMIT = Duration.ofHours(12);
    private static final String DUMP = "dump.sql";
    private static final String MANIFEST = "manifest.json";
    private static final String FILESTORE = "filestore/";
    private static final int MANIFEST_MOST = 4 * 1024 * 1024;
    private static final Pattern SERIES = Pattern.compile("(\\d+)\\.(\\d+).*");

    private OdooZip() {}

    /**
     * Writes an artifact as Odoo's database manager and {@code odoo db load} take it.
     *
     * @param out is not closed
     * @param pgBin where the PostgreSQL tools are
     * @throws FaultException BAD_INPUT where the artifact has no database, DUMP_UNREADABLE, ARTIFACT_DAMAGED, and what the
     *     tools and stores say; what was written then is no zip
     * @throws IOException where {@code out} does not take it
     */
    public static void write(OpenArtifact artifact, Optional<Path> pgBin, OutputStream out) throws IOException {
        Manifest manifest = artifact.manifest();
        Manifest.FileEntry dump = manifest.dbDump().orElseThrow(() -> Fault.of(
                        FaultCode.BAD_INPUT,
                        "artifact " + artifact.id().id() + " holds no database, and Odoo's zip is one of a database",
                        "Export a full backup, or one of the type db_only.")
                .toException());
        int major = manifest.manifest().dbMajorVersion().orElse(0);
        PgTools tools = PgTools.forServer(major, pgBin);
        var zip = new ZipOutputStream(out, StandardCharsets.UTF_8);
        zip.setLevel(Deflater.BEST_SPEED);
        zip.putNextEntry(new ZipEntry(MANIFEST));
        zip.write(Json.pretty(manifest(artifact, major)).getBytes(StandardCharsets.UTF_8));
        zip.closeEntry();
        zip.putNextEntry(new ZipEntry(DUMP));
        try (InputStream archive = artifact.open(dump.path(), 0);
                OutputStream sql = new Entry(zip)) {
            PlainDump.write(archive, tools, sql, LIMIT);
        }
        if (manifest.filestore().isPresent()) {
            try (InputStream index = artifact.open(manifest.filestore().get().index(), 0)) {
                new FilestoreContent((part, offset) -> artifact.openPart(part.artifactId(), part.path(), offset))
                        .writeEach(index, file -> {
                            zip.putNextEntry(new ZipEntry(FILESTORE + file.path()));
                            return new Entry(zip);
                        });
            }
        }
        zip.finish();
    }

    /** {@code manifest.json}, with exactly the fields that Odoo writes. */
    private static ObjectNode manifest(OpenArtifact artifact, int serverMajor) throws IOException {
        JsonNode snapshot;
        try (InputStream in = artifact.open(artifact.manifest().configSnapshot().path(), 0)) {
            snapshot = Json.mapper().readTree(in);
        }
        JsonNode modules = snapshot.path("modules");
        String series = modules.path("base").asText("").replaceFirst("^(\\d+\\.\\d+).*", "$1");
        ObjectNode manifest = Json.object()
                .put("odoo_dump", "1")
                .put("db_name", artifact.manifest().sourceEnv().db())
                .put("version", series);
        var info = manifest.putArray("version_info");
        Matcher numbers = SERIES.matcher(series);
        if (numbers.matches()) {
            info.add(Integer.parseInt(numbers.group(1))).add(Integer.parseInt(numbers.group(2)));
        }
        info.add(0).add("final").add(0).add("");
        return manifest.put("major_version", series)
                .put("pg_version", serverMajor + ".0")
                .set("modules", modules);
    }

    /**
     * Looks whether a file is what {@link #read} takes, by its table of contents.
     *
     * @throws FaultException BAD_INPUT where it is no zip of Odoo's
     */
    public static void check(Path file) {
        try (var zip = new ZipFile(file.toFile())) {
            require(file, zip);
        } catch (ZipException e) {
            throw refused(file, String.valueOf(e.getMessage()));
        } catch (IOException e) {
            throw unread(file, e);
        }
    }

    /** The dump of a zip that is Odoo's. */
    private static ZipEntry require(Path file, ZipFile zip) throws IOException {
        ZipEntry dump = zip.getEntry(DUMP);
        if (dump == null || !manifest(zip).path("odoo_dump").asText().equals("1")) {
            throw refused(file, "it has no " + DUMP + ", or no " + MANIFEST + " of Odoo's");
        }
        return dump;
    }

    /**
     * What a zip held.
     *
     * @param series the Odoo that wrote it, such as {@code 19.0}
     * @param files laid down
     * @param bytes of them
     * @param passedOver entries that are no file of a filestore and were left out
     */
    record Unpacked(String series, String databaseName, long files, long bytes, List<String> passedOver) {
        private static final int SHOWN = 100;

        Unpacked {
            passedOver = List.copyOf(passedOver.subList(0, Math.min(SHOWN, passedOver.size())));
        }
    }

    @FunctionalInterface
    interface Load {
        void from(InputStream sql) throws IOException;
    }

    /**
     * Reads a zip: its dump is handed to {@code load}, its files are laid into a folder under their names. Only names of a
     * filestore are taken.
     *
     * A few bytes of a zip can become many: where a volume would have less left than restores leave it, it ends. Where it does
     * not come to its end, the folder is removed.
     *
     * @param folder must not exist
     * @throws FaultException BAD_INPUT where it is no zip of Odoo's, DISK_SPACE_LOW, EXTRACT_FAILED
     */
    static Unpacked read(Path file, Path folder, Load load, Progress progress) {
        return read(file, folder, new Room(() -> usable(folder)), load, progress);
    }

    static Unpacked read(Path file, Path folder, Room room, Load load, Progress progress) {
        boolean done = false;
        try {
            Unpacked unpacked = unpack(file, folder, room, load, progress);
            done = true;
            return unpacked;
        } finally {
            if (!done) {
                Trees.removeQuietly(folder);
            }
        }
    }

    private static Unpacked unpack(Path file, Path folder, Room room, Load load, Progress progress) {
        try (var zip = new ZipFile(file.toFile())) {
            ZipEntry dump = require(file, zip);
            JsonNode manifest = manifest(zip);
            progress.expect(
                    zip.stream()
                            .mapToLong(entry -> Math.max(0, entry.getSize()))
                            .sum(),
                    zip.size());
            progress.phase("filestore");
            Files.createDirectories(folder.getParent());
            DurableFiles.createFolders(folder);
            room.look();
            long files = 0;
            long bytes = 0;
            var passedOver = new ArrayList<String>();
            byte[] buffer = new byte[256 * 1024];
            // Odoo's user may rename in the folder above: what is unpacked goes where the open folder is.
            try (SystemCalls.OpenFolder opened = SystemCalls.openFolder(folder)) {
                for (ZipEntry entry : (Iterable<ZipEntry>) zip.stream().map(ZipEntry.class::cast)::iterator) {
                    String name = entry.getName();
                    if (entry.isDirectory() || name.equals(DUMP) || name.equals(MANIFEST)) {
                        continue;
                    }
                    String path = name.startsWith(FILESTORE) ? name.substring(FILESTORE.length()) : "";
                    if (!Names.isContentAddressed(path)) {
                        passedOver.add(name);
                        continue;
                    }
                    bytes += lay(zip, entry, opened.path().resolve(path), buffer, room);
                    files++;
                    progress.advance(entry.getSize(), 1);
                }
            }
            progress.phase("load");
            try (InputStream sql = room.counting(zip.getInputStream(dump))) {
                load.from(sql);
            }
            return new Unpacked(
                    manifest.path("major_version").asText(),
                    manifest.path("db_name").asText(),
                    files,
                    bytes,
                    passedOver);
        } catch (ZipException e) {
            throw refused(file, String.valueOf(e.getMessage()));
        } catch (IOException e) {
            throw unread(file, e);
        }
    }

    private static FaultException unread(Path file, IOException e) {
        return Fault.of(
                        FaultCode.EXTRACT_FAILED,
                        "the zip " + file.getFileName() + " could not be unpacked: " + e.getMessage()
                                + "; the environment was not touched",
                        "Free some room where the filestore is, or see whether the zip is whole, and import again.")
                .toException(e);
    }

    /** What can still be written on the volume of a folder, in bytes, beyond what stays free. */
    private static long usable(Path folder) throws IOException {
        FileStore volume = Files.getFileStore(folder);
        return volume.getUsableSpace() - NewFilestore.reserve(volume);
    }

    /** Asks a volume; not for every byte. */
    static final class Room {
        private static final long BETWEEN = 8L << 20;

        private final Asked usable;
        private long since;

        interface Asked {
            long bytes() throws IOException;
        }

        /** @param usable how many bytes may still be written, at present */
        Room(Asked usable) {
            this.usable = usable;
        }

        void take(long bytes) throws IOException {
            since += bytes;
            if (since >= BETWEEN) {
                look();
            }
        }

        void look() throws IOException {
            since = 0;
            if (usable.bytes() < BETWEEN) {
                throw Fault.of(
                                FaultCode.DISK_SPACE_LOW,
                                "what the zip holds would fill the volume of the filestore; what was unpacked is removed, and the"
                                        + " environment was not touched",
                                "See whether the zip is one that you trust: a small one can hold very much. If it is, free some"
                                        + " room on that volume, and import again.")
                        .toException();
            }
        }

        /** A dump on its way to a server that may keep its database on the same volume. */
        InputStream counting(InputStream in) {
            return new FilterInputStream(in) {
                @Override
                public int read() throws IOException {
                    int read = super.read();
                    take(1);
                    return read;
                }

                @Override
                public int read(byte[] bytes, int offset, int length) throws IOException {
                    int read = super.read(bytes, offset, length);
                    take(Math.max(0, read));
                    return read;
                }
            };
        }
    }

    private static long lay(ZipFile zip, ZipEntry entry, Path path, byte[] buffer, Room room) throws IOException {
        Files.createDirectories(path.getParent());
        long bytes = 0;
        try (InputStream in = zip.getInputStream(entry);
                OutputStream out =
                        Files.newOutputStream(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                room.take(n);
                out.write(buffer, 0, n);
                bytes += n;
            }
        }
        return bytes;
    }

    private static JsonNode manifest(ZipFile zip) throws IOException {
        ZipEntry entry = zip.getEntry(MANIFEST);
        if (entry == null) {
            return Json.object();
        }
        try (InputStream in = zip.getInputStream(entry)) {
            return Json.mapper().readTree(in.readNBytes(MANIFEST_MOST));
        }
    }

    private static FaultException refused(Path file, String why) {
        return Fault.of(
                        FaultCode.BAD_INPUT,
                        file.getFileName() + " is no backup of Odoo's: " + why + "; nothing was changed",
                        "Give the zip that Odoo's database manager or `odoo db dump` writes; a zip that came over a network may be"
                                + " cut.")
                .toException();
    }

    /** The bytes of one entry: their end is not the zip's. */
    private static final class Entry extends FilterOutputStream {
        private final ZipOutputStream zip;

        Entry(ZipOutputStream zip) {
            super(zip);
            this.zip = zip;
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            zip.write(bytes, offset, length);
        }

        @Override
        public void close() throws IOException {
            zip.closeEntry();
        }
    }
}
