package dev.lifeboat.artifact;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * {@code artifact.json}: what one backup is, and everything that is needed to prove and restore it. It holds the fields of
 * the restore specification's artifact contract under their names ({@code artifact_id}, {@code created_at},
 * {@code source_env}, {@code db_dump}, {@code filestore}, {@code manifest}) and more. Written last: an artifact exists when
 * its manifest does. Sizes are bytes, times UTC, digests lower-case hex.
 *
 * @param format {@value #FORMAT}
 * @param artifactId the artifact's name, unique for all time
 * @param createdAt the instant of the snapshot
 * @param projectId the project
 * @param environmentId the environment within the project
 * @param runId the backup run that made it
 * @param backupType what it holds
 * @param purpose why it was made: {@code backup}, {@code pre_restore} for the safety
 *     backup of a restore, {@code import} where it was made of a backup of Odoo's own
 * @param label the person's own name for it
 * @param degraded why the backup is less than perfect (files that were already lost, no quiescing); empty: it is not
 * @param sourceEnv where it comes from
 * @param dbDump the dump; empty for filestore_only
 * @param filestore the filestore; empty for db_only
 * @param manifest Odoo's version, modules and addons
 * @param database what is in the dump; empty for filestore_only
 * @param configSnapshot the redacted configuration
 * @param tools name to version of the programs that made it
 * @param files every other file of the artifact, with size and SHA-256
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.ALWAYS)
public record Manifest(
        String format,
        String artifactId,
        Instant createdAt,
        String projectId,
        String environmentId,
        String runId,
        BackupType backupType,
        String purpose,
        Optional<String> label,
        List<String> degraded,
        SourceEnvironment sourceEnv,
        Optional<FileEntry> dbDump,
        Optional<FilestoreEntry> filestore,
        OdooEntry manifest,
        Optional<DatabaseContent> database,
        FileEntry configSnapshot,
        Map<String, String> tools,
        List<FileEntry> files) {
    /** The version of the format that this program writes and reads. */
    public static final String FORMAT = "lifeboat/1";

    /**
     * One file of the artifact.
     *
     * @param path relative to the artifact's folder
     * @param size bytes
     * @param sha256 of its bytes
     */
    public record FileEntry(String path, long size, String sha256) {}

    /** Name, type and database of the environment that was backed up. */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record SourceEnvironment(String name, String type, String db, Optional<String> databaseUuid) {}

    /**
     * The filestore part.
     *
     * @param path the artifact's own part, {@code filestore.tar.zst}
     * @param sha256 of the own part
     * @param size bytes of the own part
     * @param index path of the index that lists every name
     * @param fileCount regular files, over all parts
     * @param contentBytes their bytes, uncompressed
     * @param treeSha256 SHA-256 over all names with the SHA-1 of their content ({@code FilestoreIndex} says how)
     * @param incremental whether other artifacts' parts are needed
     * @param parts every part that is needed, flat: the oldest first, the own one last
     * @param missing names that the database refers to and that were not in the filestore
     * @param damaged names whose content did not have the SHA-1 of their name
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record FilestoreEntry(
            String path,
            String sha256,
            long size,
            String index,
            long fileCount,
            long contentBytes,
            String treeSha256,
            boolean incremental,
            List<Part> parts,
            List<String> missing,
            List<String> damaged) {}

    /**
     * A file {@code path} of the artifact {@code artifactId} that holds files of this one.
     *
     * @param size bytes of the part
     * @param sha256 of the part
     * @param contentBytes bytes of the files that it holds, uncompressed
     * @param usedBytes bytes of those that this artifact refers to
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Part(String artifactId, String path, long size, String sha256, long contentBytes, long usedBytes) {}

    /** Odoo's own description of what is installed. */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record OdooEntry(
            Optional<String> odooVersion,
            Optional<String> addonsHash,
            List<String> modulesInstalled,
            Optional<Integer> dbMajorVersion) {}

    /**
     * What the dump holds, read from the dump itself, and how the database is set up on its server.
     *
     * @param serverVersion as PostgreSQL says it
     * @param sizeBytes {@code pg_database_size}
     * @param encoding server encoding
     * @param localeProvider {@code c} (libc), {@code i} (ICU) or {@code b} (builtin)
     * @param collate LC_COLLATE
     * @param ctype LC_CTYPE
     * @param icuLocale the ICU or builtin locale, where there is one
     * @param owner the owning role
     * @param extensions name to version
     * @param tables digest of each table's rows, in the order of their names
     * @param sequences name to last value, as {@code setval} in the dump says it
     * @param schemaSha256 digest of the normalised definitions before and after the data
     * @param largeObjects how many large objects
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record DatabaseContent(
            String serverVersion,
            long sizeBytes,
            String encoding,
            String localeProvider,
            String collate,
            String ctype,
            Optional<String> icuLocale,
            String owner,
            Map<String, String> extensions,
            List<TableDigest> tables,
            Map<String, String> sequences,
            String schemaSha256,
            long largeObjects) {}

    /**
     * The digest of one table.
     *
     * @param table {@code schema.name} as the dump writes it, quoted where needed
     * @param rows how many rows
     * @param sha256 of the table's COPY data, in the dump's order
     * @param rowSum sum modulo 2^128 of the first 16 bytes of each row's SHA-256: independent of the order; hex
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record TableDigest(String table, long rows, String sha256, String rowSum) {}
}
