package dev.lifeboat.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lifeboat.environment.DatabaseBinding;
import dev.lifeboat.environment.Secret;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.testing.SocketCluster;
import dev.lifeboat.testing.TestCluster;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SocketLoginTest {
    @TempDir
    static Path folder;

    private static SocketCluster cluster;
    private static DatabaseBinding shop;

    @BeforeAll
    static void start() throws IOException {
        cluster = SocketCluster.start(folder.resolve("cluster"));
        shop = cluster.createDatabase("shop");
    }

    @AfterAll
    static void stop() throws IOException {
        cluster.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"disable", "prefer", "require"})
    void a_role_is_let_in_at_the_socket_without_a_password_whatever_sslmode_says(String sslMode) {
        var binding = new DatabaseBinding(shop.host(), shop.port(), "shop", shop.user(), Secret.NONE, sslMode);
        assertThat(TestCluster.query(
                        binding, "SELECT current_user || coalesce(inet_server_addr()::text, ' at a socket')"))
                .isEqualTo("odoo at a socket");
        assertThat(new DatabaseServer(binding).probe().createdb()).isTrue();
    }

    @Test
    void who_is_refused_at_the_socket_is_told_as_whom_the_system_knows_them() {
        var fault = catchThrowableOfType(
                        FaultException.class,
                        () -> new DatabaseServer(cluster.binding("shop", PostgresCluster.SUPERUSER)).connect())
                .fault();
        assertThat(fault.code()).isEqualTo(FaultCode.DATABASE_LOGIN_REFUSED);
        assertThat(fault.message()).contains(shop.socket());
        assertThat(fault.remedy()).contains("'" + System.getProperty("user.name") + "'", "pg_ident.conf");
    }

    @Test
    void a_socket_that_is_not_there_is_told_with_its_path() {
        var nowhere = new DatabaseBinding("/nonexistent", 5432, "shop", "odoo", Secret.NONE, "prefer");
        var fault = catchThrowableOfType(FaultException.class, () -> new DatabaseServer(nowhere).connect())
                .fault();
        assertThat(fault.code()).isEqualTo(FaultCode.DATABASE_UNREACHABLE);
        assertThat(fault.message()).contains("/nonexistent/.s.PGSQL.5432");
        assertThat(fault.remedy()).contains("unix_socket_directories");
    }
}
