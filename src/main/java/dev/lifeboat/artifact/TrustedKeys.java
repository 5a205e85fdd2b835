package dev.lifeboat.artifact;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import java.security.PublicKey;
import java.util.Base64;
import java.util.Collection;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The keys whose signature under a manifest is believed, by their fingerprints ({@link InstallationKey#fingerprint}).
 *
 * @param fingerprints 64 hex digits each
 */
public record TrustedKeys(Set<String> fingerprints) {
    private static final Pattern FINGERPRINT = Pattern.compile("[0-9a-f]{64}");

    public TrustedKeys {
        fingerprints = Set.copyOf(fingerprints);
    }

    /** Those that are named, and the installation's own. */
    static TrustedKeys of(InstallationKey own, Collection<String> named) {
        var all = new HashSet<String>();
        all.add(InstallationKey.fingerprint(own.publicKey()));
        named.forEach(key -> all.add(fingerprint(key)));
        return new TrustedKeys(all);
    }

    /** These, and one more. */
    public TrustedKeys and(String named) {
        var all = new HashSet<>(fingerprints);
        all.add(fingerprint(named));
        return new TrustedKeys(all);
    }

    /** Whether a signature by the owner of this key is believed. */
    boolean contains(PublicKey key) {
        return fingerprints.contains(InstallationKey.fingerprint(key));
    }

    /**
     * The fingerprint of a key as a person names it: itself, or the key in Base64 as {@code installation.pub} holds it.
     *
     * @throws dev.lifeboat.fault.FaultException BAD_INPUT where it is neither
     */
    private static String fingerprint(String named) {
        String text = named.strip();
        String lower = text.toLowerCase(Locale.ROOT);
        if (FINGERPRINT.matcher(lower).matches()) {
            return lower;
        }
        try {
            return InstallationKey.fingerprint(
                    InstallationKey.publicKey(Base64.getDecoder().decode(text))
                            .orElseThrow(() -> new IllegalArgumentException("no ed25519 public key")));
        } catch (IllegalArgumentException e) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "'" + named + "' is neither a key's fingerprint nor a public key; nothing was done",
                            "Name the key by its fingerprint of 64 hex digits, or give its public key in Base64, as"
                                    + " `lifeboat evidence key --json` prints both where the key is"
                                    + " (--trust-key, lifeboat.trusted-keys).")
                    .toException(e);
        }
    }
}
