package dev.lifeboat.environment;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.yaml.snakeyaml.DumperOptions.FlowStyle;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * Puts an environment into a configuration file. Every line that was there, comments too, stays as it is; before the file is
 * replaced, the new text is read back, and must say what the old one said plus the environment and nothing else.
 */
public final class ConfigFileEditor {
    private static final int INDENT = 2;

    private final Path file;

    /** An editor of that file, which need not be there yet. */
    public ConfigFileEditor(Path file) {
        this.file = file;
    }

    /**
     * Inserts the block of an environment and writes the file atomically, readable by its owner alone.
     *
     * @param block lines of YAML that begin with the environment's name ({@link OdooDiscovery#describe})
     * @throws dev.lifeboat.fault.FaultException BAD_CONFIGURATION where the file does not parse, already has that
     *     environment, or is written in a way that can't be extended; it is left as it was
     */
    public void insert(EnvironmentId id, List<String> block) {
        try {
            String before = Files.exists(file) ? Files.readString(file) : "";
            String after = inserted(before, id, block);
            write(after);
        } catch (IOException e) {
            throw Fault.of(
                            FaultCode.BAD_CONFIGURATION,
                            "the configuration " + file + " can't be changed: " + e.getMessage(),
                            "Run where this user may write it, or copy the block in by hand.")
                    .toException(e);
        }
    }

    private String inserted(String before, EnvironmentId id, List<String> block) {
        String lineEnd = before.contains("\r\n") ? "\r\n" : "\n";
        List<String> lines = before.isEmpty() ? new ArrayList<>() : new ArrayList<>(List.of(before.split("\r?\n", -1)));
        if (!lines.isEmpty() && lines.getLast().isEmpty()) {
            lines.removeLast();
        }
        Object meant = load(before);
        if (meant != null && !(meant instanceof Map<?, ?>)) {
            throw refused("is not a map of settings", "Mend it first.");
        }
        List<String> path = List.of("lifeboat", "projects", id.project(), "environments");
        if (at(meant, path) instanceof Map<?, ?> environments && environments.containsKey(id.name())) {
            throw refused("already has the environment " + id, "Choose another --name, or change that block by hand.");
        }
        insert(lines, path, block);
        String after = String.join(lineEnd, lines) + lineEnd;
        Object wanted = with(meant, path, id.name(), single(load(String.join("\n", block))));
        if (!Objects.equals(load(after), wanted)) {
            throw refused(
                    "is written in a way that can't be extended safely (braces, anchors)",
                    "Copy the block in by hand.");
        }
        return after;
    }

    /** Finds the deepest of the path's maps that is there, and adds the rest and the block behind its last line. */
    private void insert(List<String> lines, List<String> path, List<String> block) {
        Optional<Node> root =
                Optional.ofNullable(new Yaml(new LoaderOptions()).compose(new StringReader(String.join("\n", lines))));
        int line = lines.size();
        int column = 0;
        int found = 0;
        Optional<Node> node = root;
        while (node.isPresent() && found <= path.size()) {
            if (!(node.get() instanceof MappingNode map)) {
                break;
            }
            if (map.getFlowStyle() == FlowStyle.FLOW) {
                throw refused(
                        "writes " + (found == 0 ? "its settings" : String.join(".", path.subList(0, found)))
                                + " in braces",
                        "Copy the block in by hand.");
            }
            column = map.getValue().getFirst().getKeyNode().getStartMark().getColumn();
            line = lastLine(map) + 1;
            if (found == path.size()) {
                break;
            }
            Optional<NodeTuple> below = tuple(map, path.get(found));
            if (below.isEmpty()) {
                break;
            }
            found++;
            node = Optional.of(below.get().getValueNode());
            if (isNothing(node.get())) {
                line = below.get().getKeyNode().getEndMark().getLine() + 1;
                column = below.get().getKeyNode().getStartMark().getColumn() + INDENT;
            }
        }
        var added = new ArrayList<String>();
        int depth = column;
        for (String name : path.subList(found, path.size())) {
            added.add(" ".repeat(depth) + OdooDiscovery.key(name) + ":");
            depth += INDENT;
        }
        for (String text : block) {
            added.add(" ".repeat(depth) + text);
        }
        lines.addAll(Math.min(line, lines.size()), added);
    }

    private static boolean isNothing(Node node) {
        return node instanceof ScalarNode scalar
                && scalar.getTag().equals(Tag.NULL)
                && scalar.getValue().isEmpty();
    }

    private static Optional<NodeTuple> tuple(MappingNode map, String key) {
        return map.getValue().stream()
                .filter(tuple -> tuple.getKeyNode() instanceof ScalarNode name
                        && name.getValue().equals(key))
                .findFirst();
    }

    /** The last line, from 0, on which a node has something of its own; a map's end mark would lie behind later comments. */
    private static int lastLine(Node node) {
        return switch (node) {
            case MappingNode map
            when map.getFlowStyle() != FlowStyle.FLOW && !map.getValue().isEmpty() -> {
                NodeTuple last = map.getValue().getLast();
                yield Math.max(
                        last.getKeyNode().getEndMark().getLine(),
                        isNothing(last.getValueNode()) ? 0 : lastLine(last.getValueNode()));
            }
            case SequenceNode list
            when list.getFlowStyle() != FlowStyle.FLOW && !list.getValue().isEmpty() ->
                lastLine(list.getValue().getLast());
            default -> {
                boolean behind = node.getEndMark().getColumn() == 0
                        && node.getEndMark().getLine() > node.getStartMark().getLine();
                yield node.getEndMark().getLine() - (behind ? 1 : 0);
            }
        };
    }

    private Object load(String text) {
        try {
            return new Yaml(new SafeConstructor(new LoaderOptions())).load(text);
        } catch (YAMLException e) {
            throw Fault.of(
                            FaultCode.BAD_CONFIGURATION,
                            "the configuration " + file + " is no YAML",
                            "Mend it first; nothing was changed.")
                    .toException(e);
        }
    }

    private static Object single(Object block) {
        return ((Map<?, ?>) block).values().iterator().next();
    }

    private static Object at(Object tree, List<String> path) {
        Object here = tree;
        for (String name : path) {
            here = here instanceof Map<?, ?> map ? map.get(name) : null;
        }
        return here;
    }

    /** A copy of the tree with one more entry below the path. */
    private Object with(Object tree, List<String> path, String name, Object value) {
        if (tree != null && !(tree instanceof Map<?, ?>)) {
            throw refused("has something else where the environments would stand", "Mend it first.");
        }
        var copy = new LinkedHashMap<Object, Object>(tree instanceof Map<?, ?> map ? map : Map.of());
        if (path.isEmpty()) {
            copy.put(name, value);
        } else {
            copy.put(path.getFirst(), with(copy.get(path.getFirst()), path.subList(1, path.size()), name, value));
        }
        return copy;
    }

    private void write(String text) throws IOException {
        Path target = Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
        Files.createDirectories(target.getParent());
        Path fresh = Files.createTempFile(
                target.getParent(),
                ".application",
                ".new",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try {
            try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
                ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            if (Files.exists(target) && !Files.getOwner(target).equals(Files.getOwner(fresh))) {
                Files.setAttribute(
                        fresh, "unix:gid", Files.getAttribute(target, "unix:gid"), LinkOption.NOFOLLOW_LINKS);
                Files.setOwner(fresh, Files.getOwner(target));
            }
            Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(fresh);
        }
    }

    private RuntimeException refused(String why, String remedy) {
        return Fault.of(
                        FaultCode.BAD_CONFIGURATION,
                        "the configuration " + file + " " + why,
                        remedy + " Nothing was changed.")
                .toException();
    }
}
