package dev.lifeboat.host;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EngineTest {
    @ParameterizedTest
    @CsvSource({
        "lifeboat.data-dri, lifeboat.data-dir",
        "lifeboat.projects.acme.environments.prod.odo-conf, lifeboat.projects.acme.environments.prod.odoo-conf",
        "lifeboat.projects.acme.environments.prod.service.compose-fil, lifeboat.projects.acme.environments.prod.service.compose-file",
        "lifeboat.stores.far.bukket, lifeboat.stores.far.bucket",
        "lifeboat.stores.far.acces-key, lifeboat.stores.far.access-key",
    })
    void a_misspelt_key_of_the_configuration_is_told_with_the_key_that_was_meant(String key, String meant) {
        assertThat(Engine.plain(
                        "SRCFG00050: " + key + " in /etc/lifeboat/config/application.yaml does not map to any root"))
                .isEqualTo(key + " in /etc/lifeboat/config/application.yaml does not map to any root; did you mean "
                        + meant + "?");
    }

    @ParameterizedTest
    @CsvSource({"lifeboat.quite-another-thing", "lifeboat.stores.far.flavour-of-it", "lifeboat.a.b.c.d.e.f.g.h.i"})
    void a_key_that_is_like_none_is_told_without_a_guess(String key) {
        assertThat(Engine.plain("SRCFG00050: " + key + " does not map to any root"))
                .isEqualTo(key + " does not map to any root");
    }
}
