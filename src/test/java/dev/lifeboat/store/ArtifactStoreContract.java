package dev.lifeboat.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every store promises. A subclass gives an empty store; nothing else is needed. */
public abstract class ArtifactStoreContract {
    private static final ObjectKey ARTIFACT = ObjectKey.of("acme", "prod", "b1");
    private static final ObjectKey DUMP = ARTIFACT.child("db.dump");

    private ArtifactStore store;

    /** A new, empty store; {@code folder} is the test's own. */
    protected abstract ArtifactStore emptyStore(Path folder) throws IOException;

    @BeforeEach
    void open(@TempDir Path folder) throws IOException {
        store = emptyStore(folder);
    }

    @Test
    void what_was_written_is_read_back_with_its_size() throws IOException {
        byte[] content = random(300_000);
        try (ObjectWriter writer = store.create(DUMP)) {
            writer.write(content, 0, 100);
            writer.write(content[100] & 0xff);
            writer.flush();
            writer.write(content, 101, content.length - 101);
            writer.commit();
        }
        assertThat(read(DUMP, 0)).isEqualTo(content);
        StoredObject stored = store.find(DUMP).orElseThrow();
        assertThat(stored.key()).isEqualTo(DUMP);
        assertThat(stored.size()).isEqualTo(content.length);
        assertThat(stored.modified())
                .isBetween(Instant.now().minusSeconds(3600), Instant.now().plusSeconds(3600));
    }

    @Test
    void an_empty_object_is_an_object() throws IOException {
        put(DUMP, new byte[0]);
        assertThat(store.find(DUMP).orElseThrow().size()).isZero();
        assertThat(read(DUMP, 0)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"..", ".", "", "a/b", "../x", ".tmp", "a\\b", "a b", "a\u0000b", "ä", "-\n", "%2e%2e/"})
    void a_name_that_leads_elsewhere_is_refused(String segment) {
        assertThat(codeOf(() -> store.find(ObjectKey.of("acme", segment)))).isEqualTo(FaultCode.BAD_INPUT);
        assertThat(codeOf(() -> store.create(ARTIFACT.child(segment)))).isEqualTo(FaultCode.BAD_INPUT);
    }

    @Test
    void without_a_commit_nothing_is_there() {
        try (ObjectWriter writer = store.create(DUMP)) {
            writer.write(random(2_000_000), 0, 2_000_000);
            writer.flush();
            assertThat(store.find(DUMP)).isEmpty();
            assertThat(store.list(ARTIFACT)).isEmpty();
            assertThat(store.names(Optional.empty())).isEmpty();
        }
        assertThat(store.find(DUMP)).isEmpty();
        assertThat(store.list(ARTIFACT)).isEmpty();
        assertThat(store.names(Optional.empty())).isEmpty();
    }

    @Test
    void an_ended_write_takes_no_more() {
        ObjectWriter writer = store.create(DUMP);
        writer.write('x');
        writer.commit();
        writer.close();
        assertThatThrownBy(() -> writer.write('y')).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(writer::commit).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void a_commit_replaces_what_was_there() throws IOException {
        put(DUMP, bytes("old, and longer than the new one"));
        put(DUMP, bytes("new"));
        assertThat(read(DUMP, 0)).isEqualTo(bytes("new"));
        assertThat(store.list(ARTIFACT)).hasSize(1);
    }

    @Test
    void a_write_that_is_given_up_leaves_the_old_object() throws IOException {
        put(DUMP, bytes("old"));
        try (ObjectWriter writer = store.create(DUMP)) {
            writer.write('n');
        }
        assertThat(read(DUMP, 0)).isEqualTo(bytes("old"));
    }

    @Test
    void a_reader_in_parallel_never_sees_a_half_written_object() throws Exception {
        int size = 400_000;
        var done = new AtomicBoolean();
        var seen = new AtomicInteger();
        try (var executor = Executors.newFixedThreadPool(2)) {
            var reader = executor.submit(() -> {
                while (!done.get()) {
                    if (store.find(DUMP).isPresent()) {
                        byte[] content = read(DUMP, 0);
                        assertThat(content).hasSize(size);
                        byte first = content[0];
                        assertThat(IntStream.range(0, size).allMatch(i -> content[i] == first))
                                .isTrue();
                        seen.incrementAndGet();
                    }
                }
                return null;
            });
            try {
                for (int round = 0; round < 20 || (seen.get() == 0 && !reader.isDone()); round++) {
                    byte[] content = new byte[size];
                    Arrays.fill(content, (byte) ('a' + round % 26));
                    try (ObjectWriter writer = store.create(DUMP)) {
                        writer.write(content, 0, size / 2);
                        writer.flush();
                        writer.write(content, size / 2, size / 2);
                        writer.commit();
                    }
                }
            } finally {
                done.set(true);
            }
            reader.get();
        }
        assertThat(seen.get()).isPositive();
    }

    @Test
    void put_if_absent_leaves_what_is_there() throws IOException {
        store.putIfAbsent(DUMP, bytes("first"));
        assertThat(store.find(DUMP).orElseThrow().size()).isEqualTo(5);
        assertThat(codeOf(() -> store.putIfAbsent(DUMP, bytes("second")))).isEqualTo(FaultCode.OBJECT_EXISTS);
        assertThat(read(DUMP, 0)).isEqualTo(bytes("first"));
    }

    @Test
    void of_sixteen_that_put_at_once_exactly_one_wins() throws Exception {
        for (int round = 0; round < 5; round++) {
            ObjectKey key = ARTIFACT.child("artifact-" + round + ".json");
            var start = new CountDownLatch(1);
            var winners = new ArrayList<Integer>();
            try (var executor = Executors.newFixedThreadPool(16)) {
                var attempts = new ArrayList<java.util.concurrent.Future<Boolean>>();
                for (int i = 0; i < 16; i++) {
                    byte[] content = bytes("writer " + i);
                    attempts.add(executor.submit(() -> {
                        start.await();
                        try {
                            store.putIfAbsent(key, content);
                            return true;
                        } catch (FaultException e) {
                            assertThat(e.fault().code()).isEqualTo(FaultCode.OBJECT_EXISTS);
                            return false;
                        }
                    }));
                }
                start.countDown();
                for (int i = 0; i < attempts.size(); i++) {
                    if (attempts.get(i).get()) {
                        winners.add(i);
                    }
                }
            }
            assertThat(winners).hasSize(1);
            assertThat(read(key, 0)).isEqualTo(bytes("writer " + winners.getFirst()));
        }
    }

    @Test
    void reading_starts_at_the_offset() throws IOException {
        byte[] content = random(100_000);
        put(DUMP, content);
        assertThat(read(DUMP, 99_000)).isEqualTo(Arrays.copyOfRange(content, 99_000, 100_000));
        assertThat(read(DUMP, 100_000)).isEmpty();
        assertThat(codeOf(() -> store.open(DUMP, 100_001))).isEqualTo(FaultCode.BAD_INPUT);
        assertThat(codeOf(() -> store.open(DUMP, -1))).isEqualTo(FaultCode.BAD_INPUT);
        try (InputStream in = store.open(DUMP, 10)) {
            in.skipNBytes(5);
            assertThat(in.read()).isEqualTo(content[15] & 0xff);
        }
    }

    @Test
    void what_is_missing_is_said_to_be_missing() {
        put(ARTIFACT.child("other"), bytes("x"));
        assertThat(store.find(DUMP)).isEmpty();
        assertThat(store.localPath(DUMP)).isEmpty();
        assertThatThrownBy(() -> store.open(DUMP, 0)).isInstanceOfSatisfying(FaultException.class, e -> {
            assertThat(e.fault().code()).isEqualTo(FaultCode.OBJECT_MISSING);
            assertThat(e.fault().message()).contains(DUMP.toString(), store.name());
            assertThat(e.fault().remedy()).isNotBlank();
        });
        assertThat(store.list(ObjectKey.of("nobody"))).isEmpty();
        assertThat(store.names(Optional.of(ObjectKey.of("nobody")))).isEmpty();
        assertThat(store.find(ARTIFACT)).isEmpty();
    }

    @Test
    void a_list_of_2500_objects_is_complete_and_in_order() {
        var expected = new ArrayList<String>();
        for (int i = 0; i < 2500; i++) {
            ObjectKey key = ARTIFACT.child("part-" + i);
            store.putIfAbsent(key, bytes("x"));
            expected.add(key.toString());
        }
        expected.sort(null);
        assertThat(store.list(ARTIFACT).stream().map(o -> o.key().toString())).isEqualTo(expected);
        assertThat(store.names(Optional.of(ARTIFACT))).hasSize(2500).isSorted();
    }

    @Test
    void lists_show_what_is_below_the_prefix_and_nothing_else() {
        put(DUMP, bytes("1"));
        put(ARTIFACT.child("evidence").child("final_status.json"), bytes("22"));
        put(ObjectKey.of("acme", "prod", "b10", "db.dump"), bytes("333"));
        put(ObjectKey.of("acme", "prod-2", "b1", "db.dump"), bytes("4"));
        put(ObjectKey.of("zeta", "prod", "b1", "db.dump"), bytes("5"));

        assertThat(store.list(ARTIFACT).stream()
                        .map(o -> o.key().toString() + " " + o.size())
                        .toList())
                .containsExactly("acme/prod/b1/db.dump 1", "acme/prod/b1/evidence/final_status.json 2");
        assertThat(store.list(ObjectKey.of("acme")).stream()
                        .map(o -> o.key().toString())
                        .toList())
                .hasSize(4)
                .isSorted();
        assertThat(store.list(DUMP)).isEmpty();
        assertThat(store.names(Optional.empty())).containsExactly("acme", "zeta");
        assertThat(store.names(Optional.of(ObjectKey.of("acme")))).containsExactly("prod", "prod-2");
        assertThat(store.names(Optional.of(ObjectKey.of("acme", "prod")))).containsExactly("b1", "b10");
        assertThat(store.names(Optional.of(ARTIFACT))).containsExactly("db.dump", "evidence");
    }

    @Test
    void what_was_deleted_is_gone_and_its_name_with_it() {
        put(DUMP, bytes("x"));
        put(ARTIFACT.child("artifact.json"), bytes("y"));
        store.delete(DUMP);
        store.delete(DUMP);
        assertThat(store.find(DUMP)).isEmpty();
        assertThat(store.names(Optional.of(ARTIFACT))).containsExactly("artifact.json");
        store.delete(ARTIFACT.child("artifact.json"));
        assertThat(store.names(Optional.empty())).isEmpty();
        store.delete(ObjectKey.of("never", "was"));
        put(DUMP, bytes("again"));
        assertThat(store.find(DUMP)).isPresent();
    }

    @Test
    void writers_and_deleters_in_one_folder_do_not_disturb_each_other() throws Exception {
        try (var executor = Executors.newFixedThreadPool(4)) {
            var tasks = new ArrayList<Callable<Void>>();
            for (int i = 0; i < 4; i++) {
                ObjectKey key = ARTIFACT.child("file-" + i);
                tasks.add(() -> {
                    for (int round = 0; round < 40; round++) {
                        put(key, bytes("content"));
                        assertThat(store.find(key)).isPresent();
                        store.delete(key);
                    }
                    return null;
                });
            }
            for (var result : executor.invokeAll(tasks)) {
                result.get();
            }
        }
        assertThat(store.names(Optional.empty())).isEmpty();
    }

    @Test
    void a_big_object_goes_through_as_a_stream() throws Exception {
        byte[] chunk = random(1 << 20);
        MessageDigest written = MessageDigest.getInstance("SHA-256");
        try (ObjectWriter writer = store.create(DUMP);
                var digesting = new DigestOutputStream(writer, written)) {
            for (int i = 0; i < 160; i++) {
                chunk[i] ^= 1;
                digesting.write(chunk, 0, chunk.length);
            }
            writer.commit();
        }
        assertThat(store.find(DUMP).orElseThrow().size()).isEqualTo(160L << 20);
        String expected = HexFormat.of().formatHex(written.digest());
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        try (InputStream in = new DigestInputStream(store.open(DUMP, 0), digest)) {
            in.transferTo(OutputStream.nullOutputStream());
        }
        assertThat(HexFormat.of().formatHex(digest.digest())).isEqualTo(expected);
    }

    @Test
    void blocks_and_bytes_may_be_mixed_in_one_write() throws IOException {
        byte[] block = random(Block.BYTES);
        byte[] rest = random(12_345);
        try (ObjectWriter writer = store.create(DUMP)) {
            writer.write(new Block(block, block.length));
            writer.write(rest, 0, 100);
            writer.write(new Block(block, block.length));
            writer.write(new Block(rest, rest.length));
            writer.commit();
        }
        assertThat(store.find(DUMP).orElseThrow().size()).isEqualTo(2L * Block.BYTES + 100 + rest.length);
        byte[] read = read(DUMP, 0);
        assertThat(Arrays.copyOf(read, Block.BYTES)).isEqualTo(block);
        assertThat(Arrays.copyOfRange(read, Block.BYTES + 100, 2 * Block.BYTES + 100))
                .isEqualTo(block);
        assertThat(Arrays.copyOfRange(read, 2 * Block.BYTES + 100, read.length)).isEqualTo(rest);
        assertThat(read(DUMP, Block.BYTES + 50)).isEqualTo(Arrays.copyOfRange(read, Block.BYTES + 50, read.length));
    }

    @Test
    void a_large_object_replaces_a_small_one_and_the_other_way_round() throws IOException {
        byte[] large = random(2 * Block.BYTES + 1);
        put(DUMP, bytes("small"));
        put(DUMP, large);
        assertThat(read(DUMP, 0)).isEqualTo(large);
        put(DUMP, bytes("small"));
        assertThat(read(DUMP, 0)).isEqualTo(bytes("small"));
    }

    @Test
    void a_probe_succeeds_and_leaves_nothing() {
        store.probe();
        assertThat(store.names(Optional.empty())).isEmpty();
        store.probe();
    }

    @Test
    void garbage_collection_takes_old_leftovers_and_no_object_and_no_running_write() throws IOException {
        put(DUMP, bytes("kept"));
        try (ObjectWriter writer = store.create(ARTIFACT.child("running"))) {
            writer.write(bytes("half"), 0, 4);
            writer.flush();
            assertThat(store.collectGarbage(Instant.now().minusSeconds(3600))).isZero();
            assertThat(store.collectGarbage(Instant.now().plusSeconds(3600))).isZero();
            writer.commit();
        }
        assertThat(read(ARTIFACT.child("running"), 0)).isEqualTo(bytes("half"));
        assertThat(read(DUMP, 0)).isEqualTo(bytes("kept"));
    }

    @Test
    void the_local_path_holds_the_object_where_there_is_one() throws IOException {
        put(DUMP, bytes("content"));
        Optional<Path> path = store.localPath(DUMP);
        if (path.isPresent()) {
            assertThat(path.get()).hasBinaryContent(bytes("content"));
        }
    }

    // ---- what subclasses use too

    protected final ArtifactStore store() {
        return store;
    }

    protected final void put(ObjectKey key, byte[] content) {
        try (ObjectWriter writer = store.create(key)) {
            writer.write(content, 0, content.length);
            writer.commit();
        }
    }

    protected final byte[] read(ObjectKey key, long offset) throws IOException {
        try (InputStream in = store.open(key, offset)) {
            return in.readAllBytes();
        }
    }

    protected static FaultCode codeOf(ThrowingCallable call) {
        try {
            call.call();
        } catch (FaultException e) {
            return e.fault().code();
        } catch (Throwable e) {
            throw new AssertionError("not a fault: " + e, e);
        }
        throw new AssertionError("no fault");
    }

    protected static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    protected static byte[] random(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    protected static String sha256(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    /** For the order of keys in assertions. */
    protected static List<String> names(List<StoredObject> objects) {
        return objects.stream().map(object -> object.key().name()).toList();
    }
}
