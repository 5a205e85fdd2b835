package dev.lifeboat.postgres;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.process.ChildProcess;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Entries of an archive, in the order in which they are restored, as {@code pg_restore --list} prints them and
 * {@code --use-list} reads them: {@code 3; 3079 16385 EXTENSION - unaccent }.
 *
 * @param entries a line each; every character is one byte of it
 */
record ArchiveList(List<String> entries) {
    private static final Pattern ENTRY = Pattern.compile("[0-9]+; [0-9]+ [0-9]+ (.*)");

    ArchiveList {
        entries = List.copyOf(entries);
    }

    /**
     * All entries of an archive.
     *
     * @throws FaultException DUMP_UNREADABLE with pg_restore's words
     */
    static ArchiveList of(PgTools tools, Path archive, Duration limit) {
        List<String> command = List.of(
                tools.pgRestore().toString(), "--list", archive.toAbsolutePath().toString());
        try (var child = ToolProcess.start(command, Map.of("LC_ALL", "C"))) {
            List<String> entries = StreamReading.start("archive-list", child, ArchiveList::read)
                    .get(limit);
            int exit = child.await(limit);
            if (exit != 0) {
                throw unreadable(archive, child.errors(), null);
            }
            return new ArchiveList(entries);
        } catch (IOException e) {
            throw unreadable(archive, String.valueOf(e.getMessage()), e);
        }
    }

    private static List<String> read(InputStream in) {
        // ISO 8859-1 keeps every byte, whatever the database's encoding is
        return new BufferedReader(new InputStreamReader(in, StandardCharsets.ISO_8859_1))
                .lines()
                .filter(line -> ENTRY.matcher(line).matches())
                .toList();
    }

    private static FaultException unreadable(Path archive, String words, IOException cause) {
        return Fault.of(
                        FaultCode.DUMP_UNREADABLE,
                        "the entries of " + archive.getFileName() + " could not be listed; nothing was changed",
                        "`lifeboat verify` tells whether the artifact is whole.")
                .with("tool_output", words)
                .toException(cause);
    }

    /** Those whose kind, schema and name begin with one of the given, such as {@code EXTENSION - unaccent }. */
    ArchiveList only(String... beginnings) {
        List<String> wanted = Arrays.stream(beginnings)
                .map(text -> new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1))
                .toList();
        return new ArchiveList(entries.stream()
                .filter(entry -> {
                    var parts = ENTRY.matcher(entry);
                    return parts.matches() && wanted.stream().anyMatch(parts.group(1)::startsWith);
                })
                .toList());
    }

    /** Those that are not among others. */
    ArchiveList without(ArchiveList others) {
        return new ArchiveList(entries.stream()
                .filter(entry -> !others.entries.contains(entry))
                .toList());
    }

    /** Writes them to a child that was told {@code --use-list=/dev/stdin}. */
    void hand(ChildProcess child) {
        try (var in = child.input()) {
            in.write((String.join("\n", entries) + "\n").getBytes(StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            // it has ended before it had read them: its exit code and its words tell why
            return;
        }
    }
}
