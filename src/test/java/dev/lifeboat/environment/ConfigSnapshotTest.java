package dev.lifeboat.environment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.environment.ConfigComparison.Difference;
import dev.lifeboat.environment.ConfigComparison.Severity;
import dev.lifeboat.process.ChildProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ConfigSnapshotTest {
    private static final List<ConfigSnapshot.Module> MODULES =
            List.of(new ConfigSnapshot.Module("base", "19.0.1.3"), new ConfigSnapshot.Module("ours", "19.0.1.0"));

    @TempDir
    Path folder;

    private Path addons;

    @BeforeEach
    void writeAddon() throws IOException {
        addons = Files.createDirectories(folder.resolve("custom"));
        Files.createDirectories(addons.resolve("ours"));
        Files.writeString(addons.resolve("ours/__manifest__.py"), "{'name': 'Ours', 'version': '1.0'}");
        odooConf("db_password = word-of-odoo\nadmin_passwd = word-of-admin\n");
    }

    private void odooConf(String options) throws IOException {
        Files.writeString(folder.resolve("odoo.conf"), "[options]\n" + options);
    }

    private Bindings bindings(String user) {
        return new Bindings(
                new EnvironmentId("acme", "prod"),
                EnvironmentType.PRODUCTION,
                new DatabaseBinding("localhost", 5432, "shop", user, new Secret("word-of-odoo"), "prefer"),
                Path.of("/srv/odoo/filestore/shop"),
                Optional.of(folder.resolve("odoo.conf")),
                List.of(addons),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                new ServiceBinding.None(),
                List.of("primary"));
    }

    private ObjectNode take() {
        return ConfigSnapshot.take(bindings("odoo"), MODULES);
    }

    private void git(String... arguments) throws IOException {
        var command = new ArrayList<>(List.of("git", "-c", "user.name=n", "-c", "user.email=e@example.org"));
        command.addAll(List.of(arguments));
        var result = ChildProcess.run(
                new ChildProcess.Spec(command, Map.of("GIT_CONFIG_GLOBAL", "/dev/null"), Optional.of(addons)),
                Duration.ofSeconds(20));
        assertThat(result.succeeded()).as(result.errors()).isTrue();
    }

    private void commit() throws IOException {
        git("init", "-q");
        git("add", ".");
        git("commit", "-q", "-m", "first");
    }

    @Test
    void it_tells_configuration_addons_and_modules_without_a_secret() {
        ObjectNode snapshot = take();
        assertThat(snapshot.toString()).doesNotContain("word-of");
        assertThat(snapshot.at("/odoo_conf/db_password").asText()).isEqualTo("[REDACTED]");
        assertThat(snapshot.at("/addons/ours/version").asText()).isEqualTo("1.0");
        assertThat(snapshot.at("/addons/ours/title").asText()).isEqualTo("Ours");
        assertThat(snapshot.at("/modules/base").asText()).isEqualTo("19.0.1.3");
        assertThat(ConfigSnapshot.odooVersion(snapshot)).contains("19.0");
        assertThat(ConfigSnapshot.addonsHash(snapshot)).isPresent();
        assertThat(snapshot.path("git").path(addons.toString()).path("reason").asText())
                .isEqualTo("not in a git repository");
    }

    @Test
    void a_git_repository_gives_commit_and_whether_it_was_changed() throws IOException {
        commit();
        git("remote", "add", "origin", "https://me:word-of-git@git.example.org/ours.git");
        var clean = take().path("git").path(addons.toString());
        assertThat(clean.path("commit").asText()).hasSize(40);
        assertThat(clean.path("dirty").asBoolean(true)).isFalse();
        assertThat(clean.path("remote").asText()).isEqualTo("https://[REDACTED]@git.example.org/ours.git");
        Files.writeString(addons.resolve("ours/__manifest__.py"), "{'version': '1.1'}");
        assertThat(take().path("git").path(addons.toString()).path("dirty").asBoolean())
                .isTrue();
    }

    @Test
    void git_status_is_not_asked_of_another_users_repository_whose_programs_would_be_started() throws IOException {
        Path started = folder.resolve("started");
        Files.writeString(addons.resolve(".gitattributes"), "* filter=ours\n");
        commit();
        git("config", "filter.ours.clean", "touch " + started + "; cat");
        Files.writeString(addons.resolve("ours/__manifest__.py"), "{'version': '1.1'}");
        assumeThat(Files.getAttribute(Path.of("/proc/self"), "unix:uid")).isEqualTo(0);
        try (var all = Files.walk(addons)) {
            for (Path path : all.toList()) {
                Files.setAttribute(path, "unix:uid", 65534, LinkOption.NOFOLLOW_LINKS);
            }
        }
        var told = take().path("git").path(addons.toString());
        assertThat(told.path("commit").asText()).hasSize(40);
        assertThat(told.path("dirty").isNull()).isTrue();
        assertThat(told.path("dirty_reason").asText()).contains("belongs to another user");
        assertThat(started).doesNotExist();
    }

    @Test
    void an_addons_folder_that_is_gone_is_told_and_the_snapshot_taken() {
        var gone = folder.resolve("gone");
        addons = gone;
        ObjectNode snapshot = take();
        assertThat(snapshot.path("addons_unread").path(gone.toString()).asText())
                .isEqualTo("it is not there");
        assertThat(snapshot.path("git").path(gone.toString()).path("reason").asText())
                .isEqualTo("the folder is not there");
        assertThat(ConfigSnapshot.addonsHash(snapshot)).isEmpty();
    }

    @Test
    void nothing_changed_is_no_difference() throws IOException {
        commit();
        assertThat(ConfigComparison.compare(take(), take())).isEmpty();
    }

    @Test
    void another_secret_of_the_same_option_is_not_told_but_a_lost_one_is_critical() throws IOException {
        ObjectNode before = take();
        odooConf("db_password = word-of-another\nadmin_passwd = False\n");
        assertThat(ConfigComparison.compare(before, take()))
                .containsExactly(new Difference("odoo.conf admin_passwd", "present", "absent", Severity.CRITICAL));
    }

    @Test
    void another_role_is_critical() {
        assertThat(ConfigComparison.compare(take(), ConfigSnapshot.take(bindings("other"), MODULES)))
                .containsExactly(new Difference("bindings.database user", "odoo", "other", Severity.CRITICAL));
    }

    @Test
    void an_installed_module_whose_addon_is_gone_is_critical_and_comes_first() throws IOException {
        ObjectNode before = take();
        Files.delete(addons.resolve("ours/__manifest__.py"));
        assertThat(ConfigComparison.compare(before, take()).getFirst())
                .isEqualTo(new Difference("addon ours", "on disk 1.0", "not on disk", Severity.CRITICAL));
    }

    @Test
    void an_installed_addon_of_another_version_is_a_warning() throws IOException {
        ObjectNode before = take();
        Files.writeString(addons.resolve("ours/__manifest__.py"), "{'version': '2.0'}");
        assertThat(ConfigComparison.compare(before, take()))
                .contains(new Difference("addon ours version", "1.0", "2.0", Severity.WARNING))
                .anyMatch(difference -> difference.key().equals("addons_hash"));
    }

    @Test
    void another_series_is_critical_and_an_unknown_one_is_not_taken_for_a_difference() {
        ObjectNode other =
                ConfigSnapshot.take(bindings("odoo"), List.of(new ConfigSnapshot.Module("base", "18.0.1.3")));
        assertThat(ConfigComparison.compare(take(), other))
                .contains(new Difference("odoo_version", "19.0", "18.0", Severity.CRITICAL));
        assertThat(ConfigComparison.compare(take(), ConfigSnapshot.take(bindings("odoo"), List.of())))
                .isEmpty();
    }
}
