package dev.lifeboat.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EndpointTest {
    @TempDir
    Path dataDir;

    @Test
    void what_the_owner_tells_is_read_back_and_nobody_else_may_read_it() throws IOException {
        Endpoint endpoint = endpoint(ProcessHandle.current().pid());
        endpoint.write(dataDir);
        assertThat(Endpoint.read(dataDir)).contains(endpoint);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(dataDir.resolve("endpoint"))))
                .isEqualTo("rw-------");
        try (var left = Files.list(dataDir)) {
            assertThat(left).hasSize(1);
        }
        Endpoint.remove(dataDir);
        assertThat(Endpoint.read(dataDir)).isEmpty();
    }

    @Test
    void an_endpoint_of_a_dead_process_and_one_that_was_cut_short_tell_nothing() throws Exception {
        Process dead = new ProcessBuilder("true").start();
        dead.waitFor();
        endpoint(dead.pid()).write(dataDir);
        assertThat(Endpoint.read(dataDir)).isEmpty();
        Files.writeString(dataDir.resolve("endpoint"), "{\"url\": \"http://127.0");
        assertThat(Endpoint.read(dataDir)).isEmpty();
        Files.writeString(dataDir.resolve("endpoint"), "");
        assertThat(Endpoint.read(dataDir)).isEmpty();
    }

    @Test
    void its_text_for_logs_does_not_hold_the_token() {
        assertThat(endpoint(1).toString()).doesNotContain("a-token").contains("127.0.0.1");
    }

    @Test
    void an_address_can_be_called_also_where_the_engine_listens_on_all_or_on_ipv6() throws IOException {
        assertThat(Engine.url("0.0.0.0", 8620)).hasToString("http://127.0.0.1:8620");
        assertThat(Engine.url("::1", 8620)).hasToString("http://[::1]:8620");
        assertThat(Engine.url("localhost", 80)).hasToString("http://localhost:80");
    }

    private static Endpoint endpoint(long pid) {
        return new Endpoint(URI.create("http://127.0.0.1:1"), "a-token", pid, Instant.parse("2026-11-21T00:00:00Z"));
    }
}
