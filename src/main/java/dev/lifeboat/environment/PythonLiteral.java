package dev.lifeboat.environment;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads the dict that a {@code __manifest__.py} is, without executing it. Strings, lists, tuples, sets and dicts are
 * read; any other expression is stepped over as a whole. Comments, adjacent strings, prefixes and triple quotes are as in
 * Python's own grammar (Python documentation, Lexical analysis). Nesting is bounded.
 */
final class PythonLiteral {
    private static final int DEEPEST = 50;

    private final String text;
    private int at;

    private PythonLiteral(String text) {
        this.text = text;
    }

    /** Told apart from null, which no literal is: an expression that was stepped over. */
    private record Expression() {}

    private static final Expression EXPRESSION = new Expression();

    /** What stands in the way of reading on. */
    private static final class Unreadable extends Exception {
        Unreadable(String what) {
            super(what, null, false, false);
        }
    }

    /**
     * The entries of the first dict of a text: String, List or Map values; entries of other kinds are left out. Empty where
     * there is no dict that can be read to its end.
     */
    static Optional<Map<String, Object>> dict(String text) {
        var reader = new PythonLiteral(text);
        try {
            reader.space();
            while (reader.at < text.length() && reader.peek() != '{') {
                // a doc string, an import, an assignment before the dict
                reader.step(0);
                reader.space();
            }
            return reader.at < text.length() ? Optional.of(reader.readDict(0)) : Optional.empty();
        } catch (Unreadable e) {
            return Optional.empty();
        }
    }

    private Object value(int depth) throws Unreadable {
        space();
        if (depth > DEEPEST) {
            throw new Unreadable("nested too deeply");
        }
        char c = peek();
        Object read;
        if (c == '{') {
            read = readDict(depth);
        } else if (c == '[' || c == '(') {
            read = readList(depth, c == '[' ? ']' : ')');
        } else if (isString()) {
            read = string();
        } else {
            read = EXPRESSION;
        }
        space();
        boolean whole = true;
        while (at < text.length() && ",]})".indexOf(peek()) < 0 && peek() != ':') {
            whole = false;
            step(depth);
            space();
        }
        return whole ? read : EXPRESSION;
    }

    private Map<String, Object> readDict(int depth) throws Unreadable {
        var entries = new LinkedHashMap<String, Object>();
        at++;
        while (true) {
            space();
            if (peek() == '}') {
                at++;
                return entries;
            }
            Object key = value(depth + 1);
            if (peek() == ':') {
                at++;
                Object value = value(depth + 1);
                if (key instanceof String name && value != EXPRESSION) {
                    entries.put(name, value);
                }
            }
            comma('}');
        }
    }

    private List<Object> readList(int depth, char end) throws Unreadable {
        var items = new ArrayList<>();
        at++;
        while (true) {
            space();
            if (peek() == end) {
                at++;
                return items;
            }
            Object item = value(depth + 1);
            if (item != EXPRESSION) {
                items.add(item);
            }
            comma(end);
        }
    }

    private void comma(char end) throws Unreadable {
        space();
        if (peek() == ',') {
            at++;
        } else if (peek() != end) {
            throw new Unreadable("no comma");
        }
    }

    /** Steps over one token: a string, a bracketed group, or a character. */
    private void step(int depth) throws Unreadable {
        char c = peek();
        if (isString()) {
            string();
        } else if (c == '[' || c == '(') {
            readList(depth + 1, c == '[' ? ']' : ')');
        } else if (c == '{') {
            readDict(depth + 1);
        } else if (Character.isLetterOrDigit(c) || c == '_') {
            while (at < text.length() && (Character.isLetterOrDigit(text.charAt(at)) || text.charAt(at) == '_')) {
                at++;
            }
        } else {
            at++;
        }
    }

    private boolean isString() {
        int i = at;
        while (i < text.length() && i - at < 2 && "rRbBuUfF".indexOf(text.charAt(i)) >= 0) {
            i++;
        }
        return i < text.length() && (text.charAt(i) == '"' || text.charAt(i) == '\'');
    }

    private String string() throws Unreadable {
        var all = new StringBuilder();
        do {
            one(all);
            space();
        } while (at < text.length() && isString());
        return all.toString();
    }

    private void one(StringBuilder into) throws Unreadable {
        boolean raw = false;
        while (peek() != '"' && peek() != '\'') {
            raw |= peek() == 'r' || peek() == 'R';
            at++;
        }
        String mark = String.valueOf(peek());
        if (text.startsWith(mark.repeat(3), at)) {
            mark = mark.repeat(3);
        }
        at += mark.length();
        while (!text.startsWith(mark, at)) {
            char c = peek();
            at++;
            if (c == '\\' && !raw) {
                char escaped = peek();
                at++;
                switch (escaped) {
                    case 'n' -> into.append('\n');
                    case 't' -> into.append('\t');
                    case '\n' -> {}
                    case '\\', '\'', '"' -> into.append(escaped);
                    default -> into.append(c).append(escaped);
                }
            } else if (c == '\\') {
                into.append(c).append(peek());
                at++;
            } else {
                into.append(c);
            }
        }
        at += mark.length();
    }

    private void space() {
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '#') {
                while (at < text.length() && text.charAt(at) != '\n') {
                    at++;
                }
            } else if (Character.isWhitespace(c) || c == '\\' || c == '\uFEFF') {
                at++;
            } else {
                return;
            }
        }
    }

    private char peek() throws Unreadable {
        if (at >= text.length()) {
            throw new Unreadable("the text ends too early");
        }
        return text.charAt(at);
    }
}
