package dev.lifeboat.postgres;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.lifeboat.artifact.Manifest.TableDigest;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import java.util.List;

/**
 * A table's name, unquoted and as PostgreSQL keeps it. Written as {@code schema.name}, with quotes where SQL wants them
 * (PostgreSQL documentation, "Identifiers and Key Words"): the form in which a manifest names its tables.
 *
 * @param schema such as {@code public}
 * @param name such as {@code res_partner}
 */
public record TableName(String schema, String name) implements Comparable<TableName> {
    /**
     * Reads a manifest's name: {@code public.res_partner}, {@code public."Products"}.
     *
     * @throws dev.lifeboat.fault.FaultException BAD_INPUT where it is none
     */
    @JsonCreator
    public static TableName parse(String text) {
        int[] at = {0};
        String schema = part(text, at);
        if (at[0] >= text.length() || text.charAt(at[0]) != '.') {
            throw wrong(text);
        }
        at[0]++;
        String name = part(text, at);
        if (at[0] != text.length() || schema.isEmpty() || name.isEmpty()) {
            throw wrong(text);
        }
        return new TableName(schema, name);
    }

    /** The tables among what a manifest has digests of; the large objects, which stand there too, are none. */
    public static List<TableName> of(List<TableDigest> digests) {
        return digests.stream()
                .map(TableDigest::table)
                .filter(name -> !name.equals(DataDigest.LARGE_OBJECTS))
                .map(TableName::parse)
                .toList();
    }

    /**
     * The table that a person means: {@code res_partner} and {@code Products} are names in the schema {@code public}, and
     * {@code schema.name} one in another schema; letter case counts.
     *
     * @param known the tables that there are
     * @throws dev.lifeboat.fault.FaultException BAD_INPUT where none of them is meant
     */
    public static TableName meant(String text, List<TableName> known) {
        return known.stream()
                .filter(table -> text.equals(table.schema + "." + table.name)
                        || (table.schema.equals("public") && text.equals(table.name)))
                .findFirst()
                .orElseThrow(() -> Fault.of(
                                FaultCode.BAD_INPUT,
                                "the artifact has no table '" + text + "'",
                                "Name a table as the database does (res_partner, not res.partner); `lifeboat artifact show`"
                                        + " lists the artifact's tables. A view has no rows of its own.")
                        .toException());
    }

    /** The name as SQL takes it: both parts quoted. */
    public String quoted() {
        return DatabaseServer.quoteIdentifier(schema) + "." + DatabaseServer.quoteIdentifier(name);
    }

    /** As a manifest names it. */
    @JsonValue
    @Override
    public String toString() {
        return plainOrQuoted(schema) + "." + plainOrQuoted(name);
    }

    @Override
    public int compareTo(TableName other) {
        int bySchema = schema.compareTo(other.schema);
        return bySchema == 0 ? name.compareTo(other.name) : bySchema;
    }

    private static String plainOrQuoted(String part) {
        return part.matches("[a-z_][a-z0-9_]*") ? part : DatabaseServer.quoteIdentifier(part);
    }

    private static String part(String text, int[] at) {
        var part = new StringBuilder();
        if (at[0] < text.length() && text.charAt(at[0]) == '"') {
            for (int i = at[0] + 1; i < text.length(); i++) {
                char c = text.charAt(i);
                if (c != '"') {
                    part.append(c);
                } else if (i + 1 < text.length() && text.charAt(i + 1) == '"') {
                    part.append('"');
                    i++;
                } else {
                    at[0] = i + 1;
                    return part.toString();
                }
            }
            throw wrong(text);
        }
        while (at[0] < text.length() && text.charAt(at[0]) != '.') {
            part.append(text.charAt(at[0]++));
        }
        return part.toString();
    }

    private static RuntimeException wrong(String text) {
        return Fault.of(FaultCode.BAD_INPUT, "'" + text + "' is no name of a table", "Write it as schema.name.")
                .toException();
    }
}
