package dev.lifeboat.sidecar;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.lifeboat.artifact.OpenArtifact;
import dev.lifeboat.environment.Bindings;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.filestore.FilestoreIndex;
import dev.lifeboat.filestore.IndexEntry;
import dev.lifeboat.postgres.ContentDigest;
import dev.lifeboat.postgres.DatabaseDigester;
import dev.lifeboat.postgres.DatabaseServer;
import dev.lifeboat.postgres.PgTools;
import dev.lifeboat.progress.Progress;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How far an environment's present content is from an artifact's. Rows are compared without regard to their order, files by
 * name and size: names are hashes of the content, and the check of the filestore's accessibility reads every file.
 *
 * @param tables what is different in the database, in words; empty where nothing is
 * @param filesMissing how many of the artifact's files are not there, or have another size
 * @param filesMore how many files are there that the artifact does not have
 * @param files some of the names
 */
record ContentComparison(List<String> tables, long filesMissing, long filesMore, List<String> files) {
    private static final int SHOWN = 50;

    ContentComparison {
        tables = List.copyOf(tables);
        files = List.copyOf(files);
    }

    /** Whether nothing is different. */
    @JsonProperty
    boolean equal() {
        return tables.isEmpty() && filesMissing == 0 && filesMore == 0;
    }

    /** One line. */
    String summary() {
        return equal()
                ? "the content is the artifact's"
                : tables.size() + " differences in the database, " + filesMissing + " files missing, " + filesMore
                        + " files more than the artifact has";
    }

    static ContentComparison of(Bindings bindings, OpenArtifact artifact, Optional<Path> pgBin, Progress progress) {
        List<String> tables = artifact.manifest()
                .database()
                .map(expected -> {
                    var server = new DatabaseServer(bindings.database());
                    String database = bindings.database().name();
                    PgTools tools = PgTools.forServer(server.probe().major(), pgBin);
                    ContentDigest present = DatabaseDigester.ofDatabase(
                            server, database, tools, Optional.empty(), progress, NewDatabase.LIMIT);
                    return present.withTables(DatabaseDigester.inColumnOrderOf(
                                    () -> artifact.open(
                                            artifact.manifest()
                                                    .dbDump()
                                                    .orElseThrow()
                                                    .path(),
                                            0),
                                    expected.tables(),
                                    server,
                                    database,
                                    tools,
                                    present.tables(),
                                    NewDatabase.LIMIT))
                            .contentDifferences(expected);
                })
                .orElse(List.of());
        return artifact.manifest().filestore().isEmpty()
                ? new ContentComparison(tables, 0, 0, List.of())
                : withFiles(
                        tables, artifact, artifact.manifest().filestore().get().index(), bindings.filestore());
    }

    /** Holds no list of the files, whatever their number. */
    private static ContentComparison withFiles(
            List<String> tables, OpenArtifact artifact, String indexName, Path filestore) {
        var shown = new ArrayList<String>();
        var known = new AtomicLong();
        var missing = new AtomicLong();
        try (InputStream index = artifact.open(indexName, 0)) {
            FilestoreIndex.read(index, found -> {
                if (found instanceof IndexEntry.File file) {
                    OptionalLong size = sizeOf(filestore.resolve(file.path()));
                    if (size.isPresent()) {
                        known.incrementAndGet();
                    }
                    if (size.isEmpty() || size.getAsLong() != file.size()) {
                        missing.incrementAndGet();
                        if (shown.size() < SHOWN) {
                            shown.add(file.path() + (size.isPresent() ? ": of another size" : ": missing"));
                        }
                    }
                }
            });
            return new ContentComparison(tables, missing.get(), files(filestore) - known.get(), shown);
        } catch (IOException e) {
            throw Fault.of(
                            FaultCode.FILESTORE_READ_FAILED,
                            "the filestore could not be compared with the artifact: " + e.getMessage(),
                            "Look at the disk that holds the filestore, then start the run again.")
                    .toException(e);
        }
    }

    private static long files(Path filestore) throws IOException {
        if (!Files.isDirectory(filestore)) {
            return 0;
        }
        try (var tree = Files.walk(filestore)) {
            return tree.filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
                    .count();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private static OptionalLong sizeOf(Path file) {
        try {
            var attributes = Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            return attributes.isRegularFile() ? OptionalLong.of(attributes.size()) : OptionalLong.empty();
        } catch (IOException e) {
            // What can't be looked at is not there for Odoo either.
            return OptionalLong.empty();
        }
    }
}
