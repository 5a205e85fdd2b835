package dev.lifeboat.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.environment.DatabaseBinding;
import dev.lifeboat.environment.Secret;
import dev.lifeboat.evidence.EvidenceContract;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.postgres.DatabaseServer;
import dev.lifeboat.postgres.PostgresCluster;
import dev.lifeboat.testing.TestCluster;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What goes wrong in a restore, injected for real. After each fault the environment is, row for row and byte for byte,
 * either what it was or what was asked for, the run's status says which, nothing is left beside it, and a second attempt
 * succeeds. The suite writes what it saw to {@code target/reliability.md}.
 */
class RestoreFaultsIT {
    private static final String NAME = "it_restore_faults";
    private static final Duration BETWEEN_CONNECTIONS = Duration.ofMillis(20);
    private static final SortedMap<String, String> SEEN = new TreeMap<>();

    @TempDir
    Path folder;

    private Installation shop;
    private String artifact;
    private State asked;
    private State before;

    /** All rows and all files. */
    private record State(SortedMap<String, String> tables, SortedMap<String, String> tree) {}

    /** A backup, and after it a change of rows and a lost file: so what was and what is asked for differ. */
    @BeforeEach
    void install() throws Exception {
        shop = Installation.create(folder, NAME, 300);
    }

    private void backUpAndChange() throws Exception {
        artifact = shop.lifeboat("backup", "shop", "--json")
                .succeeded()
                .json()
                .path("artifact_id")
                .asText();
        asked = state();
        TestCluster.execute(shop.database(), "UPDATE res_partner SET name = 'changed ' || id");
        int n = 0;
        for (String name : asked.tree().keySet()) {
            if (name.length() > 40 && n++ % 3 == 0) {
                Files.delete(shop.filestore().resolve(name));
            }
        }
        before = state();
    }

    private State state() throws IOException {
        return new State(shop.tables(), shop.tree());
    }

    @AfterEach
    void remove() throws IOException {
        shop.close();
    }

    @AfterAll
    static void report() throws IOException {
        var table = new StringBuilder("| Fault | The run | The environment | A second attempt |\n|---|---|---|---|\n");
        SEEN.forEach((fault, row) ->
                table.append("| ").append(fault).append(" | ").append(row).append(" |\n"));
        Files.writeString(Path.of("target/reliability.md"), table);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "verify-artifact",
                "prepare-restore",
                "pre-restore-backup",
                "quiesce",
                "restore-db",
                "restore-filestore",
                "compare-config",
                "restart",
                "validate",
                "finalize"
            })
    void lifeboat_is_killed_in_a_step(String step) throws Exception {
        backUpAndChange();
        Process restore = shop.start("restore", "shop", artifact, "--json");
        Installation.await(step + " to begin", () -> !restore.isAlive() || StateProbe.hasBegun(shop, "restore", step));
        restore.destroyForcibly().waitFor();

        holds("Lifeboat is killed (kill -9) in step " + step, ended());
    }

    @Test
    void a_backend_of_the_server_is_killed_while_the_dump_is_loaded() throws Exception {
        backUpAndChange();
        var killed = new AtomicBoolean();
        Thread killer = Thread.ofPlatform().start(() -> {
            while (!killed.get() && !Thread.currentThread().isInterrupted()) {
                killed.set(killALoadingBackend());
            }
        });

        shop.lifeboat("restore", "shop", artifact, "--json");
        killer.interrupt();
        killer.join();

        assertThat(killed).isTrue();
        awaitServer();
        holds("a backend of the database server is killed (kill -9) while pg_restore loads", ended());
    }

    @Test
    @EnabledIf("mountsFileSystems")
    void the_filestores_volume_fills_up() throws Exception {
        Path small = shop.filestore().getParent();
        Path aside = Files.move(small, small.resolveSibling("aside"));
        Files.createDirectory(small);
        mount(small, "3m");
        try {
            try (var tree = Files.walk(aside)) {
                for (Path path : tree.filter(path -> !path.equals(aside)).toList()) {
                    Files.copy(path, small.resolve(aside.relativize(path)));
                }
            }
            backUpAndChange();
            // While the database is loaded the volume is filled: the bytes of the missing files would fit, their blocks
            // do not.
            FileStore volume = Files.getFileStore(small);
            long leave = volume.getTotalSpace() / 20 + 130_000;
            Path filler = small.resolve("filler");
            shop.wrap("pg_restore", """
                    case " $* " in *--dbname=*) head -c %d /dev/zero > '%s';; esac
                    exec "$real" "$@"
                    """.formatted(volume.getUsableSpace() - leave, filler));

            shop.lifeboat("restore", "shop", artifact, "--json");

            shop.configure("");
            JsonNode run = ended();
            assertThat(run.path("fault").path("code").asText()).isEqualTo("DISK_SPACE_LOW");
            assertThat(run.path("fault").path("message").asText()).contains("could not be built");
            Files.delete(filler);
            holds("the filestore's volume fills up (ENOSPC) while the files are written", run);
        } finally {
            unmount(small);
        }
    }

    @Test
    @EnabledIf("mountsFileSystems")
    void the_database_servers_volume_fills_up() throws Exception {
        Path small = Files.createDirectories(folder.resolve("tablespace"));
        backUpAndChange();
        openToServer(folder);
        mount(small, "1m");
        try {
            Path space = Files.createDirectory(small.resolve("space"));
            String data = TestCluster.query(superuser(), "SHOW data_directory");
            Files.setOwner(space, Files.getOwner(Path.of(data)));
            TestCluster.execute(superuser(), "CREATE TABLESPACE small LOCATION '" + space + "'");
            TestCluster.execute(superuser(), "GRANT CREATE ON TABLESPACE small TO PUBLIC");
            TestCluster.execute(
                    superuser(), "ALTER ROLE " + shop.database().user() + " SET default_tablespace = small");

            shop.lifeboat("restore", "shop", artifact, "--json");

            TestCluster.execute(superuser(), "ALTER ROLE " + shop.database().user() + " RESET default_tablespace");
            JsonNode run = ended();
            assertThat(run.path("fault").path("facts").toString()).contains("No space left");
            holds("the database server's volume fills up (ENOSPC) while pg_restore loads", run);
        } finally {
            TestCluster.execute(superuser(), "ALTER ROLE " + shop.database().user() + " RESET default_tablespace");
            TestCluster.execute(superuser(), "DROP TABLESPACE IF EXISTS small");
            unmount(small);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a flipped bit", "a truncated part", "a missing part", "the manifest of another artifact"})
    void the_artifact_is_not_as_it_was_written(String damage) throws Exception {
        shop.lifeboat("backup", "shop", "--json").succeeded();
        Path foreign = Files.copy(shop.manifests().getFirst(), folder.resolve("foreign.json"));
        backUpAndChange();
        Path parts = folderOf(artifact);
        Path aside = folder.resolve("aside");
        Path part = parts.resolve(damage.contains("manifest") ? "artifact.json" : "filestore.tar.zst");
        Files.copy(part, aside);
        byte[] bytes = Files.readAllBytes(part);
        switch (damage) {
            case "a flipped bit" -> {
                bytes[bytes.length / 3] ^= 4;
                Files.write(part, bytes);
            }
            case "a truncated part" -> Files.write(part, java.util.Arrays.copyOf(bytes, bytes.length - 1));
            case "a missing part" -> Files.delete(part);
            default -> Files.copy(foreign, part, StandardCopyOption.REPLACE_EXISTING);
        }

        var refused = shop.lifeboat("restore", "shop", artifact, "--json");

        assertThat(refused.exitCode()).isIn(1, 3);
        assertThat(refused.errors()).contains("what to do");
        assertThat(state()).isEqualTo(before);
        Files.copy(aside, part, StandardCopyOption.REPLACE_EXISTING);
        succeedsNow();
        SEEN.put("the artifact has " + damage, "failed or refused | as it was | success");
    }

    @Test
    void a_dump_can_not_be_loaded_to_its_end() throws Exception {
        TestCluster.execute(shop.database(), """
                CREATE TABLE named (name text);
                INSERT INTO named VALUES ('a');
                CREATE FUNCTION known(text) RETURNS boolean LANGUAGE plpgsql AS
                    $$BEGIN RETURN EXISTS (SELECT FROM named WHERE name = $1); END$$;
                CREATE TABLE checked (name text CHECK (known(name)));
                INSERT INTO checked VALUES ('a');
                """);
        backUpAndChange();

        shop.lifeboat("restore", "shop", artifact, "--json");

        JsonNode run = ended();
        assertThat(run.path("fault").path("code").asText()).isEqualTo("LOAD_FAILED");
        assertThat(state()).isEqualTo(before);
        assertThat(shop.leftBeside()).isEmpty();
        hasEvidence(run);
        SEEN.put(
                "the dump can't be loaded to its end (a CHECK that needs another search_path)",
                run.path("status").asText() + " | as it was | success with --type filestore_only");
        shop.lifeboat("restore", "shop", artifact, "--type", "filestore_only", "--json")
                .succeeded();
        assertThat(shop.tree()).isEqualTo(asked.tree());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a primary key|ALTER TABLE res_partner DROP CONSTRAINT res_partner_pkey CASCADE",
                "a trigger|DO $$DECLARE t record; BEGIN SELECT tgname, tgrelid::regclass AS r INTO t FROM pg_trigger WHERE NOT"
                        + " tgisinternal LIMIT 1; EXECUTE format('DROP TRIGGER %I ON %s', t.tgname, t.r); END$$",
                "an index|DO $$DECLARE i regclass; BEGIN SELECT indexrelid::regclass INTO i FROM pg_index JOIN pg_class c ON"
                        + " c.oid = indexrelid WHERE NOT indisunique AND relnamespace = 'public'::regnamespace LIMIT 1; EXECUTE"
                        + " 'DROP INDEX ' || i; END$$",
                "a function|DO $$DECLARE f regprocedure; BEGIN SELECT p.oid::regprocedure INTO f FROM pg_proc p LEFT JOIN"
                        + " pg_depend d ON d.objid = p.oid AND d.deptype = 'e' WHERE pronamespace = 'public'::regnamespace AND"
                        + " d.objid IS NULL LIMIT 1; EXECUTE 'DROP FUNCTION ' || f || ' CASCADE'; END$$"
            })
    void a_definition_is_lost_though_all_rows_are_there(String loss) throws Exception {
        String what = loss.substring(0, loss.indexOf('|'));
        Path sql = Files.writeString(folder.resolve("loss.sql"), loss.substring(what.length() + 1));
        backUpAndChange();
        shop.wrap("pg_restore", """
                db=
                for a in "$@"; do case "$a" in --dbname=*) db=${a#--dbname=};; esac; done
                "$real" "$@" || exit
                [ -z "$db" ] || exec "${real%%/*}/psql" -X -q -v ON_ERROR_STOP=1 -d "$db" -f '%s'
                """.formatted(sql));

        shop.lifeboat("restore", "shop", artifact, "--json");

        JsonNode run = ended();
        assertThat(run.path("fault").path("code").asText()).isEqualTo("DIGEST_MISMATCH");
        shop.configure("");
        holds("the loaded database lacks " + what + ", all rows are there", run);
    }

    @Test
    void the_health_check_is_never_answered() throws Exception {
        try (var silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            shop.configure(
                    "staging",
                    "url: http://127.0.0.1:" + silent.getLocalPort() + "\n" + shop.service("exit 0", "exit 0")
                            + "  health-limit: 3s\n",
                    "",
                    "");
            backUpAndChange();

            shop.lifeboat("restore", "shop", artifact, "--json");

            JsonNode run = ended();
            assertThat(run.path("status").asText()).isEqualTo("rolled_back");
            shop.configure("");
            holds("the health check is never answered", run);
        }
    }

    @Test
    void the_validation_fails() throws Exception {
        TestCluster.execute(
                shop.database(),
                "UPDATE ir_module_module SET state = 'to upgrade' WHERE id = (SELECT min(id) FROM ir_module_module WHERE"
                        + " state = 'installed')");
        backUpAndChange();

        shop.lifeboat("restore", "shop", artifact, "--json");

        JsonNode run = ended();
        assertThat(run.path("status").asText()).isEqualTo("rolled_back");
        assertThat(run.path("fault").path("code").asText()).isEqualTo("VALIDATION_FAILED");
        assertThat(state()).isEqualTo(before);
        assertThat(shop.leftBeside()).isEmpty();
        hasEvidence(run);
        shop.lifeboat("restore", "shop", artifact, "--no-verify", "--json").succeeded();
        assertThat(state()).isEqualTo(asked);
        SEEN.put("the validation fails", "rolled_back | as it was | success with --no-verify");
    }

    @Test
    void another_orchestrator_takes_the_lease_while_the_dump_is_loaded() throws Exception {
        backUpAndChange();
        Path loading = folder.resolve("loading");
        Path goOn = folder.resolve("go-on");
        shop.wrap("pg_restore", """
                case " $* " in *--dbname=*)
                  touch '%s'
                  for ((i = 0; i < 600; i++)); do [ -e '%s' ] && break; sleep 0.05; done;;
                esac
                exec "$real" "$@"
                """.formatted(loading, goOn));
        Process restore = shop.start("restore", "shop", artifact, "--json");
        Installation.await("the load", () -> Files.exists(loading) || !restore.isAlive());
        int epoch = takeTheLease();
        Files.createFile(goOn);

        assertThat(restore.waitFor(3, TimeUnit.MINUTES)).isTrue();
        JsonNode run = ended();
        assertThat(run.path("status").asText()).isEqualTo("success");
        assertThat(run.path("steps").toString()).contains("prepare-restore");
        assertThat(epoch).isPositive();
        shop.configure("");
        holds("another orchestrator takes a live lease", run);
    }

    @Test
    void the_databases_name_is_never_free_and_never_leads_to_a_half_filled_one() throws Exception {
        backUpAndChange();
        shop.serve();
        var over = new AtomicBoolean();
        var wrong = new AtomicReference<String>();
        Thread creator = Thread.ofPlatform().start(() -> {
            try (Connection connection = new DatabaseServer(shop.database()).connectMaintenance();
                    var statement = connection.createStatement()) {
                while (!over.get()) {
                    try {
                        statement.execute("CREATE DATABASE " + NAME);
                        wrong.set("the name was free");
                    } catch (SQLException e) {
                        // That is what has to happen.
                        Thread.onSpinWait();
                    }
                }
            } catch (SQLException e) {
                wrong.set(e.getMessage());
            }
        });
        String was = partners();
        Thread client = Thread.ofPlatform().start(() -> {
            var last = Asked.SERVED;
            while (!over.get()) {
                Asked now = ask(was, wrong);
                // Whoever is cut off may come back before the renaming is over; whoever is refused comes after it.
                boolean fine =
                        now == Asked.SERVED || last == Asked.SERVED || (last == Asked.CUT_OFF && now == Asked.REFUSED);
                if (!fine) {
                    wrong.set(last + ", then " + now);
                }
                last = now;
                if (now == Asked.SERVED) {
                    // Without a pause this machine runs out of ports before the restores are done.
                    LockSupport.parkNanos(BETWEEN_CONNECTIONS.toNanos());
                }
            }
        });

        for (int i = 0; i < 3; i++) {
            shop.lifeboat("restore", "shop", artifact, "--again", "--json").succeeded();
        }
        over.set(true);
        creator.join();
        client.join();

        assertThat(wrong.get()).isNull();
        SEEN.put(
                "somebody tries to create the database's name all the time, and a client connects all the time",
                "success | the name was never free, no half-filled database was seen | success");
    }

    /** What a client gets that connects and asks. */
    private enum Asked {
        SERVED,
        /** Its session was ended while it asked. */
        CUT_OFF,
        /** It was not let in. */
        REFUSED
    }

    private Asked ask(String was, AtomicReference<String> wrong) {
        try {
            String seen = partners();
            if (!seen.equals(was) && !seen.equals(askedPartners())) {
                wrong.set("half filled: " + seen);
            }
            return Asked.SERVED;
        } catch (IllegalStateException | FaultException e) {
            return e.getCause() instanceof SQLException cause && "57P01".equals(cause.getSQLState())
                    ? Asked.CUT_OFF
                    : Asked.REFUSED;
        }
    }

    private String partners() {
        return TestCluster.query(
                shop.database(),
                "SELECT count(*) || ' ' || coalesce(md5(string_agg(name, ',' ORDER BY id)), '') FROM res_partner");
    }

    /** What the artifact holds: the changed rows without their change. */
    private String askedPartners() {
        return TestCluster.query(
                shop.database(),
                "SELECT count(*) || ' ' || coalesce(md5(string_agg(regexp_replace(name, '^changed [0-9]+$', name), ','"
                        + " ORDER BY id)), '') FROM res_partner WHERE name NOT LIKE 'changed %'");
    }

    /** What every fault has to leave. */
    private void holds(String fault, JsonNode run) throws Exception {
        String status = run.path("status").asText();
        assertThat(status).isIn("success", "failed", "rolled_back");
        State now = state();
        if (status.equals("success")) {
            assertThat(now).isEqualTo(asked);
        } else {
            assertThat(now).isEqualTo(before);
            assertThat(run.path("fault").path("remedy").asText()).isNotBlank();
        }
        assertThat(shop.leftBeside()).isEmpty();
        hasEvidence(run);
        succeedsNow();
        SEEN.merge(
                fault,
                status + " | " + (status.equals("success") ? "as asked for" : "as it was") + " | success",
                (one, other) -> one);
    }

    private void succeedsNow() throws Exception {
        shop.lifeboat("restore", "shop", artifact, "--again", "--json").succeeded();
        assertThat(state()).isEqualTo(asked);
        assertThat(shop.leftBeside()).isEmpty();
    }

    /** The newest restore, once it has ended. */
    private JsonNode ended() {
        JsonNode run = shop.newestRun("restore");
        for (int i = 0;
                i < 20
                        && List.of("queued", "running")
                                .contains(run.path("status").asText());
                i++) {
            run = shop.lifeboat("run", "show", run.path("run_id").asText(), "--follow", "--json")
                    .json();
        }
        return run;
    }

    private static void hasEvidence(JsonNode run) {
        for (String name : EvidenceContract.RESTORE) {
            assertThat(Path.of(run.path("evidence_dir").asText()).resolve(name)).isNotEmptyFile();
        }
    }

    private Path folderOf(String id) throws IOException {
        return shop.manifests().stream()
                .map(Path::getParent)
                .filter(path -> path.getFileName().toString().equals(id))
                .findFirst()
                .orElseThrow();
    }

    /** Kills a backend that loads a hidden database; true where one was there. */
    private static boolean killALoadingBackend() {
        try {
            String pid = TestCluster.query(
                    superuser(), "SELECT pid::text FROM pg_stat_activity WHERE datname LIKE 'lb\\_new\\_%' LIMIT 1");
            return pid != null && new ProcessBuilder("kill", "-9", pid).start().waitFor() == 0;
        } catch (IllegalStateException e) {
            // The server is in recovery.
            return false;
        } catch (IOException | InterruptedException e) {
            return false;
        }
    }

    private static void awaitServer() throws InterruptedException {
        Installation.await("the server to come back", () -> {
            try {
                return "1".equals(TestCluster.query(superuser(), "SELECT 1::text"));
            } catch (IllegalStateException | dev.lifeboat.fault.FaultException e) {
                // Still in recovery.
                return false;
            }
        });
    }

    static boolean mountsFileSystems() throws IOException, InterruptedException {
        Path probe = Files.createTempDirectory("mount-probe");
        try {
            boolean mounted = new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", probe.toString())
                            .redirectErrorStream(true)
                            .start()
                            .waitFor()
                    == 0;
            if (mounted) {
                unmount(probe);
            } else {
                SEEN.put(
                        "a volume fills up (ENOSPC)",
                        "not run: this machine's user may not mount a file system | - | -");
            }
            return mounted;
        } finally {
            Files.delete(probe);
        }
    }

    private static void mount(Path at, String size) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", at.toString())
                        .start()
                        .waitFor())
                .isZero();
    }

    private static void unmount(Path at) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("umount", "-l", at.toString()).start().waitFor())
                .isZero();
    }

    /** Lets the server's user pass through the folders above. */
    private static void openToServer(Path path) throws IOException {
        for (Path at = path; at != null && !at.equals(Path.of("/tmp")); at = at.getParent()) {
            if (Files.isWritable(at)) {
                Files.setPosixFilePermissions(at, PosixFilePermissions.fromString("rwxr-xr-x"));
            }
        }
    }

    private static DatabaseBinding superuser() {
        return TestCluster.get().binding("postgres");
    }

    /** Does what an orchestrator does that finds the lease of a run expired; gives the new epoch. */
    private int takeTheLease() throws Exception {
        Path state = folder.resolve("data/state");
        String port = Files.readAllLines(state.resolve("data/postmaster.pid")).get(3);
        var password = new Secret(Files.readString(state.resolve("password")).strip());
        try (Connection connection = DriverManager.getConnection(
                        "jdbc:postgresql://127.0.0.1:" + port + "/lifeboat",
                        PostgresCluster.SUPERUSER,
                        password.value());
                var statement = connection.createStatement();
                var row = statement.executeQuery(
                        "UPDATE ops.runs SET lease_owner = 'another', epoch = epoch + 1, lease_until = now() + interval"
                                + " '3 seconds' WHERE status = 'running' AND operation_type = 'restore' RETURNING epoch")) {
            row.next();
            return row.getInt(1);
        }
    }
}
