package dev.lifeboat.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.artifact.ArtifactId;
import dev.lifeboat.artifact.BackupType;
import dev.lifeboat.artifact.Manifest;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.testing.StateResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is known of artifacts and their copies. */
@QuarkusTest
@QuarkusTestResource(StateResource.class)
class ArtifactCatalogueTest {
    private static final String MANIFEST = "ab".repeat(32);
    private static final AtomicInteger COUNT = new AtomicInteger();

    @Inject
    ArtifactCatalogue catalogue;

    private EnvironmentId environment;

    @BeforeEach
    void anEnvironmentOfItsOwn() {
        environment = new EnvironmentId("catalogue", "env-" + COUNT.incrementAndGet());
    }

    private String registered(Instant createdAt, String... pending) {
        String id = "bk_" + environment.name() + "_" + COUNT.incrementAndGet();
        var entry = new Manifest.FileEntry("config_snapshot.json", 1, "0".repeat(64));
        var manifest = new Manifest(
                Manifest.FORMAT,
                id,
                createdAt,
                environment.project(),
                environment.name(),
                "run",
                BackupType.DB_ONLY,
                "backup",
                Optional.empty(),
                List.of(),
                new Manifest.SourceEnvironment(environment.name(), "staging", "db", Optional.empty()),
                Optional.empty(),
                Optional.empty(),
                new Manifest.OdooEntry(Optional.empty(), Optional.empty(), List.of(), Optional.empty()),
                Optional.empty(),
                entry,
                Map.of(),
                List.of());
        var lost = new java.util.HashMap<String, String>();
        for (String store : pending) {
            lost.put(store, "it did not answer");
        }
        catalogue.register(manifest, MANIFEST, Map.of("primary", "file:///primary"), lost);
        return id;
    }

    @Test
    void a_copy_that_was_found_damaged_stays_that_until_it_is_made_anew() {
        String id = registered(Instant.now());
        catalogue.verified(id, "primary", false);
        assertThat(catalogue.damaged(environment)).containsExactly(id);
        assertThat(catalogue.good(environment)).isEmpty();

        catalogue.found(id, "primary", "file:///primary");
        assertThat(catalogue.damaged(environment)).containsExactly(id);

        catalogue.found(id, "secondary", "file:///secondary");
        assertThat(catalogue.good(environment)).containsExactly(id);
        catalogue.copied(id, "primary", "file:///primary", true);
        assertThat(catalogue.damaged(environment)).isEmpty();
    }

    private List<String> wanted(Instant now) {
        return catalogue.wantedCopies(now).stream()
                .filter(copy -> copy.artifactId.contains(environment.name() + "_"))
                .map(copy -> copy.artifactId + " in " + copy.store)
                .toList();
    }

    @Test
    void what_a_store_did_not_take_is_wanted_there_the_oldest_first_and_after_growing_pauses() {
        Instant now = Instant.now();
        String newer = registered(now, "secondary");
        String older = registered(now.minus(Duration.ofDays(1)), "secondary", "tertiary");
        Instant soon = now.plus(Duration.ofMinutes(1));
        assertThat(wanted(soon)).hasSize(3).last().isEqualTo(newer + " in secondary");

        for (int i = 0; i < 20; i++) {
            catalogue.copyFailed(newer, "secondary", "still nothing");
        }
        assertThat(wanted(now.plus(Duration.ofMinutes(20)))).doesNotContain(newer + " in secondary");
        assertThat(wanted(now.plus(Duration.ofMinutes(40)))).contains(newer + " in secondary");

        assertThat(catalogue.copied(older, "secondary", "s3://b/x", true)).isTrue();
        assertThat(catalogue.goodStores(older)).containsExactlyInAnyOrder("primary", "secondary");
        assertThat(wanted(soon)).containsExactly(older + " in tertiary");
    }

    @Test
    void a_copy_that_was_found_damaged_is_wanted_anew_and_a_pruned_artifacts_is_not() {
        String id = registered(Instant.now());
        catalogue.verified(id, "primary", false);
        assertThat(wanted(Instant.now().plusSeconds(1))).containsExactly(id + " in primary");
        assertThat(catalogue.goodStores(id)).isEmpty();

        catalogue.pruned(id);
        assertThat(wanted(Instant.now().plusSeconds(1))).isEmpty();
        assertThat(catalogue.copied(id, "primary", "file:///primary", true)).isFalse();

        catalogue.unpruned(id, Map.of("primary", "good"));
        assertThat(catalogue.goodStores(id)).containsExactly("primary");
        assertThat(catalogue.available(Optional.of(environment)))
                .extracting(artifact -> artifact.artifactId)
                .containsExactly(id);
    }

    @Test
    void what_a_manifest_was_when_it_was_registered_stays_what_is_known_of_it() {
        String id = registered(Instant.now());
        var artifact = new ArtifactId(environment, id);
        assertThat(catalogue.known(artifact).manifestSha256()).contains(MANIFEST);
        catalogue.proved(id, "cd".repeat(32));
        assertThat(catalogue.known(artifact).manifestSha256()).contains(MANIFEST);
        assertThat(catalogue.known(new ArtifactId(environment, "bk_other")).manifestSha256())
                .isEmpty();
    }

    @Test
    void a_copy_is_to_be_read_again_when_its_last_reading_is_long_ago() {
        String id = registered(Instant.now());
        assertThat(catalogue.unverifiedSince(Instant.now().minusSeconds(60)))
                .noneMatch(copy -> copy.artifactId.equals(id));
        assertThat(catalogue.unverifiedSince(Instant.now().plusSeconds(60)))
                .anyMatch(copy -> copy.artifactId.equals(id));
        catalogue.verified(id, "primary", true);
        assertThat(catalogue.unverifiedSince(Instant.now().minusSeconds(60)))
                .noneMatch(copy -> copy.artifactId.equals(id));
    }

    @Test
    void of_two_that_want_an_environment_for_themselves_one_waits_for_the_other() throws Exception {
        registered(Instant.now());
        var inside = new CountDownLatch(1);
        var leave = new CountDownLatch(1);
        var together = new AtomicInteger();
        try (var executor = Executors.newFixedThreadPool(2)) {
            var first = executor.submit(() -> catalogue.exclusively(environment, () -> {
                together.incrementAndGet();
                inside.countDown();
                await(leave);
                registered(Instant.now());
                return together.decrementAndGet();
            }));
            assertThat(inside.await(30, TimeUnit.SECONDS)).isTrue();
            var second = executor.submit(() -> catalogue.exclusively(environment, together::incrementAndGet));
            leave.countDown();
            assertThat(first.get(60, TimeUnit.SECONDS)).isZero();
            assertThat(second.get(60, TimeUnit.SECONDS)).isEqualTo(1);
        }
        assertThat(catalogue.available(Optional.of(environment))).hasSize(2);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await(30, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
