package dev.lifeboat.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.lifeboat.environment.DatabaseBinding;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import dev.lifeboat.progress.Progress;
import dev.lifeboat.testing.TestCluster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DumpAndLoadTest {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final String SOURCE = "we\"ird 'name=x \\ dbname=other";
    private static PgTools tools;
    private static DatabaseBinding source;

    @TempDir
    Path temp;

    @BeforeAll
    static void prepare() {
        tools = PgTools.forServer(
                new DatabaseServer(TestCluster.binding("postgres")).probe().major(),
                Optional.of(TestCluster.get().binaries()));
        source = TestCluster.createOdooDatabase(SOURCE);
        TestCluster.addAttachments(source, 20);
        TestCluster.execute(source, """
                SELECT lo_from_bytea(0, decode(repeat('deadbeef', 20000), 'hex'));
                SELECT lo_from_bytea(0, '');
                CREATE SCHEMA "other schema";
                CREATE TABLE "other schema"."line
                feed" (state varchar CHECK (state IN ('a', 'b')), "a b" text DEFAULT 'x', n numeric, t timestamptz);
                INSERT INTO "other schema"."line
                feed" VALUES ('a', E'\\\\.\\n\\t', 'NaN', '2026-03-29 02:30:00+02'), ('b', NULL, 1e-20, 'infinity');
                CREATE INDEX part ON res_partner (id) WHERE lang IN ('en_US', 'de_DE');
                CREATE VIEW some_moves AS SELECT id FROM account_move WHERE state IN ('draft', 'posted') AND id IN (1, 2);
                CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM res_partner;
                CREATE TABLE no_columns ();
                """);
        String quoted = DatabaseServer.quoteIdentifier(SOURCE);
        TestCluster.execute(
                source,
                "ALTER DATABASE " + quoted + " SET search_path = public, \"other schema\";" + "ALTER DATABASE " + quoted
                        + " SET bytea_output = 'escape';" + "ALTER DATABASE " + quoted + " CONNECTION LIMIT 40;"
                        + "REVOKE CONNECT ON DATABASE " + quoted + " FROM PUBLIC");
    }

    @Test
    void a_restored_database_has_the_digests_of_its_archive_and_is_hidden() throws IOException {
        var dumped = dump();
        var server = new DatabaseServer(source);
        var loader = new DatabaseLoader(server, tools);
        String name = DatabaseLoader.newName("digests", 1);
        var facts = Json.convert(Json.tree(dumped.facts()), DatabaseFacts.class);
        loader.load(name, temp.resolve("db.dump"), facts, 2, Progress.NONE, LIMIT);
        try {
            var restored = digest(name);
            assertThat(restored.differences(dumped.digest())).isEmpty();
            assertThat(restored.differences(dumped.facts().content(dumped.digest())))
                    .isEmpty();
            assertThat(restored).isEqualTo(dumped.digest());
            assertThat(digest(SOURCE)).isEqualTo(dumped.digest());

            assertThat(dumped.digest().largeObjects()).isEqualTo(2);
            assertThat(dumped.digest().tables()).anySatisfy(table -> {
                assertThat(table.table()).isEqualTo("public.\"Products\"");
                assertThat(table.rows()).isEqualTo(40);
            });
            assertThat(dumped.digest().sequences()).containsEntry("public.ir_sequence_001", "150, true");
            assertThat(dumped.meta().size()).isEqualTo(Files.size(temp.resolve("db.dump")));

            String row = " FROM pg_database WHERE datname = '" + name + "'";
            assertThat(TestCluster.query(source, "SELECT datistemplate" + row)).isEqualTo("t");
            assertThat(TestCluster.query(source, "SELECT datconnlimit" + row)).isEqualTo("40");
            assertThat(TestCluster.query(source, "SELECT has_database_privilege('public', '" + name + "', 'CONNECT')"))
                    .isEqualTo("f");
            assertThat(TestCluster.query(source.withName(name), "SHOW search_path"))
                    .isEqualTo("public, \"other schema\"");
        } finally {
            loader.dropHidden(name);
        }
        assertThat(server.exists(name)).isFalse();
    }

    static Stream<String> changes() {
        return Stream.of(
                "UPDATE res_partner SET comment = 'x' WHERE id = 7",
                "DELETE FROM account_move_line WHERE id = 9",
                "SELECT nextval('ir_sequence_001')",
                "DROP INDEX res_partner_complete_name_index",
                "ALTER TABLE stock_quant DROP CONSTRAINT stock_quant_pkey",
                "DROP TRIGGER lifeboat_sample_touch ON sale_order_line",
                "CREATE OR REPLACE FUNCTION lifeboat_sample_touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
                "SELECT lo_put(oid, 1, '\\x00') FROM pg_largeobject_metadata LIMIT 1");
    }

    @ParameterizedTest
    @MethodSource("changes")
    void a_change_changes_the_digest(String change) {
        TestCluster.drop("changed");
        TestCluster.execute(
                source.withName("postgres"),
                "CREATE DATABASE changed TEMPLATE " + DatabaseServer.quoteIdentifier(SOURCE));
        var before = digest("changed");
        TestCluster.execute(source.withName("changed"), change);
        assertThat(digest("changed").differences(before)).isNotEmpty();
        TestCluster.drop("changed");
    }

    @Test
    void a_database_that_is_not_odoos_is_dumped_without_a_fence() {
        var plain = TestCluster.createDatabase("plain");
        TestCluster.execute(plain, "CREATE TABLE t (a int); INSERT INTO t VALUES (1)");
        try (var capture = Capture.open(new DatabaseServer(plain))) {
            assertThat(capture.fenced()).isFalse();
            assertThat(capture.attachments(name -> {})).isZero();
            assertThat(capture.recordCounts()).isEmpty();
            var dumped = dumper().dump(capture, OutputStream.nullOutputStream(), Progress.NONE, LIMIT);
            assertThat(dumped.digest().rows()).isEqualTo(1);
            assertThat(capture.isIntact()).isTrue();
        }
        TestCluster.drop("plain");
    }

    @Test
    void a_damaged_archive_is_not_read_as_a_whole_one() throws IOException {
        dump();
        byte[] archive = Files.readAllBytes(temp.resolve("db.dump"));
        assertThat(ofArchive(archive)).isEqualTo(digest(SOURCE));
        byte[] cut = java.util.Arrays.copyOf(archive, archive.length / 2);
        assertFault(FaultCode.DUMP_UNREADABLE, () -> ofArchive(cut));
        byte[] flipped = archive.clone();
        flipped[archive.length - 2000] ^= 0x55;
        assertThatExceptionOfType(FaultException.class)
                .isThrownBy(() -> ofArchive(flipped))
                .satisfies(e -> {
                    assertThat(e.fault().code()).isEqualTo(FaultCode.DUMP_UNREADABLE);
                    assertThat(e.fault().facts().get("tool_output")).contains("pg_restore");
                });
    }

    @Test
    void a_load_that_fails_leaves_nothing_behind() throws IOException {
        var dumped = dump();
        byte[] archive = Files.readAllBytes(temp.resolve("db.dump"));
        Path cut = Files.write(temp.resolve("cut.dump"), java.util.Arrays.copyOf(archive, archive.length / 2));
        var loader = new DatabaseLoader(new DatabaseServer(source), tools);
        String name = DatabaseLoader.newName("fails", 1);
        assertThatExceptionOfType(FaultException.class)
                .isThrownBy(() -> loader.load(name, cut, dumped.facts(), 2, Progress.NONE, LIMIT))
                .satisfies(e -> {
                    assertThat(e.fault().code()).isEqualTo(FaultCode.LOAD_FAILED);
                    assertThat(e.fault().facts().get("tool_output")).contains("pg_restore");
                });
        assertThat(new DatabaseServer(source).exists(name)).isFalse();
        assertFault(FaultCode.BAD_INPUT, () -> loader.dropHidden(SOURCE));
    }

    @Test
    void a_killed_pg_dump_fails_the_dump() {
        try (var capture = Capture.open(new DatabaseServer(source))) {
            var target = new OutputStream() {
                @Override
                public void write(int b) {
                    write(new byte[] {(byte) b}, 0, 1);
                }

                @Override
                public void write(byte[] bytes, int offset, int length) {
                    ProcessHandle.current()
                            .descendants()
                            .filter(child -> child.info().command().orElse("").endsWith("pg_dump"))
                            .forEach(ProcessHandle::destroyForcibly);
                }
            };
            TestCluster.execute(
                    source, "CREATE TABLE IF NOT EXISTS bulk AS SELECT md5(i::text) FROM generate_series(1, 200000) i");
            assertFault(FaultCode.DUMP_FAILED, () -> dumper().dump(capture, target, Progress.NONE, LIMIT));
        } finally {
            TestCluster.execute(source, "DROP TABLE IF EXISTS bulk");
        }
    }

    @Test
    void a_snapshot_that_was_lost_is_told_as_such() {
        try (var capture = Capture.open(new DatabaseServer(source))) {
            TestCluster.execute(
                    TestCluster.get().binding("postgres"),
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_xmin IS NOT NULL AND datname = "
                            + DatabaseServer.quoteLiteral(SOURCE));
            assertThat(capture.isIntact()).isFalse();
            assertFault(FaultCode.CAPTURE_LOST, () -> dumper().dump(
                            capture, OutputStream.nullOutputStream(), Progress.NONE, LIMIT));
        }
    }

    static Stream<String> liars() {
        return Stream.of(
                "exit 0",
                "printf PGDMP; exit 0",
                "head -c 100000 /dev/zero; exit 0",
                "\"$REAL/pg_dump\" \"$@\" | head -c 9000; exit 0",
                "echo 'pg_dump: error: no luck' >&2; exit 1",
                "\"$REAL/pg_dump\" \"$@\"; exit 3");
    }

    @ParameterizedTest
    @MethodSource("liars")
    void a_pg_dump_that_lies_or_fails_is_found_out(String script) throws IOException {
        Path folder = Files.createDirectory(temp.resolve("tools"));
        Path fake = folder.resolve("pg_dump");
        Files.writeString(fake, "#!/bin/bash\nREAL='" + tools.folder() + "'\n" + script + "\n");
        Files.setPosixFilePermissions(fake, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.createSymbolicLink(folder.resolve("pg_restore"), tools.pgRestore());
        var lying = new PgTools(folder, tools.version());
        try (var capture = Capture.open(new DatabaseServer(source))) {
            assertFault(
                    FaultCode.DUMP_FAILED, FaultCode.DUMP_UNREADABLE, () -> new DatabaseDumper(lying, Clock.systemUTC())
                            .dump(capture, OutputStream.nullOutputStream(), Progress.NONE, LIMIT));
        }
    }

    @Test
    void a_dump_that_takes_too_long_is_ended() throws IOException {
        Path folder = Files.createDirectory(temp.resolve("tools"));
        Path fake = folder.resolve("pg_dump");
        Files.writeString(fake, "#!/bin/bash\nexec sleep 60\n");
        Files.setPosixFilePermissions(fake, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.createSymbolicLink(folder.resolve("pg_restore"), tools.pgRestore());
        try (var capture = Capture.open(new DatabaseServer(source))) {
            assertFault(FaultCode.STEP_TIMED_OUT, () -> new DatabaseDumper(
                            new PgTools(folder, tools.version()), Clock.systemUTC())
                    .dump(capture, new ByteArrayOutputStream(), Progress.NONE, Duration.ofMillis(300)));
        }
    }

    private DatabaseDumper.Dump dump() throws IOException {
        try (var capture = Capture.open(new DatabaseServer(source));
                var file = Files.newOutputStream(temp.resolve("db.dump"))) {
            var dumped = dumper().dump(capture, file, Progress.NONE, LIMIT);
            assertThat(capture.isIntact()).isTrue();
            return dumped;
        }
    }

    private static DatabaseDumper dumper() {
        return new DatabaseDumper(tools, Clock.systemUTC());
    }

    private static ContentDigest digest(String database) {
        return DatabaseDigester.ofDatabase(
                new DatabaseServer(source), database, tools, Optional.empty(), Progress.NONE, LIMIT);
    }

    /** As a dump is read while it is written. */
    private static ContentDigest ofArchive(byte[] bytes) {
        try (var reading = new ArchiveReading(tools, Progress.NONE)) {
            try {
                reading.write(bytes, 0, bytes.length);
            } catch (IOException givenUp) {
                assertThatExceptionOfType(FaultException.class).isThrownBy(() -> reading.finish(LIMIT));
            }
            return reading.finish(LIMIT);
        }
    }

    private static void assertFault(FaultCode code, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertFault(code, code, call);
    }

    private static void assertFault(
            FaultCode one, FaultCode other, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatExceptionOfType(FaultException.class).isThrownBy(call).satisfies(e -> assertThat(List.of(one, other))
                .contains(e.fault().code()));
    }
}
