package dev.lifeboat.environment;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * An odoo.conf as Odoo reads it (Python's RawConfigParser): the section {@code [options]}, {@code key = value} or {@code
 * key: value}, lines that begin with {@code #} or {@code ;} are comments, indented lines continue a value, keys are
 * case-insensitive, nothing is interpolated.
 *
 * @param options the options of the section; an absent one and one that says False or None are the same
 */
public record OdooConf(Map<String, String> options) {
    private static final long MOST_BYTES = 1024 * 1024;
    private static final Pattern SECRET_KEY = Pattern.compile(
            ".*(passw|pwd|secret|token|api_?key|access_?key|private_?key|credential).*", Pattern.CASE_INSENSITIVE);
    private static final Pattern USER_INFO = Pattern.compile("(?<=://)[^/\\s@]+@");

    public OdooConf {
        options = Collections.unmodifiableMap(new LinkedHashMap<>(options));
    }

    /**
     * Reads a file.
     *
     * @throws dev.lifeboat.fault.FaultException ODOO_CONF_UNREADABLE that names the file and, where it does not parse, the
     *     line; never the line's text, which may be a secret
     */
    public static OdooConf read(Path file) {
        try {
            if (Files.size(file) > MOST_BYTES) {
                throw unreadable(file, "it is larger than 1 MiB", null);
            }
            return parse(file, Files.readAllLines(file, StandardCharsets.UTF_8));
        } catch (CharacterCodingException e) {
            throw unreadable(file, "it is not UTF-8 text", e);
        } catch (IOException e) {
            throw unreadable(file, Files.exists(file) ? "it may not be read by this user" : "it is not there", e);
        }
    }

    private static OdooConf parse(Path file, List<String> lines) {
        var options = new LinkedHashMap<String, String>();
        String section = null;
        String key = null;
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            String text = line.strip();
            if (text.isEmpty() || text.startsWith("#") || text.startsWith(";")) {
                continue;
            }
            if (key != null && Character.isWhitespace(line.charAt(0))) {
                if ("options".equals(section)) {
                    options.merge(key, text, (before, more) -> before + "\n" + more);
                }
                continue;
            }
            if (text.startsWith("[")) {
                if (!text.endsWith("]")) {
                    throw unreadable(file, "line " + (i + 1) + " begins a section but does not end it with ]", null);
                }
                section = text.substring(1, text.length() - 1);
                key = null;
                continue;
            }
            if (section == null) {
                throw unreadable(file, "line " + (i + 1) + " stands before the section [options]", null);
            }
            int end = separator(text);
            if (end <= 0) {
                throw unreadable(file, "line " + (i + 1) + " is no 'key = value'", null);
            }
            key = text.substring(0, end).strip().toLowerCase(Locale.ROOT);
            if ("options".equals(section)) {
                options.put(key, text.substring(end + 1).strip());
            }
        }
        if (!"options".equals(section) && options.isEmpty()) {
            throw unreadable(file, "it has no section [options]", null);
        }
        return new OdooConf(options);
    }

    private static int separator(String text) {
        int equals = text.indexOf('=');
        int colon = text.indexOf(':');
        return equals < 0 ? colon : colon < 0 ? equals : Math.min(equals, colon);
    }

    /** An option's value; empty where it is absent, blank, False or None. */
    public Optional<String> get(String key) {
        return Optional.ofNullable(options.get(key))
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

    /** All options with every secret replaced by {@code [REDACTED]}; an absent secret stays absent. */
    public Map<String, String> redacted() {
        var shown = new LinkedHashMap<String, String>();
        options.forEach((key, value) -> shown.put(
                key,
                SECRET_KEY.matcher(key).matches() && get(key).isPresent()
                        ? "[REDACTED]"
                        : USER_INFO.matcher(value).replaceAll("[REDACTED]@")));
        return shown;
    }

    /** The values of all options that are secrets, so that they can be kept out of logs and evidence. */
    public List<Secret> secrets() {
        var secrets = new java.util.ArrayList<Secret>();
        options.forEach((key, value) -> {
            if (SECRET_KEY.matcher(key).matches()) {
                get(key).map(Secret::new).ifPresent(secrets::add);
            }
            var userInfo = USER_INFO.matcher(value);
            while (userInfo.find()) {
                String pair = userInfo.group();
                int colon = pair.indexOf(':');
                if (colon >= 0) {
                    secrets.add(new Secret(pair.substring(colon + 1, pair.length() - 1)));
                }
            }
        });
        return secrets;
    }

    private static RuntimeException unreadable(Path file, String why, Throwable cause) {
        return Fault.of(
                        FaultCode.ODOO_CONF_UNREADABLE,
                        "the odoo.conf " + file + " can't be used: " + why,
                        "Point 'odoo-conf' of the environment to the file that Odoo itself is started with (odoo -c FILE).")
                .toException(cause);
    }
}
