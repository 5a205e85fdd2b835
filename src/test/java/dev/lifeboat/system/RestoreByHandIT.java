package dev.lifeboat.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.environment.DatabaseBinding;
import dev.lifeboat.postgres.PgTools;
import dev.lifeboat.testing.TestCluster;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** No lock-in: what docs/restore-by-hand.md tells a person to type brings the environment back, without Lifeboat. */
class RestoreByHandIT {
    private static final Path PAGE = Path.of("docs", "restore-by-hand.md");
    private static final Pattern BLOCK = Pattern.compile("^```bash\\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE);
    private static final int LIMIT_SECONDS = 120;

    @TempDir
    Path folder;

    private Installation shop;
    private DatabaseBinding role;

    @BeforeEach
    void install() throws IOException {
        shop = Installation.create(folder, "it_by_hand", 300);
        role = shop.database();
    }

    @AfterEach
    void remove() throws IOException {
        shop.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void the_commands_of_the_page_restore_an_artifact_with_standard_tools_alone(boolean encrypted) throws Exception {
        if (encrypted) {
            shop.lifeboat("store", "new-key", keyFile().toString()).succeeded();
            shop.configure("""
                    stores:
                      primary:
                        path: data/artifacts
                        key-file: %s
                    """.formatted(keyFile()));
        }
        shop.addInheriting();
        shop.lifeboat("backup", "shop", "--json").succeeded();
        String gone = shop.removeAttachment();
        shop.addAttachments(20);
        var tables = shop.tables();
        var tree = shop.tree();
        shop.lifeboat("backup", "shop", "--json").succeeded();
        Path artifact = shop.manifests().getLast().getParent();
        assertThat(Files.readString(artifact.resolve("artifact.json"))).contains("\"incremental\": true");
        assertThat(Files.exists(artifact.resolve("artifact.key.age"))).isEqualTo(encrypted);
        assertThat(tree).doesNotContainKey(gone);
        shop.destroy();

        List<String> blocks = blocks();
        assertThat(blocks).hasSizeGreaterThanOrEqualTo(7);
        for (String block : blocks) {
            assertThat(run(block, artifact)).as(block).doesNotContain("missing:");
        }

        assertThat(shop.tables()).isEqualTo(tables);
        assertThat(shop.tree()).isEqualTo(tree);
    }

    @Test
    void indexes_over_an_unaccent_that_odoo_declared_immutable_come_back_where_a_superuser_runs_the_commands()
            throws Exception {
        DatabaseBinding superuser = TestCluster.get().binding(shop.database().name());
        TestCluster.execute(
                superuser,
                "CREATE EXTENSION IF NOT EXISTS pg_trgm; CREATE EXTENSION IF NOT EXISTS unaccent; ALTER FUNCTION unaccent(text) IMMUTABLE;"
                        + " CREATE INDEX by_name ON res_partner USING gin (unaccent(name) gin_trgm_ops)");
        shop.lifeboat("backup", "shop", "--json").succeeded();
        Path artifact = shop.manifests().getFirst().getParent();
        shop.destroy();
        role = superuser;

        for (String block : blocks().subList(0, 4)) {
            run(block, artifact);
        }

        assertThat(TestCluster.query(superuser, "SELECT 'by_name'::regclass::text"))
                .isEqualTo("by_name");
    }

    private Path keyFile() {
        return folder.resolve("store.key");
    }

    @Test
    void the_commands_of_the_page_stop_at_a_changed_byte_before_anything_is_made() throws Exception {
        shop.lifeboat("backup", "shop", "--json").succeeded();
        Path artifact = shop.manifests().getFirst().getParent();
        Path dump = artifact.resolve("db.dump");
        byte[] bytes = Files.readAllBytes(dump);
        bytes[bytes.length / 2] ^= 0x10;
        Files.write(dump, bytes);

        assertThat(exitCode(blocks().get(1), artifact)).isNotZero();
    }

    private static List<String> blocks() throws IOException {
        return BLOCK.matcher(Files.readString(PAGE))
                .results()
                .map(block -> block.group(1))
                .toList();
    }

    private String run(String block, Path artifact) throws IOException, InterruptedException {
        int exitCode = exitCode(block, artifact);
        String said = Files.readString(output(), StandardCharsets.UTF_8);
        assertThat(exitCode).as("%s%nsaid: %s", block, said).isZero();
        return said;
    }

    private int exitCode(String block, Path artifact) throws IOException, InterruptedException {
        var builder = new ProcessBuilder("bash", "-euo", "pipefail", "-c", block)
                .directory(folder.toFile())
                .redirectInput(new File("/dev/null"))
                .redirectErrorStream(true)
                .redirectOutput(output().toFile());
        var environment = builder.environment();
        environment.put("ARTIFACT", artifact.toString());
        environment.put("DATA_DIR", shop.filestore().getParent().getParent().toString());
        environment.put("DB", role.name());
        environment.put("KEY_FILE", keyFile().toString());
        environment.put("PGHOST", role.host());
        environment.put("PGPORT", Integer.toString(role.port()));
        environment.put("PGUSER", role.user());
        environment.put("PGPASSWORD", role.password().value());
        String tools = PgTools.find(Optional.empty()).getFirst().folder().toString();
        environment.merge("PATH", tools, (path, first) -> first + File.pathSeparator + path);
        Process process = builder.start();
        if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
            throw new AssertionError("did not end: " + block);
        }
        return process.exitValue();
    }

    private Path output() {
        return folder.resolve("by-hand.log");
    }
}
