package dev.lifeboat.environment;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.process.ChildProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Writes the configuration of an environment from what its odoo.conf, its server, and systemd or docker say. Secrets stay in
 * odoo.conf.
 */
public final class OdooDiscovery {
    private static final String INDENT = "  ";
    private static final int HTTP_PORT = 8069;
    private static final int GEVENT_PORT = 8072;
    private static final int POSTGRESQL_PORT = 5432;
    private static final Duration MANAGER_LIMIT = Duration.ofSeconds(10);
    private static final Pattern UNIT = Pattern.compile("[A-Za-z0-9:_.\\\\@-]+\\.service");
    private static final Pattern ARGUMENTS = Pattern.compile("argv\\[\\]=(.*?) ;");
    private static final String COMPOSE = "com.docker.compose.";

    private final Function<DatabaseBinding, List<String>> ownedDatabases;
    private final Optional<Path> programs;
    private final boolean root;

    /**
     * A discovery.
     *
     * @param ownedDatabases asks a server which databases the role owns; asked only where odoo.conf does not name one
     * @param programs where systemctl and docker are; empty: on the PATH
     * @param root whether Lifeboat runs as root, and so has to become Odoo's user to run Odoo
     */
    public OdooDiscovery(
            Function<DatabaseBinding, List<String>> ownedDatabases, Optional<Path> programs, boolean root) {
        this.ownedDatabases = ownedDatabases;
        this.programs = programs;
        this.root = root;
    }

    /** How the service is controlled and Odoo's own command line is run, as found. */
    private record Found(String service, String comment, Optional<String> odoo) {}

    /**
     * The environment's block of the configuration, as lines of YAML that begin with its name.
     *
     * @param file the odoo.conf
     * @param database the database; empty: db_name of odoo.conf, else the only one that the role owns
     * @throws FaultException ODOO_CONF_UNREADABLE; BAD_CONFIGURATION where the database can't be told, which lists those that
     *     there are
     */
    public List<String> describe(Path file, EnvironmentId id, EnvironmentType type, Optional<String> database) {
        OdooConf conf = OdooConf.read(file);
        Path odooConf = file.toAbsolutePath().normalize();
        List<String> named = conf.list("db_name");
        String name = database.orElseGet(() -> named.size() == 1 ? named.getFirst() : only(odooConf, conf, named));
        var lines = new ArrayList<String>();
        lines.add(key(id.name()) + ":");
        line(lines, "type: " + type.name().toLowerCase(Locale.ROOT), "production | staging | dev");
        line(
                lines,
                "odoo-conf: " + quoted(odooConf.toString()),
                "gives host, port, user, password, data_dir, addons_path; no password is copied here");
        if (!named.equals(List.of(name))) {
            line(lines, "database: {name: " + quoted(name) + "}", "odoo.conf does not name this one alone");
        }
        filestore(lines, conf, name);
        List<String> addons = conf.list("addons_path");
        addons.stream()
                .filter(folder -> !Files.isDirectory(Path.of(folder)))
                .forEach(folder -> lines.add(INDENT + "# addons_path has " + quoted(folder) + ", which is not there"));
        line(lines, "url: " + quoted(url(conf)), "asked for its health after a restore");
        if (!conf.get("workers").orElse("0").equals("0")) {
            line(lines, "websocket: " + quoted(websocket(conf)), "asked too: chat and notifications live there");
        }
        Optional<Found> found = unit(odooConf).or(() -> container(odooConf));
        if (found.isPresent()) {
            line(lines, "service: " + found.get().service(), found.get().comment());
        } else {
            lines.add(INDENT
                    + "# service: {kind: systemd, unit: odoo.service}   # so that a restore stops and starts Odoo");
            lines.add(INDENT
                    + "# service: {kind: compose, compose-file: /srv/odoo/docker-compose.yml, compose-service: odoo}");
        }
        Optional<String> odoo = found.flatMap(Found::odoo);
        if (odoo.isPresent()) {
            line(lines, "odoo: " + odoo.get(), "loads a copy before it is put in place, and neutralises");
        } else {
            lines.add(INDENT
                    + "# odoo: {command: [runuser, -u, odoo, --, /usr/bin/odoo]}   # loads a copy before it is put in place,"
                    + " and neutralises");
        }
        lines.add(INDENT
                + "# rpc: {login: admin, key: …}   # an API key: records are read through Odoo in a validation, too");
        lines.add(INDENT + "# retention: {daily: 7, weekly: 4, monthly: 3}");
        return List.copyOf(lines);
    }

    private static void line(List<String> lines, String setting, String comment) {
        lines.add(INDENT + setting + "   # " + comment);
    }

    private String only(Path file, OdooConf conf, List<String> named) {
        List<String> owned = named.isEmpty() ? owned(file, conf) : named;
        if (owned.size() == 1) {
            return owned.getFirst();
        }
        throw Fault.of(
                        FaultCode.BAD_CONFIGURATION,
                        named.isEmpty()
                                ? "db_name of " + file + " names no database, and its role owns "
                                        + (owned.isEmpty() ? "none" : "several: " + String.join(", ", owned))
                                : "db_name of " + file + " names several databases: " + String.join(", ", named),
                        "Say which: --database NAME; each database is an environment of its own.")
                .toException();
    }

    private List<String> owned(Path file, OdooConf conf) {
        String user = conf.get("db_user").orElseThrow(() -> Fault.of(
                        FaultCode.BAD_CONFIGURATION,
                        file + " names neither a database (db_name) nor a role (db_user) to ask for one",
                        "Say which database: --database NAME.")
                .toException());
        int port = conf.port("db_port").orElse(POSTGRESQL_PORT);
        Secret password = conf.get("db_password").map(Secret::new).orElse(Secret.NONE);
        var binding = new DatabaseBinding(
                conf.databaseHost(password.isPresent(), port),
                port,
                "postgres",
                user,
                password,
                conf.get("db_sslmode").orElse("prefer"));
        try {
            return ownedDatabases.apply(binding);
        } catch (FaultException e) {
            Fault fault = e.fault();
            throw new Fault(
                            FaultCode.BAD_CONFIGURATION,
                            "db_name of " + file + " names no database, and the server could not be asked: "
                                    + fault.message(),
                            fault.facts(),
                            "Say which database: --database NAME. " + fault.remedy())
                    .toException(e);
        }
    }

    private static void filestore(List<String> lines, OdooConf conf, String name) {
        Optional<Path> dataDir = conf.get("data_dir").map(Path::of).filter(Path::isAbsolute);
        if (dataDir.isEmpty()) {
            line(
                    lines,
                    "filestore: " + quoted("/var/lib/odoo/.local/share/Odoo/filestore/" + name),
                    "odoo.conf has no absolute data_dir: check this");
            return;
        }
        String folder = dataDir.get().resolve("filestore").toString() + "/" + name;
        lines.add(INDENT + "# filestore: " + quoted(folder)
                + (Files.isDirectory(Path.of(folder)) ? "" : "   # not there yet"));
    }

    private static String url(OdooConf conf) {
        return "http://" + host(conf) + ":" + conf.port("http_port").orElse(HTTP_PORT);
    }

    /** Odoo with workers takes websockets on a port of its own; before 16 it had another name. */
    private static String websocket(OdooConf conf) {
        return "http://" + host(conf) + ":"
                + (conf.get("gevent_port").isPresent() ? conf.port("gevent_port") : conf.port("longpolling_port"))
                        .orElse(GEVENT_PORT);
    }

    private static String host(OdooConf conf) {
        String host = conf.get("http_interface")
                .filter(text -> !text.equals("0.0.0.0") && !text.equals("::"))
                .orElse("127.0.0.1");
        return host.contains(":") ? "[" + host + "]" : host;
    }

    /** The only systemd service whose command line names the odoo.conf; empty where there is none or no systemd. */
    private Optional<Found> unit(Path odooConf) {
        Pattern named = Pattern.compile("(?<=[\\s=])" + Pattern.quote(odooConf.toString()) + "(?=[\\s;]|$)");
        List<Found> found = new ArrayList<>();
        String units = asked("systemctl", "--no-pager", "show", "--property=Id,ExecStart,User", "--", "*.service");
        for (String block : units.split("\n\n", -1)) {
            if (named.matcher(block).find()) {
                property(block, "Id")
                        .filter(unit -> UNIT.matcher(unit).matches())
                        .ifPresent(unit -> found.add(new Found(
                                "{kind: systemd, unit: " + quoted(unit) + "}",
                                "its ExecStart names this odoo.conf",
                                commandLine(block))));
            }
        }
        return found.size() == 1 ? Optional.of(found.getFirst()) : Optional.empty();
    }

    private static Optional<String> property(String block, String name) {
        return block.lines()
                .filter(line -> line.startsWith(name + "="))
                .map(line -> line.substring(name.length() + 1))
                .filter(value -> !value.isBlank())
                .findFirst();
    }

    /** The unit's program, up to its first option: {@code /usr/bin/odoo}, {@code /usr/bin/python3 /opt/odoo/odoo-bin}. */
    private Optional<String> commandLine(String block) {
        Matcher arguments = ARGUMENTS.matcher(property(block, "ExecStart").orElse(""));
        if (!arguments.find()) {
            return Optional.empty();
        }
        var command = new ArrayList<String>();
        property(block, "User")
                .filter(user -> root && !user.equals("root"))
                .ifPresent(user -> command.addAll(List.of("runuser", "-u", user, "--")));
        for (String argument : arguments.group(1).split(" ", -1)) {
            if (argument.startsWith("-") || argument.equals("server")) {
                break;
            }
            command.add(argument);
        }
        return Optional.of("{command: " + list(command) + "}");
    }

    /** The only running compose service of Odoo's whose project holds the odoo.conf; empty where there is none or no docker. */
    private Optional<Found> container(Path odooConf) {
        String format = "{{.Label \"" + COMPOSE + "service\"}}\t{{.Label \"" + COMPOSE
                + "project.config_files\"}}\t{{.Label \"" + COMPOSE + "project.working_dir\"}}\t{{.Image}}";
        List<Found> found = new ArrayList<>();
        asked("docker", "ps", "--format", format).lines().forEach(line -> {
            String[] parts = line.split("\t", -1);
            boolean ours = parts.length == 4
                    && (parts[0] + parts[3]).contains("odoo")
                    && !parts[2].isBlank()
                    && odooConf.startsWith(Path.of(parts[2]));
            if (ours) {
                String file = parts[1].split(",", -1)[0];
                found.add(new Found(
                        "{kind: compose, compose-file: " + quoted(file) + ", compose-service: " + quoted(parts[0])
                                + "}",
                        "its project holds this odoo.conf",
                        Optional.of("{command: " + list(oneOff(file, parts[0])) + ", conf: '/etc/odoo/odoo.conf'}")));
            }
        });
        return found.size() == 1 ? Optional.of(found.getFirst()) : Optional.empty();
    }

    /** In a container of its own, through the image's entrypoint, which adds how the database is reached; Odoo need not run. */
    private static List<String> oneOff(String file, String service) {
        return List.of("docker", "compose", "-f", file, "run", "--rm", "--no-deps", "-T", service, "odoo");
    }

    private static String list(List<String> words) {
        return "[" + String.join(", ", words.stream().map(OdooDiscovery::quoted).toList()) + "]";
    }

    /** What a manager of services answers; nothing, where it is not there: the block then shows by comments how it is done. */
    private String asked(String program, String... arguments) {
        var command = new ArrayList<String>();
        command.add(programs.map(folder -> folder.resolve(program).toString()).orElse(program));
        command.addAll(List.of(arguments));
        try {
            ChildProcess.Result answer = ChildProcess.run(
                    new ChildProcess.Spec(command, Map.of("LC_ALL", "C"), Optional.empty()), MANAGER_LIMIT);
            return answer.succeeded() ? answer.output() : "";
        } catch (IOException | FaultException e) {
            return "";
        }
    }

    /** A YAML scalar that is read back as this very text. */
    static String quoted(String text) {
        if (text.chars().anyMatch(Character::isISOControl)) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "a name or path with control characters can't be written into the configuration",
                            "Rename it, or write the configuration by hand.")
                    .toException();
        }
        return "'" + text.replace("'", "''") + "'";
    }

    /** A key; words that YAML would read as a number, a date or a truth value are quoted. */
    static String key(String name) {
        return name.matches("[a-z][a-z0-9_-]*") && !name.matches("y|n|yes|no|on|off|true|false|null")
                ? name
                : quoted(name);
    }
}
