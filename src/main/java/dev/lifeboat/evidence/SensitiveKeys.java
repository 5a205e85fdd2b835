package dev.lifeboat.evidence;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Tells from a member's or option's name whether its value is a secret. */
final class SensitiveKeys {
    /** A name that ends in one of these words is sensitive. */
    private static final Set<String> WORDS = Set.of(
            "password",
            "passwords",
            "passwd",
            "pwd",
            "passphrase",
            "secret",
            "secrets",
            "token",
            "tokens",
            "credential",
            "credentials",
            "authorization",
            "cookie",
            "cookies",
            "session",
            "apikey");

    /** Words before {@code key} that make it a secret one: {@code api_key}, {@code private_key}; a {@code public_key} is none. */
    private static final Set<String> PAIRS_WITH_KEY =
            Set.of("api", "access", "private", "secret", "encryption", "signing", "master", "account");

    /** Names as a whole. */
    private static final Set<String> WHOLE = Set.of(
            "session_id",
            "sessionid",
            "pgpassword",
            "smtp_pass",
            "db_pass",
            "user_pass",
            "mail_pass",
            "admin_pass",
            "x_amz_signature",
            "set_cookie",
            "password_hash",
            "passwd_hash",
            "token_hash",
            "secret_hash");

    /** Endings of words written together: dbpassword, accesstoken, clientsecret. */
    private static final List<String> ENDINGS =
            List.of("password", "passwd", "passphrase", "secret", "token", "apikey");

    private static final int REMEMBERED = 4096;
    private static final ConcurrentHashMap<String, Boolean> KNOWN = new ConcurrentHashMap<>();

    private SensitiveKeys() {}

    /** Whether the value under this name has to be masked. */
    static boolean isSensitive(String name) {
        if (name.isEmpty() || name.length() > 100) {
            return false;
        }
        Boolean known = KNOWN.get(name);
        if (known == null) {
            known = decide(name);
            if (KNOWN.size() < REMEMBERED) {
                KNOWN.put(name, known);
            }
        }
        return known;
    }

    /** Whether a number under this (sensitive) name is the secret, not a count. */
    static boolean holdsNumber(String name) {
        String last = words(name).getLast();
        return Set.of("password", "passwd", "pwd", "secret", "passphrase").contains(last);
    }

    private static boolean decide(String name) {
        List<String> words = words(name);
        if (words.isEmpty()) {
            return false;
        }
        if (WHOLE.contains(String.join("_", words))) {
            return true;
        }
        String last = words.getLast();
        if (WORDS.contains(last) || ENDINGS.stream().anyMatch(last::endsWith)) {
            return true;
        }
        boolean key = last.equals("key") || last.equals("keys");
        return key && words.size() > 1 && PAIRS_WITH_KEY.contains(words.get(words.size() - 2));
    }

    /** {@code dbPassword}, {@code DB-PASSWORD} and {@code db.password} are the words db and password. */
    private static List<String> words(String name) {
        var words = new ArrayList<String>();
        var word = new StringBuilder();
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            boolean letter = Character.isLetterOrDigit(c);
            boolean hump = Character.isUpperCase(c) && i > 0 && Character.isLowerCase(name.charAt(i - 1));
            if ((!letter || hump) && !word.isEmpty()) {
                words.add(word.toString().toLowerCase(Locale.ROOT));
                word.setLength(0);
            }
            if (letter) {
                word.append(c);
            }
        }
        if (!word.isEmpty()) {
            words.add(word.toString().toLowerCase(Locale.ROOT));
        }
        return words;
    }
}
