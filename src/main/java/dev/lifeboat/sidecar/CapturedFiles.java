package dev.lifeboat.sidecar;

import dev.lifeboat.artifact.Manifest.DatabaseContent;
import dev.lifeboat.artifact.Manifest.FileEntry;
import dev.lifeboat.artifact.Manifest.FilestoreEntry;
import dev.lifeboat.artifact.Manifest.OdooEntry;
import dev.lifeboat.postgres.DatabaseFacts;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The meta data that the steps of a capture leave in the artifact; the manifest is put together from it. */
public final class CapturedFiles {
    private CapturedFiles() {}

    /**
     * {@code db.dump.meta.json}.
     *
     * @param size of db.dump, bytes
     * @param seconds from the start of pg_dump to the last byte decoded
     * @param recordCounts rows of the tables that people ask for first
     * @param facts how the database is set up on its server, privileges and settings too
     */
    public record DumpMeta(
            String file,
            long size,
            String sha256,
            String pgDumpVersion,
            String dbName,
            Instant startedAt,
            Instant finishedAt,
            double seconds,
            String captureId,
            Instant snapshotAt,
            boolean fenced,
            Optional<String> unfencedReason,
            boolean decodedWhole,
            Map<String, Long> recordCounts,
            DatabaseFacts facts,
            DatabaseContent content) {}

    /**
     * {@code filestore.meta.json}.
     *
     * @param pathFingerprint SHA-256 of the folder's path
     * @param base the artifact whose files were referred to; empty: every file was archived
     * @param baseReason why that one, or why none
     * @param overlappedDump whether it was archived while the dump went on; the shared snapshot makes that sound
     * @param inFlight files left out because an upload was writing them
     * @param passedOver what is no regular file or folder
     */
    public record FilestoreMeta(
            String path,
            String pathFingerprint,
            Instant startedAt,
            Instant finishedAt,
            double seconds,
            String captureId,
            Optional<String> base,
            String baseReason,
            boolean overlappedDump,
            boolean closed,
            long referred,
            long inFlight,
            List<String> passedOver,
            FileEntry index,
            FilestoreEntry entry) {}

    /** What the capture says of Odoo, and the proof that it held to its end. */
    public record OdooMeta(
            String captureId,
            Instant snapshotAt,
            Instant provenAt,
            Optional<String> databaseUuid,
            List<String> degraded,
            OdooEntry odoo) {}
}
