package dev.lifeboat.access;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarkus.runtime.configuration.ConfigurationException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class IdentityProviderTest {
    @Test
    void without_an_audience_of_its_own_nothing_is_started() {
        for (Optional<List<String>> audience :
                List.of(Optional.<List<String>>empty(), Optional.of(List.<String>of()), Optional.of(List.of("any")))) {
            assertThatThrownBy(() -> IdentityProvider.checkAudience(audience))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("quarkus.oidc.token.audience");
        }
        assertThatCode(() -> IdentityProvider.checkAudience(Optional.of(List.of("lifeboat", "lifeboat-api"))))
                .doesNotThrowAnyException();
    }
}
