package dev.lifeboat.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {
    @TempDir
    Path temp;

    @Test
    void the_file_gives_token_and_state_database() throws IOException {
        Path file = Files.writeString(temp.resolve("application.yaml"), """
                lifeboat:
                  token: from-file
                quarkus:
                  datasource:
                    jdbc:
                      url: jdbc:postgresql://db/state
                """);
        Settings settings = Settings.read(file);
        assertThat(settings.token()).contains("from-file");
        assertThat(settings.stateConfigured()).isTrue();
    }

    @Test
    void without_a_file_the_state_is_embedded_and_no_token_is_configured() {
        Settings settings = Settings.read(temp.resolve("none.yaml"));
        assertThat(settings.token()).isEmpty();
        assertThat(settings.stateConfigured()).isFalse();
    }

    @Test
    void a_file_that_is_no_yaml_is_a_fault_that_names_file_and_place() throws IOException {
        Path file = Files.writeString(temp.resolve("application.yaml"), "lifeboat:\n  projects: [\n");
        assertThatThrownBy(() -> Settings.read(file)).isInstanceOfSatisfying(FaultException.class, e -> {
            assertThat(e.fault().code()).isEqualTo(FaultCode.BAD_CONFIGURATION);
            assertThat(e.fault().message()).contains(file.toString());
            assertThat(e.fault().facts().get("problem")).contains("line 3");
        });
    }
}
