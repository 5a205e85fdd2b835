package dev.lifeboat.postgres;

import dev.lifeboat.artifact.Manifest.DatabaseContent;
import dev.lifeboat.artifact.Manifest.TableDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What a database holds, as digests: equal for an archive and for the database that was restored from it.
 *
 * @param tables of every table with data in the dump, in the order of their names; large objects as {@code pg_largeobject}
 * @param sequences name to what {@code setval} is called with, such as {@code 42, true}
 * @param largeObjects how many large objects
 * @param schema the definitions
 */
public record ContentDigest(
        List<TableDigest> tables, Map<String, String> sequences, long largeObjects, SchemaDigest schema) {
    private static final int SHOWN = 50;
    private static final String IN_ANOTHER_ORDER = " has the expected rows in another order";

    public ContentDigest {
        tables = List.copyOf(tables);
        sequences = Collections.unmodifiableMap(new TreeMap<>(sequences));
    }

    /** The same with other digests of the tables. */
    public ContentDigest withTables(List<TableDigest> others) {
        return new ContentDigest(others, sequences, largeObjects, schema);
    }

    /** Rows of all tables together. */
    public long rows() {
        return tables.stream().mapToLong(TableDigest::rows).sum();
    }

    /**
     * What is different from what a manifest says, for people; empty where all is equal.
     *
     * @param expected the content that the artifact's manifest says
     */
    public List<String> differences(DatabaseContent expected) {
        var found =
                new ArrayList<String>(differences(expected.tables(), expected.sequences(), expected.largeObjects()));
        if (!schema.sha256().equals(expected.schemaSha256())) {
            found.add(
                    "the definitions (tables, indexes, constraints, functions, triggers) are not those of the backup");
        }
        return List.copyOf(found);
    }

    /**
     * What is different from what a manifest says, whatever the order of the rows: for a database that has been worked with
     * since, in words; empty where all is equal.
     */
    public List<String> contentDifferences(DatabaseContent expected) {
        return differences(expected).stream()
                .filter(difference -> !difference.endsWith(IN_ANOTHER_ORDER))
                .toList();
    }

    /** What is different from another digest, for people, naming each definition; empty where all is equal. */
    public List<String> differences(ContentDigest expected) {
        var found = new ArrayList<String>(differences(expected.tables, expected.sequences, expected.largeObjects));
        if (!schema.sha256().equals(expected.schema.sha256())) {
            found.addAll(schema.differences(expected.schema));
        }
        return List.copyOf(found);
    }

    private List<String> differences(
            List<TableDigest> expectedTables, Map<String, String> expectedSequences, long expectedObjects) {
        var found = new ArrayList<String>();
        Map<String, TableDigest> here =
                tables.stream().collect(Collectors.toMap(TableDigest::table, Function.identity()));
        for (TableDigest table : expectedTables) {
            TableDigest mine = here.remove(table.table());
            if (mine == null) {
                found.add("table " + table.table() + " is missing");
            } else if (mine.rows() != table.rows()) {
                found.add("table " + table.table() + " has " + mine.rows() + " rows, expected " + table.rows());
            } else if (!mine.rowSum().equals(table.rowSum())) {
                found.add("table " + table.table() + " has other rows than expected");
            } else if (!mine.sha256().equals(table.sha256())) {
                found.add("table " + table.table() + IN_ANOTHER_ORDER);
            }
        }
        here.keySet().stream().sorted().forEach(name -> found.add("table " + name + " was not expected"));
        var sequencesHere = new TreeMap<>(sequences);
        expectedSequences.forEach((name, value) -> {
            String mine = sequencesHere.remove(name);
            if (!value.equals(mine)) {
                found.add("sequence " + name + " is " + (mine == null ? "missing" : "at " + mine) + ", expected "
                        + value);
            }
        });
        sequencesHere.keySet().forEach(name -> found.add("sequence " + name + " was not expected"));
        if (largeObjects != expectedObjects) {
            found.add("there are " + largeObjects + " large objects, expected " + expectedObjects);
        }
        return found.size() <= SHOWN ? found : found.subList(0, SHOWN);
    }
}
