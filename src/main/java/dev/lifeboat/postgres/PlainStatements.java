package dev.lifeboat.postgres;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Passes a dump in SQL text on while it looks at the words that each statement begins with, and refuses those that {@code pg_dump -Fp} does not
 * write for a database and that reach beyond it: another database, roles, the server's settings and files, psql's own commands. It
 * reads as PostgreSQL does (documentation, Lexical Structure): quotes, dollar quotes, comments and the rows of COPY hide nothing. It is no
 * fence around what SQL can do within a function or a DO block.
 *
 * <p>A statement is refused at the word that gives it away, before anything behind that word is passed on, because psql runs at the end
 * of its input what it has of a statement. Memory is bounded: of a statement its first words are kept.
 */
final class PlainStatements extends FilterInputStream {
    private static final int MOST_WORDS = 400;
    private static final int LONGEST_WORD = 64;

    private static final Set<String> CHANGES = Set.of("CREATE", "ALTER", "DROP");
    private static final Set<String> BEYOND =
            Set.of("DATABASE", "ROLE", "USER", "GROUP", "TABLESPACE", "SYSTEM", "OWNED", "SUBSCRIPTION");
    private static final Set<String> RESTRICTIONS = Set.of("restrict", "unrestrict");
    private static final Set<String> ENCODINGS = Set.of("'UTF8'", "'SQL_ASCII'");

    /** Where the reading is. */
    private enum In {
        SQL,
        WORD,
        COMMAND,
        LINE_COMMENT,
        BLOCK_COMMENT,
        TEXT,
        NAME,
        DOLLAR_TAG,
        DOLLAR_TEXT,
        /** After COPY … FROM stdin; nothing may stand there. */
        LINE_BEFORE_ROWS,
        ROWS
    }

    private final List<String> words = new ArrayList<>();
    private final StringBuilder word = new StringBuilder();
    private final StringBuilder tag = new StringBuilder();
    private In place = In.SQL;
    private long line = 1;
    private int previous = '\n';
    private int depth;
    private int comments;
    private boolean escapes;
    private boolean escaped;
    /** A quote that may end a text, or be the first half of a doubled one. */
    private boolean closing;

    private int matched;
    /** The slash at the end of a comment begins no other one. */
    private boolean commentEnded;

    PlainStatements(InputStream in) {
        super(in);
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        int n = super.read(bytes, offset, length);
        for (int i = 0; i < n; i++) {
            next(bytes[offset + i] & 0xff);
        }
        return n;
    }

    private void next(int c) {
        boolean again = step(c);
        while (again) {
            again = step(c);
        }
        previous = commentEnded ? ' ' : c;
        commentEnded = false;
        if (c == '\n') {
            line++;
        }
    }

    /** True: the same character is read once more, in what it ended. */
    private boolean step(int c) {
        switch (place) {
            case SQL -> sql(c);
            case WORD -> {
                // a number takes no dollar: before PostgreSQL 15 a quote may begin right behind it
                if (isWord(c) && !(c == '$' && Character.isDigit(word.charAt(0)))) {
                    keep(c);
                } else if (c == '\'' && word.toString().equalsIgnoreCase("e")) {
                    word.setLength(0);
                    begin(In.TEXT, true);
                } else {
                    ended(word.toString().toUpperCase(Locale.ROOT));
                    place = In.SQL;
                    return true;
                }
            }
            case COMMAND -> {
                // the lines with which pg_dump itself restricts psql, which PlainDump leaves out, are the only ones
                if (isWord(c)) {
                    keep(c);
                } else if (RESTRICTIONS.contains(word.toString())) {
                    place = In.LINE_COMMENT;
                    return true;
                } else {
                    throw refused("psql's command \\" + (word.isEmpty() ? String.valueOf((char) c) : word.toString()));
                }
            }
            case LINE_COMMENT -> {
                if (c == '\n' || c == '\r') {
                    place = In.SQL;
                }
            }
            case BLOCK_COMMENT -> blockComment(c);
            case TEXT -> {
                return text(c);
            }
            case NAME -> {
                // a doubled quote ends one name and begins the next: for what is looked for that is the same
                if (c == '"') {
                    ended("\"");
                    place = In.SQL;
                }
            }
            case DOLLAR_TAG -> {
                return dollarTag(c);
            }
            case DOLLAR_TEXT -> dollarText(c);
            case LINE_BEFORE_ROWS -> {
                if (c == '\n') {
                    beginRows();
                } else if (c != '\r' && c != ' ' && c != '\t') {
                    throw refused("a line of COPY that goes on behind its end");
                }
            }
            case ROWS -> rows(c);
        }
        return false;
    }

    private void sql(int c) {
        if (c == '\'') {
            begin(In.TEXT, false);
        } else if (c == '"') {
            place = In.NAME;
        } else if (c == '$') {
            tag.setLength(0);
            place = In.DOLLAR_TAG;
        } else if (c == '-' && previous == '-') {
            place = In.LINE_COMMENT;
        } else if (c == '*' && previous == '/') {
            comments = 1;
            matched = 0;
            place = In.BLOCK_COMMENT;
        } else if (c == '\\') {
            word.setLength(0);
            place = In.COMMAND;
        } else if (c == ';') {
            end();
        } else if (c == '(') {
            depth++;
        } else if (c == ')') {
            depth--;
        } else if (isWord(c)) {
            word.setLength(0);
            keep(c);
            place = In.WORD;
        }
    }

    private void begin(In what, boolean withEscapes) {
        place = what;
        escapes = withEscapes;
        escaped = false;
        closing = false;
        word.setLength(0);
        word.append('\'');
    }

    private boolean text(int c) {
        if (closing) {
            closing = false;
            if (c != '\'') {
                word.append('\'');
                ended(word.toString());
                place = In.SQL;
                return true;
            }
        } else if (escaped) {
            escaped = false;
        } else if (c == '\'') {
            if (!escapes && previous == '\\') {
                // the setting standard_conforming_strings decides whether the text ends here
                throw refused("a text that ends in a backslash, which can be read in two ways");
            }
            closing = true;
        } else if (c == '\\' && escapes) {
            escaped = true;
        } else {
            keep(c);
        }
        return false;
    }

    private void blockComment(int c) {
        // matched: the half of a mark that the character before was
        if (matched == '*' && c == '/') {
            matched = 0;
            comments--;
            if (comments == 0) {
                commentEnded = true;
                place = In.SQL;
            }
        } else if (matched == '/' && c == '*') {
            matched = 0;
            comments++;
        } else {
            matched = c;
        }
    }

    private boolean dollarTag(int c) {
        if (c == '$') {
            matched = 0;
            tag.append('$').insert(0, '$');
            place = In.DOLLAR_TEXT;
            return false;
        }
        if (!isWord(c) || (tag.isEmpty() && c >= '0' && c <= '9') || tag.length() > LONGEST_WORD) {
            if (tag.length() > LONGEST_WORD) {
                throw refused("a dollar quote with too long a name");
            }
            place = In.SQL;
            return true;
        }
        tag.append((char) c);
        return false;
    }

    /** The closing mark has a dollar at its begin and its end only: what does not match may be the begin of the mark again. */
    private void dollarText(int c) {
        if (c == tag.charAt(matched)) {
            matched++;
            if (matched == tag.length()) {
                ended("$");
                place = In.SQL;
            }
        } else {
            matched = c == '$' ? 1 : 0;
        }
    }

    private void beginRows() {
        place = In.ROWS;
        matched = 0;
    }

    /** Rows end with a line that holds {@code \.} and nothing else; {@code matched} is how much of that was read, -1: another line. */
    private void rows(int c) {
        if (c == '\n') {
            if (matched == 2) {
                place = In.SQL;
            }
            matched = 0;
        } else if (matched == 0 && c == '\\') {
            matched = 1;
        } else if (matched == 1 && c == '.') {
            matched = 2;
        } else if (matched != 2 || c != '\r') {
            matched = -1;
        }
    }

    private static boolean isWord(int c) {
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || c == '_'
                || c == '$'
                || c >= 0x80;
    }

    private void keep(int c) {
        if (word.length() < LONGEST_WORD) {
            word.append((char) c);
        }
    }

    private void ended(String token) {
        if (depth <= 0 && words.size() < MOST_WORDS) {
            words.add(token);
            check();
        }
    }

    /** Looks at what is known of a statement so far. */
    private void check() {
        String first = words.getFirst();
        String last = words.getLast();
        int count = words.size();
        if (count == 1) {
            if (first.equals("LOAD") || first.equals("REASSIGN")) {
                throw refused(first);
            }
            return;
        }
        String second = words.get(1);
        if (count == 2 && CHANGES.contains(first) && BEYOND.contains(second)) {
            throw refused(first + " " + second);
        }
        switch (first) {
            case "SET" -> setting();
            case "GRANT", "REVOKE" -> right(last);
            case "COPY" -> copy();
            default -> {
                // it stays within the database, or fails
            }
        }
    }

    private void setting() {
        List<String> set = words.stream()
                .filter(each -> !each.equals("SESSION") && !each.equals("LOCAL") && !each.equals("TO"))
                .toList();
        if (set.size() < 2) {
            return;
        }
        String name = set.get(1);
        boolean roles = name.equals("ROLE") || name.equals("AUTHORIZATION") || name.equals("NAMES");
        boolean strings = name.equals("STANDARD_CONFORMING_STRINGS")
                && set.size() > 2
                && !set.get(2).equals("ON");
        boolean encoding = name.equals("CLIENT_ENCODING") && set.size() > 2 && !ENCODINGS.contains(set.get(2));
        // in quotes a setting's name has its own letters: pg_dump writes none so
        if (roles || strings || encoding || name.equals("\"")) {
            throw refused(String.join(" ", words));
        }
    }

    /** Rights on what is in the database have ON, and no other word before it than the rights' names. */
    private void right(String last) {
        int on = words.indexOf("ON");
        boolean membership = on < 0 && (last.equals("TO") || last.equals("FROM"));
        boolean beyond = on >= 0 && on == words.size() - 2 && (BEYOND.contains(last) || last.equals("PARAMETER"));
        if (membership || beyond) {
            throw refused(words.getFirst() + " … " + last);
        }
    }

    /** Rows come with the dump, and go nowhere else. */
    private void copy() {
        int way = firstOf("FROM", "TO");
        if (way < 0) {
            return;
        }
        boolean to = words.get(way).equals("TO");
        boolean elsewhere = way + 1 < words.size() && !words.get(way + 1).equals("STDIN");
        if (to || elsewhere) {
            throw refused("COPY … " + (to ? "TO" : "FROM " + words.get(way + 1)));
        }
    }

    private int firstOf(String one, String other) {
        for (int i = 1; i < words.size(); i++) {
            if (words.get(i).equals(one) || words.get(i).equals(other)) {
                return i;
            }
        }
        return -1;
    }

    private void end() {
        boolean rows = !words.isEmpty() && words.getFirst().equals("COPY") && words.contains("STDIN");
        words.clear();
        depth = 0;
        place = rows ? In.LINE_BEFORE_ROWS : In.SQL;
    }

    private FaultException refused(String what) {
        String shown = new String(what.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
        return Fault.of(
                        FaultCode.LOAD_FAILED,
                        "line " + line + " of the dump is " + shown
                                + ", which no dump of a database needs; what was loaded"
                                + " before it is dropped, and nothing else was touched",
                        "Ask whoever made the file what it is. A dump of pg_dump -Fp --no-owner, or Odoo's own zip, has no such"
                                + " statement.")
                .with("line", line)
                .with("statement", shown)
                .toException();
    }
}
