package dev.lifeboat.environment;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.json.Json;
import dev.lifeboat.process.ChildProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What an environment's configuration is: odoo.conf without secrets, addons on disk, modules installed, git commits. */
public final class ConfigSnapshot {
    private static final Duration GIT_LIMIT = Duration.ofSeconds(20);
    private static final long MANIFEST_MOST = 1024 * 1024;
    private static final Pattern VERSION = Pattern.compile("['\"]version['\"]\\s*:\\s*['\"]([^'\"]+)['\"]");
    private static final Pattern SERIES = Pattern.compile("(?:saas[~-])?(\\d+\\.\\d+)(?:\\..*)?");

    private ConfigSnapshot() {}

    /** An installed module of Odoo. */
    public record Module(String name, String version) {}

    /** Takes the snapshot; the content of {@code config_snapshot.json}. */
    public static ObjectNode take(Bindings bindings, List<Module> modules) {
        ObjectNode snapshot = Json.object();
        snapshot.set("bindings", EnvironmentCatalogue.redacted(bindings));
        bindings.odooConf()
                .ifPresentOrElse(
                        file -> snapshot.set(
                                "odoo_conf",
                                Json.mapper().valueToTree(OdooConf.read(file).redacted())),
                        () -> snapshot.putNull("odoo_conf"));
        Map<String, Addon> addons = addons(bindings.addonsPath());
        ObjectNode shown = snapshot.putObject("addons");
        addons.forEach((name, addon) -> shown.put(name, addon.version().orElse("")));
        snapshot.put("addons_hash", addons.isEmpty() ? null : hash(addons));
        ArrayNode git = snapshot.putArray("git");
        bindings.addonsPath().forEach(path -> commit(path).ifPresent(git::add));
        ObjectNode installed = snapshot.putObject("modules");
        modules.forEach(module -> installed.put(module.name(), module.version()));
        snapshot.put("odoo_version", version(modules).orElse(null));
        return snapshot;
    }

    /** Odoo's series, such as 19.0, as the base module's version says it. */
    public static Optional<String> odooVersion(JsonNode snapshot) {
        return Optional.ofNullable(snapshot.path("odoo_version").textValue());
    }

    /** The digest of the addons on disk, where their folders are known. */
    public static Optional<String> addonsHash(JsonNode snapshot) {
        return Optional.ofNullable(snapshot.path("addons_hash").textValue());
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

    /** An addon's version and the SHA-256 of its __manifest__.py. */
    private record Addon(Optional<String> version, String manifestSha256) {}

    /** The first folder of addons_path that has an addon wins, as in Odoo. */
    private static Map<String, Addon> addons(List<Path> path) {
        var addons = new TreeMap<String, Addon>();
        for (Path folder : path) {
            if (!Files.isDirectory(folder)) {
                continue;
            }
            try (var listing = Files.newDirectoryStream(folder)) {
                for (Path addon : listing) {
                    Path manifest = addon.resolve("__manifest__.py");
                    if (Files.isRegularFile(manifest) && Files.size(manifest) < MANIFEST_MOST) {
                        byte[] text = Files.readAllBytes(manifest);
                        Matcher version = VERSION.matcher(new String(text, StandardCharsets.UTF_8));
                        addons.putIfAbsent(
                                addon.getFileName().toString(),
                                new Addon(
                                        version.find() ? Optional.of(version.group(1)) : Optional.empty(),
                                        HexFormat.of().formatHex(sha256().digest(text))));
                    }
                }
            } catch (IOException e) {
                throw Fault.of(
                                FaultCode.BAD_CONFIGURATION,
                                "the addons folder " + folder + " can't be read: " + e.getMessage(),
                                "Run Lifeboat as a user that may read it, or take it out of addons_path.")
                        .toException(e);
            }
        }
        return addons;
    }

    /** Over names and manifests: an addon that changes its version, its data files or its dependencies changes it. */
    private static String hash(Map<String, Addon> addons) {
        MessageDigest digest = sha256();
        addons.forEach((name, addon) ->
                digest.update((addon.manifestSha256() + "  " + name + "\n").getBytes(StandardCharsets.UTF_8)));
        return HexFormat.of().formatHex(digest.digest());
    }

    private static Optional<ObjectNode> commit(Path folder) {
        try {
            ChildProcess.Result head = git(folder, "rev-parse", "HEAD");
            if (!head.succeeded()) {
                return Optional.empty();
            }
            return Optional.of(Json.object()
                    .put("path", folder.toString())
                    .put("commit", head.output().strip())
                    .put(
                            "changed",
                            !git(folder, "status", "--porcelain", "--untracked-files=no")
                                    .output()
                                    .isBlank()));
        } catch (IOException e) {
            // Without git on this machine there is no commit to tell.
            return Optional.empty();
        }
    }

    private static ChildProcess.Result git(Path folder, String... arguments) throws IOException {
        var command = new java.util.ArrayList<>(List.of("git", "-c", "safe.directory=*", "-C", folder.toString()));
        command.addAll(List.of(arguments));
        return ChildProcess.run(ChildProcess.Spec.of(command.toArray(String[]::new)), GIT_LIMIT);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
