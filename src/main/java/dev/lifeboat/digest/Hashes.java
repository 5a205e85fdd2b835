package dev.lifeboat.digest;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-1, the name of Odoo's files, and SHA-256, Lifeboat's own. Hex is lower-case. */
public final class Hashes {
    private static final int BUFFER = 256 * 1024;

    private Hashes() {}

    /** A new digest. */
    public static MessageDigest sha1() {
        return of("SHA-1");
    }

    /** A new digest. */
    public static MessageDigest sha256() {
        return of("SHA-256");
    }

    /** SHA-256 in hex. */
    public static String sha256(byte[] bytes) {
        return HexFormat.of().formatHex(sha256().digest(bytes));
    }

    /** SHA-256 in hex, of a text's UTF-8. */
    public static String sha256(String text) {
        return sha256(text.getBytes(StandardCharsets.UTF_8));
    }

    /** SHA-256 in hex, of all that comes; the caller closes the stream. */
    public static String sha256(InputStream in) throws IOException {
        return digestOf(in, sha256());
    }

    /** SHA-1 in hex, of all that comes; the caller closes the stream. */
    public static String sha1(InputStream in) throws IOException {
        return digestOf(in, sha1());
    }

    private static String digestOf(InputStream in, MessageDigest digest) throws IOException {
        byte[] buffer = new byte[BUFFER];
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            digest.update(buffer, 0, n);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest of(String name) {
        try {
            return MessageDigest.getInstance(name);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has " + name, e);
        }
    }
}
