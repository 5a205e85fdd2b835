package dev.lifeboat.filestore;

import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** Names in a filestore. */
final class Names {
    /** The order of paths by their bytes: that of {@code LC_ALL=C sort}. */
    static final Comparator<byte[]> BYTE_ORDER = java.util.Arrays::compareUnsigned;

    private static final Pattern CONTENT_ADDRESSED = Pattern.compile("([0-9a-f]{2})/\\1[0-9a-f]{38}");

    private Names() {}

    /** Whether a path is {@code <2 hex>/<40 hex>} with the same two digits: the name of a content. */
    static boolean isContentAddressed(String path) {
        return path.length() == 43 && CONTENT_ADDRESSED.matcher(path).matches();
    }

    /** The SHA-1 that a content-addressed path names. */
    static String sha1Of(String path) {
        return path.substring(3);
    }

    /** A path in one line: backslash, control characters and what follows ASCII are written as {@code \xHH} of UTF-8. */
    static String escape(String path) {
        boolean plain = path.chars().allMatch(c -> c > ' ' && c < 127 && c != '\\');
        if (plain) {
            return path;
        }
        var text = new StringBuilder();
        for (byte b : path.getBytes(StandardCharsets.UTF_8)) {
            if (b > ' ' && b < 127 && b != '\\') {
                text.append((char) b);
            } else {
                text.append("\\x").append(HexFormat.of().toHexDigits(b));
            }
        }
        return text.toString();
    }

    /** Reads {@link #escape}; throws {@link IllegalArgumentException} for what it does not write. */
    static String unescape(String text) {
        if (text.indexOf('\\') < 0) {
            return text;
        }
        var bytes = new java.io.ByteArrayOutputStream();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '\\') {
                bytes.write(c);
            } else if (i + 3 < text.length() && text.charAt(i + 1) == 'x') {
                bytes.write(HexFormat.fromHexDigits(text, i + 2, i + 4));
                i += 3;
            } else {
                throw new IllegalArgumentException("a bad escape");
            }
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
