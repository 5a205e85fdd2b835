package dev.lifeboat.evidence;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.environment.Secret;
import dev.lifeboat.json.Json;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.BitSet;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Takes secrets out of text before it is kept or shown, and puts {@value #MASK} there. Masked are
 *
 * <ul>
 *   <li>the values that are known to be secret, wherever they stand, also URL-encoded, JSON-escaped, quoted for SQL, or in
 *       Base64 (there with the whole Base64 word). Values shorter than 4 characters are left, and those of 4 to 7 are masked
 *       only as words of their own: else the password {@code odoo} would make {@code odoo_prod} unreadable;
 *   <li>what stands under a name such as {@code db_password}, {@code api_key}, {@code Authorization}, {@code session_id}: as
 *       JSON member, {@code name = value}, {@code name: value}, {@code --name value}, URL parameter, SQL {@code PASSWORD '…'};
 *   <li>the password in a URL, {@code Bearer} tokens, JSON web tokens, keys that are known by their form (AWS, GitHub,
 *       GitLab, age), private keys in PEM.
 * </ul>
 *
 * Immutable and thread-safe. Redacting twice is the same as once. The time is linear in the text for a given set of secrets.
 */
public final class Redactor {
    /** What stands where a secret stood. */
    public static final String MASK = "[REDACTED]";

    /** A known value that is shorter (characters) is not looked for. */
    public static final int MIN_LENGTH = 4;

    private static final int WORD_LENGTH = 8;
    private static final int MIN_BASE64_CORE = 8;
    private static final int MIN_BEARER = 16;
    private static final List<String> TOKEN_PREFIXES = List.of(
            "AKIA", "ASIA", "ghp_", "gho_", "ghs_", "github_pat_", "glpat-", "sk_live_", "AGE-SECRET-KEY-1", "eyJ");
    private static final int MIN_PREFIXED = 20;

    /** A text to look for. */
    private record Form(String text, boolean wholeWord, boolean base64Word) {}

    private final Set<String> values;
    private final List<Form> forms;

    /** A redactor that knows no values. */
    public Redactor() {
        this(Set.<String>of());
    }

    /** A redactor that knows these values. */
    public Redactor(Collection<Secret> secrets) {
        this(valuesOf(secrets));
    }

    private Redactor(Set<String> values) {
        this.values = Set.copyOf(values);
        var all = new LinkedHashSet<Form>();
        values.forEach(value -> addForms(value, all));
        this.forms = List.copyOf(all);
    }

    /** A redactor that knows these values too. */
    public Redactor with(Collection<Secret> more) {
        var all = new LinkedHashSet<>(values);
        all.addAll(valuesOf(more));
        return new Redactor(all);
    }

    /** Redacts a file's content: as JSON where the name says so and the content is some, else as text. */
    public String file(String name, String content) {
        return name.endsWith(".json") ? json(content) : text(content);
    }

    /**
     * Redacts JSON. The result is indented; names of members are kept. What can't be read as JSON is redacted as text.
     */
    public String json(String json) {
        JsonNode tree;
        try {
            tree = Json.mapper().readTree(json);
        } catch (JsonProcessingException e) {
            return text(json);
        }
        return tree == null || tree.isMissingNode() ? text(json) : Json.pretty(json(tree));
    }

    /** Redacts JSON as a tree; the argument is left as it is. */
    public JsonNode json(JsonNode node) {
        return redact(node, false, false);
    }

    /** Redacts a text or log. */
    public String text(String text) {
        return redacted(text, true);
    }

    /** Redacts a sentence of Lifeboat's own: what is known, or looks like a secret, but nothing for the word before it ({@code token:NAME} is a caller). */
    public String sentence(String text) {
        return redacted(text, false);
    }

    private String redacted(String text, boolean byName) {
        var spans = new Spans(text);
        forms.forEach(form -> findForm(text, form, spans));
        if (byName) {
            findNamed(text, spans);
        }
        findUrls(text, spans);
        findBearers(text, spans);
        findSqlPasswords(text, spans);
        TOKEN_PREFIXES.forEach(prefix -> findPrefixed(text, prefix, spans));
        findPrivateKeys(text, spans);
        return spans.masked();
    }

    // ---- JSON

    private JsonNode redact(JsonNode node, boolean secret, boolean numbersToo) {
        return switch (node) {
            case ObjectNode object -> {
                // a row such as {"key": "database.secret", "value": "…"}
                boolean pair = object.has("value")
                        && (SensitiveKeys.isSensitive(object.path("key").asText())
                                || SensitiveKeys.isSensitive(object.path("name").asText()));
                ObjectNode clean = JsonNodeFactory.instance.objectNode();
                for (var member : object.properties()) {
                    String name = member.getKey();
                    boolean named = SensitiveKeys.isSensitive(name);
                    boolean inPair = pair && name.equals("value");
                    clean.set(
                            name,
                            redact(
                                    member.getValue(),
                                    secret || named || inPair,
                                    numbersToo || inPair || (named && SensitiveKeys.holdsNumber(name))));
                }
                yield clean;
            }
            case ArrayNode array -> {
                ArrayNode clean = JsonNodeFactory.instance.arrayNode();
                array.forEach(element -> clean.add(redact(element, secret, numbersToo)));
                yield clean;
            }
            case JsonNode leaf
            when secret && leaf.isTextual() && !leaf.textValue().isEmpty() -> JsonNodeFactory.instance.textNode(MASK);
            case JsonNode leaf when secret && numbersToo && leaf.isNumber() -> JsonNodeFactory.instance.textNode(MASK);
            case JsonNode leaf when leaf.isTextual() -> JsonNodeFactory.instance.textNode(text(leaf.textValue()));
            case JsonNode leaf
            when leaf.isNumber() && values.contains(leaf.asText()) -> JsonNodeFactory.instance.textNode(MASK);
            default -> node;
        };
    }

    // ---- known values

    private static Set<String> valuesOf(Collection<Secret> secrets) {
        var values = new LinkedHashSet<String>();
        for (Secret secret : secrets) {
            if (secret.value().length() >= MIN_LENGTH) {
                values.add(secret.value());
            }
        }
        return values;
    }

    private static void addForms(String value, Set<Form> forms) {
        boolean word = value.length() < WORD_LENGTH && value.chars().allMatch(Character::isLetterOrDigit);
        var texts = new LinkedHashSet<String>();
        texts.add(value);
        String url = URLEncoder.encode(value, StandardCharsets.UTF_8);
        for (String encoded : List.of(
                url,
                url.replace("+", "%20"),
                url.replace("%2F", "/").replace("+", "%20"),
                url.replace("+", "%20").replace("*", "%2A").replace("%7E", "~"))) {
            texts.add(encoded);
            texts.add(lowerCaseEscapes(encoded));
        }
        String json = Json.mapper().getNodeFactory().textNode(value).toString();
        json = json.substring(1, json.length() - 1);
        texts.add(json);
        texts.add(json.replace("/", "\\/"));
        texts.add(ascii(json));
        texts.add(value.replace("'", "''"));
        texts.add(value.replace("\\", "\\\\").replace("'", "\\'"));
        texts.add(value.replace("%", "%%"));
        texts.add(value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"));
        texts.forEach(text -> forms.add(new Form(text, word, false)));

        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        addBase64(Base64.getEncoder().withoutPadding().encodeToString(bytes), forms);
        // inside a longer text, such as user:password, the value starts at any of three positions of a group
        for (int before = 0; before < 3; before++) {
            byte[] shifted = new byte[before + bytes.length];
            System.arraycopy(bytes, 0, shifted, before, bytes.length);
            String encoded = Base64.getEncoder().withoutPadding().encodeToString(shifted);
            int from = (before * 8 + 5) / 6;
            int to = shifted.length * 8 / 6;
            if (to - from >= MIN_BASE64_CORE) {
                addBase64(encoded.substring(from, to), forms);
            }
        }
    }

    private static void addBase64(String encoded, Set<Form> forms) {
        boolean wholeWord = encoded.length() < MIN_BASE64_CORE;
        forms.add(new Form(encoded, wholeWord, true));
        forms.add(new Form(encoded.replace('+', '-').replace('/', '_'), wholeWord, true));
    }

    private static String lowerCaseEscapes(String url) {
        var text = new StringBuilder(url);
        for (int i = 0; i + 2 < text.length(); i++) {
            if (text.charAt(i) == '%') {
                text.setCharAt(i + 1, Character.toLowerCase(text.charAt(i + 1)));
                text.setCharAt(i + 2, Character.toLowerCase(text.charAt(i + 2)));
            }
        }
        return text.toString();
    }

    private static String ascii(String json) {
        var text = new StringBuilder();
        for (int i = 0; i < json.length(); i++) {
            char c = json.charAt(i);
            if (c < 128) {
                text.append(c);
            } else {
                text.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            }
        }
        return text.toString();
    }

    private static void findForm(String text, Form form, Spans spans) {
        int length = form.text().length();
        for (int at = text.indexOf(form.text()); at >= 0; at = text.indexOf(form.text(), at + 1)) {
            int from = at;
            int to = at + length;
            if (form.wholeWord() && (isWord(text, from - 1) || isWord(text, to))) {
                continue;
            }
            if (form.base64Word()) {
                while (from > 0 && isBase64(text.charAt(from - 1))) {
                    from--;
                }
                while (to < text.length() && (isBase64(text.charAt(to)) || text.charAt(to) == '=')) {
                    to++;
                }
            }
            spans.add(from, to);
            at = Math.max(at, to - length);
        }
    }

    private static boolean isWord(String text, int i) {
        return i >= 0 && i < text.length() && (Character.isLetterOrDigit(text.charAt(i)) || text.charAt(i) == '_');
    }

    private static boolean isBase64(char c) {
        return c < 128 && (Character.isLetterOrDigit(c) || c == '+' || c == '/' || c == '-' || c == '_');
    }

    // ---- name and value

    private static boolean isName(char c) {
        return c < 128 && (Character.isLetterOrDigit(c) || c == '_' || c == '-' || c == '.');
    }

    private static void findNamed(String text, Spans spans) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '=' || c == ':') {
                int end = i;
                while (end > 0 && isBetween(text.charAt(end - 1))) {
                    end--;
                }
                int start = nameStart(text, end);
                if (start < end && SensitiveKeys.isSensitive(text.substring(start, end))) {
                    maskValue(text, start, end, i + 1, spans);
                }
            } else if (c == '-' && text.startsWith("--", i)) {
                int start = i + 2;
                int end = start;
                while (end < text.length() && isName(text.charAt(end))) {
                    end++;
                }
                if (end < text.length()
                        && (text.charAt(end) == ' ' || text.charAt(end) == '\t')
                        && SensitiveKeys.isSensitive(text.substring(start, end))) {
                    maskValue(text, start, end, end, spans);
                }
                i = Math.max(i, end - 1);
            }
        }
    }

    private static boolean isBetween(char c) {
        return c == ' ' || c == '\t' || c == '"' || c == '\'' || c == '\\';
    }

    private static int nameStart(String text, int end) {
        int start = end;
        while (start > 0 && end - start < 100 && isName(text.charAt(start - 1))) {
            start--;
        }
        return start;
    }

    private static void maskValue(String text, int nameStart, int nameEnd, int from, Spans spans) {
        int start = from;
        while (start < text.length() && (text.charAt(start) == ' ' || text.charAt(start) == '\t')) {
            start++;
        }
        int quote = start;
        while (quote < text.length() && text.charAt(quote) == '\\') {
            quote++;
        }
        if (quote < text.length() && (text.charAt(quote) == '"' || text.charAt(quote) == '\'')) {
            spans.add(quote + 1, quoteEnd(text, start, quote));
            return;
        }
        int lineStart = nameStart;
        while (lineStart > 0 && " \t#;".indexOf(text.charAt(lineStart - 1)) >= 0) {
            lineStart--;
        }
        boolean wholeLine = lineStart == 0 || text.charAt(lineStart - 1) == '\n';
        String name = text.substring(nameStart, nameEnd).toLowerCase(Locale.ROOT);
        boolean header = name.contains("authorization") || name.contains("cookie");
        boolean parameter = nameStart > 0 && "?&".indexOf(text.charAt(nameStart - 1)) >= 0;
        int end = start;
        while (end < text.length() && !isEnd(text.charAt(end), wholeLine || header, parameter)) {
            end++;
        }
        if (!wholeLine && !header && !parameter) {
            while (end > start && ",;)}]".indexOf(text.charAt(end - 1)) >= 0) {
                end--;
            }
        }
        while (end > start && (text.charAt(end - 1) == '\r' || text.charAt(end - 1) == ' ')) {
            end--;
        }
        boolean count = end > start && text.substring(start, end).chars().allMatch(Character::isDigit);
        if (count && !SensitiveKeys.holdsNumber(text.substring(nameStart, nameEnd))) {
            return;
        }
        if (!text.startsWith(MASK, start) || wholeLine || header) {
            spans.add(start, end);
        }
    }

    private static boolean isEnd(char c, boolean line, boolean parameter) {
        if (c == '\n') {
            return true;
        }
        if (line) {
            return false;
        }
        return Character.isWhitespace(c)
                || c == '"'
                || c == '\''
                || c == '<'
                || c == '>'
                || (parameter && (c == '&' || c == '#'));
    }

    /** The end of a quoted value: at the same quote, written with as many backslashes as the opening one. */
    private static int quoteEnd(String text, int start, int quote) {
        int depth = quote - start;
        int slashes = 0;
        for (int i = quote + 1; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\n') {
                return i;
            }
            if (c == '\\') {
                slashes++;
            } else {
                if (c == text.charAt(quote) && (depth == 0 ? slashes % 2 == 0 : slashes <= depth)) {
                    return i - Math.min(slashes, depth);
                }
                slashes = 0;
            }
        }
        return text.length();
    }

    private static void findSqlPasswords(String text, Spans spans) {
        for (int quote = text.indexOf('\''); quote >= 0; quote = text.indexOf('\'', quote + 1)) {
            int end = quote;
            while (end > 0 && Character.isWhitespace(text.charAt(end - 1))) {
                end--;
            }
            int start = nameStart(text, end);
            if (end < quote && text.substring(start, end).equalsIgnoreCase("password")) {
                int close = text.indexOf('\'', quote + 1);
                while (close >= 0 && close + 1 < text.length() && text.charAt(close + 1) == '\'') {
                    close = text.indexOf('\'', close + 2);
                }
                spans.add(quote + 1, close < 0 ? text.length() : close);
                quote = close < 0 ? text.length() : close;
            }
        }
    }

    // ---- known by their form

    private static void findUrls(String text, Spans spans) {
        for (int at = text.indexOf("://"); at >= 0; at = text.indexOf("://", at + 3)) {
            int start = at + 3;
            int end = start;
            int sign = -1;
            while (end < text.length()
                    && "/?#\"'<>".indexOf(text.charAt(end)) < 0
                    && !Character.isWhitespace(text.charAt(end))) {
                if (text.charAt(end) == '@') {
                    sign = end;
                }
                end++;
            }
            if (sign > start) {
                int colon = text.indexOf(':', start);
                if (colon >= 0 && colon < sign) {
                    spans.add(colon + 1, sign);
                } else if (sign - start >= MIN_PREFIXED) {
                    spans.add(start, sign);
                }
            }
        }
    }

    private static void findBearers(String text, Spans spans) {
        for (int at = indexOfIgnoreCase(text, "bearer ", 0); at >= 0; at = indexOfIgnoreCase(text, "bearer ", at + 7)) {
            int start = at + 7;
            int end = tokenEnd(text, start);
            if (end - start >= MIN_BEARER) {
                spans.add(start, end);
            }
        }
    }

    private static int indexOfIgnoreCase(String text, String lower, int from) {
        for (int i = from; i <= text.length() - lower.length(); i++) {
            char c = text.charAt(i);
            if ((c == 'b' || c == 'B') && text.regionMatches(true, i, lower, 0, lower.length())) {
                return i;
            }
        }
        return -1;
    }

    private static int tokenEnd(String text, int start) {
        int end = start;
        while (end < text.length() && (isBase64(text.charAt(end)) || ".~=".indexOf(text.charAt(end)) >= 0)) {
            end++;
        }
        return end;
    }

    private static void findPrefixed(String text, String prefix, Spans spans) {
        for (int at = text.indexOf(prefix); at >= 0; at = text.indexOf(prefix, at + 1)) {
            if (at > 0 && isBase64(text.charAt(at - 1))) {
                continue;
            }
            int end = tokenEnd(text, at);
            boolean amazon = prefix.equals("AKIA") || prefix.equals("ASIA");
            if (amazon) {
                end = at;
                while (end < text.length() && isUpper(text.charAt(end))) {
                    end++;
                }
            }
            boolean fits = amazon
                    ? end - at == 20 && !isWord(text, end)
                    : end - at >= MIN_PREFIXED
                            && (!prefix.equals("eyJ") || text.substring(at, end).contains("."));
            if (fits) {
                spans.add(at, end);
            }
        }
    }

    private static boolean isUpper(char c) {
        return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    }

    private static void findPrivateKeys(String text, Spans spans) {
        for (int at = text.indexOf("-----BEGIN "); at >= 0; at = text.indexOf("-----BEGIN ", at + 1)) {
            int label = text.indexOf("-----", at + 11);
            if (label < 0 || label - at > 60 || !text.substring(at, label).contains("PRIVATE KEY")) {
                continue;
            }
            int end = text.indexOf("-----END ", label);
            int close = end < 0 ? -1 : text.indexOf("-----", end + 9);
            spans.add(at, close < 0 ? text.length() : close + 5);
        }
    }

    /** The places of a text to be masked; overlapping and touching ones become one. */
    private static final class Spans {
        private final String text;
        private final BitSet secret = new BitSet();

        Spans(String text) {
            this.text = text;
        }

        void add(int from, int to) {
            if (from < to) {
                secret.set(from, to);
            }
        }

        String masked() {
            if (secret.isEmpty()) {
                return text;
            }
            var masked = new StringBuilder(text.length());
            int done = 0;
            for (int from = secret.nextSetBit(0); from >= 0; from = secret.nextSetBit(done)) {
                masked.append(text, done, from).append(MASK);
                done = secret.nextClearBit(from);
            }
            return masked.append(text, done, text.length()).toString();
        }
    }
}
