package dev.lifeboat.api;

import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.environment.WebhookSecret;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.Optional;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Proves that an event comes from a configured source, by the scheme of Standard Webhooks: HMAC-SHA256 of
 * {@code id.timestamp.body}, with a secret that is the source's own, sent as {@code v1,<base64>}; several signatures are
 * separated by blanks. What is older or newer than five minutes is not taken; what comes again within them is recognised by the
 * event's own id, which is signed with the body.
 */
@ApplicationScoped
class SignedEvents {
    static final String ID = "webhook-id";
    static final String TIMESTAMP = "webhook-timestamp";
    static final String SIGNATURE = "webhook-signature";

    private static final Duration WINDOW = Duration.ofMinutes(5);
    private static final String ALGORITHM = "HmacSHA256";
    private static final String VERSION = "v1,";
    private static final int MOST_SIGNATURES = 10;

    private final LifeboatConfig config;
    private final InstantSource clock = InstantSource.system();

    SignedEvents(LifeboatConfig config) {
        this.config = config;
    }

    /** What comes with a signed event: the values of the three headers; null: it was not sent. */
    record Signed(String id, String timestamp, String signature) {}

    /**
     * The source that has signed.
     *
     * @param name the source's, in the configuration
     * @param body as it came
     * @throws FaultException PERMISSION_DENIED, which does not say whether there is such a source
     */
    LifeboatConfig.EventSource proven(String name, Signed signed, String body) {
        LifeboatConfig.EventSource source = config.events().get(name);
        Optional<byte[]> key = Optional.ofNullable(source).flatMap(known -> WebhookSecret.of(known.secret()));
        if (key.isEmpty() || signed.id() == null || signed.timestamp() == null || signed.signature() == null) {
            throw denied("the event is not signed by a source that is known here");
        }
        if (!isTimely(signed.timestamp())) {
            throw denied("the event's " + TIMESTAMP + " is not within five minutes of now");
        }
        byte[] expected = sign(key.get(), signed.id() + "." + signed.timestamp() + "." + body);
        boolean holds = Stream.of(signed.signature().split(" ", MOST_SIGNATURES))
                .filter(one -> one.startsWith(VERSION))
                .map(one -> one.substring(VERSION.length()))
                .anyMatch(one -> MessageDigest.isEqual(expected, one.getBytes(StandardCharsets.US_ASCII)));
        if (!holds) {
            throw denied("the event is not signed by a source that is known here");
        }
        return source;
    }

    private boolean isTimely(String timestamp) {
        try {
            return Duration.between(Instant.ofEpochSecond(Long.parseLong(timestamp)), clock.instant())
                            .abs()
                            .compareTo(WINDOW)
                    <= 0;
        } catch (RuntimeException e) {
            // no number, or one that is no time
            return false;
        }
    }

    private static byte[] sign(byte[] key, String content) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(key, ALGORITHM));
            return Base64.getEncoder().encode(mac.doFinal(content.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has " + ALGORITHM, e);
        }
    }

    static FaultException denied(String why) {
        return Fault.of(
                        FaultCode.PERMISSION_DENIED,
                        why + "; nothing was done",
                        "Sign id.timestamp.body with the secret of lifeboat.events.<source> (Standard Webhooks), anew for each"
                                + " attempt.")
                .toException();
    }
}
