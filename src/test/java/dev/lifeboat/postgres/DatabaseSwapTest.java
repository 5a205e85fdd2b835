package dev.lifeboat.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.lifeboat.environment.DatabaseBinding;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import dev.lifeboat.testing.TestCluster;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class DatabaseSwapTest {
    private static final String LIVE = "live \"one\"";
    private static final String FRESH = DatabaseLoader.newName("swap", 1);
    private static final String OLD = DatabaseLoader.oldName("swap");

    @TempDir
    Path temp;

    private DatabaseBinding live;
    private DatabaseServer server;

    @BeforeEach
    void prepare() {
        live = TestCluster.createDatabase(LIVE);
        TestCluster.execute(live, "CREATE TABLE marker AS SELECT 'original' AS which");
        var fresh = TestCluster.createDatabase(FRESH);
        TestCluster.execute(fresh, "CREATE TABLE marker AS SELECT 'restored' AS which");
        TestCluster.execute(
                live.withName("postgres"),
                "ALTER DATABASE " + DatabaseServer.quoteIdentifier(FRESH) + " IS_TEMPLATE true");
        server = new DatabaseServer(live);
    }

    @AfterEach
    void remove() {
        for (String name : List.of(LIVE, FRESH, OLD)) {
            TestCluster.drop(name);
        }
    }

    @Test
    void a_swap_can_be_repeated_and_taken_back_and_finished() {
        assertThat(swap().state()).isEqualTo(DatabaseSwap.State.NONE);
        swap().swap(LIVE, FRESH, OLD);
        assertThat(which()).isEqualTo("restored");
        assertThat(template(LIVE)).isEqualTo("f");
        assertThat(template(OLD)).isEqualTo("t");

        // as after a crash: another object, only the journal is left
        swap().swap(LIVE, FRESH, OLD);
        assertThat(swap().state()).isEqualTo(DatabaseSwap.State.SWAPPED);

        swap().swapBack();
        swap().swapBack();
        assertThat(which()).isEqualTo("original");
        assertThat(template(LIVE)).isEqualTo("f");
        assertThat(template(FRESH)).isEqualTo("t");
        assertThatExceptionOfType(FaultException.class).isThrownBy(() -> swap().dropDisplaced());

        swap().swap(LIVE, FRESH, OLD);
        swap().dropDisplaced();
        swap().dropDisplaced();
        assertThat(server.exists(OLD)).isFalse();
        assertThat(which()).isEqualTo("restored");
        assertThat(swap().state()).isEqualTo(DatabaseSwap.State.SWAPPED);
    }

    @Test
    void a_missing_live_database_is_put_in_place_and_taken_away_again() {
        TestCluster.drop(LIVE);
        swap().swap(LIVE, FRESH, OLD);
        assertThat(which()).isEqualTo("restored");
        swap().swapBack();
        assertThat(server.exists(LIVE)).isFalse();
        assertThat(server.exists(FRESH)).isTrue();
    }

    @Test
    void under_the_pressure_of_clients_the_name_is_never_free_and_leads_to_a_whole_database() throws Exception {
        var stop = new AtomicBoolean();
        var seen = new ConcurrentLinkedQueue<String>();
        var wrong = new ConcurrentLinkedQueue<String>();
        var running = new CountDownLatch(4);
        var clients = new ArrayList<Thread>();
        for (int i = 0; i < 3; i++) {
            clients.add(Thread.ofPlatform().start(() -> {
                while (!stop.get()) {
                    read(seen, wrong);
                    running.countDown();
                }
            }));
        }
        clients.add(Thread.ofPlatform().start(() -> {
            while (!stop.get()) {
                tryToTakeTheName(wrong);
                running.countDown();
            }
        }));
        running.await();
        for (int i = 0; i < 3; i++) {
            swap().swap(LIVE, FRESH, OLD);
            swap().swapBack();
        }
        swap().swap(LIVE, FRESH, OLD);
        stop.set(true);
        for (Thread client : clients) {
            client.join(Duration.ofSeconds(30));
        }
        assertThat(wrong).isEmpty();
        assertThat(seen).isSubsetOf("original", "restored");
        assertThat(which()).isEqualTo("restored");
    }

    @Test
    @Timeout(120)
    void a_client_that_comes_back_at_once_is_cut_off_once_in_a_swap() throws Exception {
        var stop = new AtomicBoolean();
        var cuts = new AtomicInteger();
        var connected = new CountDownLatch(1);
        Thread client = Thread.ofPlatform().start(() -> {
            while (!stop.get()) {
                try (var connection = server.connect();
                        var statement = connection.createStatement()) {
                    connected.countDown();
                    statement.execute("SELECT pg_sleep(60)");
                } catch (SQLException cut) {
                    cuts.incrementAndGet();
                } catch (FaultException refused) {
                    Thread.onSpinWait();
                }
            }
        });
        connected.await();
        for (int swaps = 1; swaps <= 5; swaps++) {
            if (swaps % 2 == 1) {
                swap().swap(LIVE, FRESH, OLD);
            } else {
                swap().swapBack();
            }
            while (server.sessions(LIVE).isEmpty()) {
                Thread.sleep(20);
            }
            assertThat(cuts).hasValueLessThanOrEqualTo(swaps);
        }
        stop.set(true);
        server.terminateSessions(LIVE, Duration.ofSeconds(5));
        client.join();
    }

    @Test
    void sessions_that_cannot_be_ended_stop_the_swap_and_are_named() throws SQLException {
        try (var foreign = new DatabaseServer(TestCluster.get().binding(LIVE)).connect()) {
            assertThatExceptionOfType(FaultException.class)
                    .isThrownBy(() -> new DatabaseSwap(server, temp.resolve("swap.json"), 1).swap(LIVE, FRESH, OLD))
                    .satisfies(e -> {
                        assertThat(e.fault().code()).isEqualTo(FaultCode.SWAP_FAILED);
                        assertThat(e.fault().facts().get("sessions")).contains(PostgresCluster.SUPERUSER);
                    });
            assertThat(foreign.isValid(5)).isTrue();
        }
        assertThat(which()).isEqualTo("original");
        assertThat(template(FRESH)).isEqualTo("t");
        swap().swap(LIVE, FRESH, OLD);
        assertThat(which()).isEqualTo("restored");
    }

    @Test
    void what_was_loaded_anew_after_a_crash_before_the_renames_is_swapped_and_can_be_taken_back() throws Exception {
        // what a process leaves that was killed between the journal and the commit
        Files.writeString(
                temp.resolve("swap.json"),
                Json.pretty(new DatabaseSwap.Journal(
                        LIVE,
                        FRESH,
                        OLD,
                        server.oidOf(LIVE),
                        server.oidOf(FRESH).orElseThrow())));
        TestCluster.drop(FRESH);
        var anew = TestCluster.createDatabase(FRESH);
        TestCluster.execute(anew, "CREATE TABLE marker AS SELECT 'restored anew' AS which");

        swap().swap(LIVE, FRESH, OLD);

        assertThat(which()).isEqualTo("restored anew");
        assertThat(swap().state()).isEqualTo(DatabaseSwap.State.SWAPPED);
        swap().swapBack();
        assertThat(swap().state()).isEqualTo(DatabaseSwap.State.ORIGINAL);
        assertThat(which()).isEqualTo("original");
    }

    @Test
    void a_database_that_somebody_else_dropped_is_not_mistaken_for_a_done_swap() {
        assertThatExceptionOfType(FaultException.class)
                .isThrownBy(() -> swap().swap(LIVE, DatabaseLoader.newName("nothing", 1), OLD))
                .satisfies(e -> assertThat(e.fault().code()).isEqualTo(FaultCode.SWAP_FAILED));
        assertThat(which()).isEqualTo("original");
    }

    /** Reads the marker as Odoo's clients do: a connection that is cut or turned away once is no error. */
    private void read(ConcurrentLinkedQueue<String> seen, ConcurrentLinkedQueue<String> wrong) {
        try (var connection = server.connect();
                var statement = connection.createStatement();
                var row = statement.executeQuery("SELECT which FROM marker")) {
            row.next();
            seen.add(row.getString(1));
        } catch (FaultException e) {
            if (e.fault().code() == FaultCode.DATABASE_MISSING
                    && !e.fault().facts().get("tool_output").contains("renamed")) {
                wrong.add(e.fault().toString());
            }
        } catch (SQLException e) {
            if ("42P01".equals(e.getSQLState())) {
                wrong.add(e.getMessage());
            }
        }
    }

    private void tryToTakeTheName(ConcurrentLinkedQueue<String> wrong) {
        try (var connection = server.connectMaintenance();
                var statement = connection.createStatement()) {
            statement.execute("CREATE DATABASE " + DatabaseServer.quoteIdentifier(LIVE));
            wrong.add("the name was free");
        } catch (SQLException e) {
            if (!List.of("42P04", "23505").contains(e.getSQLState())) {
                wrong.add(e.getMessage());
            }
        }
    }

    private DatabaseSwap swap() {
        return new DatabaseSwap(server, temp.resolve("swap.json"));
    }

    private String which() {
        return TestCluster.query(live, "SELECT which FROM marker");
    }

    private String template(String name) {
        return TestCluster.query(
                live.withName("postgres"), "SELECT datistemplate FROM pg_database WHERE datname = '" + name + "'");
    }
}
