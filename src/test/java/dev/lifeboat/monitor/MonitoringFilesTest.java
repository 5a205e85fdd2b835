package dev.lifeboat.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rules, dashboard and documentation know the metrics that there are. */
final class MonitoringFilesTest {
    private static final Path MONITORING = Path.of("infra/monitoring");
    private static final Pattern NAME = Pattern.compile("\\blifeboat_[a-z_]+\\b");

    @ParameterizedTest
    @ValueSource(strings = {"rules/lifeboat.yaml", "rules/odoo.yaml", "grafana.json", "../../docs/monitoring.md"})
    void no_file_names_a_metric_that_is_not_told(String file) throws IOException {
        assertThat(names(MONITORING.resolve(file))).isNotEmpty().isSubsetOf(told());
    }

    @Test
    void every_metric_stands_in_the_dashboard_and_in_the_documentation() throws IOException {
        assertThat(names(MONITORING.resolve("grafana.json"))).isEqualTo(told());
        assertThat(names(Path.of("docs/monitoring.md"))).isEqualTo(told());
    }

    @Test
    void every_alert_has_a_test_where_it_fires_and_one_where_it_is_silent() throws IOException {
        for (String file : new String[] {"lifeboat.yaml", "odoo.yaml"}) {
            String tests = Files.readString(MONITORING.resolve("tests").resolve(file));
            var alerts = Pattern.compile("- alert: (\\w+)")
                    .matcher(Files.readString(MONITORING.resolve("rules").resolve(file)));
            while (alerts.find()) {
                assertThat(tests).contains("- name: " + alerts.group(1) + " fires");
                assertThat(tests).contains("- name: " + alerts.group(1) + " is silent");
            }
        }
    }

    private static Set<String> told() {
        return Arrays.stream(Metric.values()).map(Metric::wireName).collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> names(Path file) throws IOException {
        return NAME.matcher(Files.readString(file))
                .results()
                .map(match -> match.group())
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
