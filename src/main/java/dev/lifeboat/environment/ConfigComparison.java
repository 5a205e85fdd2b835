package dev.lifeboat.environment;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/** How the present configuration differs from an artifact's. It is told, never applied. */
public final class ConfigComparison {
    private ConfigComparison() {}

    /** How much a difference matters. */
    public enum Severity {
        INFO,
        WARNING,
        CRITICAL
    }

    /** One difference; {@code artifact} and {@code current} are empty where there is nothing. */
    public record Difference(String key, String artifact, String current, Severity severity) {}

    /** All differences between two snapshots. */
    public static List<Difference> compare(JsonNode artifact, JsonNode current) {
        var differences = new ArrayList<Difference>();
        compare("odoo.conf ", artifact.path("odoo_conf"), current.path("odoo_conf"), differences);
        compare("bindings.database ", artifact.at("/bindings/database"), current.at("/bindings/database"), differences);
        if (current.hasNonNull("odoo_version")) {
            compare("", artifact, current, "odoo_version", Severity.CRITICAL, differences);
        }
        compare("", artifact, current, "addons_hash", Severity.WARNING, differences);
        JsonNode addons = current.path("addons");
        if (!addons.isEmpty()) {
            artifact.path("modules").properties().forEach(module -> {
                if (!addons.has(module.getKey()) && artifact.path("addons").has(module.getKey())) {
                    differences.add(
                            new Difference("addon " + module.getKey(), "on disk", "not on disk", Severity.CRITICAL));
                }
            });
        }
        return differences;
    }

    private static void compare(String prefix, JsonNode artifact, JsonNode current, List<Difference> differences) {
        var keys = new TreeSet<String>();
        artifact.fieldNames().forEachRemaining(keys::add);
        current.fieldNames().forEachRemaining(keys::add);
        for (String key : keys) {
            boolean secret = "[REDACTED]".equals(artifact.path(key).asText())
                    || "[REDACTED]".equals(current.path(key).asText());
            compare(prefix, artifact, current, key, secret ? Severity.CRITICAL : Severity.INFO, differences);
        }
    }

    private static void compare(
            String prefix,
            JsonNode artifact,
            JsonNode current,
            String key,
            Severity severity,
            List<Difference> differences) {
        String was = artifact.path(key).asText("");
        String is = current.path(key).asText("");
        if (!was.equals(is)) {
            differences.add(new Difference(prefix + key, was, is, severity));
        }
    }
}
