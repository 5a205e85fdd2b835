package dev.lifeboat.access;

import dev.lifeboat.digest.Hashes;
import java.security.SecureRandom;
import java.util.Base64;

/** Secrets that are made here: 256 random bits, of which only the SHA-256 is kept. */
final class Secrets {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int BYTES = 32;

    private Secrets() {}

    /** A new secret in letters that need no escape in a URL, a header or a cookie. */
    static String make() {
        byte[] random = new byte[BYTES];
        RANDOM.nextBytes(random);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(random);
    }

    /** What is kept of a secret: hex. */
    static String sha256(String secret) {
        return Hashes.sha256(secret);
    }
}
