package dev.lifeboat.postgres;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * What the definitions of a database are, computed from the SQL script that pg_dump or pg_restore prints ({@code
 * --schema-only --no-owner --no-acl}): the SHA-256 over its entries in the order of their text, without what depends on the
 * order or the program (settings between entries, version comments, {@code \restrict} marks). A lost primary key, index,
 * trigger or function changes it, though all rows are equal.
 */
public final class SchemaDigest {
    private static final String ENTRY = "-- Name: ";
    private static final List<String> PASSED_OVER = List.of(
            "SET default_tablespace = ",
            "SET default_table_access_method = ",
            "\\restrict ",
            "\\unrestrict ",
            "-- PostgreSQL database dump complete");

    private SchemaDigest() {}

    /** Reads a script to its end and gives the digest, lower-case hex. */
    public static String of(InputStream script) throws IOException {
        var entries = new ArrayList<String>();
        var entry = new StringBuilder();
        boolean begun = false;
        try (var lines = new BufferedReader(new InputStreamReader(script, StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith(ENTRY)) {
                    if (begun) {
                        entries.add(entry.toString().strip());
                    }
                    entry.setLength(0);
                    begun = true;
                }
                if (begun
                        && !line.isBlank()
                        && !line.equals("--")
                        && PASSED_OVER.stream().noneMatch(line::startsWith)) {
                    entry.append(line).append('\n');
                }
            }
        }
        if (begun) {
            entries.add(entry.toString().strip());
        }
        entries.sort(null);
        MessageDigest digest = DumpDigest.sha256();
        for (String text : entries) {
            digest.update((text + "\n\n").getBytes(StandardCharsets.UTF_8));
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
