package dev.lifeboat.environment;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import java.util.regex.Pattern;

/**
 * The name of an environment within its project; written {@code project/environment}.
 *
 * @param project 1–63 characters of {@code a–z 0–9 _ -}, starting with a letter or digit
 * @param name of the same form
 */
public record EnvironmentId(String project, String name) {
    private static final Pattern FORM = Pattern.compile("[a-z0-9][a-z0-9_-]{0,62}");

    public EnvironmentId {
        check("project", project);
        check("environment", name);
    }

    /**
     * Reads {@code project/environment}.
     *
     * @throws dev.lifeboat.fault.FaultException BAD_INPUT where the text is not of that form
     */
    public static EnvironmentId parse(String text) {
        int slash = text.indexOf('/');
        if (slash < 0) {
            throw refused("environment", text);
        }
        return new EnvironmentId(text.substring(0, slash), text.substring(slash + 1));
    }

    @Override
    public String toString() {
        return project + "/" + name;
    }

    private static void check(String what, String text) {
        if (text == null || !FORM.matcher(text).matches()) {
            throw refused(what, text);
        }
    }

    private static RuntimeException refused(String what, String text) {
        return Fault.of(
                        FaultCode.BAD_INPUT,
                        "'" + text + "' is no " + what + " name",
                        "Use lower-case letters, digits, dash and underscore, 63 at most; an environment is written as"
                                + " project/environment. `lifeboat env list` shows those that are configured.")
                .toException();
    }
}
