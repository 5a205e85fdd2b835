package dev.lifeboat.environment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.Yaml;

final class OdooDiscoveryTest {
    private static final EnvironmentId PROD = new EnvironmentId("main", "prod");

    @TempDir
    Path folder;

    private Path odooConf;
    private Path yaml;

    @BeforeEach
    void writeFiles() throws IOException {
        odooConf = folder.resolve("odoo.conf");
        yaml = folder.resolve("config/application.yaml");
        conf("db_name = shop\n");
    }

    private void conf(String more) throws IOException {
        Files.writeString(
                odooConf,
                "[options]\ndb_user = odoo\ndb_password = word-of-odoo\ndata_dir = /srv/odoo\nhttp_port = 8070\n"
                        + more);
    }

    private List<String> describe(Function<DatabaseBinding, List<String>> owned, Optional<String> database) {
        return new OdooDiscovery(owned, Optional.of(folder), true)
                .describe(odooConf, PROD, EnvironmentType.PRODUCTION, database);
    }

    private List<String> describe() {
        return describe(binding -> List.of(), Optional.empty());
    }

    private static List<String> block(String name) {
        return List.of(name + ":", "  type: dev", "  odoo-conf: '/x'   # of the site");
    }

    private Object loaded() throws IOException {
        return new Yaml().load(Files.readString(yaml));
    }

    @SuppressWarnings("unchecked")
    private Map<String, Object> environments(String project) throws IOException {
        var projects = (Map<String, Map<String, Map<String, Object>>>)
                ((Map<String, Map<String, Object>>) loaded()).get("lifeboat").get("projects");
        return projects.get(project).get("environments");
    }

    @Test
    void the_block_refers_to_odoo_conf_and_copies_no_password() {
        List<String> block = describe();
        assertThat(String.join("\n", block))
                .contains("odoo-conf: '" + odooConf + "'", "url: 'http://127.0.0.1:8070'", "/srv/odoo/filestore/shop")
                .doesNotContain("word-of-odoo");
    }

    @Test
    void a_written_block_is_read_back_as_a_configuration() throws IOException {
        new ConfigFileEditor(yaml).insert(PROD, describe());
        assertThat(environments("main")).containsOnlyKeys("prod");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(yaml)))
                .isEqualTo("rw-------");
    }

    @Test
    void without_db_name_the_only_database_of_the_role_is_taken() throws IOException {
        conf("");
        assertThat(describe(binding -> List.of("office"), Optional.empty()))
                .contains("  database: {name: 'office'}   # odoo.conf does not name this one alone");
        assertThatThrownBy(() -> describe(binding -> List.of("a", "b"), Optional.empty()))
                .hasMessageContaining("several: a, b");
        assertThatThrownBy(() -> describe(binding -> List.of(), Optional.empty()))
                .hasMessageContaining("owns none");
        assertThat(String.join("\n", describe(binding -> List.of("a", "b"), Optional.of("b"))))
                .contains("'b'");
    }

    @Test
    void a_server_that_can_not_be_asked_leaves_the_choice_to_the_person() throws IOException {
        conf("");
        assertThatThrownBy(() -> describe(
                        binding -> {
                            throw Fault.of(FaultCode.DATABASE_UNREACHABLE, "no connection", "Start the server.")
                                    .toException();
                        },
                        Optional.empty()))
                .isInstanceOfSatisfying(
                        FaultException.class,
                        e -> assertThat(e.fault().remedy()).contains("--database NAME", "Start the server."));
    }

    @Test
    void several_databases_in_odoo_conf_want_a_choice() throws IOException {
        conf("db_name = a,b\n");
        assertThatThrownBy(this::describe).hasMessageContaining("a, b");
    }

    @Test
    void the_unit_whose_command_names_this_odoo_conf_is_found_with_a_fake_systemctl() throws IOException {
        Scripts.write(folder, "systemctl", """
                cat <<END
                Id=other.service
                ExecStart={ path=/usr/bin/odoo ; argv[]=/usr/bin/odoo -c %1$s.old ; }

                Id=odoo19.service
                ExecStart={ path=/usr/bin/odoo ; argv[]=/usr/bin/python3 /opt/odoo-bin --config=%1$s --workers 2 ; }
                User=odoo19

                Id=cron.service
                ExecStart={ path=/usr/sbin/cron ; argv[]=/usr/sbin/cron ; }
                END
                """.formatted(odooConf));
        assertThat(String.join("\n", describe()))
                .contains(
                        "service: {kind: systemd, unit: 'odoo19.service'}",
                        "odoo: {command: ['runuser', '-u', 'odoo19', '--', '/usr/bin/python3', '/opt/odoo-bin']}");
    }

    @Test
    void the_compose_service_whose_project_holds_this_odoo_conf_is_found_with_a_fake_docker() throws IOException {
        Scripts.write(folder, "systemctl", "exit 1");
        Scripts.write(
                folder,
                "docker",
                "printf 'db\\t%1$s/c.yml\\t%1$s\\tpostgres:16\\n'; printf 'web\\t%1$s/c.yml\\t%1$s\\todoo:19\\n';"
                                .formatted(folder)
                        + " printf 'web\\t/else/c.yml\\t/else\\todoo:19\\n'");
        new ConfigFileEditor(yaml).insert(PROD, describe());
        @SuppressWarnings("unchecked")
        var prod = (Map<String, Map<String, Object>>) environments("main").get("prod");
        assertThat(prod.get("service"))
                .containsEntry("kind", "compose")
                .containsEntry("compose-file", folder.resolve("c.yml").toString())
                .containsEntry("compose-service", "web");
        assertThat(prod.get("odoo").get("command").toString()).endsWith("run, --rm, --no-deps, -T, web, odoo]");
    }

    @Test
    void an_odoo_with_workers_is_asked_for_websockets_on_their_own_port() throws IOException {
        conf("db_name = shop\nworkers = 4\ngevent_port = 8079\n");
        assertThat(String.join("\n", describe())).contains("websocket: 'http://127.0.0.1:8079'");
        conf("db_name = shop\n");
        assertThat(String.join("\n", describe())).doesNotContain("websocket:");
    }

    @ParameterizedTest
    @ValueSource(strings = {"yes", "123", "010", "null", "it's", "a: b", "# x", "{x}", "!!int 3"})
    void any_database_name_is_read_back_as_it_is(String name) throws IOException {
        new ConfigFileEditor(yaml).insert(PROD, describe(binding -> List.of(), Optional.of(name)));
        @SuppressWarnings("unchecked")
        var prod = (Map<String, Map<String, Object>>) environments("main").get("prod");
        assertThat(prod.get("database").get("name")).isEqualTo(name);
    }

    @Test
    void a_name_with_a_line_feed_can_not_add_settings() {
        assertThatThrownBy(() -> describe(binding -> List.of(), Optional.of("x\n  type: dev")))
                .hasMessageContaining("control");
    }

    @ParameterizedTest
    @ValueSource(strings = {"no", "on", "2024-01-01", "12", "1e3"})
    void an_environment_may_have_a_name_that_yaml_takes_for_something_else(String name) throws IOException {
        var id = new EnvironmentId(name, name);
        new ConfigFileEditor(yaml)
                .insert(
                        id,
                        new OdooDiscovery(binding -> List.of(), Optional.of(folder), true)
                                .describe(odooConf, id, EnvironmentType.DEV, Optional.empty()));
        assertThat(environments(name)).containsOnlyKeys(name);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "# only a comment\n",
                "other: 1",
                "lifeboat:\n",
                "lifeboat:\n  projects:\n# at the end\n",
                "lifeboat:\n    data-dir: ./data   # here\n\n# about the rest\nquarkus:\n    x: 1\n",
                "lifeboat:\n  projects:\n    main:\n      environments:\n",
                "lifeboat:\n  projects:\n    main:\n      environments:\n        # ours\n        dev:\n          type: dev\n\n  # stores\n  stores:\n    primary: {kind: folder, path: /x}\n",
                "lifeboat:\n  projects:\n    other:\n      environments:\n        dev:\n          type: dev\n          stores:\n          - a\n          - b\n    # last words\n",
                "lifeboat:\r\n  data-dir: x\r\n",
                "a: |\n  text\n  more\nlifeboat:\n  evidence-dir: >\n    folded\n"
            })
    void every_line_that_was_there_stays(String before) throws IOException {
        Files.createDirectories(yaml.getParent());
        Files.writeString(yaml, before);
        new ConfigFileEditor(yaml).insert(PROD, block("prod"));
        String after = Files.readString(yaml);
        assertThat(after.lines().toList()).containsSubsequence(before.lines().toList());
        assertThat(after.contains("\r\n")).isEqualTo(before.contains("\r\n"));
        assertThat(environments("main")).containsKey("prod");
    }

    @Test
    void one_environment_after_the_other_is_put_beside_those_that_are_there() throws IOException {
        Files.createDirectories(yaml.getParent());
        Files.writeString(yaml, """
                # ours
                quarkus:
                  log: {level: INFO}
                lifeboat:
                    data-dir: /srv/lifeboat   # on the big disk
                    projects:
                        main:
                            environments:
                                dev: {type: dev, odoo-conf: /etc/dev.conf}
                """);
        var editor = new ConfigFileEditor(yaml);
        editor.insert(PROD, describe());
        editor.insert(new EnvironmentId("main", "staging"), block("staging"));
        assertThat(yaml).content().contains("# ours", "# on the big disk", "level: INFO");
        assertThat(environments("main")).containsOnlyKeys("dev", "prod", "staging");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "lifeboat: {projects: {main: {environments: {prod: {type: dev}}}}}\n",
                "lifeboat: {}\n",
                "lifeboat: text\n",
                "- a\n- b\n",
                "lifeboat: [\n",
                "lifeboat:\n  projects:\n    main:\n      environments:\n        prod: {type: dev}\n",
                "base: &base\n  environments:\n    dev: {type: dev}\nlifeboat:\n  projects:\n    main: *base\n"
            })
    void what_can_not_be_extended_safely_is_refused_and_left_as_it_was(String before) throws IOException {
        Files.createDirectories(yaml.getParent());
        Files.writeString(yaml, before);
        assertThatThrownBy(() -> new ConfigFileEditor(yaml).insert(PROD, block("prod")))
                .isInstanceOfSatisfying(
                        FaultException.class, e -> assertThat(e.fault().code()).isEqualTo(FaultCode.BAD_CONFIGURATION));
        assertThat(yaml).hasContent(before);
        try (var listing = Files.list(yaml.getParent())) {
            assertThat(listing).containsExactly(yaml);
        }
    }

    @Test
    void a_linked_configuration_stays_a_link() throws IOException {
        Path real = Files.writeString(folder.resolve("real.yaml"), "lifeboat:\n  data-dir: x\n");
        Files.createDirectories(yaml.getParent());
        Files.createSymbolicLink(yaml, real);
        new ConfigFileEditor(yaml).insert(PROD, block("prod"));
        assertThat(yaml).isSymbolicLink();
        assertThat(real).content().contains("prod:");
    }
}
