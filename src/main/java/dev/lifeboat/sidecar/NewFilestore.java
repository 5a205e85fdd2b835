package dev.lifeboat.sidecar;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.artifact.Manifest.FilestoreEntry;
import dev.lifeboat.artifact.OpenArtifact;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.filestore.FilestoreIndex;
import dev.lifeboat.filestore.FilestoreRestorer;
import dev.lifeboat.filestore.FolderSwap;
import dev.lifeboat.filestore.IndexEntry;
import dev.lifeboat.json.Json;
import dev.lifeboat.progress.Progress;
import dev.lifeboat.step.EvidenceFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/** Builds an artifact's filestore in a folder beside the live one: what is there already is linked, the rest is extracted. */
final class NewFilestore {
    /** So much of a volume stays free at least: a full one would stop Odoo, and PostgreSQL where it shares the volume. */
    private static final long RESERVE_BYTES = 1L << 30;

    private static final int RESERVE_SHARE = 20;
    private static final int ROOT = 0;

    private final RestoreSite site;
    private final OpenArtifact artifact;
    private final FilestoreEntry entry;

    NewFilestore(RestoreSite site, OpenArtifact artifact) {
        this.site = site;
        this.artifact = artifact;
        this.entry = artifact.manifest().filestore().orElseThrow(() -> Fault.of(
                        FaultCode.BAD_INPUT,
                        "artifact " + artifact.id() + " has no filestore",
                        "Restore what it has (--type), or another artifact.")
                .toException());
    }

    /**
     * Builds; what an earlier attempt left is removed first. Where it fails, nothing is left.
     *
     * @param whole whether every file is read from the artifact, also what is there already
     * @return the proof, as evidence
     */
    List<EvidenceFile> build(boolean whole, Progress progress) {
        FolderSwap swap = site.folders();
        boolean proved = false;
        try {
            swap.abandon();
            room(whole);
            progress.expect(entry.contentBytes(), entry.fileCount());
            FilestoreRestorer.Result result = restore(swap, whole, progress);
            if (!result.summary().treeSha256().equals(entry.treeSha256())
                    || result.summary().files() != entry.fileCount()) {
                throw Fault.of(
                                FaultCode.DIGEST_MISMATCH,
                                "the index of the filestore is not the one that the manifest describes; the present"
                                        + " filestore is as it was",
                                "Restore another artifact, or from another store.")
                        .toException();
            }
            proved = true;
            return evidence(result);
        } finally {
            if (!proved) {
                swap.abandon();
            }
        }
    }

    private List<EvidenceFile> evidence(FilestoreRestorer.Result result) {
        String log = result.summary().files() + " files, " + result.summary().bytes() + " bytes: " + result.linked()
                + " were there already and were linked after their SHA-1 was compared, " + result.extracted() + " ("
                + result.extractedBytes() + " bytes) were extracted\n";
        ObjectNode verification = Json.object()
                .put(
                        "method",
                        "SHA-1 of every file as it was written, and the SHA-256 over all of them with their paths")
                .put("expected_tree_sha256", entry.treeSha256())
                .put("actual_tree_sha256", result.summary().treeSha256())
                .put("files", entry.fileCount())
                .put("bytes", entry.contentBytes())
                .put("equal", true);
        return List.of(
                new EvidenceFile("filestore_restore.log", log),
                new EvidenceFile("filestore_restore_checksum_verification.json", Json.pretty(verification)));
    }

    private FilestoreRestorer.Result restore(FolderSwap swap, boolean whole, Progress progress) {
        Path live = site.bindings().filestore();
        try {
            Files.createDirectories(live.getParent());
            Optional<Path> present = Files.isDirectory(live) ? Optional.of(live) : Optional.empty();
            FilestoreRestorer.Owner owner = owner(present, live.getParent());
            try (InputStream index = index()) {
                return new FilestoreRestorer(
                                (part, offset) -> artifact.openPart(part.artifactId(), part.path(), offset),
                                whole ? Optional.empty() : present,
                                swap.fresh(),
                                owner,
                                progress)
                        .restore(index);
            }
        } catch (IOException e) {
            throw unbuilt(e);
        }
    }

    /** On a new machine, where the folder above may be root's, Odoo's user is who owns its odoo.conf, unless that is root too. */
    private FilestoreRestorer.Owner owner(Optional<Path> present, Path above) throws IOException {
        var owner = FilestoreRestorer.Owner.of(present.orElse(above));
        if (present.isPresent() || owner.uid() != ROOT) {
            return owner;
        }
        Optional<Path> conf = site.bindings().odooConf().filter(Files::isRegularFile);
        if (conf.isEmpty()) {
            return owner;
        }
        var ofConf = FilestoreRestorer.Owner.of(conf.get());
        return ofConf.uid() == ROOT ? owner : ofConf;
    }

    /** Refuses before anything is written where the missing files would fill the volume. */
    private void room(boolean whole) {
        Path live = site.bindings().filestore();
        try {
            Files.createDirectories(live.getParent());
            FileStore volume = Files.getFileStore(live.getParent());
            long reserve = reserve(volume);
            if (volume.getUsableSpace() - reserve >= entry.contentBytes()) {
                return;
            }
            long missing = whole ? entry.contentBytes() : missing(live);
            if (volume.getUsableSpace() - reserve < missing) {
                throw Fault.of(
                                FaultCode.DISK_SPACE_LOW,
                                "the volume of " + live + " has no room for the " + missing
                                        + " bytes of files that are missing there; nothing was touched",
                                "Free some room on that volume, then restore again.")
                        .with("usable_bytes", volume.getUsableSpace())
                        .with("kept_free_bytes", reserve)
                        .with("missing_bytes", missing)
                        .toException();
            }
        } catch (IOException e) {
            throw unbuilt(e);
        }
    }

    /** How many bytes of a volume stay free. */
    static long reserve(FileStore volume) throws IOException {
        return Math.min(RESERVE_BYTES, volume.getTotalSpace() / RESERVE_SHARE);
    }

    /** Bytes of the files that are not there under their names. */
    private long missing(Path live) throws IOException {
        var missing = new AtomicLong();
        try (InputStream index = index()) {
            FilestoreIndex.read(index, found -> {
                if (found instanceof IndexEntry.File file
                        && !Files.isRegularFile(live.resolve(file.path()), LinkOption.NOFOLLOW_LINKS)) {
                    missing.addAndGet(file.size());
                }
            });
        }
        return missing.get();
    }

    private InputStream index() {
        return artifact.open(entry.index(), 0);
    }

    private RuntimeException unbuilt(IOException e) {
        return Fault.of(
                        FaultCode.EXTRACT_FAILED,
                        "the filestore could not be built beside "
                                + site.bindings().filestore() + ": " + e.getMessage()
                                + "; the present filestore is as it was",
                        "Look at that volume, then restore again.")
                .toException(e);
    }
}
