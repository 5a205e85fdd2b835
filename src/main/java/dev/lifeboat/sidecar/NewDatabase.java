package dev.lifeboat.sidecar;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.artifact.Manifest.DatabaseContent;
import dev.lifeboat.artifact.Manifest.TableDigest;
import dev.lifeboat.artifact.OpenArtifact;
import dev.lifeboat.environment.OdooCommand;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import dev.lifeboat.odoo.CheckResult;
import dev.lifeboat.odoo.Neutralization;
import dev.lifeboat.odoo.OdooProgram;
import dev.lifeboat.odoo.RecordCounts;
import dev.lifeboat.odoo.SyntaxValidation;
import dev.lifeboat.postgres.ContentDigest;
import dev.lifeboat.postgres.DatabaseDigester;
import dev.lifeboat.postgres.DatabaseFacts;
import dev.lifeboat.postgres.DatabaseLoader;
import dev.lifeboat.postgres.DatabaseServer;
import dev.lifeboat.postgres.PgTools;
import dev.lifeboat.postgres.TableName;
import dev.lifeboat.progress.Progress;
import dev.lifeboat.step.EvidenceFile;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Loads an artifact's dump under the site's hidden name and proves that it is what was dumped. */
final class NewDatabase {
    static final Duration LIMIT = Duration.ofHours(12);
    static final String SYNTAX = "syntax_validation.json";

    private final RestoreSite site;
    private final OpenArtifact artifact;
    private final Optional<Path> pgBin;

    NewDatabase(RestoreSite site, OpenArtifact artifact, Optional<Path> pgBin) {
        this.site = site;
        this.artifact = artifact;
        this.pgBin = pgBin;
    }

    /**
     * Loads; what an earlier attempt left is dropped first. Where it fails, nothing is left.
     *
     * @param neutralize whether what is loaded is neutralised, once it is proved
     * @param check whether Odoo, where its command line is configured, has to load a copy of it
     * @return the proof, as evidence
     */
    List<EvidenceFile> load(boolean neutralize, boolean check, Progress progress) {
        DatabaseServer server = site.server();
        DatabaseContent content = content();
        PgTools tools = tools();
        var loader = new DatabaseLoader(server, tools);
        String fresh = site.newDatabase();
        loader.dropHidden(fresh);
        boolean proved = false;
        try {
            progress.expect(content.sizeBytes(), content.tables().size());
            DatabaseFacts facts = facts();
            int jobs = Runtime.getRuntime().availableProcessors();
            DatabaseLoader.Loaded loaded = withDump(dump -> loader.load(fresh, dump, facts, jobs, progress, LIMIT));
            progress.phase("digest");
            ContentDigest read = DatabaseDigester.ofDatabase(server, fresh, tools, Optional.empty(), progress, LIMIT);
            ContentDigest restored = read.withTables(inColumnOrder(tools, read.tables()));
            prove(content, restored);
            var evidence = new ArrayList<EvidenceFile>();
            evidence.add(new EvidenceFile("db_restore.log", log(tools, loaded)));
            evidence.add(new EvidenceFile(
                    "db_restore_checksum_verification.json", Json.pretty(verification(content, restored))));
            evidence.add(new EvidenceFile("record_counts.json", Json.pretty(recordCounts(fresh))));
            if (neutralize) {
                progress.phase("neutralise");
                evidence.add(new EvidenceFile(
                        "neutralization.json",
                        Json.pretty(neutralized(fresh, site.bindings().url()))));
            }
            if (check && site.bindings().odoo().isPresent()) {
                progress.phase("run Odoo on a copy");
                evidence.add(new EvidenceFile(
                        SYNTAX,
                        Json.pretty(checked(loader, site.bindings().odoo().get()))));
            }
            proved = true;
            return evidence;
        } finally {
            if (!proved) {
                loader.dropHidden(fresh);
            }
        }
    }

    /**
     * Loads only the rows of some tables, under the same name, and proves them.
     *
     * @return the proof, as evidence
     */
    List<EvidenceFile> loadTables(List<TableName> tables, Progress progress) {
        Instant begin = Instant.now();
        DatabaseServer server = site.server();
        PgTools tools = tools();
        var loader = new DatabaseLoader(server, tools);
        String fresh = site.newDatabase();
        loader.dropHidden(fresh);
        boolean proved = false;
        try {
            DatabaseFacts facts = facts();
            int jobs = Runtime.getRuntime().availableProcessors();
            withDump(dump -> {
                loader.loadTables(fresh, dump, facts, tables, jobs, progress, LIMIT);
                return fresh;
            });
            progress.phase("digest");
            List<TableDigest> actual =
                    inColumnOrder(tools, DatabaseDigester.ofTables(server, fresh, tools, tables, progress, LIMIT));
            Map<String, TableDigest> expected =
                    content().tables().stream().collect(Collectors.toMap(TableDigest::table, Function.identity()));
            List<String> different = actual.stream()
                    .filter(digest -> !hasRowsOf(digest, expected.get(digest.table())))
                    .map(TableDigest::table)
                    .toList();
            if (!different.isEmpty() || actual.size() != tables.size()) {
                throw Fault.of(
                                FaultCode.DIGEST_MISMATCH,
                                "the tables that were loaded are not those that were dumped; the live database was not"
                                        + " touched",
                                "Keep the evidence and report it; take the tables from another artifact.")
                        .with("tables", String.join(", ", different))
                        .toException();
            }
            ObjectNode document = Json.object()
                    .put("database", fresh)
                    .put("pg_restore", tools.version().text())
                    .put("seconds", BackupTasks.seconds(begin, Instant.now()))
                    .put("equal", true);
            document.set("table_digests", Json.mapper().valueToTree(actual));
            proved = true;
            return List.of(new EvidenceFile("tables_extraction.json", Json.pretty(document)));
        } finally {
            if (!proved) {
                loader.dropHidden(fresh);
            }
        }
    }

    private List<TableDigest> inColumnOrder(PgTools tools, List<TableDigest> loaded) {
        return DatabaseDigester.inColumnOrderOf(
                () -> artifact.open(dump(), 0),
                content().tables(),
                site.server(),
                site.newDatabase(),
                tools,
                loaded,
                LIMIT);
    }

    /** PostgreSQL may put rows that are loaded into a table made before in other places, so their order says nothing here. */
    private static boolean hasRowsOf(TableDigest actual, TableDigest expected) {
        return expected != null
                && actual.rows() == expected.rows()
                && actual.rowSum().equals(expected.rowSum());
    }

    private DatabaseContent content() {
        return artifact.manifest().database().orElseThrow(() -> Fault.of(
                        FaultCode.BAD_INPUT,
                        "artifact " + artifact.id() + " has no database",
                        "Restore what it has (--type), or another artifact.")
                .toException());
    }

    private PgTools tools() {
        return PgTools.forRestore(
                site.server().probe().major(),
                artifact.manifest().manifest().dbMajorVersion().orElse(0),
                pgBin);
    }

    /** What people ask for first: how many invoices, partners, orders there were, and how many there will be. */
    private ObjectNode recordCounts(String fresh) {
        String live = site.bindings().database().name();
        ObjectNode counts = Json.object();
        counts.set("restored", counted(fresh));
        counts.set("before", site.server().exists(live) ? counted(live) : Json.object());
        return counts;
    }

    /** The present database may be in any state: that it can't be counted is no reason not to restore. */
    private JsonNode counted(String database) {
        try (Connection connection = site.server().connect(database, LIMIT)) {
            return Json.mapper().valueToTree(RecordCounts.of(connection));
        } catch (SQLException | FaultException e) {
            return Json.object().put("not_counted", e.getMessage());
        }
    }

    /** Odoo's own command knows what each module brings; the built-in statements see to the rest, and to Odoos without it. */
    private ObjectNode neutralized(String database, Optional<URI> url) {
        boolean foreign = !artifact.id().environment().equals(site.bindings().environment());
        boolean byOdoo = site.bindings()
                .odoo()
                .map(odoo -> new OdooProgram(odoo).neutralize(database))
                .orElse(false);
        try (Connection connection = site.server().connect(database, LIMIT)) {
            Neutralization.Report report = Neutralization.apply(connection, new Neutralization.Target(url, foreign));
            return Json.object().put("odoo_neutralize", byOdoo).setAll(Json.tree(report));
        } catch (SQLException e) {
            throw Fault.of(
                            FaultCode.LOAD_FAILED,
                            "what was loaded could not be neutralised; it was dropped, the present database is as it was",
                            "See tool_output for the server's own words.")
                    .with("tool_output", e.getMessage())
                    .toException(e);
        }
    }

    /** Odoo never runs on what is to be put in place: loading a registry may change a database. */
    private CheckResult checked(DatabaseLoader loader, OdooCommand odoo) {
        String copy = site.copyOfNewDatabase();
        try {
            loader.copyHidden(site.newDatabase(), copy);
            neutralized(copy, Optional.empty());
            CheckResult result = SyntaxValidation.of(odoo, copy);
            if (result.outcome() == CheckResult.Outcome.FAILED) {
                throw Fault.of(
                                FaultCode.VALIDATION_FAILED,
                                "Odoo does not load what would be restored (" + result.actual()
                                        + "); the present database and filestore are as they were",
                                "Put the addons in place that the artifact needs, in the version it had, and restore again;"
                                        + " `--no-verify` restores nevertheless.")
                        .with("odoo_log", String.join("\n", result.details()))
                        .toException();
            }
            return result;
        } finally {
            loader.dropHidden(copy);
            site.removeFilestoreOfCopy();
        }
    }

    private static String log(PgTools tools, DatabaseLoader.Loaded loaded) {
        var text = new StringBuilder(
                        "pg_restore %s loaded the dump into %s in %s s, with --exit-on-error; then ANALYZE,"
                                .formatted(tools.version().text(), loaded.name(), loaded.seconds()))
                .append(" settings and privileges\n");
        loaded.notApplied()
                .forEach(what -> text.append("not applied: ").append(what).append('\n'));
        return text.toString();
    }

    private static ObjectNode verification(DatabaseContent content, ContentDigest restored) {
        ObjectNode verification = Json.object()
                .put(
                        "method",
                        "digests of the restored database's tables, sequences and definitions, compared with those"
                                + " of the artifact; a hash over an archive of the restored database can never be equal, because"
                                + " the archive's header holds the time at which it was made")
                .put("tables", content.tables().size())
                .put("sequences", content.sequences().size())
                .put("expected_schema_sha256", content.schemaSha256())
                .put("actual_schema_sha256", restored.schema().sha256())
                .put("equal", true);
        verification.set("table_digests", Json.mapper().valueToTree(restored.tables()));
        return verification;
    }

    private static void prove(DatabaseContent expected, ContentDigest actual) {
        List<String> different = actual.differences(expected);
        if (!different.isEmpty()) {
            throw Fault.of(
                            FaultCode.DIGEST_MISMATCH,
                            "the database that was loaded is not the one that was dumped: "
                                    + String.join(", ", different),
                            "Keep the evidence and report it; restore another artifact.")
                    .toException();
        }
    }

    private DatabaseFacts facts() {
        try (InputStream in = artifact.open("db.dump.meta.json", 0)) {
            return Json.mapper().readValue(in, CapturedFiles.DumpMeta.class).facts();
        } catch (IOException e) {
            throw Fault.of(
                            FaultCode.ARTIFACT_DAMAGED,
                            "db.dump.meta.json of " + artifact.id() + " can't be read: " + e.getMessage()
                                    + "; nothing was touched",
                            "Restore another artifact, or from another store.")
                    .toException(e);
        }
    }

    private String dump() {
        return Objects.requireNonNull(artifact.manifest().dbDump().orElseThrow().path());
    }

    private interface OnFile<T> {
        T run(Path file);
    }

    /** Gives the dump as a file, which pg_restore wants for more than one job: the store's own, or a copy. */
    private <T> T withDump(OnFile<T> use) {
        String name = dump();
        Optional<Path> local = artifact.localPath(name);
        if (local.isPresent()) {
            return use.run(local.get());
        }
        try {
            Path copy = site.workFile(name);
            try {
                try (InputStream in = artifact.open(name, 0)) {
                    Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
                }
                return use.run(copy);
            } finally {
                Files.deleteIfExists(copy);
            }
        } catch (IOException e) {
            throw Fault.of(
                            FaultCode.LOAD_FAILED,
                            "the dump could not be copied into the data folder: " + e.getMessage()
                                    + "; the present database is as it was",
                            "Free some room in the data folder, then restore again.")
                    .toException(e);
        }
    }
}
