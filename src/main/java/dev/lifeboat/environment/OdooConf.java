package dev.lifeboat.environment;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * An odoo.conf as Odoo reads it (Python documentation, configparser, RawConfigParser): {@code key = value} or {@code
 * key: value} below {@code [options]}; lines that begin with {@code #} or {@code ;} are comments; a line that is indented
 * deeper than its option continues the value, across blank lines too; keys are case-insensitive; nothing is interpolated;
 * an option or section that stands twice is an error. Options of {@code [DEFAULT]} hold where {@code [options]} has none.
 *
 * @param options the options by lower-case name, as they are written; {@link #get} knows which of them say nothing
 */
public record OdooConf(Map<String, String> options) {
    private static final long MOST_BYTES = 1024 * 1024;
    private static final String SECTION = "options";
    private static final String DEFAULTS = "DEFAULT";
    private static final String MASK = "[REDACTED]";
    private static final String LOCAL = "localhost";

    /** libpq's own, as the distributions and as PostgreSQL itself build it. */
    private static final List<Path> SOCKET_FOLDERS = List.of(Path.of("/var/run/postgresql"), Path.of("/tmp"));

    /** As in Python: up to the last bracket, and what follows it is ignored. */
    private static final Pattern HEADER = Pattern.compile("\\[(.+)].*", Pattern.DOTALL);

    private static final Pattern SECRET_KEY =
            Pattern.compile(".*(passw|pwd|secret|token|key|credential).*", Pattern.CASE_INSENSITIVE);
    private static final Pattern FILE_KEY = Pattern.compile(".*_(file|filename|path|dir)", Pattern.CASE_INSENSITIVE);
    private static final Pattern USER_INFO = Pattern.compile("(?<=://)\\S+@");

    /** Names that Odoo still accepts for options that it has renamed. */
    private static final Map<String, String> FORMER_NAMES =
            Map.of("http_port", "xmlrpc_port", "http_interface", "xmlrpc_interface", "gevent_port", "longpolling_port");

    public OdooConf {
        options = Collections.unmodifiableMap(new LinkedHashMap<>(options));
    }

    /**
     * Reads a file.
     *
     * @throws dev.lifeboat.fault.FaultException ODOO_CONF_UNREADABLE that names the file and, where it does not parse, the
     *     line and what was expected; never the line's text, which may be a secret
     */
    public static OdooConf read(Path file) {
        try {
            if (!Files.isRegularFile(file)) {
                throw unreadable(file, Files.exists(file) ? "it is no file" : "it is not there", null);
            }
            if (Files.size(file) > MOST_BYTES) {
                throw unreadable(file, "it is larger than 1 MiB", null);
            }
            return new Parser(file).parse(Files.readString(file, StandardCharsets.UTF_8));
        } catch (CharacterCodingException e) {
            throw unreadable(file, "it is not UTF-8 text", e);
        } catch (IOException e) {
            throw unreadable(file, "it may not be read by this user", e);
        }
    }

    /** Reads the lines of one file; the state is that of the line before. */
    private static final class Parser {
        private final Path file;
        private final Map<String, Map<String, List<String>>> sections = new HashMap<>();
        private final Map<String, Integer> seenAt = new HashMap<>();
        private String section;
        private List<String> value;
        private int indent;

        Parser(Path file) {
            this.file = file;
        }

        OdooConf parse(String text) {
            if (text.startsWith("\uFEFF")) {
                throw unreadable(file, "it begins with a byte order mark, which Odoo does not accept either", null);
            }
            String[] lines = text.split("\r\n|\r|\n", -1);
            for (int i = 0; i < lines.length; i++) {
                line(i + 1, lines[i]);
            }
            if (!sections.containsKey(SECTION)) {
                throw unreadable(file, "it has no section [options]", null);
            }
            var options = new LinkedHashMap<String, String>();
            for (String name : List.of(DEFAULTS, SECTION)) {
                sections.getOrDefault(name, Map.of())
                        .forEach((key, parts) ->
                                options.put(key, String.join("\n", parts).stripTrailing()));
            }
            return new OdooConf(options);
        }

        private void line(int number, String line) {
            String text = line.strip();
            if (text.startsWith("#") || text.startsWith(";")) {
                return;
            }
            if (text.isEmpty()) {
                if (value != null) {
                    value.add("");
                }
                return;
            }
            int depth = line.indexOf(text.charAt(0));
            if (value != null && depth > indent) {
                value.add(text);
                return;
            }
            indent = depth;
            Matcher header = HEADER.matcher(text);
            if (header.matches()) {
                section = header.group(1);
                value = null;
                once(number, "section [" + section + "]", section.equals(DEFAULTS) ? null : "[" + section + "]");
                sections.putIfAbsent(section, new LinkedHashMap<>());
            } else if (section == null) {
                throw unreadable(
                        file, "line " + number + " stands before the first section; [options] was expected", null);
            } else {
                option(number, text);
            }
        }

        private void option(int number, String text) {
            int end = separator(text);
            if (end <= 0) {
                throw unreadable(
                        file,
                        "line " + number + " is neither 'key = value' nor a [section] nor a comment"
                                + " (a value that goes on in the next line is indented there)",
                        null);
            }
            String key = text.substring(0, end).strip().toLowerCase(Locale.ROOT);
            once(number, "option " + key, section + "\n" + key);
            value = new ArrayList<>(List.of(text.substring(end + 1).strip()));
            sections.get(section).put(key, value);
        }

        private void once(int number, String what, String identity) {
            if (identity != null) {
                Integer before = seenAt.putIfAbsent(identity, number);
                if (before != null) {
                    throw unreadable(file, what + " stands twice, in line " + before + " and in line " + number, null);
                }
            }
        }

        private static int separator(String text) {
            int equals = text.indexOf('=');
            int colon = text.indexOf(':');
            return equals < 0 ? colon : colon < 0 ? equals : Math.min(equals, colon);
        }
    }

    /**
     * An option's value; empty where it is absent, blank, False or None. An option that Odoo has renamed is found under its
     * former name too.
     */
    public Optional<String> get(String key) {
        return Optional.ofNullable(options.get(key))
                .or(() -> Optional.ofNullable(FORMER_NAMES.get(key)).map(options::get))
                .map(String::strip)
                .filter(value ->
                        !value.isEmpty() && !value.equalsIgnoreCase("False") && !value.equalsIgnoreCase("None"));
    }

    /** The values of an option that holds a list separated by commas. */
    public List<String> list(String key) {
        return get(key).stream()
                .flatMap(value -> Stream.of(value.split("[,\n]")))
                .map(String::strip)
                .filter(value -> !value.isEmpty())
                .toList();
    }

    /**
     * Where the database's server is, as {@link DatabaseBinding#host} has it. Without db_host Odoo goes through the socket of
     * libpq's default folder. Who has a password goes to localhost instead: as PostgreSQL is installed, it asks for passwords
     * there, and at the socket for which user of the system is calling (PostgreSQL documentation, "Peer Authentication").
     *
     * @param hasPassword whether the role's password is known
     * @param port of the server
     */
    String databaseHost(boolean hasPassword, int port) {
        return databaseHost(hasPassword, port, SOCKET_FOLDERS);
    }

    String databaseHost(boolean hasPassword, int port, List<Path> socketFolders) {
        return get("db_host")
                .orElseGet(() -> hasPassword
                        ? LOCAL
                        : socketFolders.stream()
                                .filter(folder -> Files.exists(folder.resolve(".s.PGSQL." + port)))
                                .findFirst()
                                .orElse(socketFolders.getFirst())
                                .toString());
    }

    /** An option that is a TCP port; empty where it is absent or no number from 1 to 65535. */
    public OptionalInt port(String key) {
        return get(key).filter(value -> value.matches("\\d{1,5}")).map(Integer::parseInt).stream()
                .mapToInt(Integer::intValue)
                .filter(port -> port >= 1 && port <= 65_535)
                .findFirst();
    }

    /** All options with every secret replaced by {@code [REDACTED]}; one that is absent, blank or False stays as it is. */
    public Map<String, String> redacted() {
        var shown = new LinkedHashMap<String, String>();
        options.forEach((key, value) -> shown.put(
                key,
                isSecret(key) && get(key).isPresent()
                        ? MASK
                        : USER_INFO.matcher(value).replaceAll(MASK + "@")));
        return shown;
    }

    /** The values of all options that are secrets, so that they can be kept out of logs and evidence. */
    public List<Secret> secrets() {
        var secrets = new ArrayList<Secret>();
        options.forEach((key, value) -> {
            if (isSecret(key) && !FILE_KEY.matcher(key).matches()) {
                get(key).map(Secret::new).ifPresent(secrets::add);
            }
            Matcher userInfo = USER_INFO.matcher(value);
            while (userInfo.find()) {
                String pair = userInfo.group();
                int colon = pair.indexOf(':');
                if (colon >= 0 && colon + 2 < pair.length()) {
                    secrets.add(new Secret(pair.substring(colon + 1, pair.length() - 1)));
                }
            }
        });
        return secrets;
    }

    /** Whether an option's value must never be shown, as its name says. */
    static boolean isSecret(String key) {
        return SECRET_KEY.matcher(key).matches();
    }

    private static RuntimeException unreadable(Path file, String why, Throwable cause) {
        return Fault.of(
                        FaultCode.ODOO_CONF_UNREADABLE,
                        "the odoo.conf " + file + " can't be used: " + why,
                        "Point 'odoo-conf' of the environment to the file that Odoo itself is started with (odoo -c FILE),"
                                + " and let Lifeboat's user read it.")
                .toException(cause);
    }
}
