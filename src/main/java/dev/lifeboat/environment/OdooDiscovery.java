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
import java.util.regex.Pattern;

/** Writes the configuration of an environment from what its odoo.conf, its server and systemd say. Secrets stay in odoo.conf. */
public final class OdooDiscovery {
    private static final String INDENT = "  ";
    private static final int HTTP_PORT = 8069;
    private static final int POSTGRESQL_PORT = 5432;
    private static final Duration SYSTEMD_LIMIT = Duration.ofSeconds(10);
    private static final Pattern UNIT = Pattern.compile("[A-Za-z0-9:_.\\\\@-]+\\.service");

    private final Function<DatabaseBinding, List<String>> ownedDatabases;
    private final Optional<Path> systemctlFolder;

    /**
     * A discovery.
     *
     * @param ownedDatabases asks a server which databases the role owns; asked only where odoo.conf does not name one
     * @param systemctlFolder where systemctl is; empty: on the PATH
     */
    public OdooDiscovery(Function<DatabaseBinding, List<String>> ownedDatabases, Optional<Path> systemctlFolder) {
        this.ownedDatabases = ownedDatabases;
        this.systemctlFolder = systemctlFolder;
    }

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
        Optional<String> unit = unit(odooConf);
        if (unit.isPresent()) {
            line(
                    lines,
                    "service: {kind: systemd, unit: " + quoted(unit.get()) + "}",
                    "its ExecStart names this odoo.conf");
        } else {
            lines.add(INDENT
                    + "# service: {kind: systemd, unit: odoo.service}   # so that a restore stops and starts Odoo");
            lines.add(
                    INDENT
                            + "# service: {kind: command, stop: [docker, compose, stop, odoo], start: [docker, compose, start, odoo]}");
        }
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
        var binding = new DatabaseBinding(
                conf.get("db_host").filter(host -> !host.startsWith("/")).orElse("localhost"),
                conf.port("db_port").orElse(POSTGRESQL_PORT),
                "postgres",
                user,
                conf.get("db_password").map(Secret::new).orElse(Secret.NONE),
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
        String host = conf.get("http_interface")
                .filter(text -> !text.equals("0.0.0.0") && !text.equals("::"))
                .orElse("127.0.0.1");
        return "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":"
                + conf.port("http_port").orElse(HTTP_PORT);
    }

    /** The only systemd service whose command line names the odoo.conf; empty where there is none or no systemd. */
    private Optional<String> unit(Path odooConf) {
        String systemctl = systemctlFolder
                .map(folder -> folder.resolve("systemctl").toString())
                .orElse("systemctl");
        try {
            ChildProcess.Result units = ChildProcess.run(
                    new ChildProcess.Spec(
                            List.of(systemctl, "--no-pager", "show", "--property=Id,ExecStart", "--", "*.service"),
                            Map.of("LC_ALL", "C"),
                            Optional.empty()),
                    SYSTEMD_LIMIT);
            Pattern named = Pattern.compile("(?<=[\\s=])" + Pattern.quote(odooConf.toString()) + "(?=[\\s;]|$)");
            List<String> found = new ArrayList<>();
            for (String block : units.output().split("\n\n", -1)) {
                if (named.matcher(block).find()) {
                    block.lines()
                            .filter(line -> line.startsWith("Id="))
                            .map(line -> line.substring(3))
                            .filter(unit -> UNIT.matcher(unit).matches())
                            .forEach(found::add);
                }
            }
            return found.size() == 1 ? Optional.of(found.getFirst()) : Optional.empty();
        } catch (IOException | FaultException e) {
            // Discovery goes on without: the block shows by comments how a service is configured.
            return Optional.empty();
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
