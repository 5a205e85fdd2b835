package dev.lifeboat.fault;

import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Text from outside that is shown in one line: a name, a label, a version, a title. A terminal, a mail program and a log take
 * control characters for commands, and characters that change the direction of writing (Unicode Standard Annex 9) make a line look
 * like another one.
 */
public final class OneLine {
    private static final String STEERING = "\\x7F-\\x9F\\u061C\\u200E\\u200F\\u2028-\\u202E\\u2066-\\u2069";
    private static final Pattern CONTROL = Pattern.compile("[\\x00-\\x1F" + STEERING + "]");
    private static final Pattern CONTROL_BUT_LINES = Pattern.compile("[\\x00-\\x08\\x0B-\\x1F" + STEERING + "]");

    private OneLine() {}

    /** The text with {@code ?} for each character that would steer what shows it; line feeds and tabs too. */
    public static String of(String text) {
        return CONTROL.matcher(text).replaceAll("?");
    }

    /** The text with {@code ?} for each character that would steer what shows it; line feeds and tabs stay. */
    public static String lines(String text) {
        return CONTROL_BUT_LINES.matcher(text).replaceAll("?");
    }

    /** JSON in which such characters stand as {@code \\uXXXX}: there they are in strings only. */
    public static String json(String json) {
        return CONTROL_BUT_LINES
                .matcher(json)
                .replaceAll(found -> "\\\\u"
                        + String.format(Locale.ROOT, "%04x", (int) found.group().charAt(0)));
    }

    /**
     * The text, where it is one line.
     *
     * @param name what the text is, for whoever sent it
     * @throws FaultException BAD_INPUT
     */
    public static String checked(String name, String text) {
        if (CONTROL.matcher(text).find()) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "'" + name + "' holds a control character; nothing was done",
                            "Send one line of printable text.")
                    .toException();
        }
        return text;
    }
}
