package dev.lifeboat.environment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lifeboat.fault.FaultException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.yaml.snakeyaml.Yaml;

class OdooDiscoveryTest {
    private static final EnvironmentId PROD = new EnvironmentId("main", "prod");
    private static final EnvironmentId STAGING = new EnvironmentId("main", "staging");

    @TempDir
    Path folder;

    @Test
    void a_configuration_that_works_is_written_and_holds_no_secret() throws IOException {
        Path file = folder.resolve("config/application.yaml");

        OdooDiscovery.insert(file, PROD, describe(PROD));

        assertThat(environments(file)).containsOnlyKeys("prod");
        assertThat(Files.readString(file)).doesNotContain("hidden-word").contains("odoo-conf:");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
    }

    @Test
    void what_stands_in_the_file_stays_with_its_comments() throws IOException {
        Path file = folder.resolve("application.yaml");
        Files.writeString(file, """
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

        OdooDiscovery.insert(file, PROD, describe(PROD));
        OdooDiscovery.insert(file, STAGING, describe(STAGING));

        assertThat(Files.readString(file)).contains("# ours", "# on the big disk", "level: INFO");
        assertThat(environments(file)).containsOnlyKeys("dev", "prod", "staging");
    }

    @Test
    void an_environment_that_is_there_is_not_written_twice() throws IOException {
        Path file = folder.resolve("application.yaml");
        OdooDiscovery.insert(file, PROD, describe(PROD));
        String before = Files.readString(file);

        FaultException refused =
                catchThrowableOfType(FaultException.class, () -> OdooDiscovery.insert(file, PROD, describe(PROD)));

        assertThat(refused.fault().message()).contains("main/prod");
        assertThat(Files.readString(file)).isEqualTo(before);
    }

    @Test
    void several_databases_want_a_choice() throws IOException {
        Path conf = Files.writeString(folder.resolve("several.conf"), "[options]\ndb_name = a,b\n");

        FaultException refused = catchThrowableOfType(
                FaultException.class, () -> OdooDiscovery.describe(conf, PROD, EnvironmentType.DEV, Optional.empty()));

        assertThat(refused.fault().message()).contains("[a, b]");
        assertThat(OdooDiscovery.describe(conf, PROD, EnvironmentType.DEV, Optional.of("b")))
                .anyMatch(line -> line.contains("name: b"));
    }

    private List<String> describe(EnvironmentId id) throws IOException {
        Path conf = Files.writeString(folder.resolve("odoo.conf"), """
                [options]
                db_name = prod
                db_user = odoo
                db_password = hidden-word
                data_dir = /var/lib/odoo
                """);
        return OdooDiscovery.describe(conf, id, EnvironmentType.PRODUCTION, Optional.empty());
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> environments(Path file) throws IOException {
        Map<String, Object> at = new Yaml().load(Files.readString(file));
        for (String name : List.of("lifeboat", "projects", "main", "environments")) {
            at = (Map<String, Object>) at.get(name);
        }
        return at;
    }
}
