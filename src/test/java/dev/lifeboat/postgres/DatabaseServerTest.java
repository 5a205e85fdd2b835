package dev.lifeboat.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.lifeboat.environment.DatabaseBinding;
import dev.lifeboat.environment.Secret;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.testing.TestCluster;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DatabaseServerTest {
    private static final Path HERE = Path.of("here");

    @Test
    void what_is_wrong_with_a_connection_is_told_apart() throws IOException {
        var binding = TestCluster.binding("postgres");
        var wrong = new DatabaseBinding(
                binding.host(), binding.port(), "postgres", TestCluster.ODOO, new Secret("wrong"), "disable");
        assertFault(FaultCode.DATABASE_LOGIN_REFUSED, wrong);
        assertFault(FaultCode.DATABASE_MISSING, TestCluster.binding("not there"));
        int closed;
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            closed = socket.getLocalPort();
        }
        assertFault(
                FaultCode.DATABASE_UNREACHABLE,
                new DatabaseBinding(
                        binding.host(), closed, "postgres", TestCluster.ODOO, TestCluster.ODOO_PASSWORD, "disable"));
    }

    private static void assertFault(FaultCode code, DatabaseBinding binding) {
        assertThatExceptionOfType(FaultException.class)
                .isThrownBy(() -> new DatabaseServer(binding).connect())
                .satisfies(e -> {
                    assertThat(e.fault().code()).isEqualTo(code);
                    assertThat(e.fault().toString()).doesNotContain(TestCluster.ODOO_PASSWORD.value());
                });
    }

    @Test
    void sessions_are_listed_and_ended_and_those_out_of_reach_are_named() throws SQLException {
        var binding = TestCluster.createDatabase("sessions");
        var server = new DatabaseServer(binding);
        try (var mine = server.connect();
                var foreign = new DatabaseServer(TestCluster.get().binding("sessions")).connect()) {
            assertThat(server.sessions("sessions")).hasSize(2);
            assertThat(server.sessionsOutOfReach("sessions"))
                    .singleElement()
                    .satisfies(session -> assertThat(session.role()).isEqualTo(PostgresCluster.SUPERUSER));
            var left = server.terminateSessions("sessions", Duration.ofMillis(200));
            assertThat(left).hasSize(1);
            assertThat(mine.isValid(5)).isFalse();
            assertThat(foreign.isValid(5)).isTrue();
        }
        assertThat(server.owns("sessions")).isTrue();
        assertThat(server.owns("template0")).isFalse();
        assertThat(server.size("sessions")).isPositive();
        TestCluster.drop("sessions");
    }

    @Test
    void the_tools_of_the_servers_own_major_are_preferred_and_older_ones_refused() {
        var found = List.of(tools(17), tools(15), tools(16));
        assertThat(PgTools.choose(found, 15, 15, "server", Optional.empty())
                        .version()
                        .major())
                .isEqualTo(15);
        assertThat(PgTools.choose(found, 14, 14, "server", Optional.empty())
                        .version()
                        .major())
                .isEqualTo(15);
        assertThatExceptionOfType(FaultException.class)
                .isThrownBy(() -> PgTools.choose(found, 18, 18, "server", Optional.empty()))
                .satisfies(e -> {
                    assertThat(e.fault().code()).isEqualTo(FaultCode.PG_TOOLS_TOO_OLD);
                    assertThat(e.fault().remedy()).contains("postgresql-client-18");
                });
        assertThatExceptionOfType(FaultException.class)
                .isThrownBy(() -> PgTools.forServer(15, Optional.of(HERE)))
                .satisfies(e -> assertThat(e.fault().code()).isEqualTo(FaultCode.PG_TOOLS_MISSING));
    }

    private static PgTools tools(int major) {
        return new PgTools(HERE, new PgTools.Version(major, major + ".1"));
    }

    @Test
    void a_literal_stays_a_literal() {
        var binding = TestCluster.binding("postgres");
        String text = "a'b\\'c";
        assertThat(TestCluster.query(binding, "SELECT " + DatabaseServer.quoteLiteral(text)))
                .isEqualTo(text);
    }

    @Test
    void a_pair_of_tools_and_server_that_can_not_work_is_refused_with_the_remedy() {
        assertThat(PgTools.loadable(tools(16), 15, 15).version().major()).isEqualTo(16);
        assertThat(PgTools.loadable(tools(18), 17, 17).version().major()).isEqualTo(18);
        assertThatExceptionOfType(FaultException.class)
                .isThrownBy(() -> PgTools.loadable(tools(17), 15, 15))
                .satisfies(e -> {
                    assertThat(e.fault().code()).isEqualTo(FaultCode.PG_TOOLS_TOO_NEW);
                    assertThat(e.fault().remedy()).contains("postgresql-client-15");
                });
        assertThatExceptionOfType(FaultException.class)
                .isThrownBy(() -> PgTools.loadable(tools(17), 15, 17))
                .satisfies(e -> assertThat(e.fault().remedy()).contains("PostgreSQL 17 or later"));
    }
}
