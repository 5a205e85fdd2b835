package dev.lifeboat.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.json.Json;
import dev.lifeboat.testing.TestCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ctrl-C, the end of a terminal, and the wish that a run stops: whatever comes when, nothing is left half done. */
class CancelIT {
    @TempDir
    Path folder;

    private Installation shop;
    private Path held;
    private Path goOn;

    @BeforeEach
    void install() throws IOException {
        shop = Installation.create(folder, "it_cancel", 60);
        held = folder.resolve("held");
        goOn = folder.resolve("go-on");
    }

    @AfterEach
    void remove() throws IOException {
        shop.close();
    }

    @Test
    void ctrl_c_in_a_backup_ends_it_as_cancelled_and_leaves_no_byte_of_it() throws Exception {
        hold("pg_dump", "*");
        Process backup = startAndHold("backup", "shop", "--json");

        Installation.signal(backup, "INT");

        assertThat(backup.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(backup.exitValue()).as(said()).isEqualTo(5);
        assertThat(said()).contains("asked the run to stop", "\"status\" : \"cancelled\"");
        assertThat(stored()).isEmpty();
        nothingRuns();
        evidenceTells("backup", "cancelled");
        nextCommandWorks();
    }

    @Test
    void ctrl_c_twice_leaves_at_once_and_the_next_command_ends_the_run() throws Exception {
        hold("pg_dump", "*");
        // its child does not end when it is told to: the second Ctrl-C comes while the run is still stopping
        Files.createFile(folder.resolve("stubborn"));
        Process backup = startAndHold("backup", "shop");

        Installation.signal(backup, "INT");
        Installation.await("the wish", () -> said().contains("asked the run to stop") || !backup.isAlive());
        Installation.signal(backup, "INT");

        assertThat(backup.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(backup.exitValue()).as(said()).isEqualTo(130);
        assertThat(said()).contains("the next command takes it up");
        Files.delete(folder.resolve("stubborn"));
        shop.lifeboat("runs").succeeded();
        evidenceTells("backup", "cancelled");
        // what a process that was left in the middle of a write leaves is collected later; it is no part of an artifact
        assertThat(stored().keySet()).allMatch(name -> name.startsWith(".tmp/"));
        Files.createFile(goOn);
        nothingRuns();
        nextCommandWorks();
    }

    @Test
    void the_end_of_the_terminal_changes_nothing_for_a_run_that_goes_on_in_it() throws Exception {
        hold("pg_dump", "*");
        Process backup = startAndHold("backup", "shop");

        Installation.signal(backup, "HUP");
        Files.createFile(goOn);

        assertThat(backup.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(backup.exitValue()).as(said()).isZero();
        assertThat(shop.manifests()).hasSize(1);
        nothingRuns();
    }

    @Test
    void the_end_of_the_terminal_in_a_restore_lets_it_come_to_its_end() throws Exception {
        String artifact = backedUp();
        SortedMap<String, String> asked = shop.tables();
        change();
        hold("pg_restore", "*--dbname=*");
        Process restore = startAndHold("restore", "shop", artifact);

        Installation.signal(restore, "HUP");
        Files.createFile(goOn);

        assertThat(restore.waitFor(2, TimeUnit.MINUTES)).isTrue();
        assertThat(restore.exitValue()).as(said()).isZero();
        assertThat(shop.tables()).isEqualTo(asked);
        assertThat(shop.leftBeside()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"pg_restore", "pg_dump"})
    void ctrl_c_before_a_restore_touches_anything_leaves_everything_as_it_was(String tool) throws Exception {
        String artifact = backedUp();
        change();
        SortedMap<String, String> rows = shop.tables();
        SortedMap<String, String> files = shop.tree();
        Map<String, Long> before = stored();
        // a dump that is written: the safety backup
        hold(tool, tool.equals("pg_restore") ? "*--dbname=*" : "*--snapshot*");
        Process restore = startAndHold("restore", "shop", artifact, "--json");

        Installation.signal(restore, "INT");

        assertThat(restore.waitFor(2, TimeUnit.MINUTES)).isTrue();
        assertThat(restore.exitValue()).as(said()).isEqualTo(5);
        assertThat(shop.tables()).isEqualTo(rows);
        assertThat(shop.tree()).isEqualTo(files);
        assertThat(shop.leftBeside()).isEmpty();
        assertThat(stored()).isEqualTo(before);
        nothingRuns();
        evidenceTells("restore", "cancelled");
        shop.configure("");
        shop.lifeboat("restore", "shop", artifact).succeeded();
    }

    @ParameterizedTest
    @ValueSource(strings = {"stop", "start"})
    void ctrl_c_after_a_restore_has_touched_the_environment_puts_it_back(String when) throws Exception {
        String artifact = backedUp();
        change();
        SortedMap<String, String> rows = shop.tables();
        SortedMap<String, String> files = shop.tree();
        String wait = """
                if [ ! -e '%1$s' ]; then
                  touch '%1$s'
                  for ((i = 0; i < 1200; i++)); do [ -e '%2$s' ] && break; sleep 0.05; done
                fi
                """.formatted(held, goOn);
        String service = folder.resolve("service").toString();
        shop.configure(
                "staging",
                shop.service(
                        (when.equals("start") ? wait : "") + "echo started >> " + service,
                        (when.equals("stop") ? wait : "") + "echo stopped >> " + service),
                "",
                "");
        Process restore = startAndHold("restore", "shop", artifact, "--json");

        Installation.signal(restore, "INT");
        Installation.await("the wish", () -> said().contains("asked the run to stop") || !restore.isAlive());
        Files.createFile(goOn);

        assertThat(restore.waitFor(2, TimeUnit.MINUTES)).isTrue();
        assertThat(restore.exitValue()).as(said()).isEqualTo(4);
        assertThat(shop.tables()).isEqualTo(rows);
        assertThat(shop.tree()).isEqualTo(files);
        assertThat(shop.leftBeside()).isEmpty();
        assertThat(Files.readAllLines(Path.of(service)).getLast())
                .as("the service runs again")
                .isEqualTo("started");
        nothingRuns();
        evidenceTells("restore", "rolled_back");
        shop.lifeboat("restore", "shop", artifact).succeeded();
    }

    @Test
    void a_run_of_a_server_is_stopped_by_its_id_once() throws Exception {
        hold("pg_dump", "*");
        shop.serve();
        Process backup = startAndHold("backup", "shop");
        String run = shop.newestRun("backup").path("run_id").asText();

        var asked = shop.lifeboat("run", "cancel", run, "--follow", "--json");

        assertThat(asked.exitCode()).as(asked.errors()).isEqualTo(5);
        assertThat(asked.json().path("cancellation").path("by").asText()).isEqualTo("local");
        assertThat(backup.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(backup.exitValue()).as(said()).isEqualTo(5);
        assertThat(stored()).isEmpty();
        var late = shop.lifeboat("run", "cancel", run);
        assertThat(late.exitCode()).isEqualTo(3);
        assertThat(late.errors()).contains("too late", run, "what to do");
    }

    /** Puts a tool in place that tells when it is called with arguments like {@code when}, and then waits. */
    private void hold(String tool, String when) throws IOException {
        shop.wrap(tool, """
                case " $* " in %1$s)
                  [ -e '%4$s' ] && trap '' TERM
                  touch '%2$s'
                  for ((i = 0; i < 1200; i++)); do
                    [ -e '%3$s' ] && break
                    sleep 0.05
                  done;;
                esac
                exec "$real" "$@"
                """.formatted(when, held, goOn, folder.resolve("stubborn")));
    }

    private Process startAndHold(String... command) throws IOException, InterruptedException {
        Process process = shop.startInTerminal(command);
        Installation.await("the step", () -> Files.exists(held) || !process.isAlive());
        assertThat(process.isAlive()).as(said()).isTrue();
        return process;
    }

    private String backedUp() {
        return shop.lifeboat("backup", "shop", "--json")
                .succeeded()
                .json()
                .path("artifact_id")
                .asText();
    }

    private void change() throws IOException {
        TestCluster.execute(shop.database(), "UPDATE res_partner SET name = 'changed ' || id");
        shop.removeAttachment();
    }

    private String said() {
        try {
            Path log = folder.resolve("command.log");
            return Files.exists(log) ? Files.readString(log) : "";
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Every file in the store, with its size. */
    private Map<String, Long> stored() throws IOException {
        var files = new TreeMap<String, Long>();
        if (Files.isDirectory(shop.store())) {
            try (var tree = Files.walk(shop.store())) {
                for (Path file : tree.filter(Files::isRegularFile).toList()) {
                    files.put(shop.store().relativize(file).toString(), Files.size(file));
                }
            }
        }
        return files;
    }

    /** No process of this installation: not the command, not a tool, not the state's server. */
    private void nothingRuns() throws InterruptedException {
        Installation.await(
                "the end of all processes", () -> ProcessHandle.allProcesses().noneMatch(process -> process.info()
                        .commandLine()
                        .filter(line -> line.contains(folder.toString()))
                        .isPresent()));
    }

    private void evidenceTells(String operation, String status) throws IOException {
        JsonNode run = shop.newestRun(operation);
        assertThat(run.path("status").asText()).isEqualTo(status);
        assertThat(run.path("fault").path("code").asText()).isEqualTo("CANCELLED");
        Path evidence = Path.of(run.path("evidence_dir").asText());
        JsonNode closing = Json.mapper().readTree(Files.readString(evidence.resolve("final_status.json")));
        assertThat(closing.path("status").asText()).isEqualTo(status);
        assertThat(closing.path("cancellation").path("requested_by").asText()).isEqualTo("local");
        assertThat(closing.path("cancellation").path("requested_at").asText()).isNotEmpty();
        shop.lifeboat("evidence", "verify", evidence.toString()).succeeded();
    }

    private void nextCommandWorks() throws IOException {
        shop.configure("");
        shop.lifeboat("backup", "shop").succeeded();
        assertThat(shop.manifests()).hasSize(1);
    }
}
