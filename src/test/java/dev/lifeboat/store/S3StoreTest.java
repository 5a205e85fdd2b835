package dev.lifeboat.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.environment.Secret;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.testing.S3Server;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.netcrusher.core.meter.RateMeters;
import org.netcrusher.core.reactor.NioReactor;
import org.netcrusher.tcp.TcpCrusher;
import org.netcrusher.tcp.TcpCrusherBuilder;

/** The contract on an S3 server, and what a server and the way to it can do wrong. */
final class S3StoreTest extends ArtifactStoreContract {
    private static final ObjectKey KEY = ObjectKey.of("acme", "prod", "b1", "db.dump");

    private static S3Server server;

    private S3Store opened;

    @BeforeAll
    static void start() {
        server = new S3Server("127.0.0.1", Optional.empty());
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @AfterEach
    void close() {
        opened.close();
    }

    @Override
    protected ArtifactStore emptyStore(Path folder) {
        opened = new S3Store("primary", settings(server.endpoint(), "t/" + UUID.randomUUID(), Duration.ofSeconds(20)));
        return opened;
    }

    static S3Settings settings(URI endpoint, String prefix, Duration limit) {
        return settings(endpoint, S3Server.BUCKET, prefix, S3Server.ACCESS_KEY, S3Server.SECRET_KEY, limit);
    }

    private static S3Settings settings(
            URI endpoint, String bucket, String prefix, String accessKey, String secretKey, Duration limit) {
        return new S3Settings(
                bucket,
                prefix,
                "us-east-1",
                Optional.of(endpoint),
                Optional.of(accessKey),
                Optional.of(new Secret(secretKey)),
                true,
                true,
                S3Settings.LockMode.NONE,
                S3Settings.Expiry.DELETE,
                limit);
    }

    @Test
    void wrong_keys_are_said_to_be_wrong() {
        for (var settings : List.of(
                settings(server.endpoint(), S3Server.BUCKET, "x", "nobody", "nothing", Duration.ofSeconds(5)),
                settings(
                        server.endpoint(),
                        S3Server.BUCKET,
                        "x",
                        S3Server.ACCESS_KEY,
                        "wrong",
                        Duration.ofSeconds(5)))) {
            try (var store = new S3Store("primary", settings)) {
                assertThatThrownBy(store::probe).isInstanceOfSatisfying(FaultException.class, e -> {
                    assertThat(e.fault().code()).isEqualTo(FaultCode.STORE_REFUSED);
                    assertThat(e.fault().remedy()).contains("access-key");
                    assertThat(e.fault().toString()).doesNotContain("nothing").doesNotContain(S3Server.SECRET_KEY);
                });
            }
        }
    }

    @Test
    void a_bucket_that_is_not_there_is_named() {
        try (var store = new S3Store(
                "primary",
                settings(
                        server.endpoint(),
                        "elsewhere",
                        "x",
                        S3Server.ACCESS_KEY,
                        S3Server.SECRET_KEY,
                        Duration.ofSeconds(5)))) {
            assertThatThrownBy(store::probe).isInstanceOfSatisfying(FaultException.class, e -> {
                assertThat(e.fault().code()).isEqualTo(FaultCode.STORE_UNREACHABLE);
                assertThat(e.fault().message()).contains("elsewhere");
            });
            assertThat(codeOf(() -> store.find(KEY))).isEqualTo(FaultCode.STORE_UNREACHABLE);
            assertThat(codeOf(() -> store.list(KEY))).isEqualTo(FaultCode.STORE_UNREACHABLE);
            assertThat(codeOf(() -> store.open(KEY, 0))).isEqualTo(FaultCode.STORE_UNREACHABLE);
        }
    }

    @Test
    void a_server_that_is_down_is_unreachable_for_every_call() {
        var dead = new S3Server("127.0.0.1", Optional.empty());
        URI endpoint = dead.endpoint();
        dead.stop();
        try (var store = new S3Store("primary", settings(endpoint, "x", Duration.ofSeconds(5)))) {
            assertThat(codeOf(() -> store.find(KEY))).isEqualTo(FaultCode.STORE_UNREACHABLE);
            assertThat(codeOf(() -> store.open(KEY, 0))).isEqualTo(FaultCode.STORE_UNREACHABLE);
            assertThat(codeOf(() -> store.putIfAbsent(KEY, bytes("x")))).isEqualTo(FaultCode.STORE_UNREACHABLE);
            assertThat(codeOf(() -> {
                        try (ObjectWriter writer = store.create(KEY)) {
                            writer.write('x');
                            writer.commit();
                        }
                    }))
                    .isEqualTo(FaultCode.STORE_UNREACHABLE);
        }
    }

    @Test
    void a_connection_that_is_cut_in_the_middle_of_a_part_is_made_good() throws Exception {
        byte[] content = random(5 * Block.BYTES + 77);
        try (var wire = new Wire();
                var store = new S3Store(
                        "primary", settings(wire.endpoint(), "cut/" + UUID.randomUUID(), Duration.ofSeconds(20)))) {
            var cuts = new AtomicInteger();
            Thread cutter = Thread.ofVirtual().start(() -> {
                while (cuts.get() < 2 && !Thread.currentThread().isInterrupted()) {
                    if (wire.cutOneThatCarries(Block.BYTES / 2)) {
                        cuts.incrementAndGet();
                    }
                }
            });
            try (ObjectWriter writer = store.create(KEY)) {
                writer.write(content, 0, content.length);
                writer.commit();
            }
            cutter.interrupt();
            cutter.join();
            assertThat(cuts.get()).isPositive();
            cuts.set(0);
            Thread again = Thread.ofVirtual().start(() -> {
                while (cuts.get() < 2 && !Thread.currentThread().isInterrupted()) {
                    if (wire.cutOneThatCarries(Block.BYTES / 2)) {
                        cuts.incrementAndGet();
                    }
                }
            });
            try (InputStream in = store.open(KEY, 0)) {
                assertThat(in.readAllBytes()).isEqualTo(content);
            }
            again.interrupt();
            again.join();
            assertThat(cuts.get()).isPositive();
        }
    }

    @Test
    void who_leaves_objects_in_the_middle_keeps_no_connection() throws IOException {
        byte[] content = random(12 << 20);
        put(KEY, content);
        // more often than the store has connections
        for (int i = 0; i < 40; i++) {
            try (InputStream in = store().open(KEY, 0)) {
                assertThat(in.readNBytes(3 << 20)).hasSize(3 << 20);
            }
        }
        assertThat(read(KEY, 0)).isEqualTo(content);
    }

    @Test
    void a_server_that_hangs_ends_the_write_in_bounded_time_and_leaves_nothing() throws Exception {
        byte[] content = random(Block.BYTES);
        String prefix = "hang/" + UUID.randomUUID();
        try (var wire = new Wire();
                var store = new S3Store("primary", settings(wire.endpoint(), prefix, Duration.ofSeconds(1)));
                var direct = new S3Store("primary", settings(server.endpoint(), prefix, Duration.ofSeconds(20)))) {
            assertThat(store.find(KEY)).isEmpty();
            wire.freeze();
            Instant begin = Instant.now();
            assertThat(codeOf(() -> {
                        try (ObjectWriter writer = store.create(KEY)) {
                            for (int i = 0; i < 20; i++) {
                                writer.write(content, 0, content.length);
                            }
                            writer.commit();
                        }
                    }))
                    .isEqualTo(FaultCode.STORE_UNREACHABLE);
            assertThat(Duration.between(begin, Instant.now())).isLessThan(Duration.ofSeconds(60));
            assertThat(direct.find(KEY)).isEmpty();
        }
    }

    @Test
    void an_object_that_is_replaced_while_it_is_read_is_never_mixed() throws Exception {
        byte[] old = random(5 * Block.BYTES);
        byte[] other = random(5 * Block.BYTES + 1);
        put(KEY, old);
        try (InputStream in = store().open(KEY, 0)) {
            assertThat(in.readNBytes(1000)).isEqualTo(Arrays.copyOf(old, 1000));
            put(KEY, other);
            assertThat(codeOf(() -> {
                        in.skipNBytes(4L * Block.BYTES);
                        in.readAllBytes();
                    }))
                    .isEqualTo(FaultCode.STORE_READ_FAILED);
        }
    }

    @Test
    void an_unfinished_upload_of_a_killed_process_is_collected_when_it_is_old() {
        try (var killed = new S3Store("primary", opened.settings())) {
            ObjectWriter writer = killed.create(KEY);
            byte[] content = random(Block.BYTES);
            writer.write(content, 0, content.length);
            writer.write(content, 0, content.length);
            assertThat(store().collectGarbage(Instant.now().minusSeconds(3600))).isZero();
            assertThat(store().collectGarbage(Instant.now().plusSeconds(3600))).isEqualTo(1);
            assertThatThrownBy(writer::commit).isInstanceOf(FaultException.class);
            writer.close();
        }
        assertThat(store().find(KEY)).isEmpty();
    }

    /** The way to the server, which can be cut and frozen. */
    private static final class Wire implements AutoCloseable {
        private final NioReactor reactor;
        private final TcpCrusher crusher;

        Wire() throws Exception {
            int port;
            try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                port = free.getLocalPort();
            }
            reactor = new NioReactor();
            crusher = TcpCrusherBuilder.builder()
                    .withReactor(reactor)
                    .withBindAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                    .withConnectAddress(new InetSocketAddress(
                            InetAddress.getLoopbackAddress(), server.endpoint().getPort()))
                    .buildAndOpen();
        }

        URI endpoint() {
            return URI.create("http://127.0.0.1:" + crusher.getBindAddress().getPort());
        }

        void freeze() {
            crusher.freeze();
        }

        /** Cuts a connection that has carried so many bytes; true where there was one. */
        boolean cutOneThatCarries(long bytes) {
            for (InetSocketAddress client : crusher.getClientAddresses()) {
                RateMeters carried = crusher.getClientByteMeters(client);
                if (carried != null
                        && carried.getReadMeter().getTotalCount()
                                        + carried.getSentMeter().getTotalCount()
                                >= bytes) {
                    return crusher.closeClient(client);
                }
            }
            return false;
        }

        @Override
        public void close() {
            crusher.close();
            reactor.close();
        }
    }
}
