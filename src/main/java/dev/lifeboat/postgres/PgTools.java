package dev.lifeboat.postgres;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.process.ChildProcess;
import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * One set of PostgreSQL's client programs: {@code pg_dump}, {@code pg_restore} and {@code psql} of one version in one
 * folder.
 *
 * @param folder where they are
 * @param version of {@code pg_dump}
 */
public record PgTools(Path folder, Version version) {
    private static final int SETS_TRANSACTION_TIMEOUT = 17;
    private static final Duration VERSION_LIMIT = Duration.ofSeconds(20);
    private static final Pattern VERSION_LINE = Pattern.compile("\\(PostgreSQL\\) (([0-9]+)[^ ]*)");
    private static final List<String> PROGRAMS = List.of("pg_dump", "pg_restore", "psql");

    /**
     * A version as the program says it.
     *
     * @param major such as 15
     * @param text such as {@code 15.18}
     */
    public record Version(int major, String text) {}

    /** The program {@code pg_dump}. */
    public Path pgDump() {
        return folder.resolve("pg_dump");
    }

    /** The program {@code pg_restore}. */
    public Path pgRestore() {
        return folder.resolve("pg_restore");
    }

    /** The program {@code psql}. */
    public Path psql() {
        return folder.resolve("psql");
    }

    /**
     * Every set on this machine: the configured folder first, then PATH, then the distribution's folders from the highest
     * major down.
     *
     * @param configured where the site says they are; only this folder is then looked at
     */
    public static List<PgTools> find(Optional<Path> configured) {
        var found = new ArrayList<PgTools>();
        List<Path> folders = configured.isPresent() ? List.of(configured.get()) : candidateFolders(configured);
        for (Path folder : folders) {
            if (PROGRAMS.stream().allMatch(name -> Files.isExecutable(folder.resolve(name)))
                    && !isWrapper(folder.resolve("pg_dump"))) {
                versionOf(folder.resolve("pg_dump")).ifPresent(version -> found.add(new PgTools(folder, version)));
            }
        }
        return List.copyOf(found);
    }

    /**
     * The tools for a server: of the server's own major where they are there (an archive of a newer pg_restore may hold
     * settings that an older server does not know), else of the next higher one; pg_dump refuses a server newer than itself.
     *
     * @param serverMajor the server's major version
     * @param configured where the site says they are
     * @throws dev.lifeboat.fault.FaultException PG_TOOLS_MISSING, PG_TOOLS_TOO_OLD
     */
    public static PgTools forServer(int serverMajor, Optional<Path> configured) {
        return choose(find(configured), serverMajor, serverMajor, "server", configured);
    }

    /**
     * The tools that restore an archive into a server: not older than the pg_dump that wrote the archive, and of the
     * server's major where possible.
     *
     * @param serverMajor the target server's major version
     * @param dumpMajor the major version of the pg_dump that wrote the archive
     * @param configured where the site says they are
     * @throws dev.lifeboat.fault.FaultException PG_TOOLS_MISSING, PG_TOOLS_TOO_OLD, PG_TOOLS_TOO_NEW
     */
    public static PgTools forRestore(int serverMajor, int dumpMajor, Optional<Path> configured) {
        return loadable(
                choose(
                        find(configured),
                        Math.max(serverMajor, dumpMajor),
                        serverMajor,
                        "archive or server",
                        configured),
                serverMajor,
                dumpMajor);
    }

    /** From 17 on pg_restore sets transaction_timeout, which an older server does not know: the load would fail. */
    static PgTools loadable(PgTools tools, int serverMajor, int dumpMajor) {
        if (serverMajor >= SETS_TRANSACTION_TIMEOUT || tools.version().major() < SETS_TRANSACTION_TIMEOUT) {
            return tools;
        }
        boolean newerArchive = dumpMajor >= SETS_TRANSACTION_TIMEOUT;
        throw Fault.of(
                        FaultCode.PG_TOOLS_TOO_NEW,
                        newerArchive
                                ? "the artifact was dumped from PostgreSQL " + dumpMajor + ", and the server has "
                                        + serverMajor + ": it does not go into that"
                                : "the only pg_restore here is "
                                        + tools.version().text() + ", and it can't load into a server of "
                                        + serverMajor,
                        newerArchive
                                ? "Restore into a server of PostgreSQL " + dumpMajor + " or later."
                                : "Install the client programs of PostgreSQL " + serverMajor
                                        + " beside it (Debian: apt-get install" + " postgresql-client-" + serverMajor
                                        + "); they are found by themselves.")
                .with("server_major", serverMajor)
                .toException();
    }

    static PgTools choose(List<PgTools> found, int atLeast, int serverMajor, String of, Optional<Path> configured) {
        return found.stream()
                .filter(tools -> tools.version().major() >= atLeast)
                .min(Comparator.comparingInt(tools -> tools.version().major()))
                .orElseThrow(() -> refused(found, atLeast, serverMajor, of, configured));
    }

    private static RuntimeException refused(
            List<PgTools> found, int atLeast, int serverMajor, String of, Optional<Path> configured) {
        String remedy = "Install the client programs of PostgreSQL " + atLeast + ": Debian and Ubuntu `apt-get install"
                + " postgresql-client-" + atLeast
                + "` (from apt.postgresql.org where the distribution has it not), RHEL and"
                + " Fedora `dnf install postgresql" + atLeast + "`. Or configure the folder that holds them.";
        if (found.isEmpty()) {
            return Fault.of(
                            FaultCode.PG_TOOLS_MISSING,
                            "pg_dump, pg_restore and psql were not found "
                                    + configured.map(folder -> "in " + folder).orElse("on this machine")
                                    + "; the server has PostgreSQL " + serverMajor,
                            remedy)
                    .with("server_major", serverMajor)
                    .toException();
        }
        return Fault.of(
                        FaultCode.PG_TOOLS_TOO_OLD,
                        "The PostgreSQL programs here are older than the " + of + ", which is of major " + atLeast,
                        remedy)
                .with("server_major", serverMajor)
                .with(
                        "found",
                        String.join(
                                ", ",
                                found.stream()
                                        .map(tools -> tools.version().text() + " in " + tools.folder())
                                        .toList()))
                .toException();
    }

    /** Folders that may hold PostgreSQL's programs, in the order in which they are looked at; only those that exist. */
    static List<Path> candidateFolders(Optional<Path> configured) {
        var folders = new LinkedHashSet<Path>();
        configured.ifPresent(folders::add);
        String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
        for (String entry : path.split(File.pathSeparator, -1)) {
            if (entry.startsWith("/")) {
                folders.add(Path.of(entry));
            }
        }
        folders.addAll(majorFolders(Path.of("/usr/lib/postgresql"), "*"));
        folders.addAll(majorFolders(Path.of("/usr"), "pgsql-*"));
        return folders.stream().filter(Files::isDirectory).toList();
    }

    private static List<Path> majorFolders(Path root, String glob) {
        var found = new ArrayList<Path>();
        if (Files.isDirectory(root)) {
            try (DirectoryStream<Path> entries = Files.newDirectoryStream(root, glob)) {
                entries.forEach(entry -> found.add(entry.resolve("bin")));
            } catch (IOException e) {
                // a folder that can't be listed holds no program that we could run
                return List.of();
            }
        }
        found.sort(Comparator.comparingInt(PgTools::majorOf).reversed());
        return found;
    }

    private static int majorOf(Path bin) {
        String digits = String.valueOf(bin.getParent()).replaceAll(".*[^0-9]", "");
        return digits.isEmpty() || digits.length() > 4 ? 0 : Integer.parseInt(digits);
    }

    /** Whether it is Debian's pg_wrapper, which chooses a version anew at each call: the real programs are found elsewhere. */
    private static boolean isWrapper(Path program) {
        try {
            return program.toRealPath().endsWith("pg_wrapper");
        } catch (IOException e) {
            // gone since it was looked at
            return true;
        }
    }

    /** What {@code program --version} says; empty where it can't be run. */
    static Optional<Version> versionOf(Path program) {
        try {
            var result = ChildProcess.run(ChildProcess.Spec.of(program.toString(), "--version"), VERSION_LIMIT);
            var matcher = VERSION_LINE.matcher(result.output());
            if (result.succeeded() && matcher.find()) {
                return Optional.of(new Version(Integer.parseInt(matcher.group(2)), matcher.group(1)));
            }
            return Optional.empty();
        } catch (IOException e) {
            // not a program of this machine
            return Optional.empty();
        }
    }
}
