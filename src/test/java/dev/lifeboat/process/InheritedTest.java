package dev.lifeboat.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class InheritedTest {
    @ParameterizedTest
    @EnumSource(Inherited.class)
    void no_child_gets_lifeboats_own_secrets_and_each_finds_its_programs(Inherited inherited) {
        for (String secret : List.of(
                "LIFEBOAT_TOKEN",
                "LIFEBOAT_STORES_PRIMARY_SECRET_KEY",
                "LIFEBOAT_PROJECTS_ACME_ENVIRONMENTS_PROD_DATABASE_PASSWORD",
                "QUARKUS_DATASOURCE_PASSWORD",
                "QUARKUS_OIDC_CREDENTIALS_SECRET",
                "_LIFEBOAT_TOKEN")) {
            assertThat(inherited.passes(secret)).as(secret).isFalse();
        }
        for (String plain : List.of("PATH", "HOME", "LC_ALL", "XDG_RUNTIME_DIR", "DOCKER_HOST")) {
            assertThat(inherited.passes(plain)).as(plain).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "STORE_SECRET"})
    void the_keys_of_stores_are_for_the_command_that_fetches_a_key_alone(String name) {
        assertThat(Inherited.TOOL.passes(name)).isFalse();
        assertThat(Inherited.POSTGRES.passes(name)).isFalse();
        assertThat(Inherited.SITE.passes(name)).isFalse();
        assertThat(Inherited.KEY_COMMAND.passes(name)).isTrue();
    }

    @Test
    void a_sites_program_keeps_the_sites_variables_and_postgresqls_those_of_libpq() {
        assertThat(Inherited.SITE.passes("ODOO_IMAGE_TAG")).isTrue();
        assertThat(Inherited.TOOL.passes("ODOO_IMAGE_TAG")).isFalse();
        assertThat(Inherited.POSTGRES.passes("PGSSLROOTCERT")).isTrue();
        assertThat(Inherited.TOOL.passes("PGPASSWORD")).isFalse();
    }

    @Test
    void a_tool_starts_with_what_passes_and_what_it_was_given_and_nothing_else() throws IOException {
        var spec = new ChildProcess.Spec(List.of("env"), java.util.Map.of("GIVEN", "word"), java.util.Optional.empty());
        List<String> names = ChildProcess.run(spec, Duration.ofSeconds(20))
                .output()
                .lines()
                .map(line -> line.replaceFirst("=.*", ""))
                .toList();
        assertThat(names).contains("PATH", "GIVEN");
        assertThat(names.stream().filter(name -> !name.equals("GIVEN") && !Inherited.TOOL.passes(name)))
                .isEmpty();
    }
}
