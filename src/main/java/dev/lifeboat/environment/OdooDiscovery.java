package dev.lifeboat.environment;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;

/** Writes the configuration of an environment from what its odoo.conf says. Secrets stay in odoo.conf. */
public final class OdooDiscovery {
    private static final String INDENT = "  ";

    private OdooDiscovery() {}

    /**
     * The environment's block of the configuration, as YAML that begins at {@code name:}.
     *
     * @param file the odoo.conf
     * @param database the database; empty: db_name of odoo.conf
     * @throws dev.lifeboat.fault.FaultException ODOO_CONF_UNREADABLE, BAD_CONFIGURATION where the database can't be told
     */
    public static List<String> describe(Path file, EnvironmentId id, EnvironmentType type, Optional<String> database) {
        OdooConf conf = OdooConf.read(file);
        List<String> named = conf.list("db_name");
        if (database.isEmpty() && named.size() != 1) {
            throw Fault.of(
                            FaultCode.BAD_CONFIGURATION,
                            "db_name of " + file
                                    + (named.isEmpty() ? " names no database" : " names several: " + named),
                            "Say which: --database NAME.")
                    .toException();
        }
        String name = database.orElseGet(named::getFirst);
        var lines = new ArrayList<String>();
        lines.add(id.name() + ":");
        lines.add(INDENT + "type: " + type.name().toLowerCase(Locale.ROOT)
                + "   # production | staging | dev; production wants a typed confirmation for a restore");
        lines.add(INDENT + "odoo-conf: "
                + quoted(file.toAbsolutePath().normalize().toString())
                + "   # database host, user, password, data_dir and addons_path are read from here");
        if (!named.equals(List.of(name))) {
            lines.add(INDENT + "database: {name: " + quoted(name) + "}");
        }
        conf.get("data_dir")
                .ifPresentOrElse(
                        dir -> lines.add(INDENT + "# filestore: " + dir + "/filestore/" + name),
                        () -> lines.add(INDENT + "filestore: "
                                + quoted("/var/lib/odoo/.local/share/Odoo/filestore/" + name)
                                + "   # odoo.conf has no data_dir: check this"));
        String port = conf.get("http_port").or(() -> conf.get("xmlrpc_port")).orElse("8069");
        lines.add(INDENT + "url: http://127.0.0.1:" + port + "   # asked for its health after a restore");
        lines.add(
                INDENT + "# service: {kind: systemd, unit: odoo.service}   # so that a restore stops and starts Odoo");
        lines.add(
                INDENT
                        + "# service: {kind: command, stop: [docker, compose, stop, odoo], start: [docker, compose, start, odoo]}");
        lines.add(INDENT + "# retention: {daily: 7, weekly: 4, monthly: 3}");
        return lines;
    }

    /**
     * Puts the block into a configuration file, which is made if it is not there; what stands in it, comments too, stays.
     *
     * @throws dev.lifeboat.fault.FaultException BAD_CONFIGURATION where the file does not parse or has that environment
     */
    public static void insert(Path file, EnvironmentId id, List<String> block) {
        try {
            List<String> lines = Files.exists(file) ? new ArrayList<>(Files.readAllLines(file)) : new ArrayList<>();
            insert(file, lines, List.of("lifeboat", "projects", id.project(), "environments"), id, block);
            Path folder = file.toAbsolutePath().getParent();
            Files.createDirectories(folder);
            Path fresh = Files.createTempFile(
                    folder,
                    ".new",
                    "",
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.write(fresh, lines);
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw Fault.of(
                            FaultCode.BAD_CONFIGURATION,
                            "the configuration " + file + " can't be written: " + e.getMessage(),
                            "Run where this user may write config/application.yaml, or copy the block by hand.")
                    .toException(e);
        }
    }

    private static void insert(Path file, List<String> lines, List<String> path, EnvironmentId id, List<String> block) {
        Optional<Node> root = parse(file, lines);
        Node at = null;
        int found = 0;
        if (root.isPresent()) {
            at = root.get();
            while (found < path.size()) {
                Optional<Node> below = child(at, path.get(found));
                if (below.isEmpty()) {
                    break;
                }
                at = below.get();
                found++;
            }
        }
        if (found == path.size() && child(at, id.name()).isPresent()) {
            throw Fault.of(
                            FaultCode.BAD_CONFIGURATION,
                            file + " already has the environment " + id,
                            "Choose another --name, or change that block by hand.")
                    .toException();
        }
        int line = lines.size();
        int column = 0;
        if (at instanceof MappingNode mapping && !mapping.getValue().isEmpty()) {
            if (mapping.getFlowStyle() == org.yaml.snakeyaml.DumperOptions.FlowStyle.FLOW) {
                throw Fault.of(
                                FaultCode.BAD_CONFIGURATION,
                                file + " writes " + String.join(".", path.subList(0, found)) + " in braces",
                                "Copy the block in by hand.")
                        .toException();
            }
            line = mapping.getValue().getFirst().getKeyNode().getStartMark().getLine();
            column = mapping.getValue().getFirst().getKeyNode().getStartMark().getColumn();
        }
        var added = new ArrayList<String>();
        int depth = column;
        for (String name : path.subList(found, path.size())) {
            added.add(" ".repeat(depth) + name + ":");
            depth += INDENT.length();
        }
        for (String text : block) {
            added.add(" ".repeat(depth) + text);
        }
        lines.addAll(line, added);
    }

    private static Optional<Node> parse(Path file, List<String> lines) {
        try {
            return Optional.ofNullable(
                            new Yaml(new LoaderOptions()).compose(new java.io.StringReader(String.join("\n", lines))))
                    .filter(MappingNode.class::isInstance);
        } catch (org.yaml.snakeyaml.error.YAMLException e) {
            throw Fault.of(
                            FaultCode.BAD_CONFIGURATION,
                            "the configuration " + file + " is no YAML",
                            "Mend it first; nothing was changed.")
                    .toException(e);
        }
    }

    private static Optional<Node> child(Node node, String name) {
        if (!(node instanceof MappingNode mapping)) {
            return Optional.empty();
        }
        return mapping.getValue().stream()
                .filter(tuple -> tuple.getKeyNode() instanceof ScalarNode key
                        && key.getValue().equals(name))
                .map(NodeTuple::getValueNode)
                .findFirst();
    }

    private static String quoted(String text) {
        return text.matches("[A-Za-z0-9_/.-]+") ? text : "'" + text.replace("'", "''") + "'";
    }
}
