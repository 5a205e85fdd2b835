package dev.lifeboat.artifact;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Set;

/**
 * The two forms of a manifest's JSON, produced from its tokens in one pass, with memory for one token. Both have the members
 * of each object in ascending order of their names (UTF-16 code units, as RFC 8785), whole numbers only, and one way to
 * write each string: the compact form has no white space (RFC 8785), the pretty form one member a line, indented by two
 * spaces. They are written here and not by a library, because artifacts must read the same after every update.
 */
final class CanonicalJson {
    private static final int MAX_DEPTH = 16;
    private static final char[] HEX = "0123456789abcdef".toCharArray();

    /** Why a text has no canonical form. */
    static final class NotCanonicalException extends IOException {
        NotCanonicalException(String message) {
            super(message);
        }
    }

    private CanonicalJson() {}

    /** Something that takes the tokens of one JSON value in order. */
    interface Sink {
        void token(JsonToken token, String text) throws IOException;
    }

    /** A parser for {@link #copy}. */
    static JsonParser parser(byte[] json) throws IOException {
        return new JsonFactory().createParser(json);
    }

    /**
     * Sends the tokens of one value to a sink.
     *
     * @throws NotCanonicalException where the value has no canonical form: members out of order or twice, a number that is
     *     not whole, too deep, something after it
     */
    static void copy(JsonParser in, Sink sink) throws IOException {
        var lastNames = new ArrayDeque<String>();
        int depth = 0;
        do {
            JsonToken token = in.nextToken();
            if (token == null) {
                throw new NotCanonicalException("the text ends too early");
            }
            String text = null;
            switch (token) {
                case START_OBJECT, START_ARRAY -> {
                    depth++;
                    lastNames.push("");
                    if (depth > MAX_DEPTH) {
                        throw new NotCanonicalException("more than " + MAX_DEPTH + " levels");
                    }
                }
                case END_OBJECT, END_ARRAY -> {
                    depth--;
                    lastNames.pop();
                }
                case FIELD_NAME -> {
                    text = in.currentName();
                    String last = lastNames.pop();
                    if (text.compareTo(last) <= 0) {
                        throw new NotCanonicalException("'" + text + "' is twice or out of order");
                    }
                    lastNames.push(text);
                }
                case VALUE_STRING -> text = in.getText();
                case VALUE_NUMBER_INT -> text = Long.toString(in.getLongValue());
                case VALUE_TRUE, VALUE_FALSE, VALUE_NULL -> text = token.asString();
                default -> throw new NotCanonicalException("a value that is not expected: " + in.getText());
            }
            sink.token(token, text);
        } while (depth > 0);
        if (in.nextToken() != null) {
            throw new NotCanonicalException("there is something after the value");
        }
    }

    /** Writes tokens to a stream in one of the two forms; the pretty form ends with a line feed. */
    static final class Writer implements Sink, AutoCloseable {
        private final BufferedOutputStream out;
        private final boolean pretty;
        private int depth;
        private boolean first = true;
        private boolean afterName;

        Writer(OutputStream out, boolean pretty) {
            this.out = new BufferedOutputStream(out, 16 * 1024);
            this.pretty = pretty;
        }

        @Override
        public void token(JsonToken token, String text) throws IOException {
            boolean end = token == JsonToken.END_OBJECT || token == JsonToken.END_ARRAY;
            if (end) {
                depth--;
                if (!first) {
                    line();
                }
            } else if (afterName) {
                afterName = false;
            } else {
                if (!first) {
                    out.write(',');
                }
                if (depth > 0) {
                    line();
                }
            }
            first = false;
            switch (token) {
                case START_OBJECT -> start('{');
                case START_ARRAY -> start('[');
                case END_OBJECT -> out.write('}');
                case END_ARRAY -> out.write(']');
                case FIELD_NAME -> {
                    string(text);
                    out.write(':');
                    if (pretty) {
                        out.write(' ');
                    }
                    afterName = true;
                }
                case VALUE_STRING -> string(text);
                default -> out.write(text.getBytes(StandardCharsets.US_ASCII));
            }
        }

        @Override
        public void close() throws IOException {
            if (pretty) {
                out.write('\n');
            }
            out.flush();
        }

        private void start(char bracket) throws IOException {
            out.write(bracket);
            depth++;
            first = true;
        }

        private void line() throws IOException {
            if (pretty) {
                out.write('\n');
                for (int i = 0; i < depth; i++) {
                    out.write(' ');
                    out.write(' ');
                }
            }
        }

        private void string(String text) throws IOException {
            var json = new StringBuilder(text.length() + 2).append('"');
            for (int i = 0; i < text.length(); i++) {
                char c = text.charAt(i);
                switch (c) {
                    case '"' -> json.append("\\\"");
                    case '\\' -> json.append("\\\\");
                    case '\b' -> json.append("\\b");
                    case '\t' -> json.append("\\t");
                    case '\n' -> json.append("\\n");
                    case '\f' -> json.append("\\f");
                    case '\r' -> json.append("\\r");
                    default -> {
                        if (c < ' ') {
                            json.append("\\u00").append(HEX[c >> 4]).append(HEX[c & 15]);
                        } else if (Character.isSurrogate(c) && !isPaired(text, i)) {
                            throw new NotCanonicalException("half a surrogate pair in a string");
                        } else {
                            json.append(c);
                        }
                    }
                }
            }
            out.write(json.append('"').toString().getBytes(StandardCharsets.UTF_8));
        }

        private static boolean isPaired(String text, int i) {
            return Character.isHighSurrogate(text.charAt(i))
                    ? i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))
                    : i > 0 && Character.isHighSurrogate(text.charAt(i - 1));
        }
    }

    /** Passes on all but the named members of the outermost object. */
    static final class Without implements Sink {
        private final Set<String> names;
        private final Sink next;
        private int depth;
        private boolean dropping;

        Without(Set<String> names, Sink next) {
            this.names = names;
            this.next = next;
        }

        @Override
        public void token(JsonToken token, String text) throws IOException {
            if (token.isStructEnd()) {
                depth--;
            }
            if (depth == 0 && token.isStructEnd()) {
                dropping = false;
            } else if (depth == 1 && token == JsonToken.FIELD_NAME) {
                dropping = names.contains(text);
            }
            if (!dropping) {
                next.token(token, text);
            }
            if (token.isStructStart()) {
                depth++;
            }
        }
    }
}
