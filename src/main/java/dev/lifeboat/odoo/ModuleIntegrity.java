package dev.lifeboat.odoo;

import dev.lifeboat.environment.Addons;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The modules that the artifact had installed are installed. Where the code on disk has another version than the database
 * says, that is told and does not fail: an Odoo whose code was updated without {@code -u} is in that state every day, and a
 * restore from before a deployment always is.
 */
final class ModuleIntegrity implements ValidationCheck {
    private static final Pattern SERIES = Pattern.compile("((?:saas[~-])?\\d+\\.\\d+)\\..+");

    @Override
    public String name() {
        return "module integrity";
    }

    @Override
    public String expected() {
        return "the artifact's installed modules are installed";
    }

    @Override
    public CheckResult run(ValidationContext context) throws SQLException {
        Connection connection = context.connection();
        var lacking = Sql.lacking(connection, "ir_module_module");
        if (lacking.isPresent()) {
            return CheckResult.notApplicable(this, lacking.get());
        }
        if (context.artifact().isEmpty()) {
            return CheckResult.notApplicable(this, "there is no artifact to compare with");
        }
        if (context.artifact().get().database().isEmpty()) {
            return CheckResult.notApplicable(this, "the artifact holds no database");
        }
        Map<String, String> installed = installed(connection);
        List<String> missing = context.artifact().get().manifest().modulesInstalled().stream()
                .filter(module -> !installed.containsKey(module))
                .map(module -> module + ": installed in the artifact, not here")
                .toList();
        List<String> differing = differing(installed, context.addons());
        String actual = installed.size() + " installed, " + missing.size() + " of the artifact's missing, "
                + (context.addons().byName().isEmpty()
                        ? "no addons known on disk"
                        : differing.size() + " with another version on disk");
        return missing.isEmpty()
                ? CheckResult.passed(this, actual, differing)
                : CheckResult.failed(this, actual, missing);
    }

    /** As in the artifact: modules on their way to an upgrade or removal are still installed. */
    private static Map<String, String> installed(Connection connection) throws SQLException {
        var installed = new TreeMap<String, String>();
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery("SELECT name, coalesce(latest_version, '') FROM ir_module_module"
                        + " WHERE state IN ('installed', 'to upgrade', 'to remove')")) {
            while (rows.next()) {
                installed.put(rows.getString(1), rows.getString(2));
            }
        }
        return installed;
    }

    private static List<String> differing(Map<String, String> installed, Addons addons) {
        var differing = new ArrayList<String>();
        Matcher series = SERIES.matcher(installed.getOrDefault("base", ""));
        if (series.matches()) {
            installed.forEach(
                    (name, version) -> Optional.ofNullable(addons.byName().get(name))
                            .flatMap(Addons.Addon::version)
                            .map(text -> full(series.group(1), text))
                            .filter(text -> !version.isEmpty() && !text.equals(version))
                            .ifPresent(text ->
                                    differing.add(name + ": " + version + " in the database, " + text + " on disk")));
        }
        return differing;
    }

    /** Odoo puts its series before a version that does not begin with it (Odoo source, modules/module.py adapt_version). */
    private static String full(String series, String version) {
        return version.startsWith(series + ".") ? version : series + "." + version;
    }
}
