package dev.lifeboat.environment;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AddonsTest {
    @TempDir
    Path folder;

    private Path addon(String path, String manifest) throws IOException {
        Path addon = Files.createDirectories(folder.resolve(path));
        Files.writeString(addon.resolve("__manifest__.py"), manifest);
        return addon;
    }

    private Addons scan(String... folders) {
        return Addons.scan(List.of(folders).stream().map(folder::resolve).toList());
    }

    @Test
    void a_manifest_is_read_as_python_writes_it() {
        var dict = PythonLiteral.dict("""
                # -*- coding: utf-8 -*-
                {
                    'name': "Invoice's " 'Helper',  # {'version': 'wrong'}
                    "version": '19.0.1.2',
                    'description': \"\"\"
                Text with {'version': '0'} and 'quotes'
                    \"\"\",
                    'depends': ['base', "web",],
                    'data': [('a', 'b'), x + f(1, [2, {3: 4}])],
                    'external_dependencies': {'python': ['lxml']},
                    'installable': True and (1 < 2),
                    'website': r'C:\\n' if True else None,
                    'price': 10.5,
                }
                """).orElseThrow();
        assertThat(dict)
                .containsEntry("name", "Invoice's Helper")
                .containsEntry("version", "19.0.1.2")
                .containsEntry("depends", List.of("base", "web"))
                .containsEntry("external_dependencies", Map.of("python", List.of("lxml")))
                .doesNotContainKeys("installable", "website", "price");
    }

    @Test
    void what_is_no_dict_gives_nothing_and_ends() {
        assertThat(List.of(
                        "", "{", "{'a': 'b'", "'", "{'a' 'b'", "import os", "[".repeat(10_000), "{'a':".repeat(10_000)))
                .allSatisfy(text -> assertThat(PythonLiteral.dict(text)).isEmpty());
    }

    @Test
    void the_first_folder_that_has_an_addon_wins() throws IOException {
        addon("one/sale", "{'version': '1'}");
        addon("two/sale", "{'version': '2'}");
        addon("two/stock", "{'version': '3', 'depends': ['sale']}");
        Addons addons = scan("one", "two", "nowhere");
        assertThat(addons.byName().get("sale").version()).contains("1");
        assertThat(addons.byName().get("stock").depends()).containsExactly("sale");
        assertThat(addons.unread()).containsEntry(folder.resolve("nowhere"), "it is not there");
        assertThat(addons.complete()).isFalse();
    }

    @Test
    void the_base_addons_that_odoo_adds_by_itself_are_found() throws IOException {
        addon("src/addons/web", "{}");
        addon("src/odoo/addons/base", "{'version': '1.3'}");
        addon("custom/ours", "{}");
        Addons addons = scan("src/addons", "custom");
        assertThat(addons.byName()).containsOnlyKeys("base", "ours", "web");
        assertThat(addons.complete()).isTrue();
        assertThat(addons.byName().get("base").core()).isTrue();
        assertThat(addons.byName().get("ours").core()).isFalse();
    }

    @Test
    void a_changed_file_of_an_own_addon_changes_the_hash_and_a_compiled_one_does_not() throws IOException {
        Path ours = addon("custom/ours", "{}");
        Files.createDirectories(ours.resolve("models/__pycache__"));
        Files.writeString(ours.resolve("models/a.py"), "x = 1");
        var before = scan("custom").hash();
        Files.writeString(ours.resolve("models/__pycache__/a.cpython-313.pyc"), "compiled");
        Files.writeString(ours.resolve("models/a.pyc"), "compiled");
        assertThat(before).isPresent();
        assertThat(scan("custom").hash()).isEqualTo(before);
        Files.writeString(ours.resolve("models/a.py"), "x = 2");
        assertThat(scan("custom").hash()).isNotEqualTo(before);
    }

    @Test
    void the_hash_does_not_depend_on_where_addons_lie() throws IOException {
        for (String place : List.of("here", "there")) {
            Files.writeString(addon(place + "/ours", "{}").resolve("a.py"), "x = 1");
        }
        assertThat(scan("here").hash()).isEqualTo(scan("there").hash());
    }

    @Test
    void odoos_own_addons_count_with_manifest_and_release() throws IOException {
        Path base = addon("odoo/addons/base", "{}");
        addon("odoo/addons/web", "{}");
        Path release = Files.writeString(folder.resolve("odoo/release.py"), "version_info = (19, 0)");
        var before = scan("odoo/addons").hash();
        Files.writeString(base.resolve("big.py"), "x = 1");
        assertThat(scan("odoo/addons").hash()).isEqualTo(before);
        Files.writeString(release, "version_info = (19, 1)");
        assertThat(scan("odoo/addons").hash()).isNotEqualTo(before);
    }

    @Test
    void no_addon_has_no_hash() {
        assertThat(scan().hash()).isEmpty();
    }
}
