package dev.lifeboat.postgres;

import dev.lifeboat.digest.Hashes;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The definitions of a database (tables, constraints, indexes, triggers, functions …), so that two databases can be told
 * apart that hold the same rows. Read from what {@code pg_restore} or {@code pg_dump} print of the sections before and
 * after the data, without owners, privileges and tablespaces.
 *
 * <p>Equal for an archive and for the database restored from it, by the same tools: what differs between any two dumps
 * (times, versions, {@code \restrict} keys, the order of independent entries) is left out, and so is the one expression that
 * PostgreSQL itself rewrites on the way: {@code (ARRAY['a'::character varying])::text[]} comes back as
 * {@code ARRAY[('a'::character varying)::text]} (seen on 15; {@code state IN ('a', 'b')} on a varchar column makes it).
 *
 * @param sha256 over all entries
 * @param entries each entry's own digest by its header, such as {@code res_partner_pkey; Type: CONSTRAINT; Schema: public}
 */
public record SchemaDigest(String sha256, SortedMap<String, String> entries) {
    private static final String HEADER = "-- Name: ";
    private static final String ACCESS_METHOD = "SET default_table_access_method = ";
    private static final String END = "-- PostgreSQL database dump complete";
    private static final int SHOWN = 20;

    public SchemaDigest {
        entries = Collections.unmodifiableSortedMap(new TreeMap<>(entries));
    }

    /** What is in one of the two and not in the other, or defined differently; at most twenty lines. */
    public List<String> differences(SchemaDigest expected) {
        var found = new ArrayList<String>();
        for (var entry : expected.entries.entrySet()) {
            String here = entries.get(entry.getKey());
            if (here == null) {
                found.add("missing: " + entry.getKey());
            } else if (!here.equals(entry.getValue())) {
                found.add("defined differently: " + entry.getKey());
            }
        }
        for (String name : entries.keySet()) {
            if (!expected.entries.containsKey(name)) {
                found.add("not expected: " + name);
            }
        }
        return found.size() <= SHOWN ? List.copyOf(found) : List.copyOf(found.subList(0, SHOWN));
    }

    /**
     * Reads definitions to the end of the stream.
     *
     * @throws IOException where the stream breaks or ends before the dump says that it is complete
     */
    static SchemaDigest read(InputStream in) throws IOException {
        var entries = new TreeMap<String, String>();
        // ISO 8859-1 keeps every byte, whatever the database's encoding is
        var reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.ISO_8859_1), 1 << 16);
        String header = null;
        String accessMethod = "";
        var body = new StringBuilder();
        boolean complete = false;
        String previous = "";
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            if (line.equals(END)) {
                complete = true;
            } else if (complete) {
                continue;
            } else if (line.startsWith(HEADER) && line.contains("; Type: ") && previous.equals("--")) {
                add(entries, header, body);
                header = new String(
                        line.substring(HEADER.length()).getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
                body.setLength(0);
                if (header.contains("; Type: TABLE;") || header.contains("; Type: MATERIALIZED VIEW;")) {
                    body.append(accessMethod).append('\n');
                }
            } else if (line.startsWith(ACCESS_METHOD)) {
                accessMethod = line;
            } else if (header != null && !line.equals("--")) {
                body.append(line).append('\n');
            }
            previous = line;
        }
        if (!complete) {
            throw new IOException("the definitions end early, after " + (header == null ? "nothing" : header));
        }
        add(entries, header, body);
        MessageDigest all = Hashes.sha256();
        entries.forEach(
                (name, digest) -> all.update((name + "\n" + digest + "\n").getBytes(StandardCharsets.ISO_8859_1)));
        return new SchemaDigest(HexFormat.of().formatHex(all.digest()), entries);
    }

    private static void add(SortedMap<String, String> entries, String header, StringBuilder body) {
        // "-- *not* creating schema, since initdb creates it": tells of an owner, which is none of ours
        if (header == null || body.indexOf("-- *not* creating schema") >= 0) {
            return;
        }
        String text = castElementwise(body.toString().strip());
        String digest = Hashes.sha256(text.getBytes(StandardCharsets.ISO_8859_1));
        // overloads and comments may share a header
        entries.merge(header, digest, (one, other) -> one.compareTo(other) < 0 ? one + other : other + one);
    }

    /** Writes {@code (ARRAY[a, b])::t[]} as {@code ARRAY[(a)::t, (b)::t]}, wherever it stands. */
    static String castElementwise(String text) {
        String rest = text;
        for (int from = rest.indexOf("(ARRAY["); from >= 0; from = rest.indexOf("(ARRAY[", from + 1)) {
            int start = from + "(ARRAY[".length();
            var commas = new ArrayList<Integer>();
            int end = closing(rest, start, commas);
            if (end < 0 || !rest.startsWith("])::", end)) {
                continue;
            }
            int type = end + "])::".length();
            int brackets = rest.indexOf("[]", type);
            if (brackets < 0 || !isTypeName(rest, type, brackets)) {
                continue;
            }
            String cast = ")::" + rest.substring(type, brackets);
            var array = new StringBuilder("ARRAY[");
            int element = start;
            commas.add(end);
            for (int comma : commas) {
                array.append(element == start ? "(" : ", (")
                        .append(rest.substring(element, comma).strip())
                        .append(cast);
                element = comma + 1;
            }
            rest = rest.substring(0, from) + array.append(']') + rest.substring(brackets + 2);
        }
        return rest;
    }

    /** Where the bracket opened before {@code from} closes; collects the commas on its own level. -1: it does not. */
    private static int closing(String text, int from, List<Integer> commas) {
        int depth = 0;
        char quote = 0;
        for (int i = from; i < text.length(); i++) {
            char c = text.charAt(i);
            if (quote != 0) {
                if (c == quote) {
                    quote = 0;
                }
            } else if (c == '\'' || c == '"') {
                quote = c;
            } else if (c == '[' || c == '(') {
                depth++;
            } else if (c == ']' && depth == 0) {
                return i;
            } else if (c == ']' || c == ')') {
                depth--;
            } else if (c == ',' && depth == 0) {
                commas.add(i);
            }
        }
        return -1;
    }

    private static boolean isTypeName(String text, int from, int to) {
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            if (!Character.isLetterOrDigit(c) && " _.\"(),".indexOf(c) < 0) {
                return false;
            }
        }
        return to > from;
    }
}
