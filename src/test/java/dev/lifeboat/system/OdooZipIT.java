package dev.lifeboat.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.json.Json;
import dev.lifeboat.testing.TestCluster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Odoo's own form of a backup, out and in. */
class OdooZipIT {
    @TempDir
    Path folder;

    private Installation shop;

    @BeforeEach
    void install() throws IOException, InterruptedException {
        shop = Installation.create(folder, "it_zip", 60);
        shop.serve();
    }

    @AfterEach
    void remove() throws IOException {
        shop.close();
    }

    /** Two backups, so that files lie in two parts; gives the zip of the second. */
    private Path exported() throws IOException {
        shop.lifeboat("backup", "shop", "--json").succeeded();
        shop.addAttachments(20);
        String artifact = shop.lifeboat("backup", "shop", "--json")
                .succeeded()
                .json()
                .path("artifact_id")
                .asText();
        Path zip = folder.resolve("shop.zip");
        shop.lifeboat("artifact", "export", artifact, "--odoo-zip", zip.toString())
                .succeeded();
        return zip;
    }

    private static String text(ZipFile zip, String entry) throws IOException {
        try (var in = zip.getInputStream(zip.getEntry(entry))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void an_exported_zip_has_what_odoo_writes_and_comes_back_as_an_artifact_row_for_row_and_file_for_file()
            throws IOException, SQLException {
        Path file = exported();
        var tables = shop.tables();
        var tree = shop.tree();
        try (var zip = new ZipFile(file.toFile())) {
            JsonNode manifest = Json.mapper().readTree(text(zip, "manifest.json"));
            assertThat(manifest.properties().stream().map(Map.Entry::getKey))
                    .containsExactlyInAnyOrder(
                            "odoo_dump",
                            "db_name",
                            "version",
                            "version_info",
                            "major_version",
                            "pg_version",
                            "modules");
            assertThat(manifest.path("odoo_dump").asText()).isEqualTo("1");
            assertThat(manifest.path("db_name").asText()).isEqualTo("it_zip");
            assertThat(manifest.path("major_version").asText()).isEqualTo("19.0");
            assertThat(text(zip, "dump.sql"))
                    .contains("COPY public.res_partner")
                    .doesNotContain("OWNER TO");
            var content = new TreeMap<String, String>();
            for (ZipEntry entry :
                    List.copyOf(zip.stream().map(ZipEntry.class::cast).toList())) {
                if (entry.getName().startsWith("filestore/")) {
                    content.put(entry.getName().substring("filestore/".length()), "");
                }
            }
            assertThat(content.keySet()).isEqualTo(tree.keySet());
        }

        JsonNode run = shop.lifeboat("artifact", "import", file.toString(), "--env", "shop", "--json")
                .succeeded()
                .json();
        assertThat(run.path("status").asText()).isEqualTo("success");
        assertThat(shop.leftBeside()).isEmpty();
        assertThat(folder.resolve("data/imports")).isEmptyDirectory();
        assertThat(file).exists();
        shop.destroy();
        shop.lifeboat("restore", "shop", run.path("artifact_id").asText(), "--json")
                .succeeded();
        assertThat(shop.tables()).isEqualTo(tables);
        assertThat(shop.tree()).isEqualTo(tree);
    }

    @Test
    void a_file_that_is_there_is_not_written_over() throws IOException {
        Path zip = exported();
        byte[] before = Files.readAllBytes(zip);
        String artifact = shop.lifeboat("artifacts", "shop", "--json")
                .json()
                .get(0)
                .path("artifact_id")
                .asText();
        assertThat(shop.lifeboat("artifact", "export", artifact, "--odoo-zip", zip.toString())
                        .exitCode())
                .isEqualTo(2);
        assertThat(Files.readAllBytes(zip)).isEqualTo(before);
    }

    private Path zip(Map<String, String> entries) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var zip = new ZipOutputStream(bytes)) {
            for (var entry : entries.entrySet()) {
                zip.putNextEntry(new ZipEntry(entry.getKey()));
                zip.write(entry.getValue().getBytes(StandardCharsets.UTF_8));
                zip.closeEntry();
            }
        }
        return Files.write(folder.resolve("evil.zip"), bytes.toByteArray());
    }

    @Test
    void a_dump_that_reaches_beyond_its_database_is_refused_and_leaves_nothing() throws IOException, SQLException {
        Path planted = folder.resolve("planted");
        for (String sql : List.of(
                "\\! touch " + planted + "\n",
                "SELECT 1 \\! touch " + planted + "\n",
                "\\unrestrict abc\n\\! touch " + planted + "\n",
                "\\o |touch " + planted + "\nSELECT 1;\n",
                "CREATE DATABASE it_zip_planted;\n",
                "SELECT 1;\nDROP DATABASE it_zip;\n")) {
            Path file = zip(Map.of("manifest.json", "{\"odoo_dump\": \"1\"}", "dump.sql", sql));
            Installation.Ended ended = shop.lifeboat("artifact", "import", file.toString(), "--env", "shop", "--json");
            assertThat(ended.exitCode()).isEqualTo(1);
            assertThat(ended.errors()).contains("line ");
            assertThat(planted).doesNotExist();
            assertThat(shop.leftBeside()).isEmpty();
        }
        assertThat(shop.manifests()).isEmpty();
    }

    @Test
    void entries_that_lead_elsewhere_are_passed_over_and_what_is_no_backup_of_odoos_is_refused()
            throws IOException, SQLException {
        String hash = "0".repeat(40);
        Path file = zip(Map.of(
                "manifest.json",
                "{\"odoo_dump\": \"1\", \"major_version\": \"19.0\", \"db_name\": \"x\"}",
                "dump.sql",
                "CREATE TABLE res_partner (id integer);\n",
                "filestore/../../../planted",
                "x",
                "filestore/00/../" + hash,
                "x",
                "filestore/00/" + hash,
                "not what its name says"));
        JsonNode run = shop.lifeboat("artifact", "import", file.toString(), "--env", "shop", "--json")
                .json();
        assertThat(run.path("status").asText()).as(run.toString()).isIn("success", "failed");
        try (var everywhere = Files.walk(folder.getParent())) {
            assertThat(everywhere.map(path -> path.getFileName().toString())).doesNotContain("planted");
        }
        assertThat(shop.leftBeside()).isEmpty();
        Path none = zip(Map.of("readme.txt", "hello"));
        Installation.Ended refused = shop.lifeboat("artifact", "import", none.toString(), "--env", "shop");
        assertThat(refused.exitCode()).isEqualTo(2);
        assertThat(refused.errors()).contains("no backup of Odoo's");
        assertThat(TestCluster.query(shop.database(), "SELECT count(*)::text FROM res_partner"))
                .isNotNull();
    }
}
