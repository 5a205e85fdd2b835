package dev.lifeboat.environment;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import dev.lifeboat.process.ChildProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What an environment's configuration is: odoo.conf without secrets, addons on disk, modules installed, git commits. Of a
 * secret it says only whether there is one; not even a hash of it is kept, because a short secret can be guessed from that.
 */
public final class ConfigSnapshot {
    private static final Duration GIT_LIMIT = Duration.ofSeconds(20);
    private static final Pattern SERIES = Pattern.compile("(?:saas[~-])?(\\d+\\.\\d+)(?:\\..*)?");
    private static final Pattern USER_INFO = Pattern.compile("(?<=://)[^/\\s]+@");

    private static final String[] STATUS = {
        "status", "--porcelain", "--untracked-files=normal", "--ignore-submodules=all", "--", "."
    };

    /** Reads a repository of another user; enough for commands that start no program of its choosing. */
    private static final List<String> TRUSTING = List.of("-c", "safe.directory=*");

    /** git status starts the filters and the monitor that a repository names: it is asked of the own user's only. */
    private static final List<String> CAUTIOUS = List.of("-c", "core.fsmonitor=false");

    private ConfigSnapshot() {}

    /** An installed module of Odoo. */
    public record Module(String name, String version) {}

    /**
     * Takes the snapshot; the content of {@code config_snapshot.json}. What can't be read (an addons folder, git) is said in
     * it; a backup must not fail for that.
     *
     * @param modules those that are installed, from the database snapshot; empty where the database is not asked
     * @throws FaultException ODOO_CONF_UNREADABLE
     */
    public static ObjectNode take(Bindings bindings, List<Module> modules) {
        ObjectNode snapshot = Json.object();
        snapshot.set("bindings", EnvironmentCatalogue.redacted(bindings));
        bindings.odooConf()
                .ifPresentOrElse(
                        file -> snapshot.set(
                                "odoo_conf",
                                Json.mapper().valueToTree(OdooConf.read(file).redacted())),
                        () -> snapshot.putNull("odoo_conf"));
        Addons addons = Addons.scan(bindings.addonsPath());
        ObjectNode shown = snapshot.putObject("addons");
        addons.byName().forEach((name, addon) -> {
            ObjectNode one =
                    shown.putObject(name).put("version", addon.version().orElse(""));
            addon.title().ifPresent(title -> one.put("title", title));
            one.set("depends", Json.mapper().valueToTree(addon.depends()));
            one.put("core", addon.core());
        });
        snapshot.put("addons_complete", addons.complete());
        ObjectNode unread = snapshot.putObject("addons_unread");
        addons.unread().forEach((folder, why) -> unread.put(folder.toString(), why));
        hash(snapshot, addons);
        ObjectNode git = snapshot.putObject("git");
        bindings.addonsPath().forEach(folder -> git.set(folder.toString(), commit(folder)));
        ObjectNode installed = snapshot.putObject("modules");
        modules.forEach(module -> installed.put(module.name(), module.version()));
        snapshot.put("odoo_version", version(modules).orElse(null));
        return snapshot;
    }

    /** Odoo's series, such as 19.0, as the base module's version says it. */
    public static Optional<String> odooVersion(JsonNode snapshot) {
        return Optional.ofNullable(snapshot.path("odoo_version").textValue());
    }

    /** The digest of the addons on disk ({@link Addons#hash}), where their folders are known. */
    public static Optional<String> addonsHash(JsonNode snapshot) {
        return Optional.ofNullable(snapshot.path("addons_hash").textValue());
    }

    private static void hash(ObjectNode snapshot, Addons addons) {
        try {
            snapshot.put("addons_hash", addons.hash().orElse(null));
        } catch (FaultException e) {
            snapshot.putNull("addons_hash").put("addons_hash_fault", e.fault().message());
        }
    }

    private static Optional<String> version(List<Module> modules) {
        return modules.stream()
                .filter(module -> module.name().equals("base"))
                .map(Module::version)
                .map(SERIES::matcher)
                .filter(Matcher::matches)
                .map(matcher -> matcher.group(1))
                .findFirst();
    }

    private static ObjectNode commit(Path folder) {
        ObjectNode told = Json.object();
        if (!Files.isDirectory(folder)) {
            return told.put("reason", "the folder is not there");
        }
        try {
            ChildProcess.Result head = git(folder, TRUSTING, "rev-parse", "HEAD");
            if (!head.succeeded()) {
                return told.put("reason", "not in a git repository");
            }
            told.put("commit", head.output());
            dirty(folder, told);
            ChildProcess.Result remote = git(folder, TRUSTING, "config", "--get", "remote.origin.url");
            if (remote.succeeded()) {
                told.put("remote", USER_INFO.matcher(remote.output()).replaceAll("[REDACTED]@"));
            }
            return told;
        } catch (IOException e) {
            return told.put("reason", "git can't be run on this machine");
        } catch (FaultException e) {
            return told.put("reason", e.fault().message());
        }
    }

    private static void dirty(Path folder, ObjectNode told) throws IOException {
        ChildProcess.Result places = git(folder, TRUSTING, "rev-parse", "--show-toplevel", "--absolute-git-dir");
        if (!places.succeeded()
                || !isOwn(folder)
                || !places.output().lines().allMatch(place -> isOwn(Path.of(place)))) {
            told.putNull("dirty")
                    .put(
                            "dirty_reason",
                            "not asked: the repository belongs to another user, and git status starts programs that a"
                                    + " repository names");
            return;
        }
        ChildProcess.Result status = git(folder, CAUTIOUS, STATUS);
        if (status.succeeded()) {
            told.put("dirty", !status.output().isBlank());
        } else {
            told.putNull("dirty").put("dirty_reason", "git would not say: " + status.errors());
        }
    }

    private static boolean isOwn(Path path) {
        try {
            return Files.getAttribute(path, "unix:uid").equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
        } catch (IOException e) {
            return false;
        }
    }

    private static ChildProcess.Result git(Path folder, List<String> options, String... arguments) throws IOException {
        var command = new ArrayList<>(List.of("git", "-C", folder.toString()));
        command.addAll(options);
        command.addAll(List.of(arguments));
        var quiet = Map.of("GIT_OPTIONAL_LOCKS", "0", "GIT_TERMINAL_PROMPT", "0", "LC_ALL", "C");
        return ChildProcess.run(new ChildProcess.Spec(command, quiet, Optional.empty()), GIT_LIMIT);
    }
}
