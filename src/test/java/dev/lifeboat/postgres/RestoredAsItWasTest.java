package dev.lifeboat.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.environment.DatabaseBinding;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import dev.lifeboat.process.ChildProcess;
import dev.lifeboat.progress.Progress;
import dev.lifeboat.testing.TestCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What pg_dump and pg_restore alone would not bring back, or not as it was. */
class RestoredAsItWasTest {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final String SOURCE = "as_it_was";
    private static final String RESTORED = DatabaseLoader.newName("as_it_was", 1);

    /** As Odoo makes a database when it is configured with {@code unaccent}, and 16 and later index names in it. */
    private static final String UNACCENT = "CREATE EXTENSION pg_trgm; CREATE EXTENSION unaccent SCHEMA %s;"
            + " ALTER FUNCTION %s.unaccent(text) IMMUTABLE";

    private static final String INDEXED = "CREATE TABLE res_partner (id serial PRIMARY KEY, name varchar);"
            + " ALTER TABLE res_partner OWNER TO odoo; INSERT INTO res_partner (name) VALUES ('André');"
            + " CREATE INDEX ON res_partner USING gin (%s.unaccent(name::text) gin_trgm_ops)";

    private static PgTools tools;

    @TempDir
    Path temp;

    private final List<String> databases = new ArrayList<>();

    @BeforeAll
    static void prepare() {
        tools = PgTools.forServer(
                new DatabaseServer(TestCluster.binding("postgres")).probe().major(),
                Optional.of(TestCluster.get().binaries()));
    }

    @AfterEach
    void remove() {
        databases.forEach(TestCluster::drop);
        TestCluster.drop(RESTORED);
    }

    @Test
    void indexes_over_the_unaccent_that_odoo_declared_immutable_come_back_with_it() throws IOException {
        DatabaseBinding source = withUnaccent("public");
        var server = new DatabaseServer(superuser(SOURCE));

        Dump dump = dump(source);
        assertThat(dump.facts().immutableUnaccent()).contains(new ImmutableUnaccent("public", true));
        assertThat(load(server, dump).notApplied()).isEmpty();

        assertThat(digest(server).differences(dump.digest())).isEmpty();
        assertThat(volatility()).isEqualTo("i");
    }

    @Test
    void the_schema_of_the_extension_may_be_another() throws IOException {
        DatabaseBinding source = withUnaccent("\"Other one\"");
        var server = new DatabaseServer(superuser(SOURCE));

        Dump dump = dump(source);
        assertThat(dump.facts().immutableUnaccent()).contains(new ImmutableUnaccent("Other one", true));
        load(server, dump);

        assertThat(digest(server).differences(dump.digest())).isEmpty();
        assertThat(volatility()).isEqualTo("i");
    }

    @Test
    void an_artifact_from_before_that_was_recorded_shows_it_by_its_indexes() throws IOException {
        DatabaseBinding source = withUnaccent("public");
        var server = new DatabaseServer(superuser(SOURCE));

        Dump dump = dump(source).with(facts -> {
            ObjectNode older = Json.tree(facts);
            older.remove("immutable_unaccent");
            return Json.convert(older, DatabaseFacts.class);
        });
        assertThat(dump.facts().immutableUnaccent()).isEmpty();
        load(server, dump);

        assertThat(digest(server).differences(dump.digest())).isEmpty();
    }

    @Test
    void a_role_that_may_not_declare_it_is_told_which_command_gives_it_the_right() throws IOException {
        DatabaseBinding source = withUnaccent("public");
        var server = new DatabaseServer(source);
        Dump dump = dump(source);

        assertRightMissing(() -> dump.facts().immutableUnaccent().orElseThrow().requireRight(server));
        assertRightMissing(() -> load(server, dump));

        assertThat(server.exists(RESTORED)).isFalse();
    }

    @Test
    void an_immutable_unaccent_that_nothing_stands_on_is_no_reason_to_refuse() throws IOException {
        DatabaseBinding source = TestCluster.createDatabase(SOURCE);
        databases.add(SOURCE);
        TestCluster.execute(superuser(SOURCE), UNACCENT.formatted("public", "public"));
        var server = new DatabaseServer(source);

        Dump dump = dump(source);
        dump.facts().immutableUnaccent().orElseThrow().requireRight(server);

        assertThat(load(server, dump).notApplied()).singleElement().asString().contains("unaccent(text) IMMUTABLE");
    }

    @Test
    void a_dump_of_odoos_own_with_such_an_index_is_loaded_and_refused_with_the_command_where_the_role_may_not()
            throws IOException {
        withUnaccent("public");
        Path sql = temp.resolve("dump.sql");
        var written = ChildProcess.run(
                new ChildProcess.Spec(
                        List.of(tools.pgDump().toString(), "--no-owner", "--file=" + sql),
                        new DatabaseServer(superuser(SOURCE)).toolEnvironment(SOURCE),
                        Optional.empty()),
                LIMIT);
        assertThat(written.succeeded()).as(written.errors()).isTrue();
        var allowed = new DatabaseServer(superuser(SOURCE));
        try (var in = Files.newInputStream(sql)) {
            new DatabaseLoader(allowed, tools).loadSql(RESTORED, in, LIMIT);
        }
        assertThat(volatility()).isEqualTo("i");

        var refused = new DatabaseServer(TestCluster.binding(SOURCE));
        TestCluster.drop(RESTORED);
        assertRightMissing(() -> {
            try (var in = Files.newInputStream(sql)) {
                new DatabaseLoader(refused, tools).loadSql(RESTORED, in, LIMIT);
            }
        });
    }

    @Test
    void a_table_that_inherits_is_proved_though_its_columns_stand_in_another_order() throws IOException {
        DatabaseBinding source = TestCluster.createDatabase(SOURCE);
        databases.add(SOURCE);
        TestCluster.execute(source, """
                CREATE TABLE ir_actions (id serial PRIMARY KEY, name varchar);
                CREATE TABLE "ir act" (PRIMARY KEY (id), seen timestamptz DEFAULT '2026-03-29 01:30+00', size float8) INHERITS (ir_actions);
                ALTER TABLE "ir act" ADD COLUMN "the ""model"" of it" varchar;
                ALTER TABLE ir_actions ADD COLUMN path varchar;
                INSERT INTO "ir act" (name, "the ""model"" of it", path, size)
                    SELECT 'Näme ' || n, E'tab\\t\\\\.' || n, CASE WHEN n % 2 = 0 THEN 'p' || n END, n / 3.0
                    FROM generate_series(1, 2000) n""");
        var server = new DatabaseServer(source);

        Dump dump = dump(source);
        load(server, dump);

        ContentDigest read = digest(server);
        assertThat(read.differences(dump.digest())).singleElement().asString().contains("other rows");
        assertThat(inColumnOrder(server, dump, read).differences(dump.digest())).isEmpty();

        TestCluster.execute(source.withName(RESTORED), "UPDATE \"ir act\" SET path = 'spoilt' WHERE id = 1000");
        assertThat(inColumnOrder(server, dump, digest(server)).differences(dump.digest()))
                .as("a row that is really another is still seen")
                .singleElement()
                .asString()
                .contains("other rows");
    }

    @Test
    void privileges_and_default_privileges_come_back_and_a_role_that_is_missing_is_told_and_no_obstacle()
            throws IOException {
        DatabaseBinding source = TestCluster.createDatabase(SOURCE);
        databases.add(SOURCE);
        DatabaseBinding admin = superuser("postgres");
        TestCluster.execute(admin, "CREATE ROLE reporting; CREATE ROLE \"left; -- \"\"one\"");
        try {
            TestCluster.execute(source, """
                    CREATE TABLE sale (a int, b int);
                    CREATE TABLE "odd; 'na?me" (a int);
                    CREATE FUNCTION f(text) RETURNS int LANGUAGE sql AS 'SELECT 1';
                    GRANT SELECT ON sale, "odd; 'na?me" TO "left; -- ""one";
                    GRANT SELECT ON sale, "odd; 'na?me" TO reporting;
                    GRANT UPDATE (b) ON sale TO reporting;
                    REVOKE ALL ON FUNCTION f(text) FROM PUBLIC;
                    ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reporting;
                    COMMENT ON DATABASE as_it_was IS 'production''s own'""");
            Dump dump = dump(source);
            TestCluster.execute(source, "REVOKE ALL ON sale, \"odd; 'na?me\" FROM \"left; -- \"\"one\"");
            TestCluster.execute(admin, "DROP ROLE \"left; -- \"\"one\"");

            List<String> notApplied = load(new DatabaseServer(source), dump).notApplied();

            assertThat(notApplied)
                    .singleElement()
                    .asString()
                    .startsWith(
                            "privileges: role \"left; -- \"one\" does not exist (2 statements, the first: GRANT SELECT ON");
            assertThat(granted("has_table_privilege('reporting', 'sale', 'SELECT')"))
                    .isEqualTo("t");
            assertThat(granted("has_table_privilege('reporting', '\"odd; ''na?me\"', 'SELECT')"))
                    .isEqualTo("t");
            assertThat(granted("has_column_privilege('reporting', 'sale', 'b', 'UPDATE')"))
                    .isEqualTo("t");
            assertThat(granted("has_function_privilege('reporting', 'f(text)', 'EXECUTE')"))
                    .isEqualTo("f");
            TestCluster.execute(source.withName(RESTORED), "CREATE TABLE later (a int)");
            assertThat(granted("has_table_privilege('reporting', 'later', 'SELECT')"))
                    .isEqualTo("t");
            assertThat(
                            granted(
                                    "shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"))
                    .isEqualTo("production's own");
        } finally {
            TestCluster.drop(RESTORED);
            TestCluster.drop(SOURCE);
            TestCluster.execute(admin, "DROP ROLE reporting; DROP ROLE IF EXISTS \"left; -- \"\"one\"");
        }
    }

    private static String granted(String what) {
        return TestCluster.query(superuser(RESTORED), "SELECT " + what);
    }

    private ContentDigest inColumnOrder(DatabaseServer server, Dump dump, ContentDigest read) {
        return read.withTables(DatabaseDigester.inColumnOrderOf(
                () -> Files.newInputStream(dump.file()),
                dump.digest().tables(),
                server,
                RESTORED,
                tools,
                read.tables(),
                LIMIT));
    }

    private DatabaseBinding withUnaccent(String schema) {
        DatabaseBinding source = TestCluster.createDatabase(SOURCE);
        databases.add(SOURCE);
        if (!schema.equals("public")) {
            TestCluster.execute(source, "CREATE SCHEMA " + schema);
        }
        TestCluster.execute(superuser(SOURCE), UNACCENT.formatted(schema, schema));
        TestCluster.execute(superuser(SOURCE), INDEXED.formatted(schema));
        return source;
    }

    private static DatabaseBinding superuser(String database) {
        return TestCluster.get().binding(database);
    }

    private record Dump(Path file, DatabaseFacts facts, ContentDigest digest) {
        Dump with(UnaryOperator<DatabaseFacts> change) {
            return new Dump(file, change.apply(facts), digest);
        }
    }

    private Dump dump(DatabaseBinding source) throws IOException {
        Path file = temp.resolve("db.dump");
        try (var capture = Capture.open(new DatabaseServer(source));
                var out = Files.newOutputStream(file)) {
            var dumped = new DatabaseDumper(tools, Clock.systemUTC()).dump(capture, out, Progress.NONE, LIMIT);
            var kept = Json.convert(Json.tree(dumped.facts()), DatabaseFacts.class);
            return new Dump(file, kept, dumped.digest());
        }
    }

    private static DatabaseLoader.Loaded load(DatabaseServer server, Dump dump) {
        return new DatabaseLoader(server, tools).load(RESTORED, dump.file(), dump.facts(), 2, Progress.NONE, LIMIT);
    }

    private static ContentDigest digest(DatabaseServer server) {
        return DatabaseDigester.ofDatabase(server, RESTORED, tools, Optional.empty(), Progress.NONE, LIMIT);
    }

    private static String volatility() {
        return TestCluster.query(
                superuser(RESTORED),
                "SELECT provolatile::text FROM pg_proc WHERE proname = 'unaccent' AND pronargs = 1");
    }

    private static void assertRightMissing(ThrowingCallable call) {
        assertThatExceptionOfType(FaultException.class).isThrownBy(call).satisfies(e -> {
            assertThat(e.fault().code()).isEqualTo(FaultCode.DATABASE_RIGHT_MISSING);
            assertThat(e.fault().remedy()).contains("ALTER ROLE \"odoo\" SUPERUSER");
        });
    }
}
