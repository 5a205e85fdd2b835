package dev.lifeboat.environment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lifeboat.artifact.Retention;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.quarkus.runtime.configuration.DurationConverter;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.smallrye.config.source.yaml.YamlConfigSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class EnvironmentCatalogueTest {
    @TempDir
    Path folder;

    private Path odooConf;

    @BeforeEach
    void writeOdooConf() throws IOException {
        odooConf = odooConf("""
                db_host = db.local
                db_port = 5433
                db_user = odoo
                db_password = word-of-odoo
                db_name = shop
                data_dir = /srv/odoo
                addons_path = /opt/odoo/addons,relative/addons
                smtp_password = word-of-smtp
                """);
    }

    private Path odooConf(String options) throws IOException {
        return Files.writeString(folder.resolve("odoo.conf"), "[options]\n" + options);
    }

    private static EnvironmentCatalogue catalogue(String yaml) {
        LifeboatConfig config = new SmallRyeConfigBuilder()
                .addDiscoveredConverters()
                .withConverter(Duration.class, 200, new DurationConverter())
                .withMapping(LifeboatConfig.class)
                .withSources(new YamlConfigSource("test", yaml))
                .build()
                .getConfigMapping(LifeboatConfig.class);
        return new EnvironmentCatalogue(config);
    }

    private EnvironmentCatalogue withOdooConf(String... more) {
        return catalogue(
                """
                lifeboat:
                  projects:
                    acme:
                      environments:
                        prod:
                          type: production
                          odoo-conf: %s
                """.formatted(odooConf) + String.join("", List.of(more)).indent(10));
    }

    private static Fault faultOf(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        return catchThrowableOfType(FaultException.class, call).fault();
    }

    private static final EnvironmentId PROD = new EnvironmentId("acme", "prod");

    @Test
    void a_policy_of_off_is_off_with_and_without_quotes() {
        for (String off : List.of("off", "'off'", "OFF")) {
            assertThat(withOdooConf("deployment: {rollback: " + off + "}\n")
                            .configOf(PROD)
                            .deployment()
                            .rollback())
                    .isEqualTo(LifeboatConfig.RollbackPolicy.OFF);
        }
        assertThat(withOdooConf().configOf(PROD).deployment().rollback())
                .isEqualTo(LifeboatConfig.RollbackPolicy.PROPOSE);
    }

    @Test
    void what_can_not_be_meant_of_versions_deployments_and_escalation_is_told_before_the_start() {
        assertThat(withOdooConf("""
                        version: {command: [deploy], env-file: /srv/.env, variable: "A B", container: odoo}
                        deployment:
                          maximum: 1m
                          allowed-shrink: -1
                          smoke: {both: {command: [a], read: b}, odd: {read: "a b"}}
                        """).findings())
                .extracting(Fault::message)
                .anySatisfy(message -> assertThat(message).contains("has no {version}"))
                .anySatisfy(message -> assertThat(message).contains("version.env-file"))
                .anySatisfy(message -> assertThat(message).contains("version.variable"))
                .anySatisfy(message -> assertThat(message).contains("version.container"))
                .anySatisfy(message -> assertThat(message).contains("shorter than its target"))
                .anySatisfy(message -> assertThat(message).contains("bound that can't be meant"))
                .anySatisfy(message -> assertThat(message).contains("smoke.both"))
                .anySatisfy(message -> assertThat(message).contains("smoke.odd"));
    }

    @Test
    void odoo_conf_alone_gives_all_bindings() {
        Bindings bindings = withOdooConf().bindings(PROD);
        assertThat(bindings.database())
                .isEqualTo(new DatabaseBinding("db.local", 5433, "shop", "odoo", new Secret("word-of-odoo"), "prefer"));
        assertThat(bindings.filestore()).isEqualTo(Path.of("/srv/odoo/filestore/shop"));
        assertThat(bindings.addonsPath()).containsExactly(Path.of("/opt/odoo/addons"));
        assertThat(bindings.stores()).containsExactly("primary");
        assertThat(bindings.service()).isEqualTo(new ServiceBinding.None());
    }

    @Test
    void the_configuration_wins_over_odoo_conf_and_the_summary_says_where_values_came_from() {
        EnvironmentCatalogue catalogue =
                withOdooConf("database: {host: other.local}\nurl: http://me:word-of-url@odoo.local:8069/shop\n");
        assertThat(catalogue.bindings(PROD).database().host()).isEqualTo("other.local");
        var summary = catalogue.redactedSummary(PROD);
        var sources = summary.path("sources");
        assertThat(sources.path("database.host").asText()).isEqualTo("config");
        assertThat(sources.path("database.port").asText()).isEqualTo("odoo.conf");
        assertThat(sources.path("database.sslmode").asText()).isEqualTo("default");
        assertThat(sources.path("filestore").asText()).isEqualTo("odoo.conf");
        assertThat(summary.path("notes").toString()).contains("relative/addons");
        assertThat(summary.path("url").asText()).isEqualTo("http://odoo.local:8069/shop");
        assertThat(summary.path("database").path("password").asText()).isEqualTo("[REDACTED]");
        assertThat(summary.toString()).doesNotContain("word-of");
    }

    @Test
    void without_db_host_a_role_goes_through_the_socket_and_with_a_password_to_localhost() throws IOException {
        for (String host : List.of("", "db_host = False\n")) {
            odooConf(host + "db_user = odoo\ndb_name = shop\ndata_dir = /srv/odoo\n");
            assertThat(withOdooConf().bindings(PROD).database().isSocket()).isTrue();
            odooConf(host + "db_user = odoo\ndb_password = word\ndb_name = shop\ndata_dir = /srv/odoo\n");
            EnvironmentCatalogue catalogue = withOdooConf();
            assertThat(catalogue.bindings(PROD).database().host()).isEqualTo("localhost");
            assertThat(catalogue.redactedSummary(PROD).path("notes").toString()).contains("UNIX socket");
        }
        odooConf("db_host = /srv/sockets\ndb_user = odoo\ndb_password = word\ndb_name = shop\ndata_dir = /srv/odoo\n");
        assertThat(withOdooConf().bindings(PROD).database().socket()).isEqualTo("/srv/sockets/.s.PGSQL.5432");
    }

    @Test
    void any_name_of_a_database_is_taken_as_it_is() throws IOException {
        odooConf("db_user = odoo\ndb_name = it's \"ours\"\ndata_dir = /srv/odoo\n");
        Bindings bindings = withOdooConf().bindings(PROD);
        assertThat(bindings.database().name()).isEqualTo("it's \"ours\"");
        assertThat(bindings.filestore()).isEqualTo(Path.of("/srv/odoo/filestore/it's \"ours\""));
    }

    @Test
    void a_database_name_never_leads_the_filestore_elsewhere() throws IOException {
        for (String name : List.of("..", "../other", "a/b", ".")) {
            odooConf("db_user = odoo\ndb_name = " + name + "\ndata_dir = /srv/odoo\n");
            EnvironmentCatalogue catalogue = withOdooConf();
            assertThat(faultOf(() -> catalogue.bindings(PROD)).message()).contains("filestore");
        }
    }

    @Test
    void several_names_in_odoo_conf_want_a_choice() throws IOException {
        odooConf("db_user = odoo\ndb_name = shop, office\ndata_dir = /srv/odoo\n");
        Fault fault = faultOf(() -> withOdooConf().bindings(PROD));
        assertThat(fault.code()).isEqualTo(FaultCode.BAD_CONFIGURATION);
        assertThat(fault.message()).contains("shop, office");
        assertThat(fault.remedy()).contains("lifeboat.projects.acme.environments.prod.database.name");
        assertThat(withOdooConf("database: {name: office}\n").bindings(PROD).filestore())
                .isEqualTo(Path.of("/srv/odoo/filestore/office"));
    }

    @Test
    void what_neither_gives_is_a_fault_that_names_both_options() throws IOException {
        odooConf("db_user = odoo\ndb_name = shop\n");
        Fault fault = faultOf(() -> withOdooConf().bindings(PROD));
        assertThat(fault.remedy())
                .contains("lifeboat.projects.acme.environments.prod.filestore")
                .contains("data_dir");
        odooConf("db_user = odoo\ndb_name = shop\ndb_port = many\ndata_dir = /srv/odoo\n");
        assertThat(faultOf(() -> withOdooConf().bindings(PROD)).message()).contains("db_port");
        odooConf("db_user = odoo\ndb_name = shop\ndata_dir = ~/odoo\n");
        assertThat(faultOf(() -> withOdooConf().bindings(PROD)).message()).contains("data_dir");
    }

    @Test
    void every_secret_that_is_known_is_told_to_the_redactor() {
        EnvironmentCatalogue catalogue =
                withOdooConf("database: {password: word-of-config}\nurl: http://me:word-of-url@odoo.local\n");
        assertThat(catalogue.secrets(PROD))
                .extracting(Secret::value)
                .contains("word-of-config", "word-of-odoo", "word-of-smtp", "word-of-url");
    }

    @Test
    void secrets_of_the_configuration_are_known_even_if_odoo_conf_is_gone() throws IOException {
        EnvironmentCatalogue catalogue = withOdooConf("database: {password: word-of-config}\n");
        Files.delete(odooConf);
        assertThat(catalogue.secrets(PROD)).extracting(Secret::value).containsExactly("word-of-config");
    }

    @Test
    void an_environment_is_found_by_name_and_by_both_full_forms() {
        EnvironmentCatalogue catalogue = withOdooConf();
        assertThat(List.of("prod", "acme/prod", "acme.prod"))
                .allSatisfy(text -> assertThat(catalogue.find(text)).isEqualTo(PROD));
    }

    @Test
    void an_unknown_environment_is_refused_with_those_that_there_are() {
        Fault fault = faultOf(() -> withOdooConf().find("prd"));
        assertThat(fault.code()).isEqualTo(FaultCode.UNKNOWN_ENVIRONMENT);
        assertThat(fault.remedy()).contains("acme/prod").contains("env discover");
        assertThat(faultOf(() -> catalogue("lifeboat: {data-dir: data}").find("prod"))
                        .remedy())
                .contains("env discover");
    }

    @Test
    void a_name_of_two_environments_wants_the_project() {
        EnvironmentCatalogue catalogue = catalogue("""
                lifeboat:
                  projects:
                    acme: {environments: {prod: {type: production, odoo-conf: /a}}}
                    other: {environments: {prod: {type: production, odoo-conf: /b}}}
                """);
        assertThat(faultOf(() -> catalogue.find("prod")).remedy())
                .contains("acme/prod")
                .contains("other/prod");
        assertThat(catalogue.find("other.prod").project()).isEqualTo("other");
    }

    @Test
    void all_mistakes_are_told_at_once_at_start_in_plain_words() {
        EnvironmentCatalogue catalogue = catalogue("""
                lifeboat:
                  projects:
                    acme:
                      environments:
                        prod:
                          type: production
                          database: {name: shop, user: odoo, port: 0, sslmode: maybe}
                          url: odoo.local
                          service: {kind: command, start: [run-odoo]}
                          stores: [primary, nowhere]
                          retention: {daily: 0, weekly: 0, monthly: 0}
                        UPPER: {type: dev, odoo-conf: /x}
                """);
        assertThatThrownBy(() -> catalogue.checkAtStart(new StartupEvent()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("mistakes:")
                .hasMessageContaining("filestore")
                .hasMessageContaining("database.port")
                .hasMessageContaining("database.sslmode")
                .hasMessageContaining("prod.url")
                .hasMessageContaining("service.stop")
                .hasMessageContaining("'nowhere'")
                .hasMessageContaining("retention")
                .hasMessageContaining("UPPER");
        assertThat(catalogue.findings())
                .allSatisfy(fault -> assertThat(fault.code()).isEqualTo(FaultCode.BAD_CONFIGURATION));
    }

    @Test
    void a_trusted_key_that_is_none_is_told_before_the_start() {
        assertThat(catalogue("""
                lifeboat:
                  trusted-keys: [0123456789abcdef]
                """).findings())
                .extracting(Fault::message)
                .singleElement()
                .asString()
                .contains("0123456789abcdef");
        assertThat(catalogue("""
                lifeboat:
                  trusted-keys: ['%s', 'MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=']
                """.formatted("ab".repeat(32))).findings()).isEmpty();
    }

    @Test
    void two_environments_on_one_database_are_refused() {
        EnvironmentCatalogue catalogue = catalogue("""
                lifeboat:
                  projects:
                    acme:
                      environments:
                        prod: {type: production, odoo-conf: '%1$s'}
                        staging: {type: staging, odoo-conf: '%1$s'}
                """.formatted(odooConf));
        assertThat(catalogue.findings())
                .extracting(Fault::message)
                .anyMatch(message -> message.contains("same database 'shop'"))
                .anyMatch(message -> message.contains("same filestore"));
    }

    @Test
    void an_odoo_conf_that_is_gone_does_not_keep_the_others_from_being_served() throws IOException {
        EnvironmentCatalogue catalogue = withOdooConf();
        Files.delete(odooConf);
        assertThatCode(() -> catalogue.checkAtStart(new StartupEvent())).doesNotThrowAnyException();
        assertThat(catalogue.unresolved()).singleElement().satisfies(fault -> assertThat(fault.code())
                .isEqualTo(FaultCode.ODOO_CONF_UNREADABLE));
    }

    @Test
    void a_whole_configuration_is_read_as_documented() {
        EnvironmentCatalogue catalogue = withOdooConf("""
                service: {kind: systemd, unit: odoo19.service, limit: 90s, health-limit: 3m}
                stores: [primary, second]
                retention: {daily: 1, weekly: 2, monthly: 3}
                zone: Europe/Vienna
                """, "");
        assertThat(catalogue.bindings(PROD).service())
                .isEqualTo(new ServiceBinding.Systemd("odoo19.service", Duration.ofSeconds(90)));
        assertThat(catalogue.bindings(PROD).stores()).containsExactly("primary", "second");
        assertThat(catalogue.configOf(PROD).service().healthLimit()).isEqualTo(Duration.ofMinutes(3));
        assertThat(catalogue.configOf(PROD).retention().weekly()).hasValue(2);
        assertThat(catalogue.findings())
                .extracting(Fault::message)
                .singleElement()
                .asString()
                .contains("second");
    }

    @Test
    void the_numbers_of_retention_that_are_left_out_are_those_of_the_preset() {
        assertThat(Retention.Policy.of(withOdooConf("", "").configOf(PROD).retention()))
                .isEqualTo(Retention.Policy.STANDARD);
        assertThat(Retention.Policy.of(withOdooConf("retention: {preset: dr, weekly: 2}\n", "")
                        .configOf(PROD)
                        .retention()))
                .isEqualTo(new Retention.Policy(30, 2, 6));
    }
}
