package dev.lifeboat.environment;

import java.util.Base64;
import java.util.Optional;

/**
 * What a source of events signs with, as Standard Webhooks writes it (specification, "Signature scheme"): {@code whsec_} and the
 * base64 of 24 to 64 random bytes.
 */
public final class WebhookSecret {
    private static final String PREFIX = "whsec_";
    private static final int LEAST = 24;
    private static final int MOST = 64;

    private WebhookSecret() {}

    /** The key's bytes; empty where the text is no such secret. */
    public static Optional<byte[]> of(String text) {
        if (!text.startsWith(PREFIX)) {
            return Optional.empty();
        }
        try {
            byte[] key = Base64.getDecoder().decode(text.substring(PREFIX.length()));
            return key.length >= LEAST && key.length <= MOST ? Optional.of(key) : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
