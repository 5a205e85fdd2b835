package dev.lifeboat.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.testing.TestCluster;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every runbook's commands, in order, from its own text, as a stranger would copy them into one shell. */
class RunbooksIT {
    private static final Path RUNBOOKS = Path.of("docs/runbooks");
    private static final Pattern BLOCK = Pattern.compile("(?ms)^```sh\\n(.*?)^```$");
    private static final Pattern PLACEHOLDER = Pattern.compile("<[a-z][a-z. ]*>");

    @TempDir
    Path folder;

    private Installation shop;
    private Map<String, String> before;
    private Map<String, String> tree;

    @BeforeEach
    void install() throws IOException, InterruptedException {
        shop = Installation.create(folder, "it_runbooks", 30);
        shop.configure("production", "stores: [primary, secondary]\n", "", """
                stores:
                  primary: {kind: folder, path: "%1$s/data/artifacts"}
                  secondary: {kind: folder, path: "%1$s/region-2"}
                """.formatted(folder));
        shop.serve();
        shop.lifeboat("backup", "shop").succeeded();
        before = shop.tables();
        tree = shop.tree();
        Path bin = Files.createDirectories(folder.resolve("bin"));
        Files.createSymbolicLink(bin.resolve("lifeboat"), Installation.LAUNCHER);
    }

    @AfterEach
    void remove() throws IOException {
        shop.close();
    }

    /** Runs a runbook's blocks in one shell that ends where a command fails; gives what they said. */
    private String follow(String runbook, Map<String, String> mine) throws IOException, InterruptedException {
        var script = new StringBuilder("set -euo pipefail\n");
        BLOCK.matcher(Files.readString(RUNBOOKS.resolve(runbook)))
                .results()
                .forEach(block -> script.append(PLACEHOLDER
                        .matcher(block.group(1))
                        .replaceAll(found -> Matcher.quoteReplacement(
                                quoted(mine.getOrDefault(found.group(), "not told: " + found.group()))))));
        assertThat(script.toString()).contains("lifeboat ").doesNotContain("not told");
        var builder = new ProcessBuilder("bash", "-c", script.toString())
                .directory(folder.toFile())
                .redirectErrorStream(true);
        builder.environment().putAll(Installation.LAUNCHED_WITH);
        builder.environment().put("PATH", folder.resolve("bin") + ":" + System.getenv("PATH"));
        Process process = builder.start();
        process.getOutputStream().close();
        String said;
        try (InputStream output = process.getInputStream()) {
            said = new String(output.readAllBytes(), StandardCharsets.UTF_8);
        }
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).as("%s%n%s", script, said).isZero();
        return said;
    }

    /** As a shell takes it for what it is. */
    private static String quoted(String text) {
        return "'" + text.replace("'", "'\\''") + "'";
    }

    @Test
    void p1_rebuilds_everything_from_the_secondary_region_on_a_clean_machine() throws Exception {
        String fingerprint = shop.lifeboat("evidence", "key", "--json")
                .succeeded()
                .json()
                .path("fingerprint")
                .asText();
        shop.stop();
        Installation.deleteTree(folder.resolve("data"));
        Installation.deleteTree(folder.resolve("docs"));
        shop.destroy();
        shop.serve();

        String said = follow(
                "p1-rebuild.md", Map.of("<environment>", "shop", "<store>", "secondary", "<fingerprint>", fingerprint));

        assertThat(said).contains("1 artifacts entered");
        assertThat(shop.tables()).isEqualTo(before);
        assertThat(shop.tree()).isEqualTo(tree);
    }

    @Test
    void p2_restores_beside_a_corrupted_database_and_keeps_it_under_another_name() throws Exception {
        TestCluster.execute(TestCluster.get().binding(shop.database().name()), """
                CREATE EXTENSION amcheck;
                GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO PUBLIC""");
        // An index whose function has changed under it lacks what it should hold, as one does that lost a page.
        TestCluster.execute(shop.database(), """
                CREATE FUNCTION half(n integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT n / 2';
                CREATE INDEX res_partner_half ON res_partner (half(id));
                CREATE OR REPLACE FUNCTION half(n integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT n * 3';
                UPDATE ir_module_module SET state = 'to upgrade';
                UPDATE res_country SET code = 'X' || id""");

        String said = follow("p2-corrupted.md", Map.of("<environment>", "shop"));

        assertThat(shop.tables()).isEqualTo(before);
        assertThat(corruptionFound()).contains("res_partner_half");
        var kept = Pattern.compile("lb_old_[a-z0-9_]+").matcher(said);
        assertThat(kept.find()).isTrue();
        var displaced = TestCluster.binding(kept.group());
        assertThat(TestCluster.query(displaced, "SELECT count(*)::text FROM res_country WHERE code LIKE 'X%'"))
                .isEqualTo("4");
    }

    private String corruptionFound() throws IOException {
        try (var files = Files.walk(folder.resolve("docs/evidence"))) {
            var all = new StringBuilder();
            for (Path file :
                    files.filter(path -> path.endsWith("corruption_check.json")).toList()) {
                all.append(Files.readString(file));
            }
            return all.toString();
        }
    }

    @Test
    void p3_brings_deleted_rows_back() throws Exception {
        TestCluster.execute(shop.database(), "DELETE FROM sale_order");
        assertThat(shop.tables()).isNotEqualTo(before);

        follow("p3-tables.md", Map.of("<environment>", "shop", "<table>", "sale_order"));

        assertThat(shop.tables()).isEqualTo(before);
    }

    @Test
    void p4_writes_odoo_conf_again_from_the_snapshot_and_the_secrets() throws Exception {
        Path conf = folder.resolve("odoo.conf");
        String lost = Files.readString(conf);
        Files.delete(conf);
        var secrets = new HashMap<>(Map.of("<environment>", "shop", "<odoo.conf>", conf.toString()));
        secrets.put("<database password>", TestCluster.ODOO_PASSWORD.value());

        String said = follow("p4-configuration.md", secrets);

        assertThat(said).contains("FAILED", "[REDACTED]");
        for (String line : lost.lines()
                .filter(one -> !one.matches(".*(passw|proxy_url).*"))
                .toList()) {
            assertThat(Files.readString(conf)).contains(line);
        }
        assertThat(Files.getPosixFilePermissions(conf)).isEqualTo(PosixFilePermissions.fromString("rw-------"));
    }

    @Test
    void rollback_brings_back_what_a_restore_has_replaced() throws Exception {
        TestCluster.execute(shop.database(), "UPDATE res_partner SET comment = 'entered since'");
        var present = shop.tables();
        shop.lifeboat("restore", "shop", "latest", "--confirm", "shop").succeeded();
        assertThat(shop.tables()).isEqualTo(before);

        follow("rollback.md", Map.of("<environment>", "shop"));

        assertThat(shop.tables()).isEqualTo(present);
    }

    @Test
    void every_runbook_is_followed_here_and_stands_in_the_list() throws IOException {
        String here = Files.readString(Path.of("src/test/java/dev/lifeboat/system/RunbooksIT.java"));
        String list = Files.readString(RUNBOOKS.resolve("README.md"));
        try (var pages = Files.list(RUNBOOKS)) {
            List<String> names = pages.map(page -> page.getFileName().toString())
                    .filter(name -> !name.equals("README.md"))
                    .toList();
            assertThat(names).isNotEmpty().allSatisfy(name -> {
                assertThat(here).containsPattern("follow\\(\\s*\"" + Pattern.quote(name) + "\"");
                assertThat(list).contains("](" + name + ")");
            });
        }
    }
}
