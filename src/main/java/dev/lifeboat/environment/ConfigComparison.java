package dev.lifeboat.environment;

import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * How the present configuration differs from an artifact's ({@link ConfigSnapshot}). It is told, never applied. Of secrets
 * only presence is compared: that one has another value now can't be known, because no snapshot holds it.
 */
public final class ConfigComparison {
    private static final String NOTHING = "";

    /** Options of which Odoo behaves differently after a restore. */
    private static final Set<String> MATTERING =
            Set.of("addons_path", "data_dir", "db_name", "dbfilter", "list_db", "server_wide_modules", "proxy_mode");

    /** Who logs in where: a restore that changes these writes into another database. */
    private static final Set<String> CREDENTIALS = Set.of("db_user", "user");

    private ConfigComparison() {}

    /** How much a difference matters. */
    public enum Severity {
        INFO,
        WARNING,
        CRITICAL;

        /** The name in evidence. */
        @JsonValue
        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** One difference; {@code artifact} and {@code current} are empty where there is nothing. */
    public record Difference(String key, String artifact, String current, Severity severity) {}

    /** All differences between an artifact's snapshot and the present one, critical ones first. */
    public static List<Difference> compare(JsonNode artifact, JsonNode current) {
        var differences = new ArrayList<Difference>();
        options("odoo.conf ", artifact.path("odoo_conf"), current.path("odoo_conf"), differences);
        options("bindings.database ", artifact.at("/bindings/database"), current.at("/bindings/database"), differences);
        value("bindings.filestore", artifact.at("/bindings/filestore"), current.at("/bindings/filestore"), differences);
        series(artifact, current, differences);
        addons(artifact, current, differences);
        commits(artifact.path("git"), current.path("git"), differences);
        differences.sort(
                java.util.Comparator.comparing(Difference::severity).reversed().thenComparing(Difference::key));
        return List.copyOf(differences);
    }

    private static void options(String prefix, JsonNode artifact, JsonNode current, List<Difference> differences) {
        var keys = new TreeSet<String>();
        artifact.fieldNames().forEachRemaining(keys::add);
        current.fieldNames().forEachRemaining(keys::add);
        for (String key : keys) {
            if (OdooConf.isSecret(key)) {
                String was = presence(artifact.path(key));
                String is = presence(current.path(key));
                if (!was.equals(is)) {
                    differences.add(new Difference(prefix + key, was, is, Severity.CRITICAL));
                }
            } else {
                String was = text(artifact.path(key));
                String is = text(current.path(key));
                if (!was.equals(is)) {
                    differences.add(new Difference(prefix + key, was, is, severity(key)));
                }
            }
        }
    }

    private static Severity severity(String key) {
        if (CREDENTIALS.contains(key)) {
            return Severity.CRITICAL;
        }
        return MATTERING.contains(key) ? Severity.WARNING : Severity.INFO;
    }

    /** A secret that is absent, blank, False or None is none. */
    private static String presence(JsonNode secret) {
        String text = text(secret).strip();
        return text.isEmpty() || text.equalsIgnoreCase("False") || text.equalsIgnoreCase("None") ? "absent" : "present";
    }

    private static void value(String key, JsonNode artifact, JsonNode current, List<Difference> differences) {
        if (!text(artifact).equals(text(current))) {
            differences.add(new Difference(key, text(artifact), text(current), Severity.INFO));
        }
    }

    /** Odoo's series can only be compared where the present one is known from the database. */
    private static void series(JsonNode artifact, JsonNode current, List<Difference> differences) {
        String was = text(artifact.path("odoo_version"));
        String is = text(current.path("odoo_version"));
        if (!was.isEmpty() && !is.isEmpty() && !was.equals(is)) {
            differences.add(new Difference("odoo_version", was, is, Severity.CRITICAL));
        }
    }

    private static void addons(JsonNode artifact, JsonNode current, List<Difference> differences) {
        if (!text(artifact.path("addons_hash")).equals(text(current.path("addons_hash")))) {
            differences.add(new Difference(
                    "addons_hash",
                    text(artifact.path("addons_hash")),
                    text(current.path("addons_hash")),
                    Severity.WARNING));
        }
        JsonNode were = artifact.path("addons");
        JsonNode are = current.path("addons");
        // An artifact that saw no addon on disk can't say which one is missing now, unless all of Odoo's are seen.
        boolean complete = current.path("addons_complete").asBoolean(false);
        var names = new TreeSet<String>();
        artifact.path("modules").fieldNames().forEachRemaining(names::add);
        for (String module : names) {
            if (!are.has(module) && (were.has(module) || complete)) {
                differences.add(new Difference(
                        "addon " + module,
                        were.has(module) ? "on disk " + version(were, module) : "installed",
                        "not on disk",
                        Severity.CRITICAL));
            }
        }
        were.properties().forEach(addon -> {
            String was = version(were, addon.getKey());
            String is = version(are, addon.getKey());
            if (are.has(addon.getKey()) && !was.equals(is)) {
                boolean installed = artifact.path("modules").has(addon.getKey());
                differences.add(new Difference(
                        "addon " + addon.getKey() + " version", was, is, installed ? Severity.WARNING : Severity.INFO));
            }
        });
    }

    private static String version(JsonNode addons, String name) {
        return text(addons.path(name).path("version"));
    }

    private static void commits(JsonNode artifact, JsonNode current, List<Difference> differences) {
        artifact.properties().forEach(folder -> {
            String was = text(folder.getValue().path("commit"));
            String is = text(current.path(folder.getKey()).path("commit"));
            if (!was.equals(is)) {
                differences.add(new Difference("git " + folder.getKey(), was, is, Severity.WARNING));
            }
        });
    }

    private static String text(JsonNode value) {
        return value.isMissingNode() || value.isNull() ? NOTHING : value.asText("");
    }
}
