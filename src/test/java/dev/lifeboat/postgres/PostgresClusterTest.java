package dev.lifeboat.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.lifeboat.environment.Secret;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.testing.TestCluster;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PostgresClusterTest {
    @TempDir
    Path temp;

    @Test
    void a_cluster_is_made_in_a_folder_nobody_else_can_enter_and_keeps_its_data_over_a_restart() throws IOException {
        Path folder = closedFolder();
        try (var cluster = PostgresCluster.at(folder).durable(false).start()) {
            cluster.createRole("odoo", new Secret("it's \\ one"), true);
            cluster.createDatabase("kept", "odoo");
            var info = new DatabaseServer(cluster.binding("kept", "odoo", new Secret("it's \\ one"))).probe();
            assertThat(info.createdb()).isTrue();
            assertThat(info.superuser()).isFalse();
        }
        try (var again = PostgresCluster.at(folder).durable(false).start()) {
            assertThat(again.wasAdopted()).isFalse();
            assertThat(new DatabaseServer(again.binding("postgres")).exists("kept"))
                    .isTrue();
        }
    }

    @Test
    void a_server_that_runs_is_adopted_and_a_killed_one_is_started_again() throws Exception {
        Path folder = closedFolder();
        var first = PostgresCluster.at(folder).durable(false).start();
        try (var second = PostgresCluster.at(folder).start()) {
            assertThat(second.wasAdopted()).isTrue();
            assertThat(second.port()).isEqualTo(first.port());

            long pid = Long.parseLong(
                    Files.readAllLines(folder.resolve("data/postmaster.pid")).getFirst());
            var process = ProcessHandle.of(pid).orElseThrow();
            process.destroyForcibly();
            process.onExit().get();
            assertThat(first.isRunning()).isFalse();

            // the pid now belongs to somebody else, as happens in containers
            Path pidFile = folder.resolve("data/postmaster.pid");
            String own = Long.toString(ProcessHandle.current().pid());
            Files.writeString(pidFile, Files.readString(pidFile).replaceFirst("^[0-9]+", own));
            var third = PostgresCluster.at(folder).durable(false).start();
            assertThat(third.wasAdopted()).isFalse();
        }
        assertThat(first.isRunning()).isFalse();
    }

    @Test
    void a_killed_initdb_is_not_taken_for_a_cluster() throws IOException {
        Path folder = closedFolder();
        Files.createDirectories(folder.resolve("data.new/base"));
        Files.writeString(folder.resolve("data.new/PG_VERSION"), "15\n");
        try (var cluster = PostgresCluster.at(folder).durable(false).start()) {
            assertThat(cluster.isRunning()).isTrue();
        }
    }

    @Test
    void a_port_that_is_taken_is_told() throws IOException {
        try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatExceptionOfType(FaultException.class)
                    .isThrownBy(() -> PostgresCluster.at(temp.resolve("c"))
                            .durable(false)
                            .port(taken.getLocalPort())
                            .start())
                    .satisfies(e -> {
                        assertThat(e.fault().code()).isEqualTo(FaultCode.DATABASE_UNREACHABLE);
                        assertThat(e.fault().facts().get("tool_output")).contains("Address already in use");
                    });
        }
    }

    @Test
    void a_folder_without_server_binaries_is_told() {
        assertThatExceptionOfType(FaultException.class)
                .isThrownBy(() ->
                        PostgresCluster.at(temp.resolve("c")).binaries(temp).start())
                .satisfies(e -> assertThat(e.fault().code()).isEqualTo(FaultCode.PG_TOOLS_MISSING));
    }

    @Test
    void the_sample_database_looks_like_one_of_odoo() {
        var odoo = TestCluster.createOdooDatabase("sample_looks");
        assertThat(TestCluster.query(odoo, "SELECT count(*) FROM res_partner")).isEqualTo("300");
        assertThat(TestCluster.query(odoo, "SELECT count(*) FROM account_move")).isEqualTo("200");
        assertThat(TestCluster.query(
                        odoo,
                        "SELECT latest_version FROM ir_module_module WHERE name = 'base' AND state = 'installed'"))
                .startsWith("19.0");
        assertThat(TestCluster.addAttachments(odoo, 3)).hasSize(3);
        TestCluster.drop("sample_looks");
    }

    private Path closedFolder() throws IOException {
        Path closed = Files.createDirectory(
                temp.resolve("closed"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        return closed.resolve("with space $and 'quote");
    }
}
