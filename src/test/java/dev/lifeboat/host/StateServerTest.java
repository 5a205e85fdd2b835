package dev.lifeboat.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateServerTest {
    @TempDir
    Path temp;

    @Test
    void a_killed_owner_leaves_a_server_that_the_next_owner_adopts_with_its_state_and_stops() throws Exception {
        Path dataDir = temp.resolve("data");
        String address;
        try (OtherProcess owner = OtherProcess.withStateServer(dataDir)) {
            address = owner.said();
            assertThat(address).startsWith("jdbc:postgresql://127.0.0.1:");
        }
        Path orphanPid = dataDir.resolve("state/data/postmaster.pid");
        long orphan = Long.parseLong(Files.readAllLines(orphanPid).getFirst().strip());
        assertThat(ProcessHandle.of(orphan))
                .as("the server outlives its killed owner")
                .isPresent();

        try (DataFolder folder = DataFolder.take(dataDir).orElseThrow()) {
            try (StateServer adopted = StateServer.start(folder)) {
                assertThat(adopted.jdbcUrl()).isEqualTo(address);
                assertThat(Files.readAllLines(orphanPid).getFirst().strip()).isEqualTo(Long.toString(orphan));
                execute(adopted, "CREATE TABLE kept AS SELECT 42 AS answer");
            }
            assertThat(orphanPid)
                    .as("an adopted server is stopped with its owner")
                    .doesNotExist();

            Path leftBehind = Files.createDirectories(dataDir.resolve("postgres/.new-killed/bin"));
            try (StateServer again = StateServer.start(folder)) {
                assertThat(answer(again)).isEqualTo(42);
                assertThat(leftBehind.getParent()).doesNotExist();
                try (var binaries = Files.list(dataDir.resolve("postgres"))) {
                    assertThat(binaries).hasSize(1);
                }
            }
        }
        Path password = dataDir.resolve("state/password");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(password)))
                .isEqualTo("rw-------");
    }

    private static void execute(StateServer server, String sql) throws SQLException {
        try (Connection connection = connect(server);
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static int answer(StateServer server) throws SQLException {
        try (Connection connection = connect(server);
                var statement = connection.createStatement();
                var rows = statement.executeQuery("SELECT answer FROM kept")) {
            rows.next();
            return rows.getInt(1);
        }
    }

    private static Connection connect(StateServer server) throws SQLException {
        return DriverManager.getConnection(server.jdbcUrl(), server.user(), server.password());
    }
}
