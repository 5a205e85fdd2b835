package dev.lifeboat.store;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The name of an object in a store: checked segments, so that no name leads out of the store's root or needs quoting.
 *
 * @param segments one to eight names of 1–128 characters out of {@code A–Z a–z 0–9 . _ -}, none starting with a dot
 */
public record ObjectKey(List<String> segments) {
    private static final Pattern SEGMENT = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}");

    public ObjectKey {
        segments = List.copyOf(segments);
        if (segments.isEmpty() || segments.size() > 8) {
            throw refused(String.join("/", segments));
        }
        for (String segment : segments) {
            if (!SEGMENT.matcher(segment).matches()) {
                throw refused(segment);
            }
        }
    }

    /**
     * A key of these segments.
     *
     * @throws dev.lifeboat.fault.FaultException {@link FaultCode#BAD_INPUT} where a segment is not of the form
     */
    public static ObjectKey of(String... segments) {
        return new ObjectKey(List.of(segments));
    }

    /** Whether {@code text} could be a segment of a key. */
    public static boolean isSegment(String text) {
        return SEGMENT.matcher(text).matches();
    }

    /** A key below this one. */
    public ObjectKey child(String segment) {
        var more = new java.util.ArrayList<>(segments);
        more.add(segment);
        return new ObjectKey(more);
    }

    /** The last segment. */
    public String name() {
        return segments.getLast();
    }

    /** The key as one string, segments joined by {@code /}. */
    @Override
    public String toString() {
        return String.join("/", segments);
    }

    private static RuntimeException refused(String what) {
        return Fault.of(
                        FaultCode.BAD_INPUT,
                        "'" + what + "' can't be part of an object's name in a store",
                        "Use names of letters, digits, dot, dash and underscore that do not start with a dot.")
                .toException();
    }
}
