package dev.lifeboat.filestore;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** Names in a filestore. */
public final class Names {
    private static final int HEX_DIGITS = 40;

    private Names() {}

    /** Whether a path is {@code <2 hex>/<40 hex>} with the same two digits: the name of a content. */
    public static boolean isContentAddressed(String path) {
        return path.length() == 3 + HEX_DIGITS
                && path.charAt(2) == '/'
                && path.charAt(0) == path.charAt(3)
                && path.charAt(1) == path.charAt(4)
                && isHex(path, 3, HEX_DIGITS);
    }

    /** Whether a text is so many lower-case hex digits. */
    static boolean isHex(String text, int digits) {
        return text.length() == digits && isHex(text, 0, digits);
    }

    private static boolean isHex(String text, int from, int digits) {
        for (int i = from; i < from + digits; i++) {
            char c = text.charAt(i);
            if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
                return false;
            }
        }
        return true;
    }

    /** Compares two paths by the bytes of their UTF-8, which is also the order of their code points. */
    static int compare(String a, String b) {
        int length = Math.min(a.length(), b.length());
        for (int i = 0; i < length; i++) {
            char x = a.charAt(i);
            char y = b.charAt(i);
            if (x != y) {
                return ordinal(x) - ordinal(y);
            }
        }
        return a.length() - b.length();
    }

    /** Surrogates stand for code points beyond all others. */
    private static int ordinal(char c) {
        return Character.isSurrogate(c) ? c + Character.MAX_VALUE : c;
    }

    /** The SHA-1 that a content-addressed path names. */
    static String sha1Of(String path) {
        return path.substring(3);
    }

    /** A path in one line: backslash, control characters and what follows ASCII are written as {@code \xHH} of UTF-8. */
    static String escape(String path) {
        if (isPrintable(path) && path.indexOf('\\') < 0) {
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

    /** Whether a text has nothing but ASCII from {@code !} to {@code ~}. */
    static boolean isPrintable(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c <= ' ' || c >= 127) {
                return false;
            }
        }
        return true;
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
